//! The sum tree: a Merkle tree whose every node also says how many units of computation are below it, so that a unit that is drawn
//! leads to one receipt, each as likely as its share.
//!
//! Its shape is that of RFC 6962. A node is the hash of its children's hashes and units, so whoever signs a root signs all of them;
//! a root that states more or fewer units than are below it has no path to the leaf that would have the difference.

use alloc::vec::Vec;
use assay_trace::Hash32;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::Range;
use scale_info::TypeInfo;

/// Hashes beside a leaf's way to the root at most: a tree has at most 2³² - 1 leaves.
const MAX_DEPTH: usize = 32;

/// A node of the tree, or all of it: a hash and the units below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SumRoot {
	/// Of a leaf, or of both children.
	pub hash: Hash32,
	/// Units of computation.
	pub units: u64,
}

impl SumRoot {
	/// The node above two; none if there are more units than can be counted.
	fn join(left: &Self, right: &Self) -> Option<Self> {
		let units = left.units.checked_add(right.units)?;
		let hash = Hash32::of(&[
			&[1],
			&left.hash.0,
			&left.units.to_le_bytes(),
			&right.hash.0,
			&right.units.to_le_bytes(),
		]);
		Some(Self { hash, units })
	}
}

/// A tree that grows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SumTree {
	leaves: Vec<SumRoot>,
	/// Roots of the complete subtrees, largest first: one for each set bit of the number of leaves.
	subtrees: Vec<SumRoot>,
}

impl SumTree {
	/// Appends a leaf with its units; says whether there was room: as many units as can be counted in all.
	#[must_use]
	pub fn push(&mut self, hash: Hash32, units: u64) -> bool {
		let leaf = SumRoot { hash, units };
		if self.total().checked_add(units).is_none() || u32::try_from(self.leaves.len()).is_err() {
			return false;
		}
		let mut node = leaf;
		// Like a carry: each trailing set bit is a complete subtree of the size of `node`.
		for _ in 0..self.leaves.len().trailing_ones() {
			let joined = self.subtrees.pop().and_then(|left| SumRoot::join(&left, &node));
			node = joined.unwrap_or(node);
		}
		self.subtrees.push(node);
		self.leaves.push(leaf);
		true
	}

	/// Number of leaves.
	pub fn len(&self) -> u32 {
		u32::try_from(self.leaves.len()).unwrap_or(u32::MAX)
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.leaves.is_empty()
	}

	/// All units.
	pub fn total(&self) -> u64 {
		self.subtrees
			.iter()
			.fold(0, |all, subtree| all.saturating_add(subtree.units))
	}

	/// The root; none of an empty tree.
	pub fn root(&self) -> Option<SumRoot> {
		let mut subtrees = self.subtrees.iter().rev().copied();
		let last = subtrees.next()?;
		subtrees.try_fold(last, |right, left| SumRoot::join(&left, &right))
	}

	/// The leaf that a unit, counted from 0, belongs to.
	pub fn leaf_of(&self, unit: u64) -> Option<u32> {
		let mut before = 0u64;
		for (index, leaf) in (0..).zip(&self.leaves) {
			before = before.checked_add(leaf.units)?;
			if unit < before {
				return Some(index);
			}
		}
		None
	}

	/// That the leaf at `index` is in the tree; none if there is no such leaf.
	pub fn path(&self, index: u32) -> Option<SumPath> {
		let mut index = usize::try_from(index).ok().filter(|index| *index < self.leaves.len())?;
		let mut subtree = &self.leaves[..];
		let mut path = Vec::new();
		while subtree.len() > 1 {
			// The largest power of two below the size.
			let split = subtree.len().next_power_of_two() / 2;
			let (left, right) = subtree.split_at(split);
			if index < split {
				path.push(root_of(right)?);
				subtree = left;
			} else {
				path.push(root_of(left)?);
				subtree = right;
				index -= split;
			}
		}
		path.reverse();
		Some(SumPath(path))
	}
}

/// The root over leaves.
fn root_of(leaves: &[SumRoot]) -> Option<SumRoot> {
	match leaves {
		[] => None,
		[leaf] => Some(*leaf),
		_ => {
			let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
			SumRoot::join(&root_of(left)?, &root_of(right)?)
		}
	}
}

/// The nodes beside a leaf's way to the root, lowest first.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SumPath(pub Vec<SumRoot>);

impl SumPath {
	/// The units of a leaf, counted over the whole tree, if it is at its place in the tree with this root (RFC 9162, section 2.1.3.2).
	///
	/// - `index`, `size`: its place, and how many leaves there are.
	/// - `leaf`, `units`: its hash and how many units it has.
	pub fn verify(
		&self,
		(index, size): (u32, u32),
		(leaf, units): (Hash32, u64),
		root: &SumRoot,
	) -> Option<Range<u64>> {
		if index >= size || self.0.len() > MAX_DEPTH {
			return None;
		}
		let (mut index, mut last) = (index, size - 1);
		let mut node = SumRoot { hash: leaf, units };
		let mut before = 0u64;
		for sibling in &self.0 {
			if last == 0 {
				return None;
			}
			if index & 1 == 1 || index == last {
				node = SumRoot::join(sibling, &node)?;
				before = before.checked_add(sibling.units)?;
				// A last node without sibling rises unchanged.
				let alone = if index & 1 == 1 { 0 } else { index.trailing_zeros() };
				index = index.checked_shr(alone).unwrap_or(0);
				last = last.checked_shr(alone).unwrap_or(0);
			} else {
				node = SumRoot::join(&node, sibling)?;
			}
			index >>= 1;
			last >>= 1;
		}
		if last != 0 || node != *root {
			return None;
		}
		Some(before..before.checked_add(units)?)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn leaf(index: u32) -> Hash32 {
		Hash32::of(&[&index.to_le_bytes()])
	}

	fn tree(units: &[u64]) -> SumTree {
		let mut tree = SumTree::default();
		for (index, units) in (0..).zip(units) {
			assert!(tree.push(leaf(index), *units));
		}
		tree
	}

	#[test]
	fn an_empty_tree_has_no_root_and_no_unit() {
		let tree = SumTree::default();
		assert_eq!((tree.root(), tree.leaf_of(0), tree.path(0)), (None, None, None));
	}

	#[test]
	fn more_units_than_can_be_counted_are_refused() {
		let mut tree = tree(&[u64::MAX - 1]);
		assert!(!tree.push(leaf(1), 2));
		assert!(tree.push(leaf(1), 1));
		assert_eq!(tree.root().map(|root| root.units), Some(u64::MAX));
	}

	/// D6: who signs a tree with a node that states other units than are below it has no path to what it hides.
	#[test]
	fn d06_a_tree_that_hides_units_opens_nowhere_to_them() {
		let (honest, dummy) = (
			SumRoot {
				hash: leaf(0),
				units: 10,
			},
			SumRoot {
				hash: leaf(1),
				units: 990,
			},
		);
		// The dummy's true units are 1: a leaf that says so leads to another root.
		let root = SumRoot::join(&honest, &dummy).unwrap();
		let path = SumPath(alloc::vec![honest]);
		assert_eq!(path.verify((1, 2), (leaf(1), 1), &root), None);
		assert_eq!(path.verify((1, 2), (leaf(1), 990), &root), Some(10..1000));
		let stated = SumRoot { units: 5, ..root };
		assert_eq!(path.verify((1, 2), (leaf(1), 990), &stated), None);
	}

	proptest! {
		#[test]
		fn every_unit_leads_to_its_leaf_and_to_no_other(units in prop::collection::vec(1u64..1000, 1..40), pick: prop::sample::Index) {
			let tree = tree(&units);
			let root = tree.root().unwrap();
			prop_assert_eq!(Some(root), root_of(&tree.leaves));
			prop_assert_eq!(root.units, units.iter().sum::<u64>());
			let unit = pick.index(root.units as usize) as u64;
			let owner = tree.leaf_of(unit).unwrap();
			let size = tree.len();
			for index in 0..size {
				let path = tree.path(index).unwrap();
				let own = units[index as usize];
				let range = path.verify((index, size), (leaf(index), own), &root).unwrap();
				prop_assert_eq!(range.contains(&unit), index == owner);
				for other in 0..size {
					let moved = path.verify((other, size), (leaf(index), own), &root);
					prop_assert_eq!(moved.is_some(), other == index);
				}
				prop_assert_eq!(path.verify((index, size), (leaf(index), own + 1), &root), None);
				prop_assert_eq!(path.verify((index, size), (leaf(index + 1), own), &root), None);
			}
		}

		#[test]
		fn a_changed_sibling_breaks_the_path(units in prop::collection::vec(1u64..1000, 2..40), pick: prop::sample::Index, level: prop::sample::Index, by in 1u64..) {
			let tree = tree(&units);
			let root = tree.root().unwrap();
			let index = pick.index(units.len());
			let mut path = tree.path(index as u32).unwrap();
			let level = level.index(path.0.len());
			path.0[level].units = path.0[level].units.wrapping_add(by);
			let place = (index as u32, tree.len());
			prop_assert_eq!(path.verify(place, (leaf(index as u32), units[index]), &root), None);
		}
	}
}
