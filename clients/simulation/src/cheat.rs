//! Cheats played by chance, with the rules and the rounding of the chain: its rates, its draw by stake, its penalties one
//! after the other, its split of a fee.

use crate::{
	constants::{asy, Constants},
	honesty::{Cheat, Rates, Watch},
	spot_check::BROKEN_RULES,
};
use assay_protocol::race;
use assay_runtime::Balance;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use sp_runtime::Permill;

/// What 95 of 100 means of samples of one distribution stay within, in standard errors.
const CONFIDENCE: f64 = 1.96;

/// A mean of samples, with what it is known to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
	/// The mean.
	pub mean: f64,
	/// Half the width of the interval that holds the true mean in 95 of 100 cases.
	pub error: f64,
}

impl Estimate {
	pub(crate) fn of(samples: impl Iterator<Item = f64>) -> Self {
		let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
		for sample in samples {
			count += 1.0;
			sum += sample;
			squares += sample * sample;
		}
		let mean = sum / count;
		let variance = (squares / count - mean * mean).max(0.0);
		Self {
			mean,
			error: CONFIDENCE * (variance / count).sqrt(),
		}
	}
}

/// Random numbers for one part of the simulation: the parts do not disturb each other.
pub fn numbers(seed: u64, part: u64) -> ChaCha12Rng {
	let mut numbers = ChaCha12Rng::seed_from_u64(seed);
	numbers.set_stream(part);
	numbers
}

/// What stands behind an operator.
#[derive(Clone, Copy, Debug)]
struct Pool {
	own: Balance,
	others: Balance,
}

impl Pool {
	fn of(cheat: &Cheat) -> Self {
		let own = cheat.own_share.mul_floor(cheat.stake);
		Self {
			own,
			others: cheat.stake - own,
		}
	}

	/// Takes the penalty for a wrong result, and returns what the cheat itself loses by it.
	fn strike(&mut self, constants: &Constants, reports_itself: bool) -> Balance {
		let total = self.own + self.others;
		if total == 0 {
			return 0;
		}
		let penalty = constants.penalty(total);
		// Both are below the issuance: 2⁶³ for millions of ASY, so the product fits.
		let own = self.own * penalty / total;
		self.own -= own;
		self.others -= penalty - own;
		let reported = if reports_itself {
			constants.reporter_share.mul_floor(own)
		} else {
			0
		};
		own - reported
	}
}

fn happens(numbers: &mut ChaCha12Rng, probability: Permill) -> bool {
	numbers.random_ratio(probability.deconstruct(), 1_000_000)
}

/// Whether one of the auditors that are drawn for a claim is honest.
fn honest_auditor_drawn(numbers: &mut ChaCha12Rng, constants: &Constants, watch: Watch) -> bool {
	let listed: Vec<(u32, u128)> = (0..watch.listed).map(|auditor| (auditor, constants.min_bond)).collect();
	race(&listed, &numbers.random())
		.into_iter()
		.filter_map(|index| listed.get(index))
		.take(constants.drawn as usize)
		.any(|(auditor, _)| *auditor >= watch.colluding)
}

/// Whether the step that a spot-check draws breaks its rule: it is drawn of a cell of a layer, which was skipped, and of the
/// one rule that does not hold there.
fn broken_step_drawn(numbers: &mut ChaCha12Rng, cheat: &Cheat) -> bool {
	let trace = cheat.trace;
	numbers.random_range(0..trace.cells) < trace.of_layers
		&& happens(numbers, cheat.skipped)
		&& numbers.random_range(0..trace.rules) < BROKEN_RULES
}

/// Whether a wrong claim is caught.
fn caught(numbers: &mut ChaCha12Rng, constants: &Constants, rates: Rates, watch: Watch, cheat: &Cheat) -> bool {
	let by_spot_check = happens(numbers, rates.spot_check) && broken_step_drawn(numbers, cheat);
	let by_audit = happens(numbers, rates.audit) && honest_auditor_drawn(numbers, constants, watch);
	let by_challenger = happens(numbers, watch.watched);
	by_spot_check || by_audit || by_challenger
}

/// The largest gain from one wrong claim, in fees, for which honesty pays: the loss of many cheats who each have all their
/// jobs in flight at once. The draws come before any penalty, so one that is caught does not change the rates of the rest.
pub fn largest_gain(
	numbers: &mut ChaCha12Rng,
	trials: u32,
	constants: &Constants,
	cheat: &Cheat,
	rates: Rates,
	watch: Watch,
) -> Estimate {
	let reward = cheat.reward(constants);
	let stakes = f64::from(cheat.jobs) * asy(cheat.fee);
	Estimate::of((0..trials).map(|_| {
		let mut pool = Pool::of(cheat);
		let mut lost = 0.0;
		for _ in 0..cheat.jobs {
			if caught(numbers, constants, rates, watch, cheat) {
				lost += reward + asy(pool.strike(constants, cheat.reports_itself));
			}
		}
		lost / stakes
	}))
}

/// How many claims a cheat makes until it is caught that behaved for `clean_jobs` before, the last one counted.
pub fn claims_until_caught(
	numbers: &mut ChaCha12Rng,
	trials: u32,
	constants: &Constants,
	clean_jobs: u32,
	cheat: &Cheat,
	watch: Watch,
) -> Estimate {
	Estimate::of((0..trials).map(|_| {
		let mut claims = 0u32;
		loop {
			let rates = Rates::after(constants, clean_jobs + claims).of_jobs(constants, cheat);
			claims += 1;
			if caught(numbers, constants, rates, watch, cheat) {
				return f64::from(claims);
			}
		}
	}))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::honesty;
	use assay_runtime::currency::UNIT;

	const TRIALS: u32 = 5_000;
	const SEED: u64 = 7;
	/// In standard errors: a right program fails once in 15,000 comparisons, and these have a fixed seed.
	const TOLERANCE: f64 = 4.0 / CONFIDENCE;

	fn cheats(constants: &Constants) -> Vec<Cheat> {
		let mut cheats = Vec::new();
		for jobs in [1, 3, 12] {
			for own in [100, 60, 30] {
				for reports_itself in [false, true] {
					let mut cheat = Cheat::at_the_limit(constants, 1_000_000 * UNIT, jobs);
					cheat.own_share = Permill::from_percent(own);
					cheat.skipped = Permill::from_percent(40);
					cheat.reports_itself = reports_itself;
					cheats.push(cheat);
				}
			}
		}
		cheats
	}

	#[test]
	fn simulation_should_confirm_the_formula() {
		let constants = Constants::of_the_runtime();
		let watches = [(64, 0, 0), (64, 32, 0), (5, 4, 10), (2, 2, 50), (0, 0, 1)];
		for (part, cheat) in (0..).zip(cheats(&constants)) {
			for (listed, colluding, percent) in watches {
				let watch = Watch {
					listed,
					colluding,
					watched: Permill::from_percent(percent),
				};
				for clean_jobs in [5, 1_000] {
					let rates = Rates::after(&constants, clean_jobs);
					let detection = honesty::detection(&constants, rates, watch, &cheat);
					let formula = honesty::largest_gain(&constants, &cheat, detection);
					let found = largest_gain(&mut numbers(SEED, part), TRIALS, &constants, &cheat, rates, watch);
					assert!(
						(found.mean - formula).abs() <= TOLERANCE * found.error + 1e-6,
						"{cheat:?} {watch:?} after {clean_jobs}: {found:?}, by the formula {formula}"
					);
				}
			}
		}
	}

	#[test]
	fn simulation_should_confirm_how_long_a_record_protects() {
		let constants = Constants::of_the_runtime();
		let watch = Watch::auditors_only(&constants);
		for thousandths in [1, 20, 100] {
			let share = Permill::from_rational(thousandths, 1_000u32);
			let cheat = Cheat::at_the_limit(&constants, 1_000_000 * UNIT, 1).with_fee(share);
			for clean_jobs in [0, 1, 10, 200, 1_000] {
				let formula = honesty::claims_until_caught(&constants, clean_jobs, &cheat, watch);
				let mut numbers = numbers(SEED, u64::from(clean_jobs));
				let found = claims_until_caught(&mut numbers, TRIALS, &constants, clean_jobs, &cheat, watch);
				assert!(
					(found.mean - formula).abs() <= TOLERANCE * found.error + 1e-9,
					"{found:?} {formula}"
				);
			}
		}
	}

	#[test]
	fn same_seed_should_give_the_same_numbers_and_another_seed_others() {
		let constants = Constants::of_the_runtime();
		let cheat = Cheat::at_the_limit(&constants, 10_000 * UNIT, 4);
		let watch = Watch::auditors_only(&constants);
		let rates = Rates::at_floor(&constants);
		let run = |seed| largest_gain(&mut numbers(seed, 0), 1_000, &constants, &cheat, rates, watch);
		assert_eq!(run(1), run(1));
		assert_ne!(run(1), run(2));
	}

	#[test]
	fn more_stake_should_let_honesty_pay_more() {
		let constants = Constants::of_the_runtime();
		let watch = Watch::auditors_only(&constants);
		let rates = Rates::after(&constants, 30);
		let gain = |stake| {
			let mut cheat = Cheat::at_the_limit(&constants, 10_000 * UNIT, 1);
			cheat.stake = stake;
			largest_gain(&mut numbers(SEED, 0), TRIALS, &constants, &cheat, rates, watch).mean
		};
		for stakes in [10_000, 20_000, 100_000].map(|stake| stake * UNIT).windows(2) {
			assert!(gain(stakes[0]) < gain(stakes[1]));
		}
	}

	#[test]
	fn strike_should_take_in_proportion_and_pay_the_reporter_from_the_own_part() {
		let constants = Constants::of_the_runtime();
		let mut pool = Pool {
			own: 400 * UNIT,
			others: 600 * UNIT,
		};
		// 350 are taken, 140 of them its own; a quarter of the 140 is the reporter's.
		assert_eq!(pool.strike(&constants, true), 105 * UNIT);
		assert_eq!((pool.own, pool.others), (260 * UNIT, 390 * UNIT));
		assert_eq!(pool.strike(&constants, false), 91 * UNIT);
	}
}
