//! Arithmetic modulo two primes.
//!
//! An accumulator lies within ±2⁶², so two that differ may still be equal modulo 2⁶¹ - 1: they then differ by one to four
//! times that prime, which the second prime, 2³¹ - 1, does not divide. Vectors of accumulators that differ therefore differ
//! modulo at least one of the two.

/// Bits of the large modulus.
const LARGE_BITS: u32 = 61;
/// The large modulus, 2⁶¹ - 1.
pub(crate) const LARGE: i64 = (1 << LARGE_BITS) - 1;
/// The small modulus, 2³¹ - 1.
pub(crate) const SMALL: i64 = (1 << 31) - 1;
/// Products of a residue and an accumulator (below 2¹²³) that sum within 128 bits.
const PRODUCTS: usize = 8;

/// x modulo 2⁶¹ - 1, in [0, 2⁶¹ - 1).
pub(crate) fn large(x: i128) -> i64 {
	let fold = |x: i128| (x >> LARGE_BITS) + (x & i128::from(LARGE));
	// Within ±2⁶⁷, then within 2⁷ of [0, 2⁶¹).
	let folded = fold(fold(x)) as i64;
	folded.rem_euclid(LARGE)
}

/// x modulo 2³¹ - 1, in [0, 2³¹ - 1).
pub(crate) fn small(x: i128) -> i64 {
	// 2⁶¹ is 2³⁰ modulo 2³¹ - 1, so the primes share no fold.
	x.rem_euclid(i128::from(SMALL)) as i64
}

/// Σ residue · value modulo 2⁶¹ - 1, for residues below 2⁶¹ and values within ±2⁶².
pub(crate) fn combine_large(residues: &[i64], values: &[i64]) -> i64 {
	let mut total = 0i128;
	for (residues, values) in residues.chunks(PRODUCTS).zip(values.chunks(PRODUCTS)) {
		let sum = wide_sum(residues, values);
		total = total.wrapping_add(i128::from(large(sum)));
	}
	large(total)
}

/// Σ residue · value modulo 2³¹ - 1, for residues below 2³¹ and at most 2²⁰ values within ±2⁶².
pub(crate) fn combine_small(residues: &[i64], values: &[i64]) -> i64 {
	small(wide_sum(residues, values))
}

/// Σ residue · value of at most 2²⁰ values within ±2²², residues below 2⁶¹.
pub(crate) fn combine_activation(residues: &[i64], values: &[i64]) -> i128 {
	wide_sum(residues, values)
}

/// A sum of which the callers' bounds say that it fits.
fn wide_sum(residues: &[i64], values: &[i64]) -> i128 {
	residues.iter().zip(values).fold(0i128, |sum, (&residue, &value)| {
		sum.wrapping_add(i128::from(residue).wrapping_mul(i128::from(value)))
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_moduli_are_primes_that_exclude_one_another() {
		let is_prime = |n: u64| (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
		assert!(is_prime(SMALL as u64));
		// The large one by Lucas and Lehmer's test for Mersenne numbers.
		let last = (0..LARGE_BITS - 2).fold(4, |s, _| large(i128::from(s) * i128::from(s) - 2));
		assert_eq!(last, 0);
		for k in 1..=4 {
			assert_ne!(small(k * i128::from(LARGE)), 0);
		}
	}

	#[test]
	fn extremes_fit() {
		for x in [i128::MIN, i128::MIN + 1, -1, 0, 1, i128::MAX] {
			assert_eq!(i128::from(large(x)), x.rem_euclid(i128::from(LARGE)), "{x}");
		}
		let (most, least) = ((1i64 << 62) - 1, 1 - (1i64 << 62));
		for value in [most, least] {
			let (residues, values) = (vec![LARGE - 1; 1 << 20], vec![value; 1 << 20]);
			let expected = -i128::from(value) % i128::from(LARGE) * (1 << 20);
			assert_eq!(combine_large(&residues, &values), large(expected));
			let residues = vec![SMALL - 1; 1 << 20];
			let expected = -i128::from(value) % i128::from(SMALL) * (1 << 20);
			assert_eq!(combine_small(&residues, &values), small(expected));
		}
	}

	proptest! {
		#[test]
		fn folding_is_the_remainder(x: i128) {
			prop_assert_eq!(i128::from(large(x)), x.rem_euclid(i128::from(LARGE)));
		}
	}
}
