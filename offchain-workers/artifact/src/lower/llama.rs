//! The Llama family: pre-norm decoder with RMSNorm, rotary positions, grouped-query attention and a gated feed-forward
//! layer (Touvron et al., arXiv 2302.13971; Qwen3's query/key norms, arXiv 2505.09388).

use assay_exact::{
	limits,
	program::{Function, Head, Mask, Op, Pooling, RotaryStyle, RowIndex},
};

use super::{at_most, attention_scale, count, multiple_of_32, positive, Builder, Checkpoint};
use crate::{
	error::{ArtifactError, Result},
	lowered::Lowered,
	rotary,
};

/// What a member of the family returns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LlamaHead {
	/// Tokens, one after the other.
	Tokens {
		/// The embedding is also the output projection.
		tied: bool,
		/// Tokens that end generation.
		stop: Vec<u32>,
	},
	/// A vector for the whole text (sentence-transformers).
	Vector {
		/// The position whose state it is: [`Pooling::First`] or [`Pooling::Last`].
		pooling: Pooling,
		/// Scale it to unit length.
		normalize: bool,
	},
}

/// Everything that tells one member of the family from another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LlamaConfig {
	pub(crate) vocabulary: u32,
	pub(crate) hidden: u32,
	pub(crate) intermediate: u32,
	pub(crate) layers: u32,
	pub(crate) heads: u32,
	pub(crate) kv_heads: u32,
	pub(crate) head_dim: u32,
	/// In units of 2⁻³².
	pub(crate) epsilon: u64,
	/// Angle per position of each rotary pair.
	pub(crate) frequencies: Vec<f64>,
	pub(crate) rotary_style: RotaryStyle,
	pub(crate) activation: Function,
	/// Biases of the query, key and value projections.
	pub(crate) qkv_bias: bool,
	/// Bias of the output projection.
	pub(crate) output_bias: bool,
	/// Biases of the feed-forward projections.
	pub(crate) feed_forward_bias: bool,
	/// RMSNorm of each query and key head before rotation.
	pub(crate) query_key_norm: bool,
	pub(crate) head: LlamaHead,
	pub(crate) positions: u32,
}

impl LlamaConfig {
	/// Checks what the program's own validation would only report in its own words.
	fn check(&self) -> Result<()> {
		positive("vocabulary size", self.vocabulary)?;
		multiple_of_32("hidden size", self.hidden)?;
		multiple_of_32("intermediate size", self.intermediate)?;
		multiple_of_32("head dimension", self.head_dim)?;
		at_most("head dimension", self.head_dim.into(), limits::MAX_HEAD_DIM.into())?;
		let heads = u64::from(self.heads) * u64::from(self.head_dim);
		at_most("elements of all query heads", heads, limits::MAX_COLUMNS.into())?;
		at_most("hidden size", self.hidden.into(), limits::MAX_COLUMNS.into())?;
		at_most(
			"intermediate size",
			self.intermediate.into(),
			limits::MAX_COLUMNS.into(),
		)?;
		at_most("vocabulary size", self.vocabulary.into(), limits::MAX_ROWS.into())?;
		at_most("layers", self.layers.into(), limits::MAX_LAYERS.into())?;
		at_most("key/value heads", self.kv_heads.into(), self.heads.into())?;
		positive("key/value heads", self.kv_heads)?;
		if !self.heads.is_multiple_of(self.kv_heads) {
			return Err(ArtifactError::InvalidParameter {
				what: "key/value heads",
				value: self.kv_heads.to_string(),
				reason: "it must divide the number of query heads",
			});
		}
		match &self.head {
			LlamaHead::Tokens { stop, .. } => self.check_stop(stop),
			// The final norm is computed after pooling. With one position that is the same as before it, with a mean it is not.
			LlamaHead::Vector {
				pooling: Pooling::Mean, ..
			} => Err(ArtifactError::Unsupported {
				what: "pooling of a decoder",
				found: "mean".into(),
				supported: "lasttoken, cls",
			}),
			LlamaHead::Vector { .. } => Ok(()),
		}
	}

	fn check_stop(&self, stop: &[u32]) -> Result<()> {
		at_most("stop tokens", stop.len() as u64, limits::MAX_STOP_TOKENS.into())?;
		if let Some(token) = stop.iter().find(|&&token| token >= self.vocabulary) {
			return Err(ArtifactError::TooLarge {
				what: "end-of-sequence token",
				value: (*token).into(),
				limit: u64::from(self.vocabulary) - 1,
			});
		}
		Ok(())
	}
}

/// Lowers a model of the family.
pub(crate) fn lower(config: &LlamaConfig, checkpoint: &dyn Checkpoint) -> Result<Lowered> {
	config.check()?;
	let LlamaConfig {
		hidden,
		intermediate,
		head_dim,
		epsilon,
		..
	} = *config;
	let (heads, kv_heads) = (
		count("attention heads", config.heads)?,
		count("key/value heads", config.kv_heads)?,
	);
	let (query_width, key_width) = (config.heads * head_dim, config.kv_heads * head_dim);
	let pairs = head_dim / 2;

	let mut b = Builder::new(checkpoint, count("layers", config.layers)?);
	let residual = b.register(hidden);
	let normed = b.register(hidden);
	let projected = b.register(hidden);
	let query = b.register(query_width);
	let key = b.register(key_width);
	let value = b.register(key_width);
	let attended = b.register(query_width);
	let gate = b.register(intermediate);
	let up = b.register(intermediate);

	const EMBEDDING: &str = "model.embed_tokens.weight";
	let embedding = b.matrix(EMBEDDING, config.vocabulary, hidden)?;
	let entry = vec![Op::Embed {
		dst: residual,
		table: embedding,
		row: RowIndex::Token,
	}];

	let angles = rotary::table(&config.frequencies, config.positions);
	let rotation = b.rotation("rotary_embedding", angles, config.positions, pairs)?;
	let rotate = |dst| Op::Rotate {
		dst,
		table: rotation,
		head_dim,
		style: config.rotary_style,
	};

	let mut layer = vec![
		b.rms_norm(normed, residual, "model.layers.{}.input_layernorm", hidden, epsilon)?,
		b.linear(query, normed, "model.layers.{}.self_attn.q_proj", config.qkv_bias)?,
		b.linear(key, normed, "model.layers.{}.self_attn.k_proj", config.qkv_bias)?,
		b.linear(value, normed, "model.layers.{}.self_attn.v_proj", config.qkv_bias)?,
	];
	if config.query_key_norm {
		layer.push(b.rms_norm(query, query, "model.layers.{}.self_attn.q_norm", head_dim, epsilon)?);
		layer.push(b.rms_norm(key, key, "model.layers.{}.self_attn.k_norm", head_dim, epsilon)?);
	}
	layer.extend([
		rotate(query),
		rotate(key),
		Op::Attention {
			dst: attended,
			query,
			key,
			value,
			heads,
			kv_heads,
			head_dim,
			scale: attention_scale(head_dim),
			mask: Mask::Causal,
		},
		b.linear(
			projected,
			attended,
			"model.layers.{}.self_attn.o_proj",
			config.output_bias,
		)?,
		Op::Add {
			dst: residual,
			a: residual,
			b: projected,
		},
		b.rms_norm(
			normed,
			residual,
			"model.layers.{}.post_attention_layernorm",
			hidden,
			epsilon,
		)?,
		b.linear(gate, normed, "model.layers.{}.mlp.gate_proj", config.feed_forward_bias)?,
		b.linear(up, normed, "model.layers.{}.mlp.up_proj", config.feed_forward_bias)?,
		Op::Activate {
			dst: gate,
			src: gate,
			function: config.activation,
		},
		Op::Mul {
			dst: gate,
			a: gate,
			b: up,
		},
		b.linear(
			projected,
			gate,
			"model.layers.{}.mlp.down_proj",
			config.feed_forward_bias,
		)?,
		Op::Add {
			dst: residual,
			a: residual,
			b: projected,
		},
	]);

	let final_norm = b.rms_norm(normed, residual, "model.norm", hidden, epsilon)?;
	let head = match config.head {
		LlamaHead::Tokens { tied, ref stop } => {
			let logits = b.register(config.vocabulary);
			let project = if tied {
				Op::Linear {
					dst: logits,
					src: normed,
					weight: embedding,
					bias: None,
				}
			} else {
				b.linear(logits, normed, "lm_head", false)?
			};
			Head::Tokens {
				ops: vec![final_norm, project],
				logits,
				stop: stop.clone(),
			}
		}
		LlamaHead::Vector { pooling, normalize } => {
			let unit = Op::L2Normalize {
				dst: normed,
				src: normed,
			};
			Head::Vector {
				pooling,
				ops: [final_norm].into_iter().chain(normalize.then_some(unit)).collect(),
				output: normed,
			}
		}
	};
	b.finish(config.positions, entry, layer, head)
}
