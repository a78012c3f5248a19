//! The Merkle tree of RFC 6962, section 2.1, with SHA-256.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use thiserror::Error;

pub use crate::hash::Hash32;

/// Hash of a leaf's data.
pub fn leaf_hash(data: &[u8]) -> Hash32 {
	Hash32::of(&[&[0], data])
}

/// Hash of a node from its children.
pub fn node_hash(left: &Hash32, right: &Hash32) -> Hash32 {
	Hash32::of(&[&[1], &left.0, &right.0])
}

/// Root of the tree over these leaf hashes.
pub fn root(leaves: &[Hash32]) -> Hash32 {
	let mut builder = RootBuilder::default();
	leaves.iter().for_each(|leaf| builder.push(*leaf));
	builder.finish()
}

/// Computes a root from leaf hashes as they come, keeping one hash for each level.
#[derive(Clone, Debug, Default)]
pub struct RootBuilder {
	/// Roots of the complete subtrees so far, largest first: one for each set bit of `leaves`.
	subtrees: Vec<Hash32>,
	leaves: u64,
}

impl RootBuilder {
	/// Appends a leaf hash.
	pub fn push(&mut self, leaf: Hash32) {
		let mut node = leaf;
		// Like a carry: each trailing set bit is a complete subtree of the size of `node`.
		for _ in 0..self.leaves.trailing_ones() {
			if let Some(left) = self.subtrees.pop() {
				node = node_hash(&left, &node);
			}
		}
		self.subtrees.push(node);
		self.leaves += 1;
	}

	/// Number of leaves so far.
	pub fn leaves(&self) -> u64 {
		self.leaves
	}

	/// The root.
	pub fn finish(self) -> Hash32 {
		let subtrees = self.subtrees.into_iter().rev();
		subtrees
			.reduce(|right, left| node_hash(&left, &right))
			.unwrap_or_else(|| Hash32::of(&[]))
	}
}

/// A leaf's place in a tree, known to the verifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct LeafPosition {
	/// Index of the leaf.
	pub index: u64,
	/// Leaves of the tree.
	pub size: u64,
}

/// The hashes beside a leaf's way to the root, lowest first.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct InclusionProof {
	/// One hash for each level that has a sibling.
	pub path: Vec<Hash32>,
}

/// Why a proof does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ProofError {
	/// The tree has no such leaf.
	#[error("leaf {index} of a tree of {size}")]
	OutOfRange {
		/// Claimed index.
		index: u64,
		/// Leaves of the tree.
		size: u64,
	},
	/// The path does not have the length that the place in the tree demands.
	#[error("path of {length} hashes does not lead to the root")]
	Length {
		/// Hashes given.
		length: u64,
	},
	/// The path leads to another root.
	#[error("proof leads to root {actual}, not {expected}")]
	Root {
		/// Where it leads.
		actual: Hash32,
		/// The trusted root.
		expected: Hash32,
	},
}

impl InclusionProof {
	/// Proof for the leaf at `index`, if there is one.
	pub fn new(leaves: &[Hash32], index: u64) -> Option<Self> {
		let mut index = usize::try_from(index).ok().filter(|index| *index < leaves.len())?;
		let mut subtree = leaves;
		let mut path = Vec::new();
		while subtree.len() > 1 {
			// The largest power of two below the size.
			let split = subtree.len().next_power_of_two() / 2;
			let (left, right) = subtree.split_at(split);
			if index < split {
				path.push(root(right));
				subtree = left;
			} else {
				path.push(root(left));
				subtree = right;
				index -= split;
			}
		}
		path.reverse();
		Some(Self { path })
	}

	/// Checks that `leaf` is at `position` in the tree with this `root` (RFC 9162, section 2.1.3.2).
	pub fn verify(&self, position: LeafPosition, leaf: &Hash32, root: &Hash32) -> Result<(), ProofError> {
		let LeafPosition { index, size } = position;
		if index >= size {
			return Err(ProofError::OutOfRange { index, size });
		}
		let actual = self.root_from(position, leaf).ok_or(ProofError::Length {
			length: self.path.len() as u64,
		})?;
		if actual != *root {
			return Err(ProofError::Root {
				actual,
				expected: *root,
			});
		}
		Ok(())
	}

	/// The root of the tree that has `leaf` at `position` and this path; `None` if the path's length is not that of the
	/// position, or there is no such position.
	pub fn root_from(&self, position: LeafPosition, leaf: &Hash32) -> Option<Hash32> {
		let LeafPosition { mut index, size } = position;
		if index >= size {
			return None;
		}
		let (mut node, mut last) = (*leaf, size - 1);
		for sibling in &self.path {
			if last == 0 {
				return None;
			}
			if index & 1 == 1 || index == last {
				node = node_hash(sibling, &node);
				// A last node without sibling rises unchanged.
				let alone = if index & 1 == 1 { 0 } else { index.trailing_zeros() };
				index >>= alone.min(63);
				last >>= alone.min(63);
			} else {
				node = node_hash(&node, sibling);
			}
			index >>= 1;
			last >>= 1;
		}
		(last == 0).then_some(node)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::vec;
	use proptest::prelude::*;

	/// Leaves and roots of the tests of certificate-transparency, the reference implementation of RFC 6962.
	const LEAVES: [&[u8]; 8] = [
		b"",
		b"\x00",
		b"\x10",
		b"\x20\x21",
		b"\x30\x31",
		b"\x40\x41\x42\x43",
		b"\x50\x51\x52\x53\x54\x55\x56\x57",
		b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
	];
	const ROOTS: [&str; 9] = [
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	];

	fn leaves(n: usize) -> Vec<Hash32> {
		(0..n as u64).map(|i| leaf_hash(&i.to_le_bytes())).collect()
	}

	/// The definition of RFC 6962, word for word.
	fn defined_root(leaves: &[Hash32]) -> Hash32 {
		match leaves {
			[] => Hash32::of(&[]),
			[leaf] => *leaf,
			_ => {
				let mut k = 1;
				while 2 * k < leaves.len() {
					k *= 2;
				}
				node_hash(&defined_root(&leaves[..k]), &defined_root(&leaves[k..]))
			}
		}
	}

	#[test]
	fn roots_are_those_of_certificate_transparency() {
		let leaves = LEAVES.map(leaf_hash);
		for (n, expected) in ROOTS.iter().enumerate() {
			assert_eq!(root(&leaves[..n]), expected.parse().unwrap(), "{n} leaves");
		}
	}

	#[test]
	fn paths_are_those_of_certificate_transparency() {
		let leaves = LEAVES.map(leaf_hash);
		let path = |index, size: usize| InclusionProof::new(&leaves[..size], index).unwrap().path;
		let parse = |hashes: &[&str]| hashes.iter().map(|hash| hash.parse().unwrap()).collect::<Vec<Hash32>>();
		assert_eq!(path(0, 1), vec![]);
		let expected = [
			"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
		];
		assert_eq!(path(0, 8), parse(&expected));
		let expected = [
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		];
		assert_eq!(path(5, 8), parse(&expected));
	}

	#[test]
	fn every_leaf_of_small_trees_proves_itself_and_nothing_else() {
		for size in 1..=17u64 {
			let leaves = leaves(size as usize);
			let root = defined_root(&leaves);
			for index in 0..size {
				let proof = InclusionProof::new(&leaves, index).unwrap();
				for (claimed, leaf) in leaves.iter().enumerate() {
					let position = LeafPosition {
						index: claimed as u64,
						size,
					};
					assert_eq!(proof.verify(position, leaf, &root).is_ok(), claimed as u64 == index);
				}
			}
			assert_eq!(InclusionProof::new(&leaves, size), None);
		}
	}

	#[test]
	fn wrong_length_index_and_root_are_told_apart() {
		let leaves = leaves(5);
		let (root, leaf) = (root(&leaves), leaves[4]);
		let proof = InclusionProof::new(&leaves, 4).unwrap();
		let at = |index, size| LeafPosition { index, size };
		assert_eq!(proof.verify(at(4, 5), &leaf, &root), Ok(()));
		assert_eq!(
			proof.verify(at(5, 5), &leaf, &root),
			Err(ProofError::OutOfRange { index: 5, size: 5 })
		);
		assert_eq!(
			proof.verify(at(0, 0), &leaf, &root),
			Err(ProofError::OutOfRange { index: 0, size: 0 })
		);
		let mut longer = proof.clone();
		longer.path.push(leaf);
		assert_eq!(
			longer.verify(at(4, 5), &leaf, &root),
			Err(ProofError::Length { length: 2 })
		);
		let shorter = InclusionProof { path: vec![] };
		assert_eq!(
			shorter.verify(at(4, 5), &leaf, &root),
			Err(ProofError::Length { length: 0 })
		);
		let huge = InclusionProof { path: vec![leaf; 100] };
		assert_eq!(
			huge.verify(at(u64::MAX - 1, u64::MAX), &leaf, &root),
			Err(ProofError::Length { length: 100 })
		);
		assert!(matches!(
			proof.verify(at(4, 5), &leaves[3], &root),
			Err(ProofError::Root { .. })
		));
	}

	proptest! {
		#[test]
		fn streaming_equals_the_definition(size in 0usize..200) {
			prop_assert_eq!(root(&leaves(size)), defined_root(&leaves(size)));
		}

		#[test]
		fn a_proof_holds_for_its_place_alone(size in 1u64..200, pick: u64, other_index in 0u64..200, other_size in 1u64..200) {
			let leaves = leaves(size as usize);
			let (root, index) = (root(&leaves), pick % size);
			let leaf = leaves[index as usize];
			let proof = InclusionProof::new(&leaves, index).unwrap();
			let held = proof.verify(LeafPosition { index, size }, &leaf, &root);
			prop_assert_eq!(held, Ok(()));
			if other_index != index {
				let moved = LeafPosition { index: other_index, size };
				prop_assert!(proof.verify(moved, &leaf, &root).is_err());
			}
			// A tree of another size has another root; with the right one, only the shape of the path can tell.
			let resized = LeafPosition { index, size: other_size };
			let other_depth = InclusionProof::new(&vec![leaf; other_size as usize], index).map(|proof| proof.path.len());
			if other_depth != Some(proof.path.len()) {
				prop_assert!(proof.verify(resized, &leaf, &root).is_err());
			}
		}

		#[test]
		fn a_changed_hash_breaks_the_proof(size in 2u64..100, pick: u64, level: prop::sample::Index, byte in 0usize..32, flip in 1u8..) {
			let leaves = leaves(size as usize);
			let (root, index) = (root(&leaves), pick % size);
			let mut proof = InclusionProof::new(&leaves, index).unwrap();
			let level = level.index(proof.path.len());
			proof.path[level].0[byte] ^= flip;
			let position = LeafPosition { index, size };
			let result = proof.verify(position, &leaves[index as usize], &root);
			prop_assert!(matches!(result, Err(ProofError::Root { .. })), "{:?}", result);
		}
	}
}
