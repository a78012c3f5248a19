//! The root by which the chain knows an artifact.
//!
//! A tensor's bytes (rows one after the other, as [`Shape`] lays them out) are cut into leaves of at most
//! [`LEAF_BYTES`]: as many whole rows as fit, or, for a row that does not fit, pieces of that one row. So one row opens by
//! one leaf, or by the pieces it is long.
//!
//! The artifact root is the root of a [tree](crate::merkle) over SCALE-encoded leaves: the header (domain, program hash,
//! number of tensors, number of files), the tensor roots in artifact order
//! ([`Program::instances`](assay_exact::Program::instances)), and the files by ascending name.

use crate::{
	merkle::{self, leaf_hash, InclusionProof, LeafPosition, RootBuilder},
	Hash32,
};
use alloc::vec::Vec;
use assay_exact::{program::Shape, Program};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::ops::Range;
use scale_info::TypeInfo;
use sha2::{Digest, Sha256};

/// Largest leaf of a tensor.
pub const LEAF_BYTES: u64 = 16 * 1024;

/// Domain of artifact roots.
const DOMAIN: &[u8; 17] = b"assay/artifact/v1";

/// How a tensor is cut into leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaves {
	rows: u64,
	row_bytes: u64,
}

impl Leaves {
	/// Of a tensor of this shape.
	pub const fn new(shape: Shape) -> Self {
		Self {
			rows: shape.rows() as u64,
			row_bytes: shape.row_bytes(),
		}
	}

	/// Rows that share a leaf: max(1, ⌊16,384 / row_bytes⌋).
	pub const fn rows_per_leaf(&self) -> u64 {
		match LEAF_BYTES.checked_div(self.row_bytes) {
			Some(0) | None => 1,
			Some(rows) => rows,
		}
	}

	/// Leaves that share a row: ⌈row_bytes / 16,384⌉, one for rows that fit.
	pub const fn leaves_per_row(&self) -> u64 {
		match self.row_bytes.div_ceil(LEAF_BYTES) {
			0 => 1,
			leaves => leaves,
		}
	}

	/// Number of leaves.
	pub const fn count(&self) -> u64 {
		self.rows.div_ceil(self.rows_per_leaf()) * self.leaves_per_row()
	}

	/// Indices of the leaves that hold a row: one unless the row is longer than a leaf. None beyond the last row.
	pub fn of_row(&self, row: u32) -> Option<Range<u64>> {
		let row = u64::from(row);
		if row >= self.rows {
			return None;
		}
		let first = row / self.rows_per_leaf() * self.leaves_per_row();
		Some(first..first + self.leaves_per_row())
	}

	/// The leaf that holds value `index` of a vector tensor, and the offset of its four bytes in it.
	pub const fn of_value(&self, index: u32) -> Option<(u64, u64)> {
		let start = index as u64 * 4;
		if self.rows != 1 || start + 4 > self.row_bytes {
			return None;
		}
		Some((start / LEAF_BYTES, start % LEAF_BYTES))
	}

	/// The bytes of the tensor that a leaf holds. None beyond the last leaf.
	pub fn bytes_of(&self, leaf: u64) -> Option<Range<u64>> {
		if leaf >= self.count() {
			return None;
		}
		let (row, piece) = (
			leaf / self.leaves_per_row() * self.rows_per_leaf(),
			leaf % self.leaves_per_row(),
		);
		let start = row * self.row_bytes + piece * LEAF_BYTES;
		let end = if self.leaves_per_row() > 1 {
			(start + LEAF_BYTES).min((row + 1) * self.row_bytes)
		} else {
			(row + self.rows_per_leaf()).min(self.rows) * self.row_bytes
		};
		Some(start..end)
	}

	/// The leaves of a tensor in memory, or `None` if `bytes` has another length.
	pub fn cut<'a>(&self, bytes: &'a [u8]) -> Option<impl Iterator<Item = &'a [u8]>> {
		if Some(bytes.len() as u64) != self.rows.checked_mul(self.row_bytes) {
			return None;
		}
		let leaves = *self;
		Some((0..self.count()).filter_map(move |leaf| {
			let range = leaves.bytes_of(leaf)?;
			bytes.get(range.start as usize..range.end as usize)
		}))
	}
}

/// The leaves that hold a row of a tensor: see [`Leaves::of_row`].
pub fn leaf_of_row(shape: Shape, row: u32) -> Option<Range<u64>> {
	Leaves::new(shape).of_row(row)
}

/// Root of a tensor in memory, or `None` if `bytes` does not have the shape's length.
pub fn tensor_root(shape: Shape, bytes: &[u8]) -> Option<Hash32> {
	let mut tree = RootBuilder::default();
	Leaves::new(shape)
		.cut(bytes)?
		.for_each(|leaf| tree.push(leaf_hash(leaf)));
	Some(tree.finish())
}

/// Root of a tensor whose bytes come in pieces of any length.
#[derive(Clone)]
pub struct TensorRootBuilder {
	leaves: Leaves,
	tree: RootBuilder,
	leaf: Sha256,
	/// Bytes the current leaf still lacks; zero after the last leaf.
	missing: u64,
}

impl TensorRootBuilder {
	/// Of a tensor of this shape.
	pub fn new(shape: Shape) -> Self {
		let mut builder = Self {
			leaves: Leaves::new(shape),
			tree: RootBuilder::default(),
			leaf: Sha256::new(),
			missing: 0,
		};
		builder.begin_leaf();
		builder
	}

	fn begin_leaf(&mut self) {
		let bytes = self.leaves.bytes_of(self.tree.leaves());
		self.missing = bytes.map_or(0, |bytes| bytes.end - bytes.start);
		self.leaf.update([0]);
	}

	/// Takes the next bytes; those beyond the end of the tensor are left and returned.
	pub fn update<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
		while self.missing > 0 && !bytes.is_empty() {
			let (now, later) = bytes.split_at(bytes.len().min(usize::try_from(self.missing).unwrap_or(usize::MAX)));
			self.leaf.update(now);
			self.missing -= now.len() as u64;
			bytes = later;
			if self.missing == 0 {
				self.tree.push(Hash32(self.leaf.finalize_reset().into()));
				self.begin_leaf();
			}
		}
		bytes
	}

	/// The root, or `None` if bytes are missing.
	pub fn finish(self) -> Option<Hash32> {
		(self.tree.leaves() == self.leaves.count()).then(|| self.tree.finish())
	}
}

/// A file beside the tensors: a tokenizer, a configuration, a licence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode)]
pub struct FileEntry<'a> {
	/// Its name.
	pub name: &'a str,
	/// SHA-256 of its content.
	pub sha256: Hash32,
}

/// SHA-256 of the encoded program.
pub fn program_hash(program: &Program) -> Hash32 {
	Hash32::of(&[&program.encode()])
}

/// The first leaf of an artifact's tree: what it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Header {
	/// Its program's [hash](program_hash).
	pub program: Hash32,
	/// Number of tensors.
	pub tensors: u32,
	/// Number of files.
	pub files: u32,
}

impl Header {
	/// Whether it can head an artifact of this program.
	pub fn is_of(&self, program: &Program) -> bool {
		program.instances().count() as u64 == u64::from(self.tensors) && program_hash(program) == self.program
	}

	fn hash(&self) -> Hash32 {
		let Self {
			program,
			tensors,
			files,
		} = *self;
		Leaf::Header {
			domain: DOMAIN,
			program,
			tensors,
			files,
		}
		.hash()
	}

	/// Leaves of the artifact's tree.
	fn size(&self) -> u64 {
		1 + u64::from(self.tensors) + u64::from(self.files)
	}

	/// Whether the artifact with this root has this header.
	pub fn verify(&self, path: &InclusionProof, artifact: &Hash32) -> bool {
		let position = LeafPosition {
			index: 0,
			size: self.size(),
		};
		path.verify(position, &self.hash(), artifact).is_ok()
	}

	/// Whether tensor `index` in artifact order has this root, in the artifact that has this header.
	pub fn verify_tensor(&self, index: u32, root: &Hash32, path: &InclusionProof, artifact: &Hash32) -> bool {
		let position = LeafPosition {
			index: 1 + u64::from(index),
			size: self.size(),
		};
		index < self.tensors && path.verify(position, &Leaf::Tensor(*root).hash(), artifact).is_ok()
	}
}

/// A leaf of the artifact's tree.
#[derive(Encode)]
enum Leaf<'a> {
	#[codec(index = 0)]
	Header {
		domain: &'a [u8; 17],
		program: Hash32,
		tensors: u32,
		files: u32,
	},
	#[codec(index = 1)]
	Tensor(Hash32),
	#[codec(index = 2)]
	File(FileEntry<'a>),
}

impl Leaf<'_> {
	fn hash(&self) -> Hash32 {
		leaf_hash(&self.encode())
	}
}

/// The tree of an artifact: what its root is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArtifactTree {
	header: Header,
	tensors: Vec<Hash32>,
	leaves: Vec<Hash32>,
}

impl ArtifactTree {
	/// From its program's [hash](program_hash), its tensor roots in artifact order and its files, which may come in any
	/// order: they are taken by ascending name.
	pub fn new(program: &Hash32, tensors: &[Hash32], files: &[FileEntry<'_>]) -> Self {
		let mut files: Vec<FileEntry<'_>> = files.to_vec();
		files.sort();
		let header = Header {
			program: *program,
			tensors: tensors.len() as u32,
			files: files.len() as u32,
		};
		let tensor_leaves = tensors.iter().map(|root| Leaf::Tensor(*root).hash());
		let file_leaves = files.into_iter().map(|file| Leaf::File(file).hash());
		Self {
			header,
			tensors: tensors.to_vec(),
			leaves: core::iter::once(header.hash())
				.chain(tensor_leaves)
				.chain(file_leaves)
				.collect(),
		}
	}

	/// The artifact's root.
	pub fn root(&self) -> Hash32 {
		merkle::root(&self.leaves)
	}

	/// The header and that it is the first leaf.
	pub fn open_header(&self) -> Option<(Header, InclusionProof)> {
		Some((self.header, InclusionProof::new(&self.leaves, 0)?))
	}

	/// The root of tensor `index` in artifact order and that it is in the artifact.
	pub fn open_tensor(&self, index: u32) -> Option<(Hash32, InclusionProof)> {
		let root = *self.tensors.get(index as usize)?;
		Some((root, InclusionProof::new(&self.leaves, 1 + u64::from(index))?))
	}
}

/// Root of an [artifact](ArtifactTree).
pub fn artifact_root(program: &Hash32, tensors: &[Hash32], files: &[FileEntry<'_>]) -> Hash32 {
	ArtifactTree::new(program, tensors, files).root()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::merkle::{root, InclusionProof, LeafPosition};
	use proptest::prelude::*;

	fn matrix(rows: u32, columns: u32) -> Shape {
		Shape::Matrix { rows, columns }
	}

	#[test]
	fn leaves_hold_whole_rows_or_pieces_of_one() {
		// 408 bytes a row: 40 rows in 16,320 bytes.
		let short = Leaves::new(matrix(100, 384));
		assert_eq!(
			(short.rows_per_leaf(), short.leaves_per_row(), short.count()),
			(40, 1, 3)
		);
		assert_eq!(short.of_row(39), Some(0..1));
		assert_eq!(short.of_row(40), Some(1..2));
		assert_eq!(short.of_row(100), None);
		assert_eq!(short.bytes_of(2), Some(80 * 408..100 * 408));
		assert_eq!(short.bytes_of(3), None);
		// 17,408 bytes a row: a leaf of 16,384 and one of 1,024.
		let long = Leaves::new(matrix(3, 16_384));
		assert_eq!((long.rows_per_leaf(), long.leaves_per_row(), long.count()), (1, 2, 6));
		assert_eq!(long.of_row(2), Some(4..6));
		assert_eq!(long.bytes_of(5), Some(2 * 17_408 + 16_384..3 * 17_408));
	}

	#[test]
	fn an_artifact_root_is_the_tree_over_its_leaves() {
		let (program, tensor, content) = (Hash32([1; 32]), Hash32([2; 32]), Hash32([3; 32]));
		let files = [
			FileEntry {
				name: "b",
				sha256: content,
			},
			FileEntry {
				name: "a",
				sha256: content,
			},
		];
		let header = [&[0][..], b"assay/artifact/v1", &[1; 32], &[1, 0, 0, 0], &[2, 0, 0, 0]].concat();
		let leaves = [
			leaf_hash(&header),
			leaf_hash(&[&[1][..], &[2; 32]].concat()),
			leaf_hash(&[&[2, 4, b'a'][..], &[3; 32]].concat()),
			leaf_hash(&[&[2, 4, b'b'][..], &[3; 32]].concat()),
		];
		let expected = root(&leaves);
		assert_eq!(artifact_root(&program, &[tensor], &files), expected);
		assert_eq!(artifact_root(&program, &[tensor], &[files[1], files[0]]), expected);
		assert_ne!(artifact_root(&program, &[tensor, tensor], &files), expected);
		assert_ne!(artifact_root(&tensor, &[tensor], &files), expected);
		assert_ne!(artifact_root(&program, &[tensor], &files[..1]), expected);
	}

	#[test]
	fn a_shape_far_beyond_the_limits_does_not_panic() {
		let leaves = Leaves::new(matrix(u32::MAX, 0));
		assert_eq!(leaves.of_row(7), Some(7..8));
		assert_eq!(leaves.bytes_of(7), Some(0..0));
		assert!(TensorRootBuilder::new(matrix(0, 32)).finish().is_some());
	}

	proptest! {
		#[test]
		fn leaves_tile_the_tensor_and_rows_lie_in_their_leaves(rows in 1u32..200, blocks in 1u32..1024) {
			let shape = matrix(rows, blocks * 32);
			let leaves = Leaves::new(shape);
			let mut end = 0;
			for leaf in 0..leaves.count() {
				let bytes = leaves.bytes_of(leaf).unwrap();
				prop_assert_eq!(bytes.start, end);
				prop_assert!(bytes.end > bytes.start && bytes.end - bytes.start <= LEAF_BYTES);
				end = bytes.end;
			}
			prop_assert_eq!(end, shape.bytes());
			for row in 0..rows {
				let held = leaf_of_row(shape, row).unwrap();
				let start = u64::from(row) * shape.row_bytes();
				prop_assert!(leaves.bytes_of(held.start).unwrap().start <= start);
				prop_assert!(leaves.bytes_of(held.end - 1).unwrap().end >= start + shape.row_bytes());
			}
		}

		#[test]
		fn a_streamed_tensor_has_the_same_root(rows in 1u32..60, columns in prop::sample::select(vec![32u32, 352, 16_384]), cuts in prop::collection::vec(1usize..50_000, 1..20)) {
			let shape = matrix(rows, columns);
			let bytes: Vec<u8> = (0..shape.bytes()).map(|i| ((i * 31) >> 3) as u8).collect();
			let mut builder = TensorRootBuilder::new(shape);
			let mut rest = &bytes[..];
			for cut in cuts.iter().cycle() {
				let (now, later) = rest.split_at(rest.len().min(*cut));
				prop_assert!(builder.update(now).is_empty());
				rest = later;
				if rest.is_empty() {
					break;
				}
			}
			prop_assert_eq!(builder.update(&[1, 2]), &[1u8, 2]);
			prop_assert_eq!(builder.finish(), tensor_root(shape, &bytes));
			prop_assert_eq!(tensor_root(shape, &bytes[1..]), None);
			let mut short = TensorRootBuilder::new(shape);
			short.update(&bytes[1..]);
			prop_assert_eq!(short.finish(), None);
		}

		#[test]
		fn a_row_opens_by_its_leaf(rows in 1u32..300, pick: u32) {
			let shape = matrix(rows, 352);
			let bytes: Vec<u8> = (0..shape.bytes()).map(|i| ((i * 31) >> 3) as u8).collect();
			let (leaves, row) = (Leaves::new(shape), pick % rows);
			let hashes: Vec<Hash32> = leaves.cut(&bytes).unwrap().map(leaf_hash).collect();
			let index = leaves.of_row(row).unwrap().start;
			let range = leaves.bytes_of(index).unwrap();
			let leaf = &bytes[range.start as usize..range.end as usize];
			let proof = InclusionProof::new(&hashes, index).unwrap();
			let position = LeafPosition { index, size: leaves.count() };
			let root = tensor_root(shape, &bytes).unwrap();
			prop_assert_eq!(proof.verify(position, &leaf_hash(leaf), &root), Ok(()));
			let offset = (u64::from(row) * shape.row_bytes() - range.start) as usize;
			let opened = &leaf[offset..offset + shape.row_bytes() as usize];
			let start = (u64::from(row) * shape.row_bytes()) as usize;
			prop_assert_eq!(opened, &bytes[start..start + shape.row_bytes() as usize]);
		}
	}
}
