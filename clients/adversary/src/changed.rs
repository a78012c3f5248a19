//! Weights that are not the artifact's, and an artifact whose weights are none.

use anyhow::{Context, Result};
use assay_artifact::Artifact;
use assay_exact::{
	evaluate::Weights,
	program::{Program, Shape, TensorIndex},
	Instance,
};
use assay_trace::{
	artifact::{program_hash, ArtifactTree, Leaves},
	merkle::{self, leaf_hash},
	prover::OpenArtifact,
	Hash32,
};
use std::collections::BTreeMap;

/// What a malformed artifact holds in place of weights.
const MALFORMED: u8 = 0xff;

/// The rows a cheating worker computes with, under the tree of the true artifact: what it can show is still what was
/// registered. Or under that of an artifact of its own, which nobody can compute with.
pub(crate) struct Changed<'a> {
	artifact: &'a Artifact,
	tensors: BTreeMap<Instance, (usize, Vec<u8>)>,
	malformed: Option<ArtifactTree>,
}

/// The tree of an artifact for this program in which no tensor holds weights: every byte is the same, so that no scale is a number.
pub(crate) fn malformed_tree(program: &Program) -> Result<ArtifactTree> {
	let roots = program
		.instances()
		.map(|instance| Ok(merkle::root(&malformed_leaves(shape(program, instance)?)?)))
		.collect::<Result<Vec<_>>>()?;
	Ok(ArtifactTree::new(&program_hash(program), &roots, &[]))
}

/// The leaf hashes of a malformed tensor.
fn malformed_leaves(shape: Shape) -> Result<Vec<Hash32>> {
	let bytes = vec![MALFORMED; usize::try_from(shape.bytes())?];
	let leaves = Leaves::new(shape).cut(&bytes).context("a tensor of its own size")?;
	Ok(leaves.map(leaf_hash).collect())
}

impl<'a> Changed<'a> {
	/// The artifact's own rows.
	pub(crate) fn new(artifact: &'a Artifact) -> Result<Self> {
		let program = artifact.program();
		let tensors = program.instances().map(|instance| {
			let shape = shape(program, instance)?;
			let bytes = artifact.tensor(instance.tensor, instance.layer)?.to_vec();
			Ok((instance, (usize::try_from(shape.row_bytes())?, bytes)))
		});
		Ok(Self {
			artifact,
			tensors: tensors.collect::<Result<_>>()?,
			malformed: None,
		})
	}

	/// Under the tree of the malformed artifact.
	pub(crate) fn under_malformed_tree(mut self) -> Result<Self> {
		self.malformed = Some(malformed_tree(self.artifact.program())?);
		Ok(self)
	}

	/// The root of the artifact that these weights are said to be.
	pub(crate) fn root(&self) -> Hash32 {
		self.tree().root()
	}

	/// With each weight of the matrices changed.
	pub(crate) fn with_weights(mut self, change: impl Fn(usize, i8) -> i8) -> Self {
		let program = self.artifact.program();
		for (instance, (row_bytes, bytes)) in &mut self.tensors {
			let Ok(Shape::Matrix { columns, .. }) = shape(program, *instance) else {
				continue;
			};
			let scales = columns as usize / 32 * 2;
			for row in bytes.chunks_exact_mut(*row_bytes) {
				for (index, weight) in row[scales..].iter_mut().enumerate() {
					*weight = change(index, *weight as i8) as u8;
				}
			}
		}
		self
	}
}

fn shape(program: &Program, instance: Instance) -> Result<Shape> {
	let tensor = program.tensors.get(usize::from(instance.tensor.0));
	Ok(tensor.context("the program lacks one of its tensors")?.shape)
}

impl Weights for Changed<'_> {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		let (row_bytes, bytes) = self.tensors.get(&Instance { tensor, layer })?;
		let start = row as usize * row_bytes;
		bytes.get(start..start + row_bytes)
	}
}

impl OpenArtifact for Changed<'_> {
	fn tree(&self) -> &ArtifactTree {
		self.malformed.as_ref().unwrap_or(self.artifact.tree())
	}

	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>> {
		match self.malformed {
			Some(_) => malformed_leaves(shape(self.artifact.program(), Instance { tensor, layer }).ok()?).ok(),
			None => self.artifact.leaf_hashes(tensor, layer),
		}
	}
}
