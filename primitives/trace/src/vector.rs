//! Commitments to vectors of values: a tree over chunks, so that one element opens by one chunk.

use crate::merkle::{self, leaf_hash, InclusionProof, LeafPosition, ProofError};
use crate::Hash32;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// Values of a chunk; the last chunk of a vector may have fewer.
pub const CHUNK: usize = 256;

/// The leaf of a chunk: its values as little-endian i32.
pub fn chunk_hash(values: &[i32]) -> Hash32 {
	let mut bytes = [0; 4 * CHUNK];
	for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
		*bytes = value.to_le_bytes();
	}
	leaf_hash(&bytes[..4 * values.len().min(CHUNK)])
}

/// The leaves of a vector.
pub fn chunk_hashes(values: &[i32]) -> Vec<Hash32> {
	values.chunks(CHUNK).map(chunk_hash).collect()
}

/// The root of a vector.
pub fn vector_root(values: &[i32]) -> Hash32 {
	let mut tree = merkle::RootBuilder::default();
	values.chunks(CHUNK).for_each(|chunk| tree.push(chunk_hash(chunk)));
	tree.finish()
}

/// Chunks of a vector.
pub const fn chunk_count(width: u32) -> u32 {
	width.div_ceil(CHUNK as u32)
}

/// Values of one of its chunks.
pub fn chunk_length(width: u32, chunk: u32) -> u32 {
	width
		.saturating_sub(chunk.saturating_mul(CHUNK as u32))
		.min(CHUNK as u32)
}

/// One chunk of a committed vector.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ChunkOpening {
	/// Its values.
	pub values: Vec<i32>,
	/// That it is in the vector.
	pub path: InclusionProof,
}

impl ChunkOpening {
	/// Opens a chunk of a vector; `None` if there is no such chunk.
	pub fn new(vector: &[i32], chunk: u32) -> Option<Self> {
		Some(Self {
			values: vector.chunks(CHUNK).nth(chunk as usize)?.to_vec(),
			path: InclusionProof::new(&chunk_hashes(vector), chunk.into())?,
		})
	}

	/// Whether this is the chunk of the vector of that width and root.
	pub fn verify(&self, width: u32, chunk: u32, root: &Hash32) -> Result<(), ProofError> {
		let position = LeafPosition {
			index: chunk.into(),
			size: chunk_count(width).into(),
		};
		if self.values.len() as u64 != u64::from(chunk_length(width, chunk)) {
			return Err(ProofError::OutOfRange {
				index: position.index,
				size: position.size,
			});
		}
		self.path.verify(position, &chunk_hash(&self.values), root)
	}
}
