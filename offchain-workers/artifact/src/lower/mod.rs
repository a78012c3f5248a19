//! Lowering: a family's configuration and weights become a program.
//!
//! One readable file for each family, over the small [`Builder`] here. Weight names are those of Hugging Face; a
//! [`Checkpoint`] translates them where its files say otherwise.

pub(crate) mod bert;
pub(crate) mod llama;
pub(crate) mod mlp;

use std::{collections::BTreeSet, sync::Arc};

use assay_exact::{
	limits,
	program::{Function, Head, Op, Profile, Program, Register, RowIndex, Shape, Tensor, TensorIndex},
};

use crate::{
	error::{ArtifactError, Result},
	lowered::{Lowered, Metadata, NamedFile, NamedSource},
	source::Source,
};

/// The tensors of a model.
pub(crate) trait Checkpoint {
	/// The tensor of this name, which must have these dimensions.
	fn take(&self, name: &str, dims: &[u64]) -> Result<Source>;
}

/// Builds a program: registers and tensors are declared as they are used.
///
/// In a tensor's name `{}` stands for the layer; such a tensor is per-layer.
pub(crate) struct Builder<'a> {
	checkpoint: &'a dyn Checkpoint,
	layers: u16,
	registers: Vec<u32>,
	tensors: Vec<Tensor>,
	sources: Vec<Vec<NamedSource>>,
	parameters: u64,
	counted: BTreeSet<String>,
}

impl<'a> Builder<'a> {
	pub(crate) fn new(checkpoint: &'a dyn Checkpoint, layers: u16) -> Self {
		Self {
			checkpoint,
			layers,
			registers: Vec::new(),
			tensors: Vec::new(),
			sources: Vec::new(),
			parameters: 0,
			counted: BTreeSet::new(),
		}
	}

	/// A new register. The first one is the residual stream.
	pub(crate) fn register(&mut self, width: u32) -> Register {
		self.registers.push(width);
		Register((self.registers.len() - 1) as u8)
	}

	pub(crate) fn width(&self, register: Register) -> u32 {
		self.registers[usize::from(register.0)]
	}

	/// Declares a tensor of `shape` whose stored dimensions are `dims`.
	fn tensor(&mut self, name: &str, shape: Shape, dims: &[u64]) -> Result<TensorIndex> {
		let per_layer = name.contains("{}");
		let names: Vec<String> = if per_layer {
			(0..self.layers)
				.map(|layer| name.replace("{}", &layer.to_string()))
				.collect()
		} else {
			vec![name.to_string()]
		};
		let mut sources = Vec::with_capacity(names.len());
		for name in names {
			let source = self.checkpoint.take(&name, dims)?;
			if self.counted.insert(name.clone()) {
				self.parameters = self.parameters.saturating_add(dims.iter().product());
			}
			sources.push(NamedSource { name, source });
		}
		self.declare(shape, per_layer, sources)
	}

	fn declare(&mut self, shape: Shape, per_layer: bool, sources: Vec<NamedSource>) -> Result<TensorIndex> {
		let index = u16::try_from(self.tensors.len()).map_err(|_| ArtifactError::TooLarge {
			what: "number of tensors",
			value: self.tensors.len() as u64,
			limit: u16::MAX.into(),
		})?;
		self.tensors.push(Tensor { shape, per_layer });
		self.sources.push(sources);
		Ok(TensorIndex(index))
	}

	pub(crate) fn matrix(&mut self, name: &str, rows: u32, columns: u32) -> Result<TensorIndex> {
		self.tensor(name, Shape::Matrix { rows, columns }, &[rows.into(), columns.into()])
	}

	pub(crate) fn vector(&mut self, name: &str, length: u32) -> Result<TensorIndex> {
		self.tensor(name, Shape::Vector { length }, &[length.into()])
	}

	/// A matrix with zero rows and columns added to the stored `rows` and `columns`.
	pub(crate) fn padded_matrix(&mut self, name: &str, shape: (u32, u32), stored: (u32, u32)) -> Result<TensorIndex> {
		let shape = Shape::Matrix {
			rows: shape.0,
			columns: shape.1,
		};
		self.tensor(name, shape, &[stored.0.into(), stored.1.into()])
	}

	/// A vector with zeros added to the stored `length`.
	pub(crate) fn padded_vector(&mut self, name: &str, length: u32, stored: u32) -> Result<TensorIndex> {
		self.tensor(name, Shape::Vector { length }, &[stored.into()])
	}

	pub(crate) fn rotation(&mut self, name: &str, table: Vec<i32>, positions: u32, pairs: u32) -> Result<TensorIndex> {
		let source = Source::Rotation(Arc::new(table));
		let sources = vec![NamedSource {
			name: name.to_string(),
			source,
		}];
		self.declare(Shape::Rotation { positions, pairs }, false, sources)
	}

	pub(crate) fn embed(&mut self, dst: Register, name: &str, rows: u32, row: RowIndex) -> Result<Op> {
		let table = self.matrix(name, rows, self.width(dst))?;
		Ok(Op::Embed { dst, table, row })
	}

	/// `dst = module.weight · src (+ module.bias)`.
	pub(crate) fn linear(&mut self, dst: Register, src: Register, module: &str, bias: bool) -> Result<Op> {
		let weight = self.matrix(&format!("{module}.weight"), self.width(dst), self.width(src))?;
		let bias = bias
			.then(|| self.vector(&format!("{module}.bias"), self.width(dst)))
			.transpose()?;
		Ok(Op::Linear { dst, src, weight, bias })
	}

	/// RMSNorm in groups of `group` elements.
	pub(crate) fn rms_norm(
		&mut self,
		dst: Register,
		src: Register,
		module: &str,
		group: u32,
		epsilon: u64,
	) -> Result<Op> {
		let gain = self.vector(&format!("{module}.weight"), group)?;
		Ok(Op::RmsNorm {
			dst,
			src,
			gain,
			epsilon,
		})
	}

	/// LayerNorm in place.
	pub(crate) fn layer_norm(&mut self, dst: Register, module: &str, epsilon: u64) -> Result<Op> {
		let gain = self.vector(&format!("{module}.weight"), self.width(dst))?;
		let bias = self.vector(&format!("{module}.bias"), self.width(dst))?;
		Ok(Op::LayerNorm {
			dst,
			src: dst,
			gain,
			bias,
			epsilon,
		})
	}

	/// Puts the parts together and validates them.
	pub(crate) fn finish(self, positions: u32, entry: Vec<Op>, layer: Vec<Op>, head: Head) -> Result<Lowered> {
		let program = Program {
			profile: Profile::Q8A16V1,
			positions,
			registers: self.registers,
			tensors: self.tensors,
			layers: self.layers,
			entry,
			layer,
			head,
		};
		program.validate()?;
		let metadata = Metadata {
			name: String::new(),
			architecture: String::new(),
			parameters: self.parameters,
			licence: None,
			max_sequence_length: None,
			created_by: concat!("assay-artifact ", env!("CARGO_PKG_VERSION")).to_string(),
		};
		Ok(Lowered {
			program,
			sources: self.sources,
			files: Vec::<NamedFile>::new(),
			metadata,
		})
	}
}

/// Positions when the options name none.
pub(crate) const DEFAULT_POSITIONS: u32 = 4096;

/// Number of positions: as asked for, else the model's own up to [`DEFAULT_POSITIONS`] and the longest input it was
/// trained for, if it says one.
pub(crate) fn positions(asked: Option<u32>, of_model: u32, longest_input: Option<u32>) -> Result<u32> {
	let usual = of_model.min(DEFAULT_POSITIONS).min(longest_input.unwrap_or(u32::MAX));
	let positions = asked.unwrap_or(usual);
	at_most("positions", positions.into(), of_model.into())?;
	at_most("positions", positions.into(), limits::MAX_POSITIONS.into())?;
	positive("positions", positions)?;
	Ok(positions)
}

/// log2(e) / √head_dim with 30 fraction bits: scores come out in units of a binary exponent.
pub(crate) fn attention_scale(head_dim: u32) -> u32 {
	(std::f64::consts::LOG2_E / f64::from(head_dim).sqrt() * f64::from(1 << 30)).round() as u32
}

/// An epsilon in units of 2⁻³².
pub(crate) fn epsilon(what: &'static str, epsilon: f64) -> Result<u64> {
	let units = (epsilon * 2f64.powi(32)).round();
	if !(epsilon >= 0.0 && units <= limits::MAX_EPSILON as f64) {
		let value = epsilon.to_string();
		return Err(ArtifactError::InvalidParameter {
			what,
			value,
			reason: "it must lie between 0 and 1",
		});
	}
	Ok(units as u64)
}

/// The activation function a Hugging Face configuration names.
pub(crate) fn activation(name: &str) -> Result<Function> {
	Ok(match name {
		"silu" | "swish" => Function::Silu,
		"gelu" => Function::GeluErf,
		"gelu_new" | "gelu_pytorch_tanh" | "gelu_tanh" | "gelu_fast" => Function::GeluTanh,
		"relu" => Function::Relu,
		"sigmoid" => Function::Sigmoid,
		"tanh" => Function::Tanh,
		other => {
			return Err(ArtifactError::Unsupported {
				what: "activation",
				found: other.to_string(),
				supported: "silu, gelu, gelu_new, gelu_pytorch_tanh, relu, sigmoid, tanh",
			})
		}
	})
}

pub(crate) fn multiple_of_32(what: &'static str, value: u32) -> Result<()> {
	positive(what, value)?;
	if value.is_multiple_of(32) {
		Ok(())
	} else {
		Err(ArtifactError::NotMultipleOf32 {
			what,
			value: value.into(),
		})
	}
}

pub(crate) fn positive(what: &'static str, value: u32) -> Result<()> {
	if value > 0 {
		Ok(())
	} else {
		Err(ArtifactError::InvalidParameter {
			what,
			value: "0".into(),
			reason: "it must be positive",
		})
	}
}

pub(crate) fn at_most(what: &'static str, value: u64, limit: u64) -> Result<()> {
	if value <= limit {
		Ok(())
	} else {
		Err(ArtifactError::TooLarge { what, value, limit })
	}
}

/// A count that a program stores in 16 bits.
pub(crate) fn count(what: &'static str, value: u32) -> Result<u16> {
	positive(what, value)?;
	u16::try_from(value).map_err(|_| ArtifactError::TooLarge {
		what,
		value: value.into(),
		limit: u16::MAX.into(),
	})
}
