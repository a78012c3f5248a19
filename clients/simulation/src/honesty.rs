//! The closed formulas: when is a cheat caught, what does it lose, how much must it gain to pay?
//!
//! A claim that is drawn for a spot-check is caught as often as the step that is drawn breaks its rule
//! ([`Trace`]); a claim that is audited is caught unless all drawn auditors collude; and a watched
//! claim is caught. With probability *d* of any of these, penalty
//! share *δ* and stake *S*, of which the part *κ* is the cheat's own loss, *m* wrong claims in flight lose on average
//! *κ·S·(1 − (1 − δ·d)^m) + m·d·R*, where *R* is what a job pays: each penalty takes its share of what the one before left.

use crate::{
	constants::{asy, ratio, Constants},
	spot_check::Trace,
};
use assay_runtime::Balance;
use pallet_assay_audits::{by_size, falling};
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
	/// Those of an operator with so long a record, as the chain computes them, for the smallest jobs.
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

	/// Those of an operator with a record as long as can be, for the smallest jobs.
	pub fn at_floor(constants: &Constants) -> Self {
		Self {
			spot_check: constants.spot_check_floor,
			audit: constants.audit_floor,
		}
	}

	/// For the jobs of this cheat: at least as likely to be looked at as their size asks for.
	pub fn of_jobs(self, constants: &Constants, cheat: &Cheat) -> Self {
		let by_size = |factor| by_size(factor, cheat.fee, cheat.own());
		Self {
			spot_check: self.spot_check.max(by_size(constants.spot_check_size_factor)),
			audit: self.audit.max(by_size(constants.audit_size_factor)),
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

	/// As many auditors as there can be, so many percent of whom collude, and nobody else.
	pub fn colluding(constants: &Constants, percent: u32) -> Self {
		Self {
			colluding: Permill::from_percent(percent).mul_ceil(constants.max_auditors),
			..Self::auditors_only(constants)
		}
	}

	/// A version that nobody audits, and nobody else: spot-checks are all there is.
	pub fn spot_checks_only() -> Self {
		Self {
			listed: 0,
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

	/// The probability that all of `drawn` auditors collude, drawn without putting back; one where there are none.
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
	/// The part of the layers' work that was skipped: of their cells, each as likely to be drawn.
	pub skipped: Permill,
	/// The trace of each job.
	pub trace: Trace,
	/// Whether a second account of the cheat challenges whatever is about to be caught, for the reporter's share.
	pub reports_itself: bool,
}

impl Cheat {
	/// With all the stake its own, everything skipped, and as much in flight as the chain allows, in so many jobs.
	pub fn at_the_limit(constants: &Constants, stake: Balance, jobs: u32) -> Self {
		let cheat = Self {
			stake,
			own_share: Permill::one(),
			fee: 0,
			jobs,
			skipped: Permill::one(),
			trace: Trace::usual(),
			reports_itself: true,
		};
		cheat.owning(constants, Permill::one())
	}

	/// With only so much of the same stake its own, and as much in flight as the chain then allows.
	pub fn owning(self, constants: &Constants, own_share: Permill) -> Self {
		let in_flight = constants.in_flight(self.stake, own_share.mul_floor(self.stake));
		Self {
			own_share,
			fee: in_flight / Balance::from(self.jobs.max(1)),
			..self
		}
	}

	/// With jobs whose fee is this part of the same stake.
	pub fn with_fee(self, share: Permill) -> Self {
		Self {
			fee: share.mul_floor(self.stake),
			..self
		}
	}

	/// With jobs whose fee is this part of the cheat's own bond.
	pub fn with_fee_of_bond(self, share: Permill) -> Self {
		Self {
			fee: share.mul_floor(self.own()),
			..self
		}
	}

	/// Its own bond.
	pub fn own(&self) -> Balance {
		self.own_share.mul_floor(self.stake)
	}

	/// What the operator itself loses with a job's payment: the stakers' share of it is lost by all who stand behind it.
	pub fn reward(&self, constants: &Constants) -> f64 {
		let others = ratio(constants.stakers_share) * (1.0 - ratio(self.own_share));
		asy(constants.reward(self.fee)) * (1.0 - others)
	}

	/// The part of all that a penalty takes that is the cheat's own loss in the end. A reporter is paid its share of what the
	/// operator itself loses.
	pub fn borne(&self, constants: &Constants) -> f64 {
		let own = ratio(self.own_share);
		if self.reports_itself {
			own * (1.0 - ratio(constants.reporter_share))
		} else {
			own
		}
	}
}

/// The probability that a wrong claim is caught.
pub fn detection(constants: &Constants, rates: Rates, watch: Watch, cheat: &Cheat) -> f64 {
	let by_spot_check = ratio(rates.spot_check) * cheat.trace.finds(cheat.skipped);
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
pub fn claims_until_caught(constants: &Constants, clean_jobs: u32, cheat: &Cheat, watch: Watch) -> f64 {
	let floor = Rates::at_floor(constants).of_jobs(constants, cheat);
	let mut free = 1.0;
	let mut claims = 0.0;
	for behaved in clean_jobs.. {
		let rates = Rates::after(constants, behaved).of_jobs(constants, cheat);
		let caught = detection(constants, rates, watch, cheat);
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

	/// One that is audited no more often than the record says.
	fn small_job(constants: &Constants) -> Cheat {
		Cheat::at_the_limit(constants, STAKE, 1).with_fee(Permill::from_rational(1u32, 10_000))
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
		let cheat = Cheat {
			skipped: Permill::zero(),
			..small_job(&constants)
		};
		assert_eq!(detection(&constants, rates, watch, &cheat), 1.0);
		assert_eq!(claims_until_caught(&constants, 0, &cheat, watch), 1.0);
	}

	#[test]
	fn at_the_floor_claims_until_caught_should_be_one_over_the_probability() {
		let constants = constants();
		let watch = Watch::auditors_only(&constants);
		let cheat = small_job(&constants);
		let caught = detection(&constants, Rates::at_floor(&constants), watch, &cheat);
		let claims = claims_until_caught(&constants, 100_000, &cheat, watch);
		assert!((claims - 1.0 / caught).abs() < 1e-9);
	}

	#[test]
	fn jobs_at_the_limit_should_always_be_audited_and_small_ones_as_the_record_says() {
		let constants = constants();
		let floor = Rates::at_floor(&constants);
		let at_the_limit = Cheat::at_the_limit(&constants, STAKE, 1);
		let rates = floor.of_jobs(&constants, &at_the_limit);
		assert_eq!((rates.audit, rates.spot_check), (Permill::one(), Permill::one()));
		assert_eq!(floor.of_jobs(&constants, &small_job(&constants)), floor);
		let new = Rates::after(&constants, 0);
		assert_eq!(new.of_jobs(&constants, &small_job(&constants)), new);
		let watch = Watch::auditors_only(&constants);
		assert_eq!(claims_until_caught(&constants, 100_000, &at_the_limit, watch), 1.0);
	}

	#[test]
	fn p15_stake_of_others_should_make_no_look_less_likely() {
		let constants = constants();
		let floor = Rates::at_floor(&constants);
		let alone = Cheat::at_the_limit(&constants, STAKE, 1).with_fee(Permill::from_rational(1u32, 200));
		let with_others = Cheat {
			stake: 4 * STAKE,
			own_share: Permill::from_percent(25),
			..alone
		};
		assert_eq!(alone.own(), with_others.own());
		let rates = floor.of_jobs(&constants, &alone);
		assert_eq!(rates, floor.of_jobs(&constants, &with_others));
		assert_eq!(
			(rates.spot_check, rates.audit),
			(Permill::from_percent(50), Permill::from_percent(5))
		);
	}

	#[test]
	fn less_own_stake_should_allow_less_in_flight() {
		let constants = constants();
		let at_the_limit = Cheat::at_the_limit(&constants, STAKE, 4);
		let fee = |percent| at_the_limit.owning(&constants, Permill::from_percent(percent)).fee;
		assert_eq!(fee(100), STAKE / 40);
		assert_eq!(fee(40), STAKE / 40);
		assert_eq!(fee(10), STAKE / 160);
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
