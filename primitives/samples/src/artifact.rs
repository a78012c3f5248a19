//! Artifacts with made-up weights.

use crate::MadeUp;
use assay_exact::{
	evaluate::Weights,
	program::{Program, Shape, TensorIndex},
};
use assay_trace::{
	artifact::{program_hash, tensor_root, ArtifactTree, Leaves},
	merkle::leaf_hash,
	prover::OpenArtifact,
	Hash32,
};

/// Made-up weights with their tree.
pub struct MadeUpArtifact {
	program: Program,
	weights: MadeUp,
	tree: ArtifactTree,
}

impl MadeUpArtifact {
	/// Of a valid program, from a seed.
	pub fn new(program: &Program, seed: u64) -> Self {
		Self::with(program, MadeUp::new(program, seed))
	}

	/// Of a valid program with these weights.
	pub fn with(program: &Program, weights: MadeUp) -> Self {
		let bytes = |tensor, layer| tensor_bytes(program, &weights, tensor, layer).unwrap_or_default();
		let tensors: Vec<Hash32> = program
			.instances()
			.filter_map(|instance| {
				let shape = shape(program, instance.tensor)?;
				tensor_root(shape, &bytes(instance.tensor, instance.layer))
			})
			.collect();
		Self {
			tree: ArtifactTree::new(&program_hash(program), &tensors, &[]),
			program: program.clone(),
			weights,
		}
	}
}

fn shape(program: &Program, tensor: TensorIndex) -> Option<Shape> {
	Some(program.tensors.get(usize::from(tensor.0))?.shape)
}

fn tensor_bytes(program: &Program, weights: &MadeUp, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<u8>> {
	let rows = (0..shape(program, tensor)?.rows()).map(|row| weights.row(tensor, layer, row));
	Some(rows.collect::<Option<Vec<_>>>()?.concat())
}

impl Weights for MadeUpArtifact {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		self.weights.row(tensor, layer, row)
	}
}

impl OpenArtifact for MadeUpArtifact {
	fn tree(&self) -> &ArtifactTree {
		&self.tree
	}

	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>> {
		let bytes = tensor_bytes(&self.program, &self.weights, tensor, layer)?;
		let leaves = Leaves::new(shape(&self.program, tensor)?)
			.cut(&bytes)?
			.map(leaf_hash)
			.collect();
		Some(leaves)
	}
}
