//! Digests: how an auditor shows that it had every value of a trace, without showing them.
//!
//! A digest is the root of a [tree](crate::merkle) with one leaf for each cell, row after row: a hash of the auditor's key
//! and of the values that the cell hands on. A key names the auditor and the claim, so that a digest cannot be copied; and
//! since its leaves are made of values and not of the hashes that the trace commits to, it cannot be made without them.
//! After the auditor is bound to its digest, a draw names a cell, and the auditor shows the values of that cell with a path
//! to its digest and a path to the trace.

use crate::{
	cache::{cache_root, leaf_bytes},
	cell::{Cell, CellPath, Source},
	execution::Record,
	merkle::{InclusionProof, LeafPosition, RootBuilder},
	statement::{Layout, Place, Statement},
	vector::vector_root,
	Hash32,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

const KEY: &[u8] = b"assay/digest/key";
const CELL: &[u8] = b"assay/digest/cell";

/// What makes an auditor's digest of a claim its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DigestKey(Hash32);

impl DigestKey {
	/// Of an auditor, by the encoding of its account, and of a claim, by job and attempt.
	pub fn new(auditor: &[u8], job: u64, attempt: u8) -> Self {
		Self(Hash32::of(&[KEY, &job.to_le_bytes(), &[attempt], auditor]))
	}

	/// The leaf of a cell: `residual` is the vector that it hands on, `cache` the leaves of its cache.
	pub fn leaf<'c>(
		&self,
		row: u16,
		position: u32,
		residual: &[i32],
		cache: impl IntoIterator<Item = &'c [u8]>,
	) -> Hash32 {
		let mut bytes = Vec::with_capacity(4 * residual.len());
		residual
			.iter()
			.for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
		cache.into_iter().for_each(|leaf| bytes.extend_from_slice(leaf));
		Hash32::of(&[CELL, &self.0 .0, &row.to_le_bytes(), &position.to_le_bytes(), &bytes])
	}

	/// The leaves of all cells of an execution, row after row.
	pub fn leaves(&self, record: &Record) -> Vec<Hash32> {
		let layout = record.layout();
		let cells = (0..layout.rows).flat_map(|row| (0..layout.positions).map(move |position| (row, position)));
		cells
			.map(|(row, position)| {
				let cache = record.cache(row, position).iter().map(Vec::as_slice);
				self.leaf(row, position, record.residual(row, position), cache)
			})
			.collect()
	}
}

/// The digest with these leaves.
pub fn digest(leaves: &[Hash32]) -> Hash32 {
	let mut tree = RootBuilder::default();
	leaves.iter().for_each(|leaf| tree.push(*leaf));
	tree.finish()
}

/// Where a cell stands among the leaves of a digest; `None` for heads and for cells that the trace does not have.
pub fn in_digest(layout: &Layout, place: Place) -> Option<LeafPosition> {
	let Place::Cell { row, position } = place else {
		return None;
	};
	let positions = u64::from(layout.positions);
	layout.has(place).then(|| LeafPosition {
		index: u64::from(row) * positions + u64::from(position),
		size: u64::from(layout.rows) * positions,
	})
}

/// The values of one cell, as an auditor shows them.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct DigestOpening {
	/// The residual vector that the cell hands on.
	pub residual: Vec<i32>,
	/// The leaves of its cache; none in rows without caches.
	pub cache: Vec<Vec<u8>>,
	/// That they are in the digest.
	pub in_digest: InclusionProof,
	/// That they are in the trace.
	pub in_trace: CellPath,
}

impl DigestOpening {
	/// Whether the auditor with this key had these values when it made its digest, and they are those of the cell in the
	/// trace of the claim.
	pub fn verify(&self, statement: &Statement<'_>, place: Place, key: &DigestKey, digest: &Hash32) -> bool {
		let (Some(cell), Some(at)) = (Cell::new(statement, place), in_digest(&statement.layout(), place)) else {
			return false;
		};
		let Place::Cell { row, position } = place else {
			return false;
		};
		let fits = self.residual.len() as u64 == u64::from(cell.width(Source::Residual))
			&& match cell.attention() {
				Some((_, shape)) => {
					self.cache.len() == usize::from(shape.kv_heads)
						&& self.cache.iter().all(|leaf| leaf.len() == leaf_bytes(shape.head_dim))
				}
				None => self.cache.is_empty(),
			};
		let cache = || self.cache.iter().map(Vec::as_slice);
		let leaf = || key.leaf(row, position, &self.residual, cache());
		fits && self.in_digest.verify(at, &leaf(), digest).is_ok()
			&& self
				.in_trace
				.verify(
					&cell.layout,
					(row, position),
					&vector_root(&self.residual),
					cell.attention().map(|_| cache_root(cache())).as_ref(),
					&statement.trace,
				)
				.is_ok()
	}
}
