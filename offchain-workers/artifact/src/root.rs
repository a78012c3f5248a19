//! The artifact root while its bytes go by: leaves are hashed by all cores, the tree is `assay_trace`'s.

use assay_exact::program::{Program, Shape};
use assay_trace::{
	artifact::{program_hash, ArtifactTree, FileEntry, Leaves},
	merkle::{leaf_hash, RootBuilder as Tree},
	Hash32,
};
use rayon::prelude::*;

/// Takes tensors in artifact order, then files.
pub(crate) struct RootBuilder {
	program: Hash32,
	tensors: Vec<Hash32>,
	files: Vec<(String, Hash32)>,
	/// The tensor under way.
	tree: Tree,
}

impl RootBuilder {
	pub(crate) fn new(program: &Program) -> Self {
		Self {
			program: program_hash(program),
			tensors: Vec::new(),
			files: Vec::new(),
			tree: Tree::default(),
		}
	}

	/// The next rows of the tensor under way: all that are left, or a multiple of [`rows_per_leaf`].
	pub(crate) fn rows(&mut self, shape: Shape, bytes: &[u8]) {
		let leaves = Leaves::new(shape);
		let first = self.tree.leaves();
		let start = leaves.bytes_of(first).map_or(0, |range| range.start);
		let rows = bytes.len() as u64 / shape.row_bytes();
		let count = rows.div_ceil(leaves.rows_per_leaf()) * leaves.leaves_per_row();
		let hashes: Vec<Hash32> = (first..first + count)
			.into_par_iter()
			.map(|leaf| {
				let range = leaves.bytes_of(leaf).expect("the rows belong to the tensor; qed");
				leaf_hash(&bytes[(range.start - start) as usize..(range.end - start) as usize])
			})
			.collect();
		hashes.into_iter().for_each(|hash| self.tree.push(hash));
		if self.tree.leaves() == leaves.count() {
			self.tensors.push(std::mem::take(&mut self.tree).finish());
		}
	}

	pub(crate) fn file(&mut self, name: &str, sha256: [u8; 32]) {
		self.files.push((name.into(), Hash32(sha256)));
	}

	pub(crate) fn finish(self) -> ArtifactTree {
		let files: Vec<FileEntry<'_>> = self
			.files
			.iter()
			.map(|(name, sha256)| FileEntry { name, sha256: *sha256 })
			.collect();
		ArtifactTree::new(&self.program, &self.tensors, &files)
	}
}

/// Rows that share a leaf.
pub(crate) fn rows_per_leaf(shape: Shape) -> u64 {
	Leaves::new(shape).rows_per_leaf()
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_trace::artifact::tensor_root;

	#[test]
	fn chunks_of_whole_leaves_give_the_root_of_the_tensor() {
		let shapes = [
			Shape::Matrix { rows: 700, columns: 96 },
			Shape::Matrix {
				rows: 9,
				columns: 32_768,
			},
			Shape::Vector { length: 7 },
		];
		for shape in shapes {
			let bytes: Vec<u8> = (0..shape.bytes()).map(|i| ((i * 37) >> 2) as u8).collect();
			let program = crate::synthetic::llama(crate::synthetic::LlamaShape::TINY, 1)
				.unwrap()
				.program;
			let mut builder = RootBuilder::new(&program);
			for chunk in bytes.chunks((rows_per_leaf(shape) * 2 * shape.row_bytes()) as usize) {
				builder.rows(shape, chunk);
			}
			assert_eq!(builder.tensors, [tensor_root(shape, &bytes).unwrap()]);
		}
	}
}
