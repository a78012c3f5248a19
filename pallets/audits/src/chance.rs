//! How likely a claim is to be audited.

use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, PerThing, Permill, Rounding};

/// A probability that begins at `ceiling`, has halved after `halving` jobs without a fault, and falls with their number `n`
/// as halving / (halving + n), but not below `floor`.
pub fn falling(ceiling: Permill, floor: Permill, halving: u32, clean_jobs: u32) -> Permill {
	let parts = u64::from(ceiling.deconstruct()) * u64::from(halving);
	let jobs = u64::from(halving) + u64::from(clean_jobs);
	let fallen = parts.checked_div(jobs).and_then(|parts| u32::try_from(parts).ok());
	fallen.map_or(ceiling, Permill::from_parts).max(floor)
}

/// `factor` times what `fee` is of the operator's own bond, rounded up so that it is one as soon as the fee is a `factor`th of
/// the bond; one where nothing is bonded.
pub fn by_size(factor: u32, fee: u128, bond: u128) -> Permill {
	let factor = u128::from(factor) * u128::from(Permill::ACCURACY);
	let parts = multiply_by_rational_with_rounding(fee, factor, bond, Rounding::Up);
	let parts = parts.and_then(|parts| u32::try_from(parts).ok());
	parts.map_or(Permill::one(), Permill::from_parts)
}

/// Whether a random number says yes to a probability.
pub(crate) fn happens(probability: Permill, random: [u8; 32]) -> bool {
	let [a, b, c, d, e, f, g, h, ..] = random;
	// 2⁶⁴ numbers favour none of a million by more than one part in 10¹³.
	u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 1_000_000 < u64::from(probability.deconstruct())
}
