//! What each constant has to cover, and by what margin it does.

use crate::{
	constants::{asy, blocks_per_year, ratio, Constants},
	honesty::{detection, Cheat, Rates, Watch},
	issuance::{equivocation_cost, return_to_stake},
	table::{Cell, Table},
};
use sp_runtime::{Perbill, Permill};

/// What running a job again costs at most, as a part of running it: the design's limit for an audit by replay.
pub const RERUN_COST: f64 = 1.0 / 3.0;

/// How much larger than the least bond the stake is of an operator that counts as large.
const LARGE: f64 = 10.0;
/// And of the largest that a challenger might want to stall.
const LARGEST: f64 = 1_000.0;

/// In what both sides of a condition are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Of {
	Money,
	Blocks,
	Share,
}

impl Of {
	fn text(self, amount: f64) -> String {
		match self {
			Self::Money if amount < 0.01 => format!("{amount:.6} ASY"),
			Self::Money => format!("{amount:.2} ASY"),
			Self::Blocks => format!("{amount:.0} blocks"),
			Self::Share => format!("{:.1} %", amount * 100.0),
		}
	}
}

/// That one side is at least the other.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
	constants: &'static str,
	says: &'static str,
	of: Of,
	left: f64,
	right: f64,
	/// Whether the chain promises it. What is not promised is a weakness that `docs/economics.md` argues about.
	pub required: bool,
}

impl Condition {
	fn required(constants: &'static str, says: &'static str, of: Of, left: f64, right: f64) -> Self {
		Self {
			constants,
			says,
			of,
			left,
			right,
			required: true,
		}
	}

	fn wanted(constants: &'static str, says: &'static str, of: Of, left: f64, right: f64) -> Self {
		Self {
			required: false,
			..Self::required(constants, says, of, left, right)
		}
	}

	/// How many times the left side is the right.
	pub fn margin(&self) -> f64 {
		self.left / self.right
	}

	/// Whether it is fulfilled.
	pub fn holds(&self) -> bool {
		self.left >= self.right
	}
}

/// All of them.
pub fn conditions(constants: &Constants) -> Vec<Condition> {
	let mut all = of_penalties(constants);
	all.extend(of_draws(constants));
	all.extend(of_auditors(constants));
	all.extend(of_challengers(constants));
	all.extend(of_time_and_shares(constants));
	all.extend(of_validators(constants));
	all
}

/// What one caught claim costs a cheat, in ASY.
fn loss(constants: &Constants, cheat: &Cheat) -> f64 {
	cheat.borne(constants) * asy(constants.penalty(cheat.stake)) + cheat.reward(constants)
}

/// What one claim of an operator with a long record costs a cheat on average where only honest auditors watch, in ASY.
fn mean_loss(constants: &Constants, cheat: &Cheat) -> f64 {
	let rates = Rates::at_floor(constants).of_jobs(constants, cheat);
	let caught = detection(constants, rates, Watch::auditors_only(constants), cheat.skipped);
	caught * loss(constants, cheat)
}

/// The most that may be in flight on the least bond.
fn least_in_flight(constants: &Constants) -> f64 {
	asy(constants.in_flight(constants.min_bond, constants.min_bond))
}

fn of_penalties(constants: &Constants) -> Vec<Condition> {
	let in_flight = least_in_flight(constants);
	let cheat = Cheat::at_the_limit(constants, constants.min_bond, 1);
	let owning = |percent| cheat.owning(constants, Permill::from_percent(percent));
	let (half, tenth) = (owning(50), owning(10));
	let unreported = Cheat {
		reports_itself: false,
		..tenth
	};
	vec![
		Condition::required(
			"WrongResultPenalty, CommitmentLimit",
			"one wrong result costs what may be in flight",
			Of::Money,
			asy(constants.penalty(constants.min_bond)),
			in_flight,
		),
		Condition::required(
			"MinWrongResultPenalty",
			"so does the least penalty, for the least bond",
			Of::Money,
			asy(constants.min_wrong_result_penalty),
			in_flight,
		),
		Condition::required(
			"ReporterShare",
			"a cheat that reports itself loses the fee of what it skipped",
			Of::Money,
			loss(constants, &cheat),
			asy(cheat.fee),
		),
		Condition::required(
			"ReporterShare",
			"the same where half of the stake is delegated",
			Of::Money,
			loss(constants, &half),
			asy(half.fee),
		),
		Condition::wanted(
			"OwnCommitmentLimit, ReporterShare",
			"the same where nine tenths are delegated",
			Of::Money,
			loss(constants, &tenth),
			asy(tenth.fee),
		),
		Condition::required(
			"OwnCommitmentLimit, WrongResultPenalty",
			"a cheat that does not report itself, where nine tenths are delegated",
			Of::Money,
			loss(constants, &unreported),
			asy(unreported.fee),
		),
	]
}

fn of_draws(constants: &Constants) -> Vec<Condition> {
	let cheat = Cheat::at_the_limit(constants, constants.min_bond, 1);
	let hundredth = cheat.with_fee(Permill::from_percent(1));
	let delegated = Cheat {
		own_share: Permill::from_percent(50),
		..hundredth
	};
	vec![
		Condition::required(
			"AuditSizeFactor, CommitmentLimit",
			"a job at the limit is always audited",
			Of::Share,
			f64::from(constants.audit_size_factor) * ratio(constants.commitment_limit),
			1.0,
		),
		Condition::required(
			"AuditSizeFactor",
			"a long record and nobody who watches: a job at the limit is not worth skipping",
			Of::Money,
			mean_loss(constants, &cheat),
			asy(cheat.fee),
		),
		Condition::required(
			"AuditSizeFactor, AuditFloor",
			"the same for a job of a hundredth of the stake",
			Of::Money,
			mean_loss(constants, &hundredth),
			asy(hundredth.fee),
		),
		Condition::wanted(
			"AuditSizeFactor",
			"the same where half of the stake is delegated",
			Of::Money,
			mean_loss(constants, &delegated),
			asy(delegated.fee),
		),
	]
}

fn of_auditors(constants: &Constants) -> Vec<Condition> {
	let fee = least_in_flight(constants);
	let paid = ratio(constants.auditor_share) * fee;
	let bribed = f64::from(constants.drawn) * asy(constants.false_audit_penalty);
	let large = fee * LARGE;
	vec![
		Condition::wanted(
			"AuditorShare",
			"auditing pays, where a job's price is its cost",
			Of::Money,
			paid,
			RERUN_COST * fee,
		),
		Condition::wanted(
			"MissedAuditPenalty, AuditorShare",
			"staying away is not cheaper than auditing, for a job at the least bond's limit",
			Of::Money,
			paid + asy(constants.missed_audit_penalty),
			RERUN_COST * fee,
		),
		Condition::required(
			"FalseAuditPenalty",
			"all auditors drawn lose more than a job at the least bond's limit could pay them",
			Of::Money,
			bribed,
			fee,
		),
		Condition::wanted(
			"FalseAuditPenalty",
			"the same for a stake of ten times the least bond",
			Of::Money,
			bribed,
			large,
		),
	]
}

fn of_challengers(constants: &Constants) -> Vec<Condition> {
	let fee = least_in_flight(constants);
	let reported = ratio(constants.reporter_share) * asy(constants.penalty(constants.min_bond));
	let tenth = Permill::from_percent(10);
	let delegated = Cheat::at_the_limit(constants, constants.min_bond, 1).owning(constants, tenth);
	let bond = asy(constants.challenge_bond);
	let stalled = fee * LARGEST;
	let delay = f64::from(constants.longest_dispute) / blocks_per_year();
	vec![
		Condition::required(
			"ReporterShare",
			"finding a wrong result pays for running the job again",
			Of::Money,
			reported,
			RERUN_COST * fee,
		),
		Condition::wanted(
			"OwnCommitmentLimit, ReporterShare",
			"the same where nine tenths of the stake are delegated",
			Of::Money,
			ratio(tenth) * reported,
			RERUN_COST * asy(delegated.fee),
		),
		Condition::required(
			"ChallengeBond",
			"a challenge costs more than the block space of the answers to it",
			Of::Money,
			bond,
			asy(constants.free_answers),
		),
		Condition::required(
			"ChallengeBond, MovePeriod",
			"stalling 100,000 ASY for as long as can be costs more than their interest",
			Of::Money,
			bond,
			stalled * return_to_stake(Perbill::from_percent(50)) * delay,
		),
	]
}

fn of_time_and_shares(constants: &Constants) -> Vec<Condition> {
	let blocks = |blocks: u32| f64::from(blocks);
	let auditors = f64::from(constants.drawn) * ratio(constants.auditor_share);
	vec![
		Condition::required(
			"UnbondingPeriod",
			"stake answers until every job that it backed is over",
			Of::Blocks,
			blocks(constants.unbonding_period),
			blocks(constants.longest_job()),
		),
		Condition::required(
			"CommissionNotice",
			"who does not like a commission is out before it",
			Of::Blocks,
			blocks(constants.commission_notice),
			blocks(constants.unbonding_period + constants.staking_period),
		),
		Condition::required(
			"TreasuryShare, AuditorShare, MaxRoyalty",
			"the shares of a fee fit into it",
			Of::Share,
			1.0,
			ratio(constants.treasury_share) + auditors + ratio(constants.max_royalty),
		),
	]
}

fn of_validators(constants: &Constants) -> Vec<Condition> {
	let author = ratio(constants.author_fee_share);
	let full = asy(constants.full_block);
	vec![
		Condition::required(
			"equivocation_slash, CommitmentLimit",
			"a third that breaks finality loses more than all jobs in flight are worth",
			Of::Share,
			equivocation_cost(1, 3),
			ratio(constants.commitment_limit),
		),
		Condition::required(
			"AuthorFeeShare",
			"filling one's own block costs more than it raises the fees of the next",
			Of::Money,
			(1.0 - author) * full,
			author * full * ratio(constants.fee_rise),
		),
	]
}

/// All of them as a table.
pub fn table(conditions: &[Condition]) -> Table {
	let columns = [
		"constants",
		"condition",
		"is",
		"must be at least",
		"margin",
		"required",
		"holds",
	];
	let mut table = Table::new("conditions", "What each constant covers", &columns);
	for condition in conditions {
		table.rows.push(vec![
			Cell::Text(condition.constants.into()),
			Cell::Text(condition.says.into()),
			Cell::Text(condition.of.text(condition.left)),
			Cell::Text(condition.of.text(condition.right)),
			Cell::Number(condition.margin(), 2),
			Cell::Text((if condition.required { "yes" } else { "no" }).into()),
			Cell::Yes(condition.holds()),
		]);
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn required_conditions_should_hold_for_the_chains_constants() {
		for condition in conditions(&Constants::of_the_runtime()) {
			assert!(condition.holds() || !condition.required, "{condition:?}");
		}
	}

	#[test]
	fn conditions_should_fail_when_their_constant_is_too_small() {
		let failing = |change: fn(&mut Constants)| {
			let mut constants = Constants::of_the_runtime();
			change(&mut constants);
			let failed = conditions(&constants).into_iter();
			failed
				.filter(|condition| condition.required && !condition.holds())
				.count()
		};
		assert_eq!(failing(|_| ()), 0);
		assert_ne!(
			failing(|constants| constants.commitment_limit = Permill::from_percent(30)),
			0
		);
		assert_ne!(
			failing(|constants| constants.own_commitment_limit = Permill::from_percent(60)),
			0
		);
		assert_ne!(failing(|constants| constants.audit_size_factor = 5), 0);
		assert_ne!(failing(|constants| constants.min_wrong_result_penalty = 1), 0);
		assert_ne!(failing(|constants| constants.reporter_share = Permill::one()), 0);
		assert_ne!(failing(|constants| constants.reporter_share = Permill::zero()), 0);
		assert_ne!(failing(|constants| constants.challenge_bond = 1), 0);
		assert_ne!(failing(|constants| constants.false_audit_penalty = 1), 0);
		assert_ne!(failing(|constants| constants.unbonding_period = 500), 0);
		assert_ne!(failing(|constants| constants.commission_notice = 500), 0);
		assert_ne!(
			failing(|constants| constants.max_royalty = Permill::from_percent(90)),
			0
		);
	}
}
