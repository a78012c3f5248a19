//! What long sums leave behind, produced only when somebody asks: attention and mean pooling add over positions, one
//! group at a time, and commit to the state after each group.

use crate::{
	merkle::{self, leaf_hash},
	Hash32,
};
use alloc::vec::Vec;
use assay_exact::{
	attention::block_weight,
	blocks::{CacheRow, BLOCK},
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// A largest value and the first position that has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Largest {
	/// The value.
	pub value: i32,
	/// The first position that has it.
	pub position: u32,
}

impl Largest {
	/// Whether this can be the largest, first found where it is said to be, given what one position has.
	pub(crate) fn admits(&self, value: i32, position: u32) -> bool {
		value < self.value && position != self.position || value == self.value && position >= self.position
	}
}

/// The work of one query head in one cell.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct HeadWork {
	/// The largest score over the visible positions.
	pub peak: Largest,
	/// For each block of the value head, the largest cache shift over the visible positions.
	pub tops: Vec<Largest>,
	/// Hash of the [state](state_hash) after each group of visible positions: the sum of the weights, then for each element
	/// of the head the weighted sum of values.
	pub states: Vec<Hash32>,
}

/// The work of mean pooling on one chunk: the hash of the state after each group, a sum for each value of the chunk.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ChunkWork {
	/// After each group.
	pub states: Vec<Hash32>,
}

/// Adds a position to the sums of a query head: the weight that its softmax numerator e gives it, and its value row under
/// that weight. No shift of the row exceeds its block's top. Sums that nobody computed may wrap.
pub(crate) fn add_position(sums: &mut [i64], e: i64, row: &CacheRow, tops: &[Largest]) {
	let Some((total, mixed)) = sums.split_first_mut() else {
		return;
	};
	*total = total.wrapping_add(block_weight(e, 0));
	let blocks = mixed.chunks_mut(BLOCK).zip(row.mantissas.chunks(BLOCK));
	for ((sums, values), (&shift, top)) in blocks.zip(row.shifts.iter().zip(tops)) {
		let weight = block_weight(e, (top.value - i32::from(shift)) as u32);
		for (sum, &value) in sums.iter_mut().zip(values) {
			*sum = sum.wrapping_add(weight * i64::from(value));
		}
	}
}

/// The hash of a state: its sums as little-endian i64.
pub fn state_hash(sums: &[i64]) -> Hash32 {
	let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
	leaf_hash(&bytes)
}

/// The root of the work of all heads, or of all chunks.
pub fn work_root<W: Encode>(work: &[W]) -> Hash32 {
	merkle::root(&work_hashes(work))
}

/// The leaves of [`work_root`].
pub fn work_hashes<W: Encode>(work: &[W]) -> Vec<Hash32> {
	work.iter().map(|work| leaf_hash(&work.encode())).collect()
}
