//! Attention of one query head over the visible cache rows (section 3.5 of the page).

use crate::{
	blocks::{Activation, CacheRow, BLOCK},
	number::{divr, rshift, sat, scale2},
	tables::EXP2,
};
use alloc::vec::Vec;

/// Attends with one query head over the visible positions' rows of its key and value head.
///
/// `scale` is log2(e)/√head_dim with 30 fraction bits, so that the softmax is one of powers of two.
pub fn attend(query: &[i32], keys: &[CacheRow], values: &[CacheRow], scale: u32) -> Vec<i32> {
	let query = Activation::new(query);
	let scores: Vec<i32> = keys.iter().map(|key| score(&query, key, scale)).collect();
	let largest = scores.iter().max().copied().unwrap_or(0);
	let weights: Vec<i64> = scores
		.iter()
		.map(|&score| exp2_below((i64::from(largest) - i64::from(score)) as u32))
		.collect();
	mix(&weights, values)
}

/// Score t of a key with 16 fraction bits: the logarithm to base 2 of its unnormalised weight.
pub fn score(query: &Activation, key: &CacheRow, scale: u32) -> i32 {
	let blocks = query
		.mantissas
		.chunks(BLOCK)
		.zip(key.mantissas.chunks(BLOCK))
		.zip(query.lifts.iter().zip(&key.shifts));
	let dot: i64 = blocks
		.map(|((m, k), (&lift, &shift))| {
			let dot: i64 = m.iter().zip(k).map(|(&m, &k)| i64::from(m) * i64::from(k)).sum();
			dot << (lift + (shift - key.base))
		})
		.sum();
	let product = sat(scale2(dot, i32::from(query.base) + i32::from(key.base) - 16));
	sat(rshift(i64::from(product) * i64::from(scale), 30))
}

/// 2^-u for u with 16 fraction bits, times 32767 · 2¹⁵: at most [`EXP2`]`[0]`.
pub fn exp2_below(u: u32) -> i64 {
	let (n, i, l) = (u >> 16, (u >> 8 & 255) as usize, i64::from(u & 255));
	if n > 30 {
		return 0;
	}
	((i64::from(EXP2[i]) * (256 - l) + i64::from(EXP2[i + 1]) * l + 128) >> 8) >> n
}

/// The weight of a value block whose shift lies `below` the largest one's, for a softmax numerator e.
pub fn block_weight(e: i64, below: u32) -> i64 {
	rshift(e, 15 + below.min(48))
}

/// The mean of values under weights: their weighted sum at a block shift over the sum of weights.
pub fn weighted_mean(sum: i64, total: i64, shift: i32) -> i32 {
	sat(scale2(divr(sum << 20, total), shift - 20))
}

/// The mean of the value rows under weights e, block by block: each block is summed at its largest shift.
fn mix(weights: &[i64], values: &[CacheRow]) -> Vec<i32> {
	let total: i64 = weights.iter().map(|&e| block_weight(e, 0)).sum();
	let blocks = values.first().map_or(0, |row| row.shifts.len());
	(0..blocks)
		.flat_map(|block| {
			let shift = values.iter().map(|row| row.shifts[block]).max().unwrap_or(0);
			let mut sums = [0i64; BLOCK];
			for (&e, row) in weights.iter().zip(values) {
				let weight = block_weight(e, (shift - row.shifts[block]).into());
				for (sum, &mantissa) in sums.iter_mut().zip(&row.mantissas[block * BLOCK..]) {
					*sum += weight * i64::from(mantissa);
				}
			}
			sums.map(|sum| weighted_mean(sum, total, shift.into()))
		})
		.collect()
}
