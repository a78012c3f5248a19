//! Rotary position embedding (section 3.4 of the page).

use crate::{
	number::{rshift, sat},
	program::RotaryStyle,
};

/// Fraction bits of cosines and sines.
pub const ROTATION_BITS: u32 = 30;

/// Rotates the first `2 · row.len()` elements of each head of `head_dim` elements by the (cosine, sine) couples of a
/// position's table row. Couples lie in [-2³⁰, 2³⁰], so a·c - b·s is at most 2⁶².
pub fn rotate(x: &mut [i32], row: &[(i32, i32)], head_dim: usize, style: RotaryStyle) {
	for head in x.chunks_exact_mut(head_dim.max(1)) {
		for (k, &(cosine, sine)) in row.iter().enumerate() {
			let (i, j) = match style {
				RotaryStyle::Half => (k, k + row.len()),
				RotaryStyle::Interleaved => (2 * k, 2 * k + 1),
			};
			let (Some(&a), Some(&b)) = (head.get(i), head.get(j)) else {
				return;
			};
			let (a, b, c, s) = (i64::from(a), i64::from(b), i64::from(cosine), i64::from(sine));
			head[i] = sat(rshift(a * c - b * s, ROTATION_BITS));
			head[j] = sat(rshift(a * s + b * c, ROTATION_BITS));
		}
	}
}
