//! Hugging Face configurations: config.json of the Llama and BERT families.

use std::path::Path;

use assay_exact::program::RotaryStyle;
use serde::Deserialize;

use super::{
	folder::parse,
	rope::{head_frequencies, rotary},
	sentence_transformers::SentenceModel,
};
use crate::{
	error::{ArtifactError, Result},
	lower::{
		self,
		bert::BertConfig,
		llama::{LlamaConfig, LlamaHead},
	},
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
	max_position_embeddings: Option<u32>,
	tie_word_embeddings: Option<bool>,
	attention_bias: Option<bool>,
	mlp_bias: Option<bool>,
	hidden_act: Option<String>,
	sliding_window: Option<u32>,
	use_sliding_window: Option<bool>,
	is_causal: Option<bool>,
	eos_token_id: Option<TokenIds>,
}

/// A class of the Llama family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LlamaClass<'a> {
	/// `Llama`, `Mistral`, `Qwen2` or `Qwen3`.
	member: &'a str,
	/// Whether it has the projection to logits.
	generates: bool,
}

impl<'a> LlamaClass<'a> {
	/// The class that `architecture` names, if it is of the family.
	pub(crate) fn of(architecture: &'a str) -> Option<Self> {
		let (member, generates) = match architecture.strip_suffix("ForCausalLM") {
			Some(member) => (member, true),
			None => (architecture.strip_suffix("Model")?, false),
		};
		matches!(member, "Llama" | "Mistral" | "Qwen2" | "Qwen3").then_some(Self { member, generates })
	}
}

/// Whether this architecture is of the BERT family.
pub(crate) fn is_bert(architecture: &str) -> bool {
	matches!(architecture, "BertModel" | "BertForMaskedLM" | "BertForPreTraining")
}

/// What a folder says about a decoder beside its config.json.
#[derive(Debug, Default)]
pub(crate) struct Around {
	pub(crate) generation: GenerationConfig,
	pub(crate) sentence: Option<SentenceModel>,
	/// The longest input it was trained for.
	pub(crate) longest_input: Option<u32>,
	/// Tokens that its tokenizer has for ending a text or a turn.
	pub(crate) ends: Vec<u32>,
}

/// Reads config.json of the Llama family.
pub(crate) fn llama_config(
	path: &Path,
	json: &[u8],
	architecture: &str,
	around: Around,
	positions: Option<u32>,
) -> Result<LlamaConfig> {
	let raw: RawLlama = parse(path, json)?;
	let class = LlamaClass::of(architecture).ok_or_else(|| ArtifactError::UnknownArchitecture {
		found: architecture.into(),
		supported: "the Llama family",
	})?;
	if raw.is_causal == Some(false) {
		return Err(ArtifactError::Unsupported {
			what: "attention of a decoder",
			found: "is_causal: false".into(),
			supported: "causal attention",
		});
	}
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
	let of_model = raw.max_position_embeddings.unwrap_or(2048);
	let positions = lower::positions(positions, of_model, around.longest_input)?;
	// A window no shorter than the context hides nothing.
	let window = raw.sliding_window.filter(|_| match class.member {
		"Mistral" => true,
		_ => raw.use_sliding_window == Some(true),
	});
	if let Some(window) = window.filter(|&window| window < positions) {
		return Err(ArtifactError::Unsupported {
			what: "sliding window",
			found: format!("{window} of {positions} positions"),
			supported: "none, or one that is no shorter than the positions asked for",
		});
	}
	let (base, scaling) = rotary(path, json)?;
	let attention_bias = raw.attention_bias.unwrap_or(false);
	let head = match around.sentence {
		Some(SentenceModel { pooling, normalize }) => LlamaHead::Vector { pooling, normalize },
		None if !class.generates => {
			return Err(ArtifactError::Unsupported {
				what: "decoder without a head",
				found: architecture.into(),
				supported: "its ForCausalLM class, or a folder with the modules.json of sentence-transformers",
			})
		}
		None => {
			let mut stop = raw.eos_token_id.map(TokenIds::into_vec).unwrap_or_default();
			stop.extend(
				around
					.generation
					.eos_token_id
					.map(TokenIds::into_vec)
					.unwrap_or_default(),
			);
			// A tokenizer may know more tokens than the model.
			stop.extend(around.ends.into_iter().filter(|&token| token < raw.vocab_size));
			stop.sort_unstable();
			stop.dedup();
			LlamaHead::Tokens {
				tied: raw.tie_word_embeddings.unwrap_or(false),
				stop,
			}
		}
	};
	Ok(LlamaConfig {
		vocabulary: raw.vocab_size,
		hidden: raw.hidden_size,
		intermediate: raw.intermediate_size,
		layers: raw.num_hidden_layers,
		heads: raw.num_attention_heads,
		kv_heads: raw.num_key_value_heads.unwrap_or(raw.num_attention_heads),
		head_dim,
		epsilon: lower::epsilon("rms_norm_eps", raw.rms_norm_eps.unwrap_or(1e-6))?,
		frequencies: head_frequencies(base, head_dim, &scaling)?,
		rotary_style: RotaryStyle::Half,
		activation: lower::activation(raw.hidden_act.as_deref().unwrap_or("silu"))?,
		qkv_bias: class.member == "Qwen2" || attention_bias,
		output_bias: class.member != "Qwen2" && attention_bias,
		feed_forward_bias: raw.mlp_bias.unwrap_or(false),
		query_key_norm: class.member == "Qwen3",
		head,
		positions,
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
	sentence: SentenceModel,
	longest_input: Option<u32>,
	positions: Option<u32>,
) -> Result<BertConfig> {
	let raw: RawBert = parse(path, json)?;
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
		positions: lower::positions(positions, raw.max_position_embeddings, longest_input)?,
		pooling: sentence.pooling,
		normalize: sentence.normalize,
	})
}
