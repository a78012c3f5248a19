//! The int8 key and value cache of one attention (`docs/exact-arithmetic.md`, 2.3): written once, never rescaled.

use crate::kernel::{block_shift, rounded, BLOCK};
use assay_trace::cache::leaf_bytes;
use rayon::prelude::*;

/// Positions by which a cache grows: memory follows the job within this many rows.
const GROWTH: usize = 256;

/// Keys and values of all positions so far, by key/value head.
pub(crate) struct Cache {
	head_dim: usize,
	pub(crate) heads: Vec<HeadCache>,
}

/// Rows of one key/value head.
#[derive(Default)]
pub(crate) struct HeadCache {
	/// `[position][head_dim]`.
	pub(crate) keys: Vec<i8>,
	/// `[position][block]`: the block's shift above the row's base.
	pub(crate) key_lifts: Vec<u8>,
	/// `[position]`.
	pub(crate) key_bases: Vec<u8>,
	/// `[position][head_dim]`.
	pub(crate) values: Vec<i8>,
	/// `[position][block]`.
	pub(crate) value_shifts: Vec<u8>,
	/// `[position][block]`: the largest shift of the block up to this position.
	pub(crate) value_tops: Vec<u8>,
}

impl Cache {
	pub(crate) fn new(kv_heads: usize, head_dim: usize) -> Self {
		Self {
			head_dim,
			heads: (0..kv_heads).map(|_| HeadCache::default()).collect(),
		}
	}

	/// Appends the rows of new positions, each with the heads one after the other.
	pub(crate) fn append(&mut self, keys: &[i32], values: &[i32]) {
		let (head_dim, kv_heads) = (self.head_dim, self.heads.len());
		let rows = |all: &[i32], head: usize| -> Vec<i32> {
			all.chunks_exact(head_dim)
				.skip(head)
				.step_by(kv_heads)
				.flatten()
				.copied()
				.collect()
		};
		let elements = (keys.len() / kv_heads).max(1);
		self.heads
			.par_iter_mut()
			.enumerate()
			.with_min_len((crate::activations::PARALLEL_ELEMENTS / elements).max(1))
			.for_each(|(head, cache)| cache.append(&rows(keys, head), &rows(values, head), head_dim));
	}

	/// Bytes of the leaf that a trace has for one head at one position (`assay_trace::cache`).
	pub(crate) fn leaf_bytes(&self) -> usize {
		leaf_bytes(self.head_dim as u32)
	}

	/// Replaces `bytes` by the leaves of all heads at one position.
	pub(crate) fn write_leaves(&self, position: usize, bytes: &mut Vec<u8>) {
		bytes.clear();
		for head in &self.heads {
			head.write_leaf(position, self.head_dim, bytes);
		}
	}

	/// Bytes held for the rows written so far.
	pub(crate) fn bytes(&self) -> usize {
		self.heads.iter().map(HeadCache::bytes).sum()
	}
}

impl HeadCache {
	fn append(&mut self, keys: &[i32], values: &[i32], head_dim: usize) {
		let (rows, blocks) = (keys.len() / head_dim, head_dim / BLOCK);
		grow(&mut self.keys, keys.len(), GROWTH * head_dim);
		grow(&mut self.values, values.len(), GROWTH * head_dim);
		grow(&mut self.key_lifts, rows * blocks, GROWTH * blocks);
		grow(&mut self.value_shifts, rows * blocks, GROWTH * blocks);
		grow(&mut self.value_tops, rows * blocks, GROWTH * blocks);
		grow(&mut self.key_bases, rows, GROWTH);
		for row in keys.chunks_exact(head_dim) {
			let base = quantise_row(row, &mut self.keys, &mut self.key_lifts);
			let lifts = self.key_lifts.len() - blocks;
			self.key_lifts[lifts..].iter_mut().for_each(|shift| *shift -= base);
			self.key_bases.push(base);
		}
		for row in values.chunks_exact(head_dim) {
			quantise_row(row, &mut self.values, &mut self.value_shifts);
			for _ in 0..blocks {
				let index = self.value_tops.len();
				let before = index
					.checked_sub(blocks)
					.map_or(0, |previous| self.value_tops[previous]);
				self.value_tops.push(before.max(self.value_shifts[index]));
			}
		}
	}

	/// Appends the key's shifts and mantissas, then the value's.
	fn write_leaf(&self, position: usize, head_dim: usize, bytes: &mut Vec<u8>) {
		let blocks = head_dim / BLOCK;
		let (row, shifts) = (position * head_dim, position * blocks);
		let base = self.key_bases[position];
		bytes.extend(self.key_lifts[shifts..shifts + blocks].iter().map(|lift| base + lift));
		bytes.extend(self.keys[row..row + head_dim].iter().map(|mantissa| *mantissa as u8));
		bytes.extend_from_slice(&self.value_shifts[shifts..shifts + blocks]);
		bytes.extend(self.values[row..row + head_dim].iter().map(|mantissa| *mantissa as u8));
	}

	fn bytes(&self) -> usize {
		self.keys.capacity()
			+ self.values.capacity()
			+ self.key_lifts.capacity()
			+ self.key_bases.capacity()
			+ self.value_shifts.capacity()
			+ self.value_tops.capacity()
	}
}

/// Room for `more` elements, in steps of at least `step` and without doubling.
fn grow<T>(vector: &mut Vec<T>, more: usize, step: usize) {
	if vector.capacity() - vector.len() < more {
		vector.reserve_exact(more.max(step));
	}
}

/// Appends one head's row and the shift of each of its blocks; returns the base.
fn quantise_row(row: &[i32], mantissas: &mut Vec<i8>, shifts: &mut Vec<u8>) -> u8 {
	let first = shifts.len();
	shifts.extend(row.chunks_exact(BLOCK).map(|block| block_shift(block, 7)));
	let base = shifts[first..].iter().copied().max().unwrap_or(0).saturating_sub(7);
	for (block, shift) in row.chunks_exact(BLOCK).zip(&mut shifts[first..]) {
		*shift = base.max(*shift);
		mantissas.extend(block.iter().map(|x| rounded(*x, *shift).clamp(-127, 127) as i8));
	}
	base
}
