//! Rotary position embedding (section 3.4 of the page).

use crate::{
	number::{rshift, sat, values},
	program::RotaryStyle,
};
use alloc::vec::Vec;

/// Fraction bits of cosines and sines.
pub const ROTATION_BITS: u32 = 30;

/// The (cosine, sine) couples of a row of a rotation table; `None` if one lies outside [-2³⁰, 2³⁰].
pub fn couples(row: &[u8]) -> Option<Vec<(i32, i32)>> {
	let values: Vec<i32> = values(row).collect();
	let fits = values.iter().all(|value| value.unsigned_abs() <= 1 << ROTATION_BITS);
	fits.then(|| values.chunks_exact(2).map(|couple| (couple[0], couple[1])).collect())
}

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
