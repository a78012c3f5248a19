//! The int8 key and value cache of one attention (`docs/exact-arithmetic.md`, 2.3): written once, never rescaled.
//!
//! It is kept as two matrices that the linear kernels read: the keys of [`GROUP`] positions are a group of rows, the
//! elements of [`GROUP`] values are another, with positions for columns. Attention is then two products.

use crate::kernel::{block_shift, rounded, GroupBlock, BLOCK, GROUP};
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
pub(crate) struct HeadCache {
	positions: usize,
	/// `[group of positions][block]`; a factor is 2 to the block's lift above the row's base.
	keys: Vec<GroupBlock>,
	/// `[group of positions]`: what a key's products are scaled by.
	key_floors: Vec<[i8; GROUP]>,
	/// `[group of elements][block of positions]`; factors are one.
	values: Vec<Vec<GroupBlock>>,
	/// `[block][position]`.
	value_shifts: Vec<Vec<u8>>,
	/// `[block][position]`: the largest shift of the block up to this position.
	value_tops: Vec<Vec<u8>>,
}

/// What 3.5 subtracts from the exponent of a score.
const SCORE_BITS: i8 = 16;

impl Cache {
	pub(crate) fn new(kv_heads: usize, head_dim: usize) -> Self {
		Self {
			head_dim,
			heads: (0..kv_heads).map(|_| HeadCache::new(head_dim)).collect(),
		}
	}

	/// Appends the rows of new positions, each with the heads one after the other.
	pub(crate) fn append(&mut self, keys: &[i32], values: &[i32]) {
		let (head_dim, kv_heads) = (self.head_dim, self.heads.len());
		let elements = (keys.len() / kv_heads).max(1);
		self.heads
			.par_iter_mut()
			.enumerate()
			.with_min_len((crate::activations::PARALLEL_ELEMENTS / elements).max(1))
			.for_each(|(head, cache)| {
				let rows = keys.chunks_exact(head_dim).zip(values.chunks_exact(head_dim));
				let rows = rows.skip(head).step_by(kv_heads);
				cache.reserve(rows.len());
				rows.for_each(|(key, value)| cache.append(key, value));
			});
	}

	/// Bytes of the leaf that a trace has for one head at one position (`assay_trace::cache`).
	pub(crate) fn leaf_bytes(&self) -> usize {
		leaf_bytes(self.head_dim as u32)
	}

	/// Replaces `bytes` by the leaves of all heads at one position.
	pub(crate) fn write_leaves(&self, position: usize, bytes: &mut Vec<u8>) {
		bytes.clear();
		for head in &self.heads {
			head.write_leaf(position, bytes);
		}
	}

	/// Positions whose rows it holds.
	pub(crate) fn positions(&self) -> usize {
		self.heads.first().map_or(0, |head| head.positions)
	}

	/// Bytes held for the rows written so far.
	pub(crate) fn bytes(&self) -> usize {
		self.heads.iter().map(HeadCache::bytes).sum()
	}
}

impl HeadCache {
	fn new(head_dim: usize) -> Self {
		let blocks = head_dim / BLOCK;
		Self {
			positions: 0,
			keys: Vec::new(),
			key_floors: Vec::new(),
			values: vec![Vec::new(); head_dim / GROUP],
			value_shifts: vec![Vec::new(); blocks],
			value_tops: vec![Vec::new(); blocks],
		}
	}

	fn blocks(&self) -> usize {
		self.value_shifts.len()
	}

	/// The keys of the group with this index, the positions beyond the last one zero, and their floors.
	pub(crate) fn keys(&self, group: usize) -> (&[GroupBlock], &[i8; GROUP]) {
		let blocks = self.blocks();
		(&self.keys[group * blocks..][..blocks], &self.key_floors[group])
	}

	/// The two groups of elements of a block of the values, the positions beyond the last one zero.
	pub(crate) fn values(&self, block: usize) -> &[Vec<GroupBlock>] {
		&self.values[block * BLOCK / GROUP..][..BLOCK / GROUP]
	}

	/// For each position, the shift of a block of its value.
	pub(crate) fn value_shifts(&self, block: usize) -> &[u8] {
		&self.value_shifts[block]
	}

	/// The largest shift of a block over the first `visible` positions.
	pub(crate) fn value_top(&self, block: usize, visible: usize) -> u8 {
		self.value_tops[block][visible - 1]
	}

	/// Makes room for more positions.
	fn reserve(&mut self, positions: usize) {
		let after = self.positions + positions;
		let blocks = self.blocks();
		grow(&mut self.keys, after.div_ceil(GROUP) * blocks, GROWTH / GROUP * blocks);
		grow(&mut self.key_floors, after.div_ceil(GROUP), GROWTH / GROUP);
		for values in &mut self.values {
			grow(values, after.div_ceil(BLOCK), GROWTH / BLOCK);
		}
		for shifts in self.value_shifts.iter_mut().chain(&mut self.value_tops) {
			grow(shifts, after, GROWTH);
		}
	}

	fn append(&mut self, key: &[i32], value: &[i32]) {
		let position = self.positions;
		self.positions += 1;
		self.append_key(position, key);
		self.append_value(position, value);
	}

	fn append_key(&mut self, position: usize, key: &[i32]) {
		let (blocks, lane) = (self.blocks(), position % GROUP);
		if lane == 0 {
			self.keys.resize(self.keys.len() + blocks, GroupBlock::ZERO);
			self.key_floors.push([0; GROUP]);
		}
		let row = self.keys.len() - blocks;
		let base = row_base(key);
		for (block, key) in self.keys[row..].iter_mut().zip(key.chunks_exact(BLOCK)) {
			let shift = base.max(block_shift(key, 7));
			block.factors[lane] = u16::from(shift - base) << 11 | 1;
			for (pairs, x) in block.pairs.iter_mut().zip(key.chunks_exact(2)) {
				pairs[lane] = [mantissa(x[0], shift), mantissa(x[1], shift)];
			}
		}
		let group = self.key_floors.len() - 1;
		self.key_floors[group][lane] = base as i8 - SCORE_BITS;
	}

	fn append_value(&mut self, position: usize, value: &[i32]) {
		let column = position % BLOCK;
		if column == 0 {
			let block = GroupBlock {
				factors: [1; GROUP],
				..GroupBlock::ZERO
			};
			self.values.iter_mut().for_each(|values| values.push(block));
		}
		let base = row_base(value);
		for (block, x) in value.chunks_exact(BLOCK).enumerate() {
			let shift = base.max(block_shift(x, 7));
			let top = self.value_tops[block].last().map_or(shift, |top| shift.max(*top));
			self.value_shifts[block].push(shift);
			self.value_tops[block].push(top);
			let groups = &mut self.values[block * BLOCK / GROUP..];
			for (values, x) in groups.iter_mut().zip(x.chunks_exact(GROUP)) {
				let last = values.len() - 1;
				for (pair, x) in values[last].pairs[column / 2].iter_mut().zip(x) {
					pair[column % 2] = mantissa(*x, shift);
				}
			}
		}
	}

	/// Appends the key's shifts and mantissas, then the value's.
	fn write_leaf(&self, position: usize, bytes: &mut Vec<u8>) {
		let (keys, floors) = self.keys(position / GROUP);
		let lane = position % GROUP;
		let base = floors[lane] + SCORE_BITS;
		bytes.extend(keys.iter().map(|block| base as u8 + (block.factors[lane] >> 11) as u8));
		let pairs = keys.iter().flat_map(|block| &block.pairs);
		bytes.extend(pairs.flat_map(|pairs| pairs[lane]).map(|mantissa| mantissa as u8));
		bytes.extend(self.value_shifts.iter().map(|shifts| shifts[position]));
		let (block, column) = (position / BLOCK, position % BLOCK);
		let groups = self.values.iter().map(|values| &values[block].pairs[column / 2]);
		bytes.extend(groups.flatten().map(|pair| pair[column % 2] as u8));
	}

	fn bytes(&self) -> usize {
		let values: usize = self.values.iter().map(Vec::capacity).sum();
		let shifts = self.value_shifts.iter().chain(&self.value_tops);
		(self.keys.capacity() + values) * size_of::<GroupBlock>()
			+ self.key_floors.capacity() * GROUP
			+ shifts.map(Vec::capacity).sum::<usize>()
	}
}

/// Room for `length` elements in all, in steps of at least `step` and without doubling.
fn grow<T>(vector: &mut Vec<T>, length: usize, step: usize) {
	if vector.capacity() < length {
		vector.reserve_exact((length - vector.len()).max(step));
	}
}

/// The base of a head's row: no block's shift is further above it than seven.
fn row_base(row: &[i32]) -> u8 {
	let shifts = row.chunks_exact(BLOCK).map(|block| block_shift(block, 7));
	shifts.max().unwrap_or(0).saturating_sub(7)
}

fn mantissa(x: i32, shift: u8) -> i8 {
	rounded(x, shift).clamp(-127, 127) as i8
}
