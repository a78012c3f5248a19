//! Plain Rust kernels: what every other tier must equal, and the bodies that tiers without a hand-written form compile
//! with their own instructions.
//!
//! Arithmetic that provably fits is written with `wrapping_*` so that builds with overflow checks still vectorise.

use super::{
	elementwise::{add, exponentials, gate, mul, normalise, weigh},
	ActivationBlock, GroupBlock, GroupSums, Kernels, Tier, Tile, BLOCK, GROUP,
};
use crate::arithmetic::scaled;

pub(super) const KERNELS: Kernels = Kernels {
	tier: Tier::Portable,
	linear,
	side_by_side: None,
	wide: None,
	scale,
	quantise,
	sum_of_squares,
	add,
	mul,
	gate,
	normalise,
	exponentials,
	weigh,
};

pub(super) fn linear(group: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
	let positions = tile.positions();
	for (position, sums) in sums.iter_mut().enumerate() {
		*sums = [0; GROUP];
		let mantissas = tile.mantissas[position..].iter().step_by(positions);
		let lifts = tile.lifts[position..].iter().step_by(positions);
		for ((block, mantissas), lift) in group.iter().zip(mantissas).zip(lifts) {
			// |dot| ≤ 32 · 127 · 32767 < 2²⁷.
			let mut dots = [0i32; GROUP];
			for (pairs, m) in block.pairs.iter().zip(mantissas.0.chunks_exact(2)) {
				for (dot, q) in dots.iter_mut().zip(pairs) {
					let low = i32::from(q[0]).wrapping_mul(i32::from(m[0]));
					let high = i32::from(q[1]).wrapping_mul(i32::from(m[1]));
					*dot = dot.wrapping_add(low.wrapping_add(high));
				}
			}
			for ((sum, dot), packed) in sums.iter_mut().zip(dots).zip(block.factors) {
				let factor = i64::from(packed & 0x7ff) << (u32::from(packed >> 11) + lift);
				*sum = sum.wrapping_add(i64::from(dot).wrapping_mul(factor));
			}
		}
	}
}

#[inline(always)]
pub(super) fn scale(sums: &[GroupSums], floors: &[i8; GROUP], bases: &[u8], outputs: &mut [i32]) {
	for ((sums, base), outputs) in sums.iter().zip(bases).zip(outputs.chunks_exact_mut(GROUP)) {
		for ((y, sum), floor) in outputs.iter_mut().zip(sums).zip(floors) {
			*y = scaled(*sum, i32::from(*floor) + i32::from(*base));
		}
	}
}

#[inline(always)]
pub(super) fn quantise(values: &[i32], mantissas: &mut [ActivationBlock], lifts: &mut [u8]) -> u8 {
	let mut top = 0;
	for (block, shift) in values.chunks_exact(BLOCK).zip(lifts.iter_mut()) {
		*shift = block_shift(block, 15);
		top = top.max(*shift);
	}
	let base = top.saturating_sub(7);
	for ((block, out), lift) in values.chunks_exact(BLOCK).zip(mantissas).zip(lifts) {
		let shift = base.max(*lift);
		*lift = shift - base;
		for (m, x) in out.0.iter_mut().zip(block) {
			*m = rounded(*x, shift).clamp(-32767, 32767) as i16;
		}
	}
	base
}

/// max(0, bits(max|x|) - mantissa bits): the highest set bit of the largest magnitude is that of their union.
#[inline(always)]
pub(crate) fn block_shift(block: &[i32], mantissa_bits: u8) -> u8 {
	let union = block.iter().fold(0u32, |union, x| union | x.unsigned_abs());
	((32 - union.leading_zeros()) as u8).saturating_sub(mantissa_bits)
}

/// `rshift` of 32-bit values for shifts below 32.
#[inline(always)]
pub(crate) fn rounded(x: i32, shift: u8) -> i32 {
	if shift == 0 {
		x
	} else {
		(x >> shift).wrapping_add((x >> (shift - 1)) & 1)
	}
}

/// Squares are below 2⁶³: summed as halves, 2¹⁵ of them fit 64 bits with room.
#[inline(always)]
pub(super) fn sum_of_squares(values: &[i32]) -> u128 {
	let (mut low, mut high) = (0u64, 0u64);
	for x in values {
		let square = i64::from(*x).wrapping_mul(i64::from(*x)) as u64;
		low = low.wrapping_add(square & 0xffff_ffff);
		high = high.wrapping_add(square >> 32);
	}
	(u128::from(high) << 32) + u128::from(low)
}
