//! What each constant has to cover, and by what margin it does. The chain promises every condition.

use crate::{
	constants::{asy, blocks_per_year, ratio, Constants},
	honesty::{detection, Cheat, Rates, Watch},
	issuance::{equivocation_cost, return_to_stake},
	table::{Cell, Table},
};
use assay_runtime::Balance;
use sp_runtime::{Perbill, Permill};

/// What running a job again costs at most, as a part of running it: the design's limit for an audit by replay.
pub const RERUN_COST: f64 = 1.0 / 3.0;

/// How much larger than the least bond the stake is of an operator that counts as large.
const LARGE: Balance = 10;
/// How much less stake than the worker an auditor may have that is expected to be beyond bribes.
const SMALLER: Balance = 4;
/// The largest fees in flight that a challenger might want to stall, in those of the least bond.
const LARGEST: f64 = 1_000.0;

/// Own parts of the stake, in percent, and fees, in millionths of the own bond, over which the worst case is looked for.
const OWN_PERCENTS: [u32; 7] = [100, 75, 50, 40, 25, 15, 10];
const FEES: [u32; 13] = [
	10, 30, 100, 200, 300, 1_000, 3_000, 5_000, 10_000, 30_000, 50_000, 100_000, 250_000,
];
/// The largest fee, of the own bond, that spot-checks alone have to deter from skipping.
const SPOT_CHECKED: u32 = 10_000;

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
}

impl Condition {
	const fn new(constants: &'static str, says: &'static str, of: Of, left: f64, right: f64) -> Self {
		Self {
			constants,
			says,
			of,
			left,
			right,
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
	all.extend(of_audits(constants));
	all.extend(of_spot_checks(constants));
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

/// What one claim of an operator with a long record costs a cheat on average, in ASY.
fn mean_loss(constants: &Constants, cheat: &Cheat, watch: Watch) -> f64 {
	let rates = Rates::at_floor(constants).of_jobs(constants, cheat);
	detection(constants, rates, watch, cheat) * loss(constants, cheat)
}

/// The least that is lost on average for each fee, over fees of up to so many millionths of the own bond that are within the
/// limits, and over the parts of the stake that are the operator's own.
fn worst(constants: &Constants, largest: u32, watch: Watch) -> f64 {
	let whole = Cheat::at_the_limit(constants, LARGE * constants.min_bond, 1);
	OWN_PERCENTS
		.into_iter()
		.flat_map(|percent| {
			let limit = whole.owning(constants, Permill::from_percent(percent));
			let fees = FEES.into_iter().filter(move |millionths| *millionths <= largest);
			let within = fees.map(move |millionths| limit.with_fee_of_bond(Permill::from_parts(millionths)));
			within.filter(move |cheat| cheat.fee <= limit.fee)
		})
		.map(|cheat| mean_loss(constants, &cheat, watch) / asy(cheat.fee))
		.fold(f64::INFINITY, f64::min)
}

/// The most that may be in flight on the least bond.
fn least_in_flight(constants: &Constants) -> f64 {
	asy(constants.in_flight(constants.min_bond, constants.min_bond))
}

/// A cheat with the least bond behind it, of which so many percent are its own, and as much in flight as can be.
fn at_the_limit(constants: &Constants, own_percent: u32) -> Cheat {
	let cheat = Cheat::at_the_limit(constants, constants.min_bond, 1);
	cheat.owning(constants, Permill::from_percent(own_percent))
}

fn of_penalties(constants: &Constants) -> Vec<Condition> {
	let in_flight = least_in_flight(constants);
	let own = |percent| at_the_limit(constants, percent);
	let (cheat, half, tenth) = (own(100), own(50), own(10));
	let unreported = Cheat {
		reports_itself: false,
		..tenth
	};
	vec![
		Condition::new(
			"WrongResultPenalty, CommitmentLimit",
			"one wrong result costs what may be in flight",
			Of::Money,
			asy(constants.penalty(constants.min_bond)),
			in_flight,
		),
		Condition::new(
			"MinWrongResultPenalty",
			"so does the least penalty, for the least bond",
			Of::Money,
			asy(constants.min_wrong_result_penalty),
			in_flight,
		),
		Condition::new(
			"ReporterShare",
			"a cheat that reports itself loses the fee of what it skipped",
			Of::Money,
			loss(constants, &cheat),
			asy(cheat.fee),
		),
		Condition::new(
			"ReporterShare",
			"the same where half of the stake is delegated",
			Of::Money,
			loss(constants, &half),
			asy(half.fee),
		),
		Condition::new(
			"OwnCommitmentLimit, ReporterShare",
			"the same where nine tenths are delegated",
			Of::Money,
			loss(constants, &tenth),
			asy(tenth.fee),
		),
		Condition::new(
			"OwnCommitmentLimit, WrongResultPenalty",
			"the same by the penalty alone, whatever becomes of the fee",
			Of::Money,
			tenth.borne(constants) * asy(constants.penalty(tenth.stake)),
			asy(tenth.fee),
		),
		Condition::new(
			"OwnCommitmentLimit, WrongResultPenalty",
			"a cheat that does not report itself, where nine tenths are delegated",
			Of::Money,
			loss(constants, &unreported),
			asy(unreported.fee),
		),
	]
}

fn of_audits(constants: &Constants) -> Vec<Condition> {
	let honest = Watch::auditors_only(constants);
	let own = |percent| at_the_limit(constants, percent);
	let hundredth = own(100).with_fee_of_bond(Permill::from_percent(1));
	let delegated = own(50).with_fee(Permill::from_percent(1));
	let lie = Cheat {
		skipped: Permill::zero(),
		..hundredth
	};
	let limit = ratio(constants.commitment_limit).min(ratio(constants.own_commitment_limit));
	let skipping = |constants_named, says, cheat: &Cheat, watch| {
		let lost = mean_loss(constants, cheat, watch);
		Condition::new(constants_named, says, Of::Money, lost, asy(cheat.fee))
	};
	vec![
		Condition::new(
			"AuditSizeFactor, CommitmentLimit",
			"a job at either limit is always audited",
			Of::Share,
			f64::from(constants.audit_size_factor) * limit,
			1.0,
		),
		skipping(
			"AuditSizeFactor",
			"a long record and nobody who watches but auditors: a job at the limit is not worth skipping",
			&own(100),
			honest,
		),
		skipping(
			"AuditSizeFactor",
			"the same for a job of a hundredth of the stake",
			&hundredth,
			honest,
		),
		skipping(
			"AuditSizeFactor",
			"the same where half of the stake is delegated",
			&delegated,
			honest,
		),
		skipping(
			"AuditSizeFactor, MaxDrawn",
			"the same for a hundredth where half of the auditors collude",
			&hundredth,
			Watch::colluding(constants, 50),
		),
		skipping(
			"AuditSizeFactor",
			"the same for a lie that skips nothing and brings one fee",
			&lie,
			honest,
		),
		Condition::new(
			"AuditSizeFactor, OwnCommitmentLimit",
			"the same for a job of any size and any part of the stake that is delegated, for each fee",
			Of::Share,
			worst(constants, u32::MAX, honest),
			1.0,
		),
	]
}

fn of_spot_checks(constants: &Constants) -> Vec<Condition> {
	let nobody = Watch::spot_checks_only();
	let of_bond = Permill::from_parts(SPOT_CHECKED);
	let own = |percent| at_the_limit(constants, percent).with_fee_of_bond(of_bond);
	let (hundredth, delegated) = (own(100), own(10));
	vec![
		Condition::new(
			"SpotCheckSizeFactor",
			"a long record and no auditors: a job of a hundredth of the bond is not worth skipping",
			Of::Money,
			mean_loss(constants, &hundredth, nobody),
			asy(hundredth.fee),
		),
		Condition::new(
			"SpotCheckSizeFactor",
			"the same where nine tenths of the stake are delegated",
			Of::Money,
			mean_loss(constants, &delegated, nobody),
			asy(delegated.fee),
		),
		Condition::new(
			"SpotCheckSizeFactor",
			"the same for a job of any size up to that and any such part, for each fee",
			Of::Share,
			worst(constants, SPOT_CHECKED, nobody),
			1.0,
		),
	]
}

fn of_auditors(constants: &Constants) -> Vec<Condition> {
	let fee = least_in_flight(constants);
	let paid = ratio(constants.auditor_share) * fee;
	let drawn = f64::from(constants.drawn);
	let large = LARGE * constants.min_bond;
	let in_flight = |own_percent| {
		let own = Permill::from_percent(own_percent).mul_floor(large);
		asy(constants.in_flight(large, own))
	};
	let tenth = Permill::from_percent(10);
	vec![
		Condition::new(
			"AuditorShare",
			"auditing pays, where a job's price is its cost",
			Of::Money,
			paid,
			RERUN_COST * fee,
		),
		Condition::new(
			"MissedAuditPenalty, AuditorShare",
			"staying away is not cheaper than auditing, for a job at the least bond's limit",
			Of::Money,
			paid + asy(constants.missed_audit(constants.min_bond)),
			RERUN_COST * fee,
		),
		Condition::new(
			"FalseAuditPenalty",
			"all auditors drawn lose more than a job at the least bond's limit could pay them",
			Of::Money,
			drawn * asy(constants.false_audit(constants.min_bond)),
			fee,
		),
		Condition::new(
			"FalseAuditShare",
			"the same for a worker and auditors with ten times the least bond",
			Of::Money,
			drawn * asy(constants.false_audit(large)),
			in_flight(100),
		),
		Condition::new(
			"FalseAuditShare",
			"the same where the auditors have a quarter of the worker's stake",
			Of::Money,
			drawn * asy(constants.false_audit(large / SMALLER)),
			in_flight(100),
		),
		Condition::new(
			"FalseAuditShare, OwnCommitmentLimit",
			"their own part of it, where nine tenths of everybody's stake are delegated",
			Of::Money,
			drawn * ratio(tenth) * asy(constants.false_audit(large)),
			in_flight(10),
		),
	]
}

fn of_challengers(constants: &Constants) -> Vec<Condition> {
	let fee = least_in_flight(constants);
	let reported = ratio(constants.reporter_share) * asy(constants.penalty(constants.min_bond));
	let delegated = at_the_limit(constants, 10);
	let bond = asy(constants.challenge_bond);
	let stalled = fee * LARGEST;
	let delay = f64::from(constants.longest_stalling()) / blocks_per_year();
	vec![
		Condition::new(
			"ReporterShare",
			"finding a wrong result pays for running the job again",
			Of::Money,
			reported,
			RERUN_COST * fee,
		),
		Condition::new(
			"OwnCommitmentLimit, ReporterShare",
			"the same where nine tenths of the stake are delegated",
			Of::Money,
			ratio(delegated.own_share) * reported,
			RERUN_COST * asy(delegated.fee),
		),
		Condition::new(
			"ReporterShare",
			"whoever reports is paid less than half of what the operator itself loses",
			Of::Share,
			0.5,
			ratio(constants.reporter_share),
		),
		Condition::new(
			"ChallengeBond",
			"a challenge costs more than the block space of the answers to it",
			Of::Money,
			bond,
			asy(constants.free_answers),
		),
		Condition::new(
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
		Condition::new(
			"UnbondingPeriod",
			"stake answers until every job that it backed is over",
			Of::Blocks,
			blocks(constants.unbonding_period),
			blocks(constants.longest_job()),
		),
		Condition::new(
			"CommissionNotice",
			"who does not like a commission is out before it",
			Of::Blocks,
			blocks(constants.commission_notice),
			blocks(constants.unbonding_period + constants.staking_period),
		),
		Condition::new(
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
		Condition::new(
			"equivocation_slash, CommitmentLimit",
			"a third that breaks finality loses more than all jobs in flight are worth",
			Of::Share,
			equivocation_cost(1, 3),
			ratio(constants.commitment_limit),
		),
		Condition::new(
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
	let columns = ["constants", "condition", "is", "must be at least", "margin", "holds"];
	let mut table = Table::new("conditions", "What each constant covers", &columns);
	for condition in conditions {
		table.rows.push(vec![
			Cell::Text(condition.constants.into()),
			Cell::Text(condition.says.into()),
			Cell::Text(condition.of.text(condition.left)),
			Cell::Text(condition.of.text(condition.right)),
			Cell::Number(condition.margin(), 2),
			Cell::Yes(condition.holds()),
		]);
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::spot_check::{lowered, Trace, SHAPES};

	#[test]
	fn p15_every_condition_should_hold_for_the_chains_constants() {
		for condition in conditions(&Constants::of_the_runtime()) {
			assert!(condition.holds(), "{condition:?}");
		}
	}

	#[test]
	fn p15_spot_checks_alone_should_carry_a_hundredth_of_the_bond_for_programs_in_use() {
		let constants = Constants::of_the_runtime();
		for (name, shape) in SHAPES {
			let cheat = Cheat {
				trace: Trace::of(&lowered(shape), (512, 128)),
				..at_the_limit(&constants, 100).with_fee_of_bond(Permill::from_percent(1))
			};
			let lost = mean_loss(&constants, &cheat, Watch::spot_checks_only());
			assert!(lost >= asy(cheat.fee), "{name}: {lost}");
			// They do not carry the largest jobs, however often they are drawn: that takes auditors, or a challenger.
			let large = at_the_limit(&constants, 100);
			assert!(mean_loss(&constants, &large, Watch::spot_checks_only()) < asy(large.fee));
		}
	}

	#[test]
	fn conditions_should_fail_when_their_constant_is_too_small() {
		let failing = |change: fn(&mut Constants)| {
			let mut constants = Constants::of_the_runtime();
			change(&mut constants);
			let failed = conditions(&constants).into_iter();
			failed.filter(|condition| !condition.holds()).count()
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
		assert_ne!(failing(|constants| constants.spot_check_size_factor = 50), 0);
		assert_ne!(
			failing(|constants| constants.auditor_share = Permill::from_percent(33)),
			0
		);
		assert_ne!(
			failing(|constants| constants.wrong_result_penalty = Perbill::from_percent(33)),
			0
		);
		assert_ne!(failing(|constants| constants.min_wrong_result_penalty = 1), 0);
		assert_ne!(failing(|constants| constants.reporter_share = Permill::one()), 0);
		assert_ne!(failing(|constants| constants.reporter_share = Permill::zero()), 0);
		assert_ne!(failing(|constants| constants.challenge_bond = 1), 0);
		assert_ne!(
			failing(|constants| constants.false_audit_share = Perbill::from_percent(10)),
			0
		);
		assert_ne!(failing(|constants| constants.unbonding_period = 500), 0);
		assert_ne!(failing(|constants| constants.commission_notice = 500), 0);
		assert_ne!(
			failing(|constants| constants.max_royalty = Permill::from_percent(90)),
			0
		);
	}
}
