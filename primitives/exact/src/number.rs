//! Scalar rules of section 1 of the page: one saturation and one way to round.

/// Clamps to the range of a [`Value`](crate::Value). The only saturation of the profile, applied to single elements.
#[inline]
pub const fn sat(x: i64) -> i32 {
	if x > i32::MAX as i64 {
		i32::MAX
	} else if x < i32::MIN as i64 {
		i32::MIN
	} else {
		x as i32
	}
}

/// x · 2^-s, rounded half up; 0 for s > 62.
#[inline]
pub const fn rshift(x: i64, s: u32) -> i64 {
	match s {
		0 => x,
		// `x + 2^(s-1)` could wrap; this is the same number.
		1..=62 => (x >> s) + ((x >> (s - 1)) & 1),
		_ => 0,
	}
}

/// x · 2^e, rounded half up where e is negative and saturated to 64 bits where it is positive.
///
/// Every use is followed by [`sat`], so saturating at 64 bits first changes nothing.
#[inline]
pub fn scale2(x: i64, e: i32) -> i64 {
	if e <= 0 {
		return rshift(x, e.unsigned_abs());
	}
	// A non-zero x already saturates at e = 62.
	let scaled = i128::from(x) << e.min(62);
	scaled.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// a / b rounded half up, for b ≥ 1 (a smaller b counts as 1).
#[inline]
pub fn divr(a: i64, b: i64) -> i64 {
	let (a, b) = (i128::from(a), i128::from(b.max(1)));
	// |result| ≤ |a|, so it fits.
	(2 * a + b).div_euclid(2 * b) as i64
}

/// ⌊√x⌋.
#[inline]
pub const fn isqrt(x: u64) -> u64 {
	x.isqrt()
}

/// Position of the highest set bit of |x|, plus one; 0 for 0.
#[inline]
pub const fn bits(x: i64) -> u32 {
	u64::BITS - x.unsigned_abs().leading_zeros()
}

/// The values of a vector tensor, as stored: little-endian i32.
pub fn values(bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
	bytes
		.chunks_exact(4)
		.map(|value| i32::from_le_bytes([value[0], value[1], value[2], value[3]]))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn rounding_is_half_up_on_both_sides_of_zero() {
		assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|x| rshift(x, 1)), [-1, -1, 0, 0, 1, 1, 2]);
		assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|x| divr(x, 2)), [-1, -1, 0, 0, 1, 1, 2]);
		assert_eq!(divr(-5, 3), -2);
		assert_eq!(divr(5, 3), 2);
	}

	#[test]
	fn extremes_neither_wrap_nor_panic() {
		assert_eq!(rshift(i64::MAX, 1), 1 << 62);
		assert_eq!(rshift(i64::MIN, 62), -2);
		assert_eq!(rshift(i64::MIN, 63), 0);
		assert_eq!(scale2(1, 40), 1 << 40);
		assert_eq!(scale2(-1, i32::MAX), -(1 << 62));
		assert_eq!(sat(scale2(-1, i32::MAX)), i32::MIN);
		assert_eq!(scale2(i64::MAX, 1), i64::MAX);
		assert_eq!(scale2(i64::MIN, i32::MIN), 0);
		assert_eq!(divr(i64::MIN, 1), i64::MIN);
		assert_eq!(bits(i64::MIN), 64);
		assert_eq!(bits(i64::from(i32::MIN)), 32);
		assert_eq!((bits(0), bits(1), bits(-1), bits(255)), (0, 1, 1, 8));
	}

	proptest! {
		#[test]
		fn rshift_equals_the_wide_formula(x: i64, s in 0u32..=62) {
			let wide = if s == 0 { x.into() } else { (i128::from(x) + (1i128 << (s - 1))) >> s };
			prop_assert_eq!(i128::from(rshift(x, s)), wide);
		}

		#[test]
		fn divr_is_within_half_of_the_quotient(a: i64, b in 1i64..) {
			let q = i128::from(divr(a, b));
			let (a, b) = (i128::from(a), i128::from(b));
			// -b/2 < q·b - a ≤ b/2: half goes up.
			prop_assert!(2 * (q * b - a) <= b && 2 * (q * b - a) > -b);
		}

		#[test]
		fn isqrt_is_exact(x: u64) {
			let r = u128::from(isqrt(x));
			prop_assert!(r * r <= x.into() && (r + 1) * (r + 1) > x.into());
		}

		#[test]
		fn bits_bound_the_magnitude(x: i64) {
			let b = bits(x);
			prop_assert!(u128::from(x.unsigned_abs()) < 1u128 << b);
			prop_assert!(x == 0 || x.unsigned_abs() >= 1 << (b - 1));
		}
	}
}
