//! Plain multi-layer perceptrons for tabular data: one row of numbers in, one vector out.
//!
//! A job has one position, so the whole network is the program's head. The blocks of the profile want widths that are
//! multiples of 32: the input and the hidden layers are padded with zero weights. A caller therefore pads its input with
//! zeros to the program's input length; the output has the model's own length.

use assay_exact::{
	limits,
	program::{Function, Head, Op, Pooling},
};

use super::{at_most, positive, Builder, Checkpoint};
use crate::{
	error::{ArtifactError, Result},
	lowered::Lowered,
};

/// Sizes and functions of the network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MlpConfig {
	/// Width of the input, of each hidden layer, and of the output.
	pub(crate) sizes: Vec<u32>,
	/// After every hidden layer.
	pub(crate) activation: Function,
	/// After the last layer.
	pub(crate) output_activation: Option<Function>,
}

/// Lowers a network whose tensors are `layers.{i}.weight` and `layers.{i}.bias`.
pub(crate) fn lower(config: &MlpConfig, checkpoint: &dyn Checkpoint) -> Result<Lowered> {
	let Some(last) = config.sizes.len().checked_sub(2) else {
		return Err(ArtifactError::InvalidParameter {
			what: "layers",
			value: format!("{:?}", config.sizes),
			reason: "it must name at least the input and the output size",
		});
	};
	// A linear and an activation for each layer.
	let limit = u64::from(limits::MAX_OPERATIONS / 2);
	at_most("number of layers", config.sizes.len() as u64 - 1, limit)?;
	for &size in &config.sizes {
		positive("layer size", size)?;
		at_most("layer size", size.into(), limits::MAX_COLUMNS.into())?;
	}

	let mut b = Builder::new(checkpoint, 0);
	let input = b.register(config.sizes[0].next_multiple_of(32));
	let (mut source, mut stored_columns) = (input, config.sizes[0]);
	let mut head = Vec::new();
	for (i, &rows) in config.sizes[1..].iter().enumerate() {
		let width = if i == last { rows } else { rows.next_multiple_of(32) };
		let dst = b.register(width);
		let shape = (width, b.width(source));
		let weight = b.padded_matrix(&format!("layers.{i}.weight"), shape, (rows, stored_columns))?;
		let bias = b.padded_vector(&format!("layers.{i}.bias"), width, rows)?;
		head.push(Op::Linear {
			dst,
			src: source,
			weight,
			bias: Some(bias),
		});
		let function = if i == last {
			config.output_activation
		} else {
			Some(config.activation)
		};
		head.extend(function.map(|function| Op::Activate {
			dst,
			src: dst,
			function,
		}));
		(source, stored_columns) = (dst, rows);
	}
	let head = Head::Vector {
		pooling: Pooling::First,
		ops: head,
		output: source,
	};
	b.finish(1, vec![Op::Input { dst: input }], Vec::new(), head)
}
