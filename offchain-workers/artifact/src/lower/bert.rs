//! The BERT family: post-norm encoder with learned positions (Devlin et al., arXiv 1810.04805), pooled to one vector as
//! sentence-transformers does (Reimers and Gurevych, arXiv 1908.10084).

use assay_exact::{
	limits,
	program::{Function, Head, Mask, Op, Pooling, RowIndex},
};

use super::{at_most, attention_scale, count, multiple_of_32, Builder, Checkpoint};
use crate::{
	error::{ArtifactError, Result},
	lowered::Lowered,
};

/// Everything that tells one member of the family from another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BertConfig {
	pub(crate) vocabulary: u32,
	pub(crate) hidden: u32,
	pub(crate) intermediate: u32,
	pub(crate) layers: u32,
	pub(crate) heads: u32,
	/// Rows of the learned position table.
	pub(crate) max_positions: u32,
	pub(crate) token_types: u32,
	/// In units of 2⁻³².
	pub(crate) epsilon: u64,
	pub(crate) activation: Function,
	/// Positions of the program, at most `max_positions`.
	pub(crate) positions: u32,
	pub(crate) pooling: Pooling,
	/// Scale the pooled vector to unit length.
	pub(crate) normalize: bool,
}

impl BertConfig {
	fn head_dim(&self) -> Result<u32> {
		multiple_of_32("hidden size", self.hidden)?;
		multiple_of_32("intermediate size", self.intermediate)?;
		at_most("hidden size", self.hidden.into(), limits::MAX_COLUMNS.into())?;
		at_most(
			"intermediate size",
			self.intermediate.into(),
			limits::MAX_COLUMNS.into(),
		)?;
		at_most("vocabulary size", self.vocabulary.into(), limits::MAX_ROWS.into())?;
		at_most("layers", self.layers.into(), limits::MAX_LAYERS.into())?;
		count("attention heads", self.heads)?;
		if !self.hidden.is_multiple_of(self.heads) {
			return Err(ArtifactError::InvalidParameter {
				what: "attention heads",
				value: self.heads.to_string(),
				reason: "it must divide the hidden size",
			});
		}
		let head_dim = self.hidden / self.heads;
		multiple_of_32("head dimension", head_dim)?;
		Ok(head_dim)
	}
}

/// Lowers a model of the family.
pub(crate) fn lower(config: &BertConfig, checkpoint: &dyn Checkpoint) -> Result<Lowered> {
	let head_dim = config.head_dim()?;
	let heads = count("attention heads", config.heads)?;
	let BertConfig {
		hidden,
		intermediate,
		epsilon,
		..
	} = *config;

	let mut b = Builder::new(checkpoint, count("layers", config.layers)?);
	let residual = b.register(hidden);
	let projected = b.register(hidden);
	let query = b.register(hidden);
	let key = b.register(hidden);
	let value = b.register(hidden);
	let attended = b.register(hidden);
	let inner = b.register(intermediate);

	let words = "embeddings.word_embeddings.weight";
	let places = "embeddings.position_embeddings.weight";
	let types = "embeddings.token_type_embeddings.weight";
	let entry = vec![
		b.embed(residual, words, config.vocabulary, RowIndex::Token)?,
		b.embed(projected, places, config.max_positions, RowIndex::Position)?,
		Op::Add {
			dst: residual,
			a: residual,
			b: projected,
		},
		b.embed(projected, types, config.token_types, RowIndex::Constant(0))?,
		Op::Add {
			dst: residual,
			a: residual,
			b: projected,
		},
		b.layer_norm(residual, "embeddings.LayerNorm", epsilon)?,
	];

	let layer = vec![
		b.linear(query, residual, "encoder.layer.{}.attention.self.query", true)?,
		b.linear(key, residual, "encoder.layer.{}.attention.self.key", true)?,
		b.linear(value, residual, "encoder.layer.{}.attention.self.value", true)?,
		Op::Attention {
			dst: attended,
			query,
			key,
			value,
			heads,
			kv_heads: heads,
			head_dim,
			scale: attention_scale(head_dim),
			mask: Mask::Full,
		},
		b.linear(projected, attended, "encoder.layer.{}.attention.output.dense", true)?,
		Op::Add {
			dst: residual,
			a: residual,
			b: projected,
		},
		b.layer_norm(residual, "encoder.layer.{}.attention.output.LayerNorm", epsilon)?,
		b.linear(inner, residual, "encoder.layer.{}.intermediate.dense", true)?,
		Op::Activate {
			dst: inner,
			src: inner,
			function: config.activation,
		},
		b.linear(projected, inner, "encoder.layer.{}.output.dense", true)?,
		Op::Add {
			dst: residual,
			a: residual,
			b: projected,
		},
		b.layer_norm(residual, "encoder.layer.{}.output.LayerNorm", epsilon)?,
	];

	let head = if config.normalize {
		vec![Op::L2Normalize {
			dst: residual,
			src: residual,
		}]
	} else {
		Vec::new()
	};
	let head = Head::Vector {
		pooling: config.pooling,
		ops: head,
		output: residual,
	};
	b.finish(config.positions, entry, layer, head)
}
