//! The weighted draw, as a pure function: a race.

use alloc::vec::Vec;
use assay_trace::Hash32;
use codec::Encode;
use core::cmp::Ordering;
use sp_core::U256;

/// Fraction bits of a logarithm.
const FRACTION: u32 = 40;

/// The order in which candidates reach the end of a race: the first is any of them with a probability proportional to its weight,
/// the second any of the rest likewise, and so on. Whoever has no weight never arrives.
///
/// A candidate takes -log2(u) / weight, u being uniform in (0, 1] and a hash of `random` and its identifier: exponential clocks, of
/// which the earliest is drawn by weight (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006). So nobody's
/// identifier or weight moves anybody else's place among the others; a draw modulo the sum of the weights is another one as soon as
/// a single unit of anybody's is.
pub fn race<Id: Encode>(candidates: &[(Id, u128)], random: &[u8; 32]) -> Vec<usize> {
	let mut runners: Vec<Runner> = candidates
		.iter()
		.enumerate()
		.filter(|(_, (_, weight))| *weight > 0)
		.map(|(index, (id, weight))| Runner::new(index, id, *weight, random))
		.collect();
	runners.sort_by(Runner::arrives_before);
	runners.into_iter().map(|runner| runner.index).collect()
}

struct Runner {
	index: usize,
	hash: [u8; 32],
	/// In units of 2⁻⁴⁰.
	distance: u64,
	weight: u128,
}

impl Runner {
	fn new<Id: Encode>(index: usize, id: &Id, weight: u128, random: &[u8; 32]) -> Self {
		let Hash32(hash) = id.using_encoded(|id| Hash32::of(&[b"assay/race", random, id]));
		let [a, b, c, d, e, f, g, h, ..] = hash;
		Self {
			index,
			hash,
			distance: negative_log2(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
			weight,
		}
	}

	/// By distance / weight; the hash decides between equals.
	fn arrives_before(&self, other: &Self) -> Ordering {
		let time = |distance: u64, weight: u128| U256::from(distance).saturating_mul(U256::from(weight));
		time(self.distance, other.weight)
			.cmp(&time(other.distance, self.weight))
			.then_with(|| self.hash.cmp(&other.hash))
	}
}

/// -log2((x + 1) / 2⁶⁴) in units of 2⁻⁴⁰, rounded up: bit after bit by squaring.
fn negative_log2(x: u64) -> u64 {
	let x = u128::from(x) + 1;
	let whole = x.ilog2();
	// In [1, 2), with 63 fraction bits.
	let mut mantissa = (x << (127 - whole)) >> 64;
	let mut fraction = 0u64;
	for _ in 0..FRACTION {
		mantissa = (mantissa * mantissa) >> 63;
		let bit = mantissa >> 64;
		mantissa >>= bit;
		fraction = (fraction << 1) | u64::from(bit == 1);
	}
	(64 << FRACTION) - ((u64::from(whole) << FRACTION) | fraction)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn logarithms_are_those_of_floating_point() {
		assert_eq!(negative_log2(u64::MAX), 0);
		assert_eq!(negative_log2(0), 64 << FRACTION);
		assert_eq!(negative_log2((1 << 63) - 1), 1 << FRACTION);
		let mut x = 1u64;
		for _ in 0..1000 {
			x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
			let expected = 64.0 - (x as f64).log2();
			let found = negative_log2(x) as f64 / (1u64 << FRACTION) as f64;
			assert!((found - expected).abs() < 1e-10, "{x}: {found} instead of {expected}");
		}
	}
}
