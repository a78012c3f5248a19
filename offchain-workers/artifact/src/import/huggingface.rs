//! Hugging Face configurations: config.json of the Llama and BERT families.

use std::path::Path;

use assay_exact::program::{Pooling, RotaryStyle};
use serde::Deserialize;

use crate::{
	error::{ArtifactError, Result},
	lower::{self, bert::BertConfig, llama::LlamaConfig, Checkpoint},
	rotary::{self, Scaling},
};

/// One token or several: both are found in the wild.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum TokenIds {
	One(u32),
	Many(Vec<u32>),
}

impl TokenIds {
	pub(crate) fn into_vec(self) -> Vec<u32> {
		match self {
			Self::One(token) => vec![token],
			Self::Many(tokens) => tokens,
		}
	}
}

/// `generation_config.json`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct GenerationConfig {
	pub(crate) eos_token_id: Option<TokenIds>,
}

/// What every config.json begins with.
#[derive(Debug, Deserialize)]
pub(crate) struct Architecture {
	architectures: Option<Vec<String>>,
	model_type: Option<String>,
	quantization_config: Option<serde::de::IgnoredAny>,
}

impl Architecture {
	/// The architecture's name: the class, or what the model type implies.
	pub(crate) fn name(&self) -> Result<String> {
		if self.quantization_config.is_some() {
			return Err(ArtifactError::Unsupported {
				what: "quantisation",
				found: "quantization_config of config.json".into(),
				supported: "unquantised F32, F16 and BF16 folders, or GGUF files in Q8_0",
			});
		}
		let class = self.architectures.as_ref().and_then(|classes| classes.first());
		Ok(match (class, self.model_type.as_deref()) {
			(Some(class), _) => class.clone(),
			(None, Some("llama")) => "LlamaForCausalLM".into(),
			(None, Some("mistral")) => "MistralForCausalLM".into(),
			(None, Some("qwen2")) => "Qwen2ForCausalLM".into(),
			(None, Some("qwen3")) => "Qwen3ForCausalLM".into(),
			(None, Some("bert")) => "BertModel".into(),
			(None, other) => other.unwrap_or("(none named)").into(),
		})
	}
}

#[derive(Debug, Deserialize)]
struct RawLlama {
	vocab_size: u32,
	hidden_size: u32,
	intermediate_size: u32,
	num_hidden_layers: u32,
	num_attention_heads: u32,
	num_key_value_heads: Option<u32>,
	head_dim: Option<u32>,
	rms_norm_eps: Option<f64>,
	rope_theta: Option<f64>,
	rope_scaling: Option<RawRope>,
	rope_parameters: Option<RawRope>,
	partial_rotary_factor: Option<f64>,
	max_position_embeddings: Option<u32>,
	tie_word_embeddings: Option<bool>,
	attention_bias: Option<bool>,
	mlp_bias: Option<bool>,
	hidden_act: Option<String>,
	sliding_window: Option<u32>,
	use_sliding_window: Option<bool>,
	eos_token_id: Option<TokenIds>,
}

/// `rope_scaling`, and `rope_parameters` of newer configurations, which holds the base as well.
#[derive(Debug, Default, Deserialize)]
struct RawRope {
	#[serde(alias = "type")]
	rope_type: Option<String>,
	rope_theta: Option<f64>,
	factor: Option<f64>,
	low_freq_factor: Option<f64>,
	high_freq_factor: Option<f64>,
	original_max_position_embeddings: Option<f64>,
	partial_rotary_factor: Option<f64>,
}

impl RawRope {
	fn scaling(&self) -> Result<Scaling> {
		let field = |what: &'static str, value: Option<f64>| match value {
			Some(value) if value > 0.0 && value.is_finite() => Ok(value),
			other => Err(ArtifactError::InvalidParameter {
				what,
				value: other.map_or("absent".into(), |value| value.to_string()),
				reason: "this rope scaling needs a positive number",
			}),
		};
		match self.rope_type.as_deref() {
			None | Some("default") => Ok(Scaling::None),
			Some("linear") => Ok(Scaling::Linear {
				factor: field("rope scaling factor", self.factor)?,
			}),
			Some("llama3") => Ok(Scaling::Llama3 {
				factor: field("rope scaling factor", self.factor)?,
				low: field("low_freq_factor", self.low_freq_factor)?,
				high: field("high_freq_factor", self.high_freq_factor)?,
				original_positions: field(
					"original_max_position_embeddings",
					self.original_max_position_embeddings,
				)?,
			}),
			Some(other) => Err(ArtifactError::Unsupported {
				what: "rope scaling",
				found: other.into(),
				supported: "default, linear, llama3",
			}),
		}
	}
}

/// Whether this architecture is of the Llama family.
pub(crate) fn is_llama(architecture: &str) -> bool {
	matches!(
		architecture,
		"LlamaForCausalLM" | "MistralForCausalLM" | "Qwen2ForCausalLM" | "Qwen3ForCausalLM"
	)
}

/// Whether this architecture is of the BERT family.
pub(crate) fn is_bert(architecture: &str) -> bool {
	matches!(architecture, "BertModel" | "BertForMaskedLM" | "BertForPreTraining")
}

/// Reads config.json of the Llama family.
pub(crate) fn llama_config(
	path: &Path,
	json: &[u8],
	architecture: &str,
	generation: GenerationConfig,
	positions: Option<u32>,
) -> Result<LlamaConfig> {
	let raw: RawLlama = serde_json::from_slice(json).map_err(|source| ArtifactError::Json {
		path: path.into(),
		source,
	})?;
	lower::positive("attention heads", raw.num_attention_heads)?;
	let head_dim = match raw.head_dim {
		Some(head_dim) => head_dim,
		None if raw.hidden_size.is_multiple_of(raw.num_attention_heads) => raw.hidden_size / raw.num_attention_heads,
		None => {
			return Err(ArtifactError::InvalidParameter {
				what: "attention heads",
				value: raw.num_attention_heads.to_string(),
				reason: "it must divide the hidden size when no head_dim is given",
			})
		}
	};
	let positions = lower::positions(positions, raw.max_position_embeddings.unwrap_or(2048))?;
	// A window no shorter than the context hides nothing.
	let window = raw.sliding_window.filter(|_| match architecture {
		"MistralForCausalLM" => true,
		_ => raw.use_sliding_window == Some(true),
	});
	if let Some(window) = window.filter(|&window| window < positions) {
		return Err(ArtifactError::Unsupported {
			what: "sliding window",
			found: format!("{window} of {positions} positions"),
			supported: "none, or one that is no shorter than the positions asked for",
		});
	}
	let rope = raw.rope_parameters.or(raw.rope_scaling).unwrap_or_default();
	if let Some(factor) = rope
		.partial_rotary_factor
		.or(raw.partial_rotary_factor)
		.filter(|&factor| factor != 1.0)
	{
		return Err(ArtifactError::Unsupported {
			what: "partial rotary factor",
			found: factor.to_string(),
			supported: "1",
		});
	}
	let base = rotary_base(rope.rope_theta.or(raw.rope_theta).unwrap_or(10_000.0))?;
	let attention_bias = raw.attention_bias.unwrap_or(false);
	let mut stop = raw.eos_token_id.map(TokenIds::into_vec).unwrap_or_default();
	stop.extend(generation.eos_token_id.map(TokenIds::into_vec).unwrap_or_default());
	stop.sort_unstable();
	stop.dedup();
	Ok(LlamaConfig {
		vocabulary: raw.vocab_size,
		hidden: raw.hidden_size,
		intermediate: raw.intermediate_size,
		layers: raw.num_hidden_layers,
		heads: raw.num_attention_heads,
		kv_heads: raw.num_key_value_heads.unwrap_or(raw.num_attention_heads),
		head_dim,
		epsilon: lower::epsilon("rms_norm_eps", raw.rms_norm_eps.unwrap_or(1e-6))?,
		frequencies: head_frequencies(base, head_dim, &rope.scaling()?)?,
		rotary_style: RotaryStyle::Half,
		activation: lower::activation(raw.hidden_act.as_deref().unwrap_or("silu"))?,
		qkv_bias: architecture == "Qwen2ForCausalLM" || attention_bias,
		output_bias: architecture != "Qwen2ForCausalLM" && attention_bias,
		feed_forward_bias: raw.mlp_bias.unwrap_or(false),
		query_key_norm: architecture == "Qwen3ForCausalLM",
		tied: raw.tie_word_embeddings.unwrap_or(false),
		positions,
		stop,
	})
}

/// Frequencies of a head, whose dimension is checked first: it bounds the table.
pub(crate) fn head_frequencies(base: f64, head_dim: u32, scaling: &Scaling) -> Result<Vec<f64>> {
	lower::multiple_of_32("head dimension", head_dim)?;
	lower::at_most(
		"head dimension",
		head_dim.into(),
		assay_exact::limits::MAX_HEAD_DIM.into(),
	)?;
	Ok(rotary::frequencies(base, head_dim, scaling))
}

pub(crate) fn rotary_base(base: f64) -> Result<f64> {
	if base.is_finite() && base >= 1.0 {
		return Ok(base);
	}
	let value = base.to_string();
	Err(ArtifactError::InvalidParameter {
		what: "rope base",
		value,
		reason: "it must be a number of at least 1",
	})
}

#[derive(Debug, Deserialize)]
struct RawBert {
	vocab_size: u32,
	hidden_size: u32,
	intermediate_size: u32,
	num_hidden_layers: u32,
	num_attention_heads: u32,
	max_position_embeddings: u32,
	type_vocab_size: Option<u32>,
	layer_norm_eps: Option<f64>,
	hidden_act: Option<String>,
	position_embedding_type: Option<String>,
	is_decoder: Option<bool>,
}

/// Reads config.json of the BERT family.
pub(crate) fn bert_config(
	path: &Path,
	json: &[u8],
	checkpoint: &dyn Checkpoint,
	pooling: Pooling,
	normalize: bool,
	positions: Option<u32>,
) -> Result<BertConfig> {
	let raw: RawBert = serde_json::from_slice(json).map_err(|source| ArtifactError::Json {
		path: path.into(),
		source,
	})?;
	if let Some(kind) = raw.position_embedding_type.filter(|kind| kind != "absolute") {
		return Err(ArtifactError::Unsupported {
			what: "position embedding type",
			found: kind,
			supported: "absolute",
		});
	}
	if raw.is_decoder == Some(true) {
		return Err(ArtifactError::Unsupported {
			what: "BERT decoder",
			found: "is_decoder".into(),
			supported: "encoders",
		});
	}
	let bare = checkpoint.has("embeddings.word_embeddings.weight");
	let prefixed = checkpoint.has("bert.embeddings.word_embeddings.weight");
	Ok(BertConfig {
		vocabulary: raw.vocab_size,
		hidden: raw.hidden_size,
		intermediate: raw.intermediate_size,
		layers: raw.num_hidden_layers,
		heads: raw.num_attention_heads,
		max_positions: raw.max_position_embeddings,
		token_types: raw.type_vocab_size.unwrap_or(2),
		epsilon: lower::epsilon("layer_norm_eps", raw.layer_norm_eps.unwrap_or(1e-12))?,
		activation: lower::activation(raw.hidden_act.as_deref().unwrap_or("gelu"))?,
		positions: lower::positions(positions, raw.max_position_embeddings)?,
		pooling,
		normalize,
		prefix: if prefixed && !bare { "bert." } else { "" },
	})
}
