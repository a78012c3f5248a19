//! The closed formulas: when is a cheat caught, what does it lose, how much must it gain to pay?
//!
//! A claim that is drawn for a spot-check is caught as often as the step falls on skipped work; a claim that is audited is
//! caught unless all drawn auditors collude; and a watched claim is caught. With probability *d* of any of these, penalty
//! share *δ* and stake *S*, of which the part *κ* is the cheat's own loss, *m* wrong claims in flight lose on average
//! *κ·S·(1 − (1 − δ·d)^m) + m·d·R*, where *R* is what a job pays: each penalty takes its share of what the one before left.

use crate::constants::{asy, ratio, Constants};
use assay_runtime::Balance;
use pallet_assay_audits::falling;
use sp_runtime::Permill;

/// How likely a claim is to be drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
	/// For a spot-check.
	pub spot_check: Permill,
	/// For an audit.
	pub audit: Permill,
}

impl Rates {
	/// Those of an operator with so long a record, as the chain computes them.
	pub fn after(constants: &Constants, clean_jobs: u32) -> Self {
		let halving = constants.halving;
		Self {
			spot_check: falling(
				constants.spot_check_ceiling,
				constants.spot_check_floor,
				halving,
				clean_jobs,
			),
			audit: falling(constants.audit_ceiling, constants.audit_floor, halving, clean_jobs),
		}
	}

	/// Those of an operator with a record as long as can be.
	pub fn at_floor(constants: &Constants) -> Self {
		Self {
			spot_check: constants.spot_check_floor,
			audit: constants.audit_floor,
		}
	}
}

/// Who could catch the cheat, besides a spot-check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watch {
	/// Auditors of the version, of equal stake.
	pub listed: u32,
	/// How many of them collude with the worker.
	pub colluding: u32,
	/// The part of all claims that an honest challenger runs again.
	pub watched: Permill,
}

impl Watch {
	/// As many honest auditors as there can be, and nobody else.
	pub fn auditors_only(constants: &Constants) -> Self {
		Self {
			listed: constants.max_auditors,
			colluding: 0,
			watched: Permill::zero(),
		}
	}

	/// One honest challenger who runs everything again, and auditors none of whom is honest.
	pub fn one_challenger(constants: &Constants) -> Self {
		Self {
			listed: constants.max_auditors,
			colluding: constants.max_auditors,
			watched: Permill::one(),
		}
	}

	/// The probability that all of `drawn` auditors collude, drawn without putting back.
	fn all_collude(&self, drawn: u32) -> f64 {
		(0..drawn.min(self.listed))
			.map(|round| f64::from(self.colluding.saturating_sub(round)) / f64::from(self.listed - round))
			.product()
	}
}

/// A cheat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cheat {
	/// Everything that stands behind the operator.
	pub stake: Balance,
	/// The part of it that is the cheat's own.
	pub own_share: Permill,
	/// The fee of each wrong claim.
	pub fee: Balance,
	/// Wrong claims in flight at the same time.
	pub jobs: u32,
	/// The part of the work that was skipped.
	pub skipped: Permill,
	/// Whether a second account of the cheat challenges whatever is about to be caught, for the reporter's share.
	pub reports_itself: bool,
}

impl Cheat {
	/// With all the stake its own, everything skipped, and as much in flight as the chain allows, in so many jobs.
	pub fn at_the_limit(constants: &Constants, stake: Balance, jobs: u32) -> Self {
		Self {
			stake,
			own_share: Permill::one(),
			fee: constants.in_flight(stake) / Balance::from(jobs.max(1)),
			jobs,
			skipped: Permill::one(),
			reports_itself: true,
		}
	}

	/// What the operator itself loses with a job's payment: the stakers' share of it is lost by all who stand behind it.
	pub fn reward(&self, constants: &Constants) -> f64 {
		let others = ratio(constants.stakers_share) * (1.0 - ratio(self.own_share));
		asy(constants.reward(self.fee)) * (1.0 - others)
	}

	/// The part of all that a penalty takes that is the cheat's own loss in the end. A reporter is paid its share of the whole
	/// from what the operator itself pays, as far as that goes.
	pub fn borne(&self, constants: &Constants) -> f64 {
		let own = ratio(self.own_share);
		if self.reports_itself {
			(own - ratio(constants.reporter_share)).max(0.0)
		} else {
			own
		}
	}
}

/// The probability that a wrong claim is caught.
pub fn detection(constants: &Constants, rates: Rates, watch: Watch, skipped: Permill) -> f64 {
	let by_spot_check = ratio(rates.spot_check) * ratio(skipped);
	let by_audit = ratio(rates.audit) * (1.0 - watch.all_collude(constants.drawn));
	1.0 - (1.0 - by_spot_check) * (1.0 - by_audit) * (1.0 - ratio(watch.watched))
}

/// The largest gain from one wrong claim, in fees of the job, for which honesty pays. Where the least penalty binds, the
/// truth is larger.
pub fn largest_gain(constants: &Constants, cheat: &Cheat, detection: f64) -> f64 {
	let jobs = f64::from(cheat.jobs);
	let cut = asy(constants.penalty(cheat.stake)) / asy(cheat.stake);
	let slashed = cheat.borne(constants) * asy(cheat.stake) * (1.0 - (1.0 - cut * detection).powf(jobs));
	(slashed / jobs + detection * cheat.reward(constants)) / asy(cheat.fee)
}

/// The same by the textbook's inequality *S ≥ m·g / (1 − (1 − p)^m)*, where any fault costs all stake.
pub fn textbook_gain(cheat: &Cheat, detection: f64) -> f64 {
	let jobs = f64::from(cheat.jobs);
	asy(cheat.stake) * (1.0 - (1.0 - detection).powf(jobs)) / (jobs * asy(cheat.fee))
}

/// How many claims a cheat makes until it is caught, the last one counted, if it behaved for `clean_jobs` before. Its
/// record grows with every claim that is not caught.
pub fn claims_until_caught(constants: &Constants, clean_jobs: u32, watch: Watch, skipped: Permill) -> f64 {
	let floor = Rates::at_floor(constants);
	let mut free = 1.0;
	let mut claims = 0.0;
	for behaved in clean_jobs.. {
		let rates = Rates::after(constants, behaved);
		let caught = detection(constants, rates, watch, skipped);
		if rates == floor {
			return claims + free / caught;
		}
		claims += free;
		free *= 1.0 - caught;
	}
	claims
}

/// The probability of being caught that a claim needs so that honesty pays for a gain of so many fees.
pub fn needed_detection(constants: &Constants, cheat: &Cheat, gain: f64) -> f64 {
	let cut = asy(constants.penalty(cheat.stake)) / asy(cheat.stake);
	let loss = cheat.borne(constants) * cut * asy(cheat.stake) + cheat.reward(constants);
	gain * asy(cheat.fee) / loss
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_runtime::currency::UNIT;

	const STAKE: Balance = 100_000 * UNIT;

	fn constants() -> Constants {
		Constants::of_the_runtime()
	}

	#[test]
	fn auditors_drawn_without_putting_back_should_seldom_all_collude() {
		let watch = |colluding| Watch {
			listed: 4,
			colluding,
			watched: Permill::zero(),
		};
		assert_eq!(watch(4).all_collude(2), 1.0);
		assert_eq!(watch(2).all_collude(2), 0.5 * (1.0 / 3.0));
		assert_eq!(watch(1).all_collude(2), 0.0);
	}

	#[test]
	fn new_operators_should_be_caught_by_their_first_audit() {
		let constants = constants();
		let rates = Rates::after(&constants, 0);
		let watch = Watch::auditors_only(&constants);
		assert_eq!(detection(&constants, rates, watch, Permill::zero()), 1.0);
		assert_eq!(claims_until_caught(&constants, 0, watch, Permill::zero()), 1.0);
	}

	#[test]
	fn at_the_floor_claims_until_caught_should_be_one_over_the_probability() {
		let constants = constants();
		let watch = Watch::auditors_only(&constants);
		let caught = detection(&constants, Rates::at_floor(&constants), watch, Permill::one());
		let claims = claims_until_caught(&constants, 100_000, watch, Permill::one());
		assert!((claims - 1.0 / caught).abs() < 1e-9);
	}

	#[test]
	fn more_stake_should_let_honesty_pay_more() {
		let constants = constants();
		let gain = |stake| {
			let mut cheat = Cheat::at_the_limit(&constants, STAKE, 1);
			cheat.stake = stake;
			largest_gain(&constants, &cheat, 0.05)
		};
		for stake in [1, 2, 5, 10].map(|times| times * STAKE).windows(2) {
			assert!(gain(stake[0]) < gain(stake[1]));
		}
	}

	#[test]
	fn more_detection_and_less_foreign_stake_should_let_honesty_pay_more() {
		let constants = constants();
		let gain = |own_percent, detection| {
			let mut cheat = Cheat::at_the_limit(&constants, STAKE, 4);
			cheat.own_share = Permill::from_percent(own_percent);
			largest_gain(&constants, &cheat, detection)
		};
		for percents in [0, 25, 50, 60, 75, 100].windows(2) {
			assert!(gain(percents[0], 0.1) <= gain(percents[1], 0.1));
			assert!(gain(percents[1], 0.1) < gain(percents[1], 0.2));
		}
	}

	#[test]
	fn needed_detection_should_be_where_the_gain_is_the_largest() {
		let constants = constants();
		let cheat = Cheat::at_the_limit(&constants, STAKE, 1);
		let needed = needed_detection(&constants, &cheat, 1.0);
		assert!((largest_gain(&constants, &cheat, needed) - 1.0).abs() < 1e-9);
	}

	#[test]
	fn the_whole_stake_as_penalty_should_give_the_textbooks_inequality() {
		let mut constants = constants();
		constants.wrong_result_penalty = sp_runtime::Perbill::one();
		constants.treasury_share = Permill::one();
		let mut cheat = Cheat::at_the_limit(&constants, STAKE, 7);
		cheat.reports_itself = false;
		let (ours, textbook) = (largest_gain(&constants, &cheat, 0.1), textbook_gain(&cheat, 0.1));
		assert!((ours - textbook).abs() < 1e-9, "{ours} {textbook}");
	}
}
