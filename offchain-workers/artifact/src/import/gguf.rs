//! GGUF files of the Llama family in Q8_0: weights are taken byte for byte, scales and weights of a row only move.

use std::path::Path;

use assay_exact::program::{Function, Pooling, RotaryStyle};

use super::{
	folder::read_bounded,
	rope::{agreed, head_frequencies, rotary_base},
	ImportOptions,
};
use crate::{
	error::{ArtifactError, Result},
	gguf::{tensor_name, tensor_type, tokenizer_config, tokenizer_json, Content, Value},
	lower::{
		self,
		llama::{LlamaConfig, LlamaHead},
		Checkpoint,
	},
	lowered::{Lowered, NamedFile},
	rotary::Scaling,
	source::{Source, Stored},
	tokenizer::{self, TOKENIZER},
};

/// Imports a GGUF file of architecture llama, qwen2 or qwen3 whose matrices are in Q8_0 (or F32, F16, BF16, which are
/// quantised as for folders). The tokenizer is converted to a tokenizer.json, or taken from
/// [`ImportOptions::tokenizer`].
pub fn import_gguf(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Lowered> {
	let path = path.as_ref();
	let content = Content::read(path.to_path_buf())?;
	let architecture = content.text("general.architecture")?;
	if !matches!(architecture, "llama" | "qwen2" | "qwen3") {
		return Err(ArtifactError::UnknownArchitecture {
			found: architecture.into(),
			supported: "llama, qwen2, qwen3",
		});
	}
	let tokenizer = match &options.tokenizer {
		Some(path) => Some(read_bounded(path)?),
		None => tokenizer_json(&content.metadata, content.vocabulary()?)?,
	};
	let ends = tokenizer.as_deref().map_or(Ok(Vec::new()), tokenizer::ends)?;
	let config = content.llama_config(architecture, ends, options.positions)?;
	let mut lowered = lower::llama::lower(&config, &content)?;

	let mut keep = |name: &str, file: Option<Vec<u8>>| {
		lowered.files.extend(file.map(|content| NamedFile {
			name: name.into(),
			content,
		}));
	};
	keep(TOKENIZER, tokenizer);
	keep("tokenizer_config.json", tokenizer_config(&content.metadata));
	lowered.metadata.architecture = architecture.into();
	lowered.metadata.licence = content
		.metadata
		.get("general.license")
		.and_then(Value::as_str)
		.map(Into::into);
	let own_name = content
		.metadata
		.get("general.name")
		.and_then(Value::as_str)
		.map(String::from);
	let file_name = || {
		path.file_stem()
			.map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
	};
	lowered.metadata.name = options.name.clone().or(own_name).unwrap_or_else(file_name);
	Ok(lowered)
}

impl Content {
	fn missing(&self, key: &str) -> ArtifactError {
		ArtifactError::malformed(
			&self.file.path,
			format!("metadata `{key}` is missing or of another type"),
		)
	}

	fn text(&self, key: &str) -> Result<&str> {
		self.metadata
			.get(key)
			.and_then(Value::as_str)
			.ok_or_else(|| self.missing(key))
	}

	/// A value that may be absent, but not of another type.
	fn typed<'a, T>(&'a self, key: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>> {
		let value = self.metadata.get(key);
		value
			.map(|value| read(value).ok_or_else(|| self.missing(key)))
			.transpose()
	}

	fn optional(&self, key: &str) -> Result<Option<u32>> {
		self.typed(key, |value| value.as_u64().and_then(|value| u32::try_from(value).ok()))
	}

	fn number(&self, key: &str) -> Result<u32> {
		self.optional(key)?.ok_or_else(|| self.missing(key))
	}

	fn real(&self, key: &str) -> Result<Option<f64>> {
		self.typed(key, Value::as_f64)
	}

	/// Tokens that the model knows: rows of its embedding.
	fn vocabulary(&self) -> Result<u32> {
		let embedding = self.tensors.get("token_embd.weight");
		let embedding = embedding.ok_or_else(|| ArtifactError::MissingTensor {
			name: "token_embd.weight".into(),
		})?;
		Ok(u32::try_from(embedding.dims[0]).unwrap_or(u32::MAX))
	}

	fn llama_config(&self, architecture: &str, ends: Vec<u32>, asked: Option<u32>) -> Result<LlamaConfig> {
		let key = |name: &str| format!("{architecture}.{name}");
		let hidden = self.number(&key("embedding_length"))?;
		let heads = self.number(&key("attention.head_count"))?;
		lower::positive("attention heads", heads)?;
		let head_dim = self.optional(&key("attention.key_length"))?.unwrap_or(hidden / heads);
		let positions = lower::positions(asked, self.number(&key("context_length"))?, None)?;
		let window = self.optional(&key("attention.sliding_window"))?;
		if let Some(window) = window.filter(|&window| window != 0 && window < positions) {
			return Err(unsupported(
				"sliding window",
				window.to_string(),
				"none within the positions asked for",
			));
		}
		if self.optional(&key("expert_count"))?.unwrap_or(0) != 0 {
			return Err(unsupported("mixture of experts", architecture.into(), "dense models"));
		}
		for (what, name) in [
			("value head dimension", "attention.value_length"),
			("rotated dimensions", "rope.dimension_count"),
		] {
			let found = self.optional(&key(name))?.unwrap_or(head_dim);
			if found != head_dim {
				return Err(unsupported(what, found.to_string(), "the head dimension"));
			}
		}
		if self.typed(&key("attention.causal"), Value::as_bool)? == Some(false) {
			return Err(unsupported(
				"attention of a decoder",
				"not causal".into(),
				"causal attention",
			));
		}
		let base = rotary_base(self.real(&key("rope.freq_base"))?.unwrap_or(10_000.0))?;
		let scaling = self.scaling(architecture, head_dim)?;
		let vocabulary = self.vocabulary()?;
		Ok(LlamaConfig {
			vocabulary,
			hidden,
			intermediate: self.number(&key("feed_forward_length"))?,
			layers: self.number(&key("block_count"))?,
			heads,
			kv_heads: self.optional(&key("attention.head_count_kv"))?.unwrap_or(heads),
			head_dim,
			epsilon: lower::epsilon(
				"layer_norm_rms_epsilon",
				self.real(&key("attention.layer_norm_rms_epsilon"))?
					.ok_or_else(|| self.missing(&key("attention.layer_norm_rms_epsilon")))?,
			)?,
			frequencies: head_frequencies(base, head_dim, &scaling)?,
			// The converter to GGUF reorders the query and key rows of llama, not those of qwen.
			rotary_style: if architecture == "llama" {
				RotaryStyle::Interleaved
			} else {
				RotaryStyle::Half
			},
			activation: Function::Silu,
			qkv_bias: self.tensors.contains_key("blk.0.attn_q.bias"),
			output_bias: self.tensors.contains_key("blk.0.attn_output.bias"),
			feed_forward_bias: self.tensors.contains_key("blk.0.ffn_gate.bias"),
			query_key_norm: self.tensors.contains_key("blk.0.attn_q_norm.weight"),
			head: self.head(architecture, vocabulary, ends)?,
			positions,
		})
	}

	/// Tokens, unless the file says how the states are pooled: then the vector that llama.cpp gives for a text, of unit length.
	fn head(&self, architecture: &str, vocabulary: u32, ends: Vec<u32>) -> Result<LlamaHead> {
		let pooling = match self.optional(&format!("{architecture}.pooling_type"))?.unwrap_or(0) {
			0 => {
				// A tokenizer may know more tokens than the model.
				let mut stop: Vec<u32> = ends.into_iter().filter(|&token| token < vocabulary).collect();
				for name in ["eos_token_id", "eot_token_id", "eom_token_id"] {
					stop.extend(self.optional(&format!("tokenizer.ggml.{name}"))?);
				}
				stop.sort_unstable();
				stop.dedup();
				return Ok(LlamaHead::Tokens {
					tied: !self.tensors.contains_key("output.weight"),
					stop,
				});
			}
			1 => Pooling::Mean,
			2 => Pooling::First,
			3 => Pooling::Last,
			other => {
				return Err(unsupported(
					"pooling type",
					other.to_string(),
					"0 (none), 2 (first token), 3 (last token)",
				))
			}
		};
		Ok(LlamaHead::Vector {
			pooling,
			normalize: true,
		})
	}

	fn scaling(&self, architecture: &str, head_dim: u32) -> Result<Scaling> {
		let key = |name: &str| format!("{architecture}.rope.{name}");
		let (newer, older) = (key("scaling.factor"), key("scale_linear"));
		let factor = agreed(
			"rope scaling factor",
			(newer.as_str(), self.real(&newer)?),
			(older.as_str(), self.real(&older)?),
		)?;
		if let Some(found) = self.real(&key("scaling.attn_factor"))?.filter(|&found| found != 1.0) {
			return Err(unsupported("rope attention factor", found.to_string(), "1"));
		}
		let factor = match (self.typed(&key("scaling.type"), Value::as_str)?, factor) {
			(Some("none"), _) | (None, None) => 1.0,
			// A factor alone is linear, as it was before there were types.
			(None | Some("linear"), Some(factor)) if factor.is_finite() && factor > 0.0 => factor,
			(None | Some("linear"), factor) => {
				return Err(ArtifactError::InvalidParameter {
					what: "rope scaling factor",
					value: factor.map_or("absent".into(), |factor| factor.to_string()),
					reason: "linear scaling needs a positive number",
				})
			}
			(Some(other), _) => {
				return Err(unsupported(
					"rope scaling",
					other.into(),
					"none, linear, or a rope_freqs tensor",
				))
			}
		};
		Ok(match self.rope_freqs(head_dim)? {
			Some(divisors) => Scaling::Divisors(divisors.into_iter().map(|divisor| divisor * factor).collect()),
			None if factor == 1.0 => Scaling::None,
			None => Scaling::Linear { factor },
		})
	}

	/// One divisor for each rotary pair, if the file has them.
	fn rope_freqs(&self, head_dim: u32) -> Result<Option<Vec<f64>>> {
		let Some(info) = self.tensors.get("rope_freqs.weight") else {
			return Ok(None);
		};
		let pairs = u64::from(head_dim / 2);
		if info.dims != [pairs] || info.dtype != tensor_type::F32 {
			return Err(ArtifactError::MisshapenTensor {
				name: "rope_freqs.weight".into(),
				expected: vec![pairs],
				found: info.dims.clone(),
			});
		}
		let mut bytes = vec![0; pairs as usize * 4];
		self.file.read(info.offset, &mut bytes)?;
		let divisors: Vec<f32> = bytes
			.chunks_exact(4)
			.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
			.collect();
		if let Some((i, &value)) = divisors.iter().enumerate().find(|(_, d)| !(d.is_finite() && **d > 0.0)) {
			let (name, column) = ("rope_freqs.weight".into(), i as u64);
			return Err(ArtifactError::NotFinite {
				name,
				value,
				row: 0,
				column,
			});
		}
		Ok(Some(divisors.into_iter().map(f64::from).collect()))
	}
}

impl Checkpoint for Content {
	fn take(&self, name: &str, dims: &[u64]) -> Result<Source> {
		let missing = |name: &str| ArtifactError::MissingTensor { name: name.into() };
		let name = tensor_name(name).ok_or_else(|| missing(name))?;
		let info = self.tensors.get(&name).ok_or_else(|| missing(&name))?;
		let Some(encoding) = info.encoding() else {
			let found = tensor_type::name(info.dtype);
			return Err(ArtifactError::UnsupportedDtype {
				name,
				found,
				supported: "Q8_0, F32, F16, BF16",
			});
		};
		if info.dims != dims {
			let (expected, found) = (dims.to_vec(), info.dims.clone());
			return Err(ArtifactError::MisshapenTensor { name, expected, found });
		}
		Ok(Source::Stored(Stored {
			name,
			file: self.file.clone(),
			offset: info.offset,
			dims: dims.to_vec(),
			encoding,
		}))
	}
}

fn unsupported(what: &'static str, found: String, supported: &'static str) -> ArtifactError {
	ArtifactError::Unsupported { what, found, supported }
}
