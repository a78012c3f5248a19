//! The operators that stake stands behind, and the rules of stake.

use crate::output::fields;
use assay_protocol::operator::FaultCounts;
use assay_sdk::{
	amount::show_share, staking::StakedOperator, staking::StakingRules, AccountId, Amount, Balance, BlockNumber,
};
use serde::Serialize;

/// An operator as delegators see it.
#[derive(Serialize)]
pub(crate) struct StakeOperatorView {
	account: AccountId,
	identity: String,
	own: Amount,
	delegated: Amount,
	/// What may still be delegated.
	room: Amount,
	active: bool,
	chilled: bool,
	commission: String,
	/// A higher commission that was announced.
	commission_rise: Option<RiseView>,
	committed: Amount,
	commitment_limit: Amount,
	penalised: Amount,
	faults: FaultCounts,
	registered_at: BlockNumber,
	/// What its members were given in recent periods, oldest first.
	returns: Vec<ReturnView>,
}

/// What members were given in a period.
#[derive(Serialize)]
struct ReturnView {
	from: BlockNumber,
	shared: Amount,
	stake: Amount,
}

/// A higher commission under notice.
#[derive(Serialize)]
struct RiseView {
	rate: String,
	from: BlockNumber,
}

impl StakeOperatorView {
	/// Describes an operator.
	pub(crate) fn new(operator: StakedOperator) -> Self {
		let rise = operator.commission_rise.map(|rise| RiseView {
			rate: show_share(rise.rate),
			from: rise.from,
		});
		Self {
			account: operator.account,
			identity: operator.identity,
			own: Amount(operator.own),
			delegated: Amount(operator.delegated),
			room: Amount(operator.room),
			active: operator.active,
			chilled: operator.chilled,
			commission: show_share(operator.commission),
			commission_rise: rise,
			committed: Amount(operator.committed),
			commitment_limit: Amount(operator.commitment_limit),
			penalised: Amount(operator.penalised),
			faults: operator.faults,
			registered_at: operator.registered_at,
			returns: operator
				.returns
				.into_iter()
				.map(|of| ReturnView {
					from: of.from,
					shared: Amount(of.shared),
					stake: Amount(of.stake),
				})
				.collect(),
		}
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 7] {
		[
			self.account.to_string(),
			self.name(),
			self.state().into(),
			self.own.to_string(),
			self.delegated.to_string(),
			self.keeps(),
			self.all_faults().to_string(),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 7] = [
		"operator",
		"says it is",
		"state",
		"own stake",
		"delegated",
		"commission",
		"faults",
	];

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let faults = &self.faults;
		let faults = [
			(faults.missed_deadlines, "missed deadlines"),
			(faults.wrong_results, "wrong results"),
			(faults.missed_audits, "missed audits"),
			(faults.false_audits, "false audits"),
			(faults.equivocations, "equivocations"),
			(faults.lost_challenges, "lost challenges"),
		];
		let faults: Vec<_> = faults
			.into_iter()
			.filter(|(count, _)| *count > 0)
			.map(|(count, kind)| format!("{count} {kind}"))
			.collect();
		fields([
			("operator", Some(self.account.to_string())),
			("says it is", (!self.identity.is_empty()).then(|| self.name())),
			("state", Some(self.state().into())),
			("own stake", Some(self.own.to_string())),
			("delegated", Some(self.delegated.to_string())),
			("may be delegated", Some(format!("{} more", self.room))),
			("commission", Some(self.keeps())),
			(
				"work in flight",
				Some(format!("{} of at most {}", self.committed, self.commitment_limit)),
			),
			("lost for faults", Some(self.penalised.to_string())),
			(
				"faults",
				Some(match faults.is_empty() {
					true => "none".into(),
					false => faults.join(", "),
				}),
			),
			("operator since", Some(format!("block {}", self.registered_at))),
			("gave its members", self.gave()),
		])
	}

	fn state(&self) -> &'static str {
		match (self.active, self.chilled) {
			(true, _) => "active",
			(false, true) => "chilled",
			(false, false) => "bond too low",
		}
	}

	fn keeps(&self) -> String {
		match &self.commission_rise {
			None => self.commission.clone(),
			Some(rise) => format!("{}, {} from block {}", self.commission, rise.rate, rise.from),
		}
	}

	/// What stake behind it got in recent periods.
	fn gave(&self) -> Option<String> {
		let periods: Vec<_> = self
			.returns
			.iter()
			.map(|of| format!("{} for {} from block {}", of.shared, of.stake, of.from))
			.collect();
		(!periods.is_empty()).then(|| periods.join(", "))
	}

	fn all_faults(&self) -> u64 {
		let faults = &self.faults;
		let counts = [
			faults.missed_deadlines,
			faults.wrong_results,
			faults.missed_audits,
			faults.false_audits,
			faults.equivocations,
			faults.lost_challenges,
		];
		counts.into_iter().map(u64::from).sum()
	}

	/// What it says it is. Whoever writes it must not be able to steer the reader's terminal.
	fn name(&self) -> String {
		let shown = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
		self.identity.chars().map(shown).collect()
	}
}

/// An operator and all the stake behind it.
#[derive(Serialize)]
pub(crate) struct RankView {
	account: AccountId,
	stake: Amount,
}

impl RankView {
	/// Describes a place in the order.
	pub(crate) fn new((account, stake): (AccountId, Balance)) -> Self {
		Self {
			account,
			stake: Amount(stake),
		}
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 2] {
		[self.account.to_string(), self.stake.to_string()]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 2] = ["operator", "stake behind it"];
}

/// The rules of stake.
#[derive(Serialize)]
pub(crate) struct RulesView {
	min_bond: Amount,
	min_delegation: Amount,
	period: BlockNumber,
	unbonding_period: BlockNumber,
	max_chunks: u32,
	max_exposures: u32,
	max_leverage: u32,
	max_operators: u32,
	commitment_limit: String,
	own_commitment_limit: String,
	max_commission: String,
	commission_notice: BlockNumber,
}

impl RulesView {
	/// Describes the rules.
	pub(crate) fn new(rules: StakingRules) -> Self {
		Self {
			min_bond: Amount(rules.min_bond),
			min_delegation: Amount(rules.min_delegation),
			period: rules.period,
			unbonding_period: rules.unbonding_period,
			max_chunks: rules.max_chunks,
			max_exposures: rules.max_exposures,
			max_leverage: rules.max_leverage,
			max_operators: rules.max_operators,
			commitment_limit: show_share(rules.commitment_limit),
			own_commitment_limit: show_share(rules.own_commitment_limit),
			max_commission: show_share(rules.max_commission),
			commission_notice: rules.commission_notice,
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let longest = u64::from(self.unbonding_period) + u64::from(self.period);
		fields([
			("least bond of an operator", Some(self.min_bond.to_string())),
			("least delegation", Some(self.min_delegation.to_string())),
			(
				"unbonding takes",
				Some(format!("{} to {longest} blocks", self.unbonding_period)),
			),
			(
				"parts unbonding",
				Some(format!("at most {} of a position", self.max_chunks)),
			),
			(
				"moves from others",
				Some(format!("at most {} into a position at a time", self.max_exposures)),
			),
			(
				"delegated to an operator",
				Some(format!("at most {} times its own bond", self.max_leverage)),
			),
			("commission", Some(format!("at most {}", self.max_commission))),
			(
				"higher commission",
				Some(format!("holds {} blocks after its notice", self.commission_notice)),
			),
			(
				"work in flight",
				Some(format!(
					"at most {} of the stake behind an operator and {} of its own",
					self.commitment_limit, self.own_commitment_limit
				)),
			),
			("operators", Some(format!("at most {}", self.max_operators))),
		])
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_protocol::stake::{CommissionRise, StakeParameters, StakeReturn};
	use sp_runtime::Permill;

	const ASY: Balance = 1_000_000_000_000;

	fn shows(text: &str, expected: &[&str]) {
		for part in expected {
			assert!(text.contains(part), "`{part}` is missing:\n{text}");
		}
	}

	fn account(byte: u8) -> AccountId {
		AccountId::from([byte; 32])
	}

	fn operator() -> StakedOperator {
		StakedOperator {
			account: account(8),
			identity: "Alice".into(),
			own: 1_000 * ASY,
			delegated: 500 * ASY,
			room: 8_500 * ASY,
			active: true,
			chilled: false,
			commission: Permill::from_percent(5),
			commission_rise: None,
			committed: 30 * ASY,
			commitment_limit: 150 * ASY,
			penalised: 0,
			faults: FaultCounts::default(),
			registered_at: 3,
			returns: vec![StakeReturn {
				from: 20,
				shared: 2 * ASY,
				stake: 1_500 * ASY,
			}],
		}
	}

	#[test]
	fn an_operator_shows_whose_stake_is_behind_it_and_what_it_keeps() {
		let mut operator = operator();
		let view = StakeOperatorView::new(operator.clone());
		assert_eq!(view.row()[1..], ["Alice", "active", "1000 ASY", "500 ASY", "5%", "0"]);
		shows(
			&view.text(),
			&[
				"8500 ASY more",
				"30 ASY of at most 150 ASY",
				"none",
				"block 3",
				"2 ASY for 1500 ASY from block 20",
			],
		);

		operator.active = false;
		operator.commission_rise = Some(CommissionRise {
			rate: Permill::from_percent(9),
			from: 40,
		});
		operator.faults.missed_deadlines = 2;
		operator.faults.wrong_results = 1;
		let view = StakeOperatorView::new(operator.clone());
		let expected = ["bond too low", "1000 ASY", "500 ASY", "5%, 9% from block 40", "3"];
		assert_eq!(view.row()[2..], expected);
		shows(&view.text(), &["2 missed deadlines, 1 wrong results"]);
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["commission_rise"]["rate"], "9%");
		operator.chilled = true;
		assert_eq!(StakeOperatorView::new(operator).row()[2], "chilled");
	}

	#[test]
	fn an_identity_cannot_steer_the_terminal() {
		let mut operator = operator();
		operator.identity = "\u{1b}[2JBank\n".into();
		let view = StakeOperatorView::new(operator);
		assert_eq!(view.row()[1], "\u{fffd}[2JBank\u{fffd}");
	}

	#[test]
	fn rules_say_how_long_unbonding_takes() {
		let rules = StakeParameters {
			min_bond: 1_000 * ASY,
			min_delegation: 10 * ASY,
			period: 4_800,
			unbonding_period: 28_800,
			max_chunks: 8,
			max_exposures: 4,
			max_leverage: 9,
			max_operators: 1_000,
			commitment_limit: Permill::from_percent(10),
			own_commitment_limit: Permill::from_percent(40),
			max_commission: Permill::from_percent(50),
			commission_notice: 38_400,
		};
		shows(
			&RulesView::new(rules).text(),
			&[
				"28800 to 33600 blocks",
				"10 ASY",
				"9 times its own bond",
				"at most 50%",
				"38400 blocks",
			],
		);
	}
}
