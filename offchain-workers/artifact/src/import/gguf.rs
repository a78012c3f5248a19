//! GGUF files of the Llama family in Q8_0: weights are taken byte for byte, scales and weights of a row only move.

use std::path::Path;

use assay_exact::program::{Function, RotaryStyle};

use super::{
	folder::read_bounded,
	huggingface::{head_frequencies, rotary_base},
	ImportOptions,
};
use crate::{
	error::{ArtifactError, Result},
	gguf::{tensor_name, tensor_type, tokenizer_config, tokenizer_json, Content, Value},
	lower::{self, llama::LlamaConfig, Checkpoint},
	lowered::{Lowered, NamedFile},
	rotary::Scaling,
	source::{Source, Stored},
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
	let config = content.llama_config(architecture, options.positions)?;
	let mut lowered = lower::llama::lower(&config, &content)?;

	let tokenizer = match &options.tokenizer {
		Some(path) => Some(read_bounded(path)?),
		None => tokenizer_json(&content.metadata)?,
	};
	let mut keep = |name: &str, file: Option<Vec<u8>>| {
		lowered.files.extend(file.map(|content| NamedFile {
			name: name.into(),
			content,
		}));
	};
	keep("tokenizer.json", tokenizer);
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

	fn optional(&self, key: &str) -> Result<Option<u32>> {
		let Some(value) = self.metadata.get(key) else {
			return Ok(None);
		};
		let value = value.as_u64().and_then(|value| u32::try_from(value).ok());
		value.map(Some).ok_or_else(|| self.missing(key))
	}

	fn number(&self, key: &str) -> Result<u32> {
		self.optional(key)?.ok_or_else(|| self.missing(key))
	}

	fn real(&self, key: &str) -> Option<f64> {
		self.metadata.get(key).and_then(Value::as_f64)
	}

	fn llama_config(&self, architecture: &str, asked: Option<u32>) -> Result<LlamaConfig> {
		let key = |name: &str| format!("{architecture}.{name}");
		let hidden = self.number(&key("embedding_length"))?;
		let heads = self.number(&key("attention.head_count"))?;
		lower::positive("attention heads", heads)?;
		let head_dim = self.optional(&key("attention.key_length"))?.unwrap_or(hidden / heads);
		let positions = lower::positions(asked, self.number(&key("context_length"))?)?;
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
		let base = rotary_base(self.real(&key("rope.freq_base")).unwrap_or(10_000.0))?;
		let scaling = self.scaling(architecture, head_dim)?;
		let embedding = self.tensors.get("token_embd.weight");
		let embedding = embedding.ok_or_else(|| ArtifactError::MissingTensor {
			name: "token_embd.weight".into(),
		})?;
		let vocabulary = u32::try_from(embedding.dims[0]).unwrap_or(u32::MAX);
		let mut stop = Vec::new();
		for name in ["eos_token_id", "eot_token_id", "eom_token_id"] {
			stop.extend(self.optional(&format!("tokenizer.ggml.{name}"))?);
		}
		stop.sort_unstable();
		stop.dedup();
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
				self.real(&key("attention.layer_norm_rms_epsilon"))
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
			tied: !self.tensors.contains_key("output.weight"),
			positions,
			stop,
		})
	}

	fn scaling(&self, architecture: &str, head_dim: u32) -> Result<Scaling> {
		if let Some(info) = self.tensors.get("rope_freqs.weight") {
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
			return Ok(Scaling::Divisors(divisors));
		}
		let key = |name: &str| format!("{architecture}.rope.{name}");
		match self.metadata.get(&key("scaling.type")).and_then(Value::as_str) {
			None | Some("none") => Ok(Scaling::None),
			Some("linear") => {
				let factor = self.real(&key("scaling.factor")).unwrap_or(0.0);
				if !(factor.is_finite() && factor > 0.0) {
					return Err(self.missing(&key("scaling.factor")));
				}
				Ok(Scaling::Linear { factor })
			}
			Some(other) => Err(unsupported(
				"rope scaling",
				other.into(),
				"none, linear, or a rope_freqs tensor",
			)),
		}
	}
}

impl Checkpoint for Content {
	fn has(&self, name: &str) -> bool {
		tensor_name(name).is_some_and(|name| self.tensors.contains_key(&name))
	}

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
