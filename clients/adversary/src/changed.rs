//! Weights that are not the artifact's.

use anyhow::{Context, Result};
use assay_artifact::Artifact;
use assay_exact::{
	evaluate::Weights,
	program::{Program, Shape, TensorIndex},
	Instance,
};
use assay_trace::{artifact::ArtifactTree, prover::OpenArtifact, Hash32};
use std::collections::BTreeMap;

/// The rows a cheating worker computes with, under the tree of the true artifact: what it can show is still what was
/// registered.
pub(crate) struct Changed<'a> {
	artifact: &'a Artifact,
	tensors: BTreeMap<Instance, (usize, Vec<u8>)>,
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
		})
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
		self.artifact.tree()
	}

	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>> {
		self.artifact.leaf_hashes(tensor, layer)
	}
}
