//! How large a model is.

use crate::{common::Result, task::Model};
use assay_artifact::Artifact;
use assay_exact::program::Op;
use serde::Serialize;
use std::{collections::BTreeSet, fmt};

/// Its weights.
#[derive(Serialize)]
pub(crate) struct Size {
	layers: u16,
	/// Width of the residual stream.
	width: u32,
	/// All of its weights.
	pub(crate) weights: u64,
	/// Those that decoding reads for each token.
	pub(crate) read: u64,
}

impl Size {
	/// Of a model that is there.
	pub(crate) fn of(model: &Model) -> Result<Self> {
		let artifact = Artifact::open(&model.artifact)?;
		let program = artifact.program();
		let multiplied: BTreeSet<u16> = program
			.ops()
			.filter_map(|op| match op {
				Op::Linear { weight, .. } => Some(weight.0),
				_ => None,
			})
			.collect();
		let weights = |only: &dyn Fn(u16) -> bool| -> u64 {
			let instances = program.instances().filter(|instance| only(instance.tensor.0));
			instances
				.map(|instance| program.tensors[usize::from(instance.tensor.0)].shape.weights())
				.sum()
		};
		Ok(Self {
			layers: program.layers,
			width: program.registers[0],
			weights: weights(&|_| true),
			read: weights(&|tensor| multiplied.contains(&tensor)),
		})
	}
}

impl fmt::Display for Size {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(
			f,
			"{} layers of {}, {:.3} G weights, random, of which decoding reads {:.3} G",
			self.layers,
			self.width,
			self.weights as f64 / 1e9,
			self.read as f64 / 1e9
		)
	}
}
