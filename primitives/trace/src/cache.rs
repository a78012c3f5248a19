//! Commitments to cache rows: for each key/value head one leaf, its key row and its value row.

use crate::{
	merkle::{self, leaf_hash},
	Hash32,
};
use alloc::vec::Vec;
use assay_exact::blocks::{CacheRow, BLOCK, SPREAD};

/// Largest shift of a cache block: values have 32 bits, mantissas 7.
const MAX_SHIFT: u8 = 25;

/// The key and the value of one head at one position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CachePair {
	/// The key row.
	pub key: CacheRow,
	/// The value row.
	pub value: CacheRow,
}

impl CachePair {
	/// Quantises the key and the value of one head.
	pub fn new(key: &[i32], value: &[i32]) -> Self {
		Self {
			key: CacheRow::new(key),
			value: CacheRow::new(value),
		}
	}

	/// The leaf: for key and then value, the shift of each block and the mantissas.
	pub fn to_bytes(&self) -> Vec<u8> {
		let row = |row: &CacheRow| -> Vec<u8> {
			let mantissas = row.mantissas.iter().map(|&mantissa| mantissa as u8);
			row.shifts.iter().copied().chain(mantissas).collect()
		};
		[row(&self.key), row(&self.value)].concat()
	}

	/// Reads a leaf of heads of this many elements. `None` if it is not one that [`to_bytes`](Self::to_bytes) writes.
	pub fn from_bytes(bytes: &[u8], head_dim: u32) -> Option<Self> {
		let head_dim = head_dim as usize;
		let row = |bytes: &[u8]| -> Option<CacheRow> {
			let (shifts, mantissas) = bytes.split_at_checked(head_dim / BLOCK)?;
			let top = shifts.iter().copied().max()?;
			let base = top.saturating_sub(SPREAD as u8);
			let fits = mantissas.len() == head_dim
				&& top <= MAX_SHIFT
				&& shifts.iter().all(|shift| *shift >= base)
				&& !mantissas.contains(&(i8::MIN as u8));
			fits.then(|| CacheRow {
				mantissas: mantissas.iter().map(|&mantissa| mantissa as i8).collect(),
				shifts: shifts.to_vec(),
				base,
			})
		};
		let (key, value) = bytes.split_at_checked(bytes.len() / 2)?;
		(bytes.len() == leaf_bytes(head_dim as u32)).then_some(())?;
		Some(Self {
			key: row(key)?,
			value: row(value)?,
		})
	}
}

/// Bytes of a leaf.
pub const fn leaf_bytes(head_dim: u32) -> usize {
	2 * (head_dim as usize + head_dim as usize / BLOCK)
}

/// The root of a cell's cache: a tree over the leaves of its heads.
pub fn cache_root<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Hash32 {
	let mut tree = merkle::RootBuilder::default();
	leaves.into_iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
	tree.finish()
}
