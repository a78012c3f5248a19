//! RMSNorm, LayerNorm and L2 normalisation by exact sums and an integer square root (section 3.3 of the page).

use crate::number::{divr, isqrt, rshift, sat};
use alloc::vec::Vec;

/// Largest mean square.
const MAX_SQUARE: u64 = (1 << 62) - 1;

/// The reciprocal of the square root of a mean square v: `inverse · 2^(t - 61)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InverseRoot {
	/// In [2³⁰, 2³¹].
	pub inverse: i64,
	/// In [0, 30].
	pub t: u32,
}

impl InverseRoot {
	/// Of v, taken to lie in [1, 2⁶² - 1].
	pub fn new(v: u64) -> Self {
		let v = v.clamp(1, MAX_SQUARE);
		// The largest t with v · 4^t < 2⁶².
		let t = (v.leading_zeros() - 2) / 2;
		let root = isqrt(v << (2 * t));
		Self {
			inverse: ((1u64 << 61) / root) as i64,
			t,
		}
	}

	/// c / √v with 20 fraction bits.
	#[inline]
	pub fn times(&self, c: i32) -> i64 {
		rshift(i64::from(c) * self.inverse, 41 - self.t)
	}
}

/// Σ c², exact: at most 2¹⁵ · 2⁶².
fn sum_of_squares(c: &[i32]) -> u128 {
	c.iter().map(|&c| u128::from(c.unsigned_abs()).pow(2)).sum()
}

/// Mean square of `c` with epsilon, both in units of 2⁻³².
fn mean_square(c: &[i32], epsilon: u64) -> u64 {
	let mean = sum_of_squares(c) / (c.len().max(1) as u128);
	(mean + u128::from(epsilon)).clamp(1, MAX_SQUARE.into()) as u64
}

/// Root-mean-square normalisation of each group of `gain.len()` elements.
pub fn rms_norm(x: &[i32], gain: &[i32], epsilon: u64) -> Vec<i32> {
	x.chunks(gain.len().max(1))
		.flat_map(|group| {
			let inverse_root = InverseRoot::new(mean_square(group, epsilon));
			group
				.iter()
				.zip(gain)
				.map(move |(&c, &gain)| sat(rshift(inverse_root.times(c) * i64::from(gain), 20)))
		})
		.collect()
}

/// Layer normalisation.
pub fn layer_norm(x: &[i32], gain: &[i32], bias: &[i32], epsilon: u64) -> Vec<i32> {
	let mean = divr(x.iter().map(|&x| i64::from(x)).sum(), x.len() as i64);
	let centred: Vec<i32> = x.iter().map(|&x| sat(i64::from(x) - mean)).collect();
	let inverse_root = InverseRoot::new(mean_square(&centred, epsilon));
	let affine = gain.iter().zip(bias);
	centred
		.iter()
		.zip(affine)
		.map(|(&c, (&gain, &bias))| sat(rshift(inverse_root.times(c) * i64::from(gain), 20) + i64::from(bias)))
		.collect()
}

/// Scales to unit Euclidean length.
pub fn l2_normalise(x: &[i32]) -> Vec<i32> {
	let square = sum_of_squares(x).clamp(1, MAX_SQUARE.into()) as u64;
	let inverse_root = InverseRoot::new(square);
	x.iter().map(|&x| sat(rshift(inverse_root.times(x), 4))).collect()
}
