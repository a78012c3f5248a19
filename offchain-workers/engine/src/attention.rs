//! Attention over the int8 cache (`docs/exact-arithmetic.md`, 3.5).

use crate::{
	arithmetic::{divided, scaled},
	cache::{Cache, HeadCache},
	kernel::{ActivationBlock, Kernels, BLOCK},
};
use assay_exact::{
	number::{rshift, sat},
	program::Mask,
	tables::EXP2,
};
use rayon::prelude::*;

/// Keys whose block products are formed at once: their products stay in the first-level cache.
const KEY_SPAN: usize = 128;
/// Multiply-accumulates for which handing work to another thread pays.
const PARALLEL_PRODUCTS: usize = 1 << 16;
/// Blocks of the largest head.
const MAX_HEAD_BLOCKS: usize = assay_exact::limits::MAX_HEAD_DIM as usize / BLOCK;

/// What an attention operation is besides its registers.
#[derive(Clone, Copy)]
pub(crate) struct Attention {
	pub(crate) heads: usize,
	pub(crate) head_dim: usize,
	pub(crate) scale: u32,
	pub(crate) mask: Mask,
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
	/// Scores in units of 2⁻¹⁶, base 2.
	scores: Vec<i32>,
	/// Their exponentials.
	exponentials: Vec<u32>,
	/// The weights of one block.
	weights: Vec<i16>,
}

impl Attention {
	/// Attends from each new position, whose rows the cache already holds; `first` is the position of the first.
	pub(crate) fn attend(&self, kernels: &Kernels, cache: &Cache, first: usize, queries: &[i32], mixed: &mut [i32]) {
		let kv_heads = cache.heads.len();
		let positions = queries.len() / (self.heads * self.head_dim);
		// The query heads that share a key/value head lie side by side.
		let together = self.heads / kv_heads * self.head_dim;
		let products = 2 * together * (first + positions);
		queries
			.par_chunks_exact(together)
			.zip(mixed.par_chunks_exact_mut(together))
			.enumerate()
			.with_min_len((PARALLEL_PRODUCTS / products).max(1))
			.for_each_init(Scratch::default, |scratch, (index, (queries, mixed))| {
				let visible = match self.mask {
					Mask::Causal => first + index / kv_heads + 1,
					Mask::Full => first + positions,
				};
				let head = &cache.heads[index % kv_heads];
				for (query, mixed) in queries
					.chunks_exact(self.head_dim)
					.zip(mixed.chunks_exact_mut(self.head_dim))
				{
					scratch.score(kernels, query, head, visible, self.scale);
					scratch.mix(kernels, head, visible, mixed);
				}
			});
	}
}

impl Scratch {
	/// Steps 1 and 2: the score of each visible key.
	fn score(&mut self, kernels: &Kernels, query: &[i32], head: &HeadCache, visible: usize, scale: u32) {
		let (head_dim, blocks) = (query.len(), query.len() / BLOCK);
		let mut mantissas = [ActivationBlock::ZERO; MAX_HEAD_BLOCKS];
		let mut lifts = [0u8; MAX_HEAD_BLOCKS];
		let (mantissas, lifts) = (&mut mantissas[..blocks], &mut lifts[..blocks]);
		let base = kernels.quantise(query, mantissas, lifts);

		self.scores.clear();
		let mut dots = [0i32; KEY_SPAN];
		let span = KEY_SPAN / blocks;
		for start in (0..visible).step_by(span) {
			let keys = start..visible.min(start + span);
			let dots = &mut dots[..keys.len() * blocks];
			kernels.block_dots(mantissas, &head.keys[keys.start * head_dim..keys.end * head_dim], dots);
			let key_lifts = &head.key_lifts[keys.start * blocks..keys.end * blocks];
			let rows = dots
				.chunks_exact(blocks)
				.zip(key_lifts.chunks_exact(blocks))
				.zip(&head.key_bases[keys]);
			self.scores.extend(rows.map(|((dots, key_lifts), key_base)| {
				// Blocks of 2²⁷ · 2¹⁴, at most 32 of them.
				let dot = dots
					.iter()
					.zip(key_lifts)
					.zip(&*lifts)
					.fold(0i64, |sum, ((dot, key_lift), lift)| {
						sum + (i64::from(*dot) << (key_lift + lift))
					});
				let score = scaled(dot, i32::from(base) + i32::from(*key_base) - 16);
				sat(rshift(i64::from(score) * i64::from(scale), 30))
			}));
		}
	}

	/// Steps 3 to 5: the weighted mean of the visible values.
	fn mix(&mut self, kernels: &Kernels, head: &HeadCache, visible: usize, mixed: &mut [i32]) {
		let (head_dim, blocks) = (mixed.len(), mixed.len() / BLOCK);
		let top = self.scores.iter().copied().max().unwrap_or(0);
		self.exponentials.clear();
		self.exponentials
			.extend(self.scores.iter().map(|score| exponential(top.abs_diff(*score))));
		let total: i64 = self.exponentials.iter().map(|e| i64::from(rounded_u32(*e, 15))).sum();

		let tops = &head.value_tops[(visible - 1) * blocks..visible * blocks];
		for (block, (mixed, top)) in mixed.chunks_exact_mut(BLOCK).zip(tops).enumerate() {
			let shifts = head.value_shifts[block..].iter().step_by(blocks);
			self.weights.clear();
			self.weights
				.extend(self.exponentials.iter().zip(shifts).map(|(e, shift)| {
					// At most 32767: e is at most 32767 · 2¹⁵.
					rounded_u32(*e, 15 + (top - shift).min(48)) as i16
				}));
			let mut sums = [0i64; BLOCK];
			kernels.mix(&self.weights, &head.values[block * BLOCK..], head_dim, &mut sums);
			for (y, sum) in mixed.iter_mut().zip(sums) {
				*y = scaled(divided(sum << 20, total), i32::from(*top) - 20);
			}
		}
	}
}

/// 2^-u for u with 16 fraction bits, as 32767 · 2¹⁵ parts of one.
fn exponential(u: u32) -> u32 {
	let (whole, index, low) = (u >> 16, (u >> 8) & 255, u64::from(u & 255));
	if whole > 30 {
		return 0;
	}
	let (left, right) = (EXP2[index as usize] as u64, EXP2[index as usize + 1] as u64);
	(((left * (256 - low) + right * low + 128) >> 8) as u32) >> whole
}

/// `rshift` of numbers below 2³⁰, by at least 1.
fn rounded_u32(x: u32, shift: u8) -> u32 {
	// 31 already gives 0.
	let shift = shift.min(31);
	(x >> shift) + ((x >> (shift - 1)) & 1)
}
