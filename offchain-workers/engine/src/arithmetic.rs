//! The rounding rules of the profile in 64 bits, for operands whose bounds make the reference's 128 bits unnecessary.

use assay_exact::number::{rshift, sat};

/// `sat(scale2(x, e))` for e ≤ 30: a magnitude of 2³² already saturates, whatever e > 0.
#[inline(always)]
pub(crate) fn scaled(x: i64, e: i32) -> i32 {
	if e <= 0 {
		sat(rshift(x, e.unsigned_abs()))
	} else {
		sat(x.clamp(-(1 << 32), 1 << 32) << e.min(30))
	}
}

/// `divr(a, b)` for |a| < 2⁶² - 2³⁵ and 1 ≤ b ≤ 2³⁶, so that 2a + b fits.
#[inline(always)]
pub(crate) fn divided(a: i64, b: i64) -> i64 {
	(2 * a + b).div_euclid(2 * b)
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_exact::number::{divr, scale2};
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn scaled_equals_the_reference(x: i64, shift in 0u32..64, e in -70i32..=30) {
			let x = x >> shift;
			prop_assert_eq!(scaled(x, e), sat(scale2(x, e)));
		}

		#[test]
		fn divided_equals_the_reference(a in -(1i64 << 62) + (1 << 35)..(1 << 62) - (1 << 35), shift in 0u32..62, b in 1i64..=1 << 36) {
			let a = a >> shift;
			prop_assert_eq!(divided(a, b), divr(a, b));
		}
	}
}
