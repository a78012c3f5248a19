//! Operators, and the workers of nodes.

use crate::output::{fields, table};
use anyhow::Result;
use assay_protocol::{audit::AuditRates, operator::FaultCounts, stake::UnbondingStake};
use assay_sdk::{
	amount::show_share, keys::worker_address, operators::Operator, operators::Served, provider::ProviderStatus,
	staking::Staked, staking::StakedOperator, AccountId, Amount, BlockNumber,
};
use serde::Serialize;

/// What is known of an operator.
pub(crate) struct Facts {
	/// Its key, bond and faults.
	pub(crate) operator: Operator,
	/// What delegators see of it.
	pub(crate) staked: StakedOperator,
	/// What it offers.
	pub(crate) serving: Served,
	/// Its own stake; absent if it lost everything.
	pub(crate) own: Option<Staked>,
	/// How likely its claims are to be audited.
	pub(crate) rates: AuditRates,
	/// The block all this was read at.
	pub(crate) now: BlockNumber,
}

/// An operator.
#[derive(Serialize)]
pub(crate) struct OperatorView {
	account: AccountId,
	worker_key: AccountId,
	/// `active`, `chilled` or `bond too low`.
	state: &'static str,
	/// Whether jobs are assigned to its offers.
	listed: bool,
	last_heartbeat: Option<BlockNumber>,
	offers: Vec<OfferView>,
	bond: Amount,
	delegated: Amount,
	committed: Amount,
	commitment_limit: Amount,
	unbonding: Vec<UnbondingStake<Amount, BlockNumber>>,
	pending_rewards: Amount,
	leaves_at: Option<BlockNumber>,
	faults: FaultCounts,
	audits: AuditsView,
	#[serde(skip)]
	now: BlockNumber,
}

/// How an operator's claims are looked at.
#[derive(Serialize)]
struct AuditsView {
	clean_jobs: u32,
	spot_check: String,
	audit: String,
}

/// What an operator offers.
#[derive(Serialize)]
struct OfferView {
	version: String,
	name: String,
	artifact: String,
	price: Amount,
	capacity: u16,
	speed: u64,
	largest: u64,
	retired: bool,
}

impl OperatorView {
	/// Describes an operator.
	pub(crate) fn new(facts: Facts) -> Result<Self> {
		let Facts {
			operator,
			staked,
			serving,
			own,
			rates,
			now,
		} = facts;
		let own = own.map(|own| own.map_amounts(Amount));
		Ok(Self {
			account: operator.account,
			worker_key: worker_address(&operator.worker_key),
			state: match (staked.active, staked.chilled) {
				(true, _) => "active",
				(false, true) => "chilled",
				(false, false) => "bond too low",
			},
			listed: serving.listed,
			last_heartbeat: serving.last_heartbeat,
			offers: serving
				.offers
				.iter()
				.map(|offer| OfferView {
					version: offer.version.to_string(),
					name: String::from_utf8_lossy(&offer.name).into_owned(),
					artifact: offer.artifact.to_string(),
					price: Amount(offer.price),
					capacity: offer.capacity,
					speed: offer.speed,
					largest: offer.largest,
					retired: offer.retired,
				})
				.collect(),
			bond: Amount(operator.bond),
			delegated: Amount(staked.delegated),
			committed: Amount(operator.committed),
			commitment_limit: Amount(staked.commitment_limit),
			pending_rewards: own.as_ref().map(|own| own.pending_rewards).unwrap_or_default(),
			unbonding: own.map(|own| own.unbonding).unwrap_or_default(),
			leaves_at: operator.leaves_at,
			faults: operator.faults,
			audits: AuditsView {
				clean_jobs: rates.clean_jobs,
				spot_check: show_share(rates.spot_check),
				audit: show_share(rates.audit),
			},
			now,
		})
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let unbonding: Vec<_> = self.unbonding.iter().map(|part| self.part(part)).collect();
		let head = fields([
			("operator", Some(self.account.to_string())),
			("worker key", Some(self.worker_key.to_string())),
			("state", Some(self.state())),
			("last heartbeat", Some(self.heartbeat())),
			("bond", Some(self.bond.to_string())),
			("delegated", Some(self.delegated.to_string())),
			(
				"committed",
				Some(format!("{} of at most {}", self.committed, self.commitment_limit)),
			),
			("unbonding", (!unbonding.is_empty()).then(|| unbonding.join(", "))),
			("rewards to claim", Some(self.pending_rewards.to_string())),
			(
				"leaves",
				self.leaves_at.map(|block| format!("may withdraw from block {block}")),
			),
			("missed deadlines", Some(self.faults.missed_deadlines.to_string())),
			("wrong results", Some(self.faults.wrong_results.to_string())),
			("missed audits", Some(self.faults.missed_audits.to_string())),
			("false audits", Some(self.faults.false_audits.to_string())),
			("equivocations", Some(self.faults.equivocations.to_string())),
			("lost challenges", Some(self.faults.lost_challenges.to_string())),
			(
				"audited",
				Some(format!(
					"{} of its claims by a spot-check, {} by auditors, after {} clean jobs",
					self.audits.spot_check, self.audits.audit, self.audits.clean_jobs
				)),
			),
		]);
		if self.offers.is_empty() {
			return format!("{head}\nit serves nothing");
		}
		let rows = self.offers.iter().map(|offer| {
			[
				format!("{}{}", offer.version, if offer.retired { " (retired)" } else { "" }),
				printable(&offer.name),
				offer.price.to_string(),
				offer.capacity.to_string(),
				offer.speed.to_string(),
				format!("{} units", offer.largest),
			]
		});
		let columns = [
			"serves",
			"name",
			"price of a unit",
			"capacity",
			"units a second",
			"largest job",
		];
		let offers = table(columns, 2, rows.collect());
		format!("{head}\n{offers}")
	}

	fn state(&self) -> String {
		match (self.listed, self.offers.is_empty()) {
			(true, _) => format!("{}, its offers are listed", self.state),
			(false, true) => self.state.into(),
			(false, false) => format!("{}, its offers are not listed", self.state),
		}
	}

	fn heartbeat(&self) -> String {
		match self.last_heartbeat {
			None => "none: they begin with an offer".into(),
			Some(last) => format!("block {last}, {} blocks ago", self.now.saturating_sub(last)),
		}
	}

	fn part(&self, part: &UnbondingStake<Amount, BlockNumber>) -> String {
		match part.free_from <= self.now {
			true => format!("{} free now", part.amount),
			false => format!("{} free from block {}", part.amount, part.free_from),
		}
	}
}

/// What a stranger wrote, without what would steer the terminal.
fn printable(text: &str) -> String {
	let shown = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
	text.chars().map(shown).collect()
}

/// The worker of a node.
pub(crate) struct NodeView<'a>(pub(crate) &'a ProviderStatus);

impl NodeView<'_> {
	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let Self(status) = self;
		let worker = match status.running {
			true => "on",
			false => "off: it runs no jobs",
		};
		let endpoint = status.endpoint.as_ref();
		let mut parts = vec![fields([
			("worker", Some(worker.into())),
			("endpoint", endpoint.map(|endpoint| endpoint.address.to_string())),
			("its key hash", endpoint.map(|endpoint| endpoint.key_hash.to_string())),
		])];
		let keys = status.worker_keys.iter().map(|held| {
			let operator = match (&held.operator, held.signs) {
				(_, false) => "cannot sign: inserted with another scheme than sr25519?".into(),
				(Some(operator), true) => operator.to_string(),
				(None, true) => "no operator has registered it".into(),
			};
			[held.worker_key.clone(), operator]
		});
		parts.push(match status.worker_keys.is_empty() {
			true => "no worker key in the keystore".into(),
			false => table(["worker key", "works for"], 2, keys.collect()),
		});
		let offers = status.worker_keys.iter().flat_map(|held| &held.offers).map(|offer| {
			let there = if offer.present { "there" } else { "MISSING" };
			[
				offer.version.to_string(),
				printable(&offer.name),
				there.to_owned(),
				offer.artifact.to_string(),
			]
		});
		let offers: Vec<_> = offers.collect();
		if !offers.is_empty() {
			parts.push(table(["offered", "name", "artifact is", "root"], 4, offers));
		}
		let files = status.artifacts.iter().map(|file| {
			let root = file.root.map_or("cannot be opened".into(), |root| root.to_string());
			[file.file.clone(), file.state.clone(), root]
		});
		let files: Vec<_> = files.collect();
		if !files.is_empty() {
			parts.push(table(["file", "state", "root"], 3, files));
		}
		parts.join("\n\n")
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_protocol::{
		model::{ServedVersion, Serving},
		operator::{OperatorSummary, WorkerPair},
		stake::{StakeOperator, StakePosition},
		ModelId, ModelVersion, VersionNumber,
	};
	use assay_sdk::{
		provider::ArtifactFile, provider::HeldKey, provider::HeldOffer, provider::ListeningEndpoint, Balance,
	};
	use assay_trace::Hash32;
	use sp_core::Pair;
	use sp_runtime::Permill;

	const ASY: Balance = 1_000_000_000_000;
	const VERSION: ModelVersion = ModelVersion {
		model: ModelId(3),
		version: VersionNumber(1),
	};

	fn shows(text: &str, expected: &[&str]) {
		for part in expected {
			assert!(text.contains(part), "`{part}` is missing:\n{text}");
		}
	}

	fn facts() -> Facts {
		let account = AccountId::from([5; 32]);
		let faults = FaultCounts {
			missed_deadlines: 2,
			..Default::default()
		};
		Facts {
			operator: OperatorSummary {
				account,
				worker_key: WorkerPair::from_seed(&[6; 32]).public(),
				bond: 1_000 * ASY,
				committed: 30 * ASY,
				leaves_at: None,
				faults,
			},
			staked: StakeOperator {
				account,
				identity: String::new(),
				own: 1_000 * ASY,
				delegated: 500 * ASY,
				active: true,
				chilled: false,
				commission: Permill::from_percent(5),
				commission_rise: None,
				room: 8_500 * ASY,
				committed: 30 * ASY,
				commitment_limit: 150 * ASY,
				penalised: 20 * ASY,
				faults,
				registered_at: 3,
				returns: vec![],
			},
			serving: Serving {
				active: true,
				last_heartbeat: Some(90),
				listed: true,
				offers: vec![ServedVersion {
					version: VERSION,
					name: b"glossary\x1b".to_vec(),
					artifact: Hash32([7; 32]),
					price: ASY / 1_000,
					capacity: 4,
					speed: 4_000,
					largest: 2_400_000,
					retired: false,
				}],
			},
			own: Some(StakePosition {
				operator: account,
				stake: 1_000 * ASY,
				pending_slash: 0,
				pending_rewards: ASY / 2,
				compound: false,
				payee: None,
				unbonding: vec![
					UnbondingStake {
						amount: 3 * ASY,
						free_from: 100,
					},
					UnbondingStake {
						amount: 4 * ASY,
						free_from: 150,
					},
				],
				exposures: vec![],
			}),
			rates: AuditRates {
				clean_jobs: 30,
				spot_check: Permill::from_percent(25),
				audit: Permill::from_percent(5),
			},
			now: 100,
		}
	}

	#[test]
	fn an_operator_shows_its_state_its_offers_and_what_is_unbonding() {
		let view = OperatorView::new(facts()).unwrap();
		let text = view.text();
		shows(
			&text,
			&[
				"active, its offers are listed",
				"block 90, 10 blocks ago",
				"500 ASY",
				"30 ASY of at most 150 ASY",
				"3 ASY free now, 4 ASY free from block 150",
				"0.5 ASY",
				"25% of its claims by a spot-check, 5% by auditors, after 30 clean jobs",
				"3.1",
				"glossary\u{fffd}",
				"0.001 ASY",
			],
		);
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["state"], "active");
		assert_eq!(document["bond"], (1_000 * ASY).to_string());
		assert_eq!(document["faults"]["missed_deadlines"], 2);
		assert_eq!(document["offers"][0]["version"], "3.1");
		assert_eq!(document["unbonding"][1]["free_from"], 150);
		assert_eq!(document["audits"]["clean_jobs"], 30);
	}

	#[test]
	fn an_operator_that_is_not_listed_says_why() {
		let state = |change: &dyn Fn(&mut Facts)| {
			let mut facts = facts();
			facts.serving.listed = false;
			change(&mut facts);
			OperatorView::new(facts).unwrap().text()
		};
		shows(&state(&|_| ()), &["active, its offers are not listed"]);
		let chilled = |facts: &mut Facts| (facts.staked.active, facts.staked.chilled) = (false, true);
		shows(&state(&chilled), &["chilled, its offers are not listed"]);
		let poor = |facts: &mut Facts| facts.staked.active = false;
		shows(&state(&poor), &["bond too low, its offers are not listed"]);
		let idle = |facts: &mut Facts| {
			facts.serving.offers.clear();
			facts.serving.last_heartbeat = None;
		};
		shows(&state(&idle), &["it serves nothing", "none: they begin with an offer"]);
	}

	#[test]
	fn a_node_shows_for_whom_it_works_and_what_it_lacks() {
		let key = |name: &str, signs, operator: Option<[u8; 32]>| HeldKey {
			worker_key: name.into(),
			signs,
			operator: operator.map(AccountId::from),
			offers: vec![],
		};
		let mut status = ProviderStatus {
			running: true,
			worker_keys: vec![
				key("5Good", true, Some([5; 32])),
				key("5Free", true, None),
				key("5Mute", false, None),
			],
			artifacts: vec![ArtifactFile {
				file: "x.assay".into(),
				root: None,
				state: "refused".into(),
			}],
			endpoint: Some(ListeningEndpoint {
				address: ([0, 0, 0, 0], 8443).into(),
				key_hash: Hash32([9; 32]),
			}),
		};
		status.worker_keys[0].offers.push(HeldOffer {
			version: VERSION,
			name: "glossary".into(),
			artifact: Hash32([7; 32]),
			present: false,
		});
		let text = NodeView(&status).text();
		let line = |word: &str| text.lines().find(|line| line.contains(word)).unwrap_or_default();
		shows(line("endpoint"), &["0.0.0.0:8443"]);
		shows(line("key hash"), &[&Hash32([9; 32]).to_string()]);
		shows(line("5Good"), &[&AccountId::from([5; 32]).to_string()]);
		shows(line("5Free"), &["no operator has registered it"]);
		shows(line("5Mute"), &["sr25519"]);
		shows(line("glossary"), &["3.1", "MISSING"]);
		shows(line("x.assay"), &["refused", "cannot be opened"]);
		let off = ProviderStatus {
			running: false,
			worker_keys: vec![],
			artifacts: vec![],
			endpoint: None,
		};
		shows(&NodeView(&off).text(), &["off", "no worker key"]);
		assert!(!NodeView(&off).text().contains("endpoint"));
	}
}
