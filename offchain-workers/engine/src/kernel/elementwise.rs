//! Elementwise operations as plain loops, which the compiler turns into each tier's vectors: no loop here has a branch
//! or an overflow check. Arithmetic is written with `wrapping_*` where section 3 of `docs/exact-arithmetic.md` bounds it.

use super::{ActivationBlock, BLOCK};
use assay_exact::{normalise::InverseRoot, tables::EXP2};

/// The loops, compiled with the instructions of a tier.
macro_rules! elementwise_with {
	($features:literal) => {
		#[target_feature(enable = $features)]
		unsafe fn add(values: &mut [i32], others: &[i32]) {
			$crate::kernel::elementwise::add(values, others);
		}

		#[target_feature(enable = $features)]
		unsafe fn mul(values: &mut [i32], others: &[i32]) {
			$crate::kernel::elementwise::mul(values, others);
		}

		#[target_feature(enable = $features)]
		unsafe fn gate(values: &mut [i32], table: &[u32; 1025], step: u32) {
			$crate::kernel::elementwise::gate(values, table, step);
		}

		#[target_feature(enable = $features)]
		unsafe fn normalise(values: &mut [i32], gain: &[i32], root: assay_exact::normalise::InverseRoot) {
			$crate::kernel::elementwise::normalise(values, gain, root);
		}

		#[target_feature(enable = $features)]
		unsafe fn exponentials(scores: &mut [i32], scale: u32, exponentials: &mut [u32]) -> i64 {
			$crate::kernel::elementwise::exponentials(scores, scale, exponentials)
		}

		#[target_feature(enable = $features)]
		unsafe fn weigh(exponentials: &[u32], shifts: &[u8], top: u8, weights: &mut $crate::kernel::ActivationBlock) {
			$crate::kernel::elementwise::weigh(exponentials, shifts, top, weights);
		}
	};
}
#[cfg(target_arch = "x86_64")]
pub(super) use elementwise_with;

/// 3.7: `sat(a + b)`.
#[inline(always)]
pub(super) fn add(values: &mut [i32], others: &[i32]) {
	for (x, y) in values.iter_mut().zip(others) {
		*x = x.saturating_add(*y);
	}
}

/// 3.7: `sat(rshift(a·b, 16))`.
#[inline(always)]
pub(super) fn mul(values: &mut [i32], others: &[i32]) {
	for (x, y) in values.iter_mut().zip(others) {
		*x = sat(rshift(i64::from(*x).wrapping_mul(i64::from(*y)), 16));
	}
}

/// 3.6, the functions with a gate: `sat(rshift(x·G(x), 30))`, `step` being the number of bits of a step of the table.
#[inline(always)]
pub(super) fn gate(values: &mut [i32], table: &[u32; 1025], step: u32) {
	let steps = 1i64.wrapping_shl(step);
	for x in values {
		let magnitude = x.unsigned_abs();
		let index = magnitude.wrapping_shr(step);
		let low = i64::from(magnitude & (steps as u32).wrapping_sub(1));
		// The last step; what lies beyond it is replaced.
		let inside = index.min(1023) as usize;
		let (left, right) = (i64::from(table[inside]), i64::from(table[inside + 1]));
		let between = left
			.wrapping_mul(steps.wrapping_sub(low))
			.wrapping_add(right.wrapping_mul(low));
		let rounded = between.wrapping_add(steps >> 1).wrapping_shr(step);
		let gate = if index > 1023 { 1 << 30 } else { rounded };
		let gate = if *x < 0 { (1i64 << 30).wrapping_sub(gate) } else { gate };
		*x = sat(rshift(i64::from(*x).wrapping_mul(gate), 30));
	}
}

/// 3.3: `sat(rshift(z·gain, 20))` with z = c / √v.
#[inline(always)]
pub(super) fn normalise(values: &mut [i32], gain: &[i32], root: InverseRoot) {
	let shift = 41 - root.t;
	for (x, gain) in values.iter_mut().zip(gain) {
		let z = rshift(i64::from(*x).wrapping_mul(root.inverse), shift);
		*x = sat(rshift(z.wrapping_mul(i64::from(*gain)), 20));
	}
}

/// 3.5, the end of step 2 and step 3: scales the scores, and writes 2 to their distance from the largest, as parts of
/// 32767 · 2¹⁵. Returns Z.
#[inline(always)]
pub(super) fn exponentials(scores: &mut [i32], scale: u32, exponentials: &mut [u32]) -> i64 {
	// Below 2³¹; as a signed number of 32 bits it takes one multiplication.
	let scale = i64::from(scale as i32);
	let mut top = i32::MIN;
	for score in scores.iter_mut() {
		*score = sat(rshift(i64::from(*score).wrapping_mul(scale), 30));
		top = top.max(*score);
	}
	let mut total = 0u64;
	for (e, score) in exponentials.iter_mut().zip(scores) {
		*e = exponential(top.abs_diff(*score));
		total = total.wrapping_add(u64::from(rounded(*e, 15)));
	}
	// At most 2¹⁷ positions of 2¹⁵.
	total as i64
}

/// 2^-u for u with 16 fraction bits, as 32767 · 2¹⁵ parts of one.
#[inline(always)]
fn exponential(u: u32) -> u32 {
	let (whole, index, low) = (u >> 16, (u >> 8) & 255, u64::from(u & 255));
	let (left, right) = (EXP2[index as usize], EXP2[index as usize + 1]);
	let between = u64::from(left)
		.wrapping_mul(256 - low)
		.wrapping_add(u64::from(right).wrapping_mul(low));
	// Below 2³⁰: nothing is left of it from 30 on.
	((between.wrapping_add(128) >> 8) as u32) >> whole.min(31)
}

/// 3.5, step 4: the weights of a block of positions for a block of values with these shifts, the largest of which, over
/// the visible positions, is `top`. The others have exponential zero.
#[inline(always)]
pub(super) fn weigh(exponentials: &[u32], shifts: &[u8], top: u8, weights: &mut ActivationBlock) {
	let mut all = [0; BLOCK];
	all[..shifts.len()].copy_from_slice(shifts);
	for ((w, e), shift) in weights.0.iter_mut().zip(exponentials).zip(all) {
		// At most 32767: e is at most 32767 · 2¹⁵, and shifts differ by at most 25.
		*w = rounded(*e, top.saturating_sub(shift).min(31).wrapping_add(15)) as i16;
	}
}

/// `rshift` of numbers below 2³⁰, by at least 1.
#[inline(always)]
fn rounded(x: u32, shift: u8) -> u32 {
	// 31 already gives 0.
	let shift = u32::from(shift.min(31));
	(x >> shift).wrapping_add((x >> shift.wrapping_sub(1)) & 1)
}

/// `rshift` for shifts from 1 to 62.
#[inline(always)]
fn rshift(x: i64, shift: u32) -> i64 {
	let half = x.wrapping_shr(shift.wrapping_sub(1)) & 1;
	x.wrapping_shr(shift).wrapping_add(half)
}

#[inline(always)]
fn sat(x: i64) -> i32 {
	x.clamp(i32::MIN.into(), i32::MAX.into()) as i32
}
