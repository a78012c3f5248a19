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

/// `divr(a, b)` for one b with 1 ≤ b ≤ 2³⁶ and many a with |a| < 2⁶² - 2³⁵, so that 2a + b fits.
#[derive(Clone, Copy)]
pub(crate) struct Divisor {
	/// 2b.
	double: u64,
	/// ⌊(2⁶⁴ - 1) / 2b⌋.
	reciprocal: u64,
}

impl Divisor {
	pub(crate) fn new(b: i64) -> Self {
		let double = 2 * b.unsigned_abs().max(1);
		Self {
			double,
			reciprocal: u64::MAX / double,
		}
	}

	#[inline(always)]
	pub(crate) fn divide(&self, a: i64) -> i64 {
		let sum = 2 * a + (self.double / 2) as i64;
		// ⌊x / d⌋ = -1 - ⌊(-1 - x) / d⌋.
		let sign = sum >> 63;
		let magnitude = (sum ^ sign) as u64;
		// Below the quotient by less than 1/2 + 1, magnitudes being below 2⁶³.
		let low = ((u128::from(magnitude) * u128::from(self.reciprocal)) >> 64) as u64;
		let quotient = low + u64::from(magnitude - low * self.double >= self.double);
		quotient as i64 ^ sign
	}
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
		fn division_equals_the_reference(
			a in -(1i64 << 62) + (1 << 35)..(1 << 62) - (1 << 35),
			shift in 0u32..62,
			b in 1i64..=1 << 36,
			fewer in 0u32..36,
		) {
			let a = a >> shift;
			let b = b >> fewer;
			let b = b.max(1);
			prop_assert_eq!(Divisor::new(b).divide(a), divr(a, b));
		}
	}
}
