//! Models of a real shape with seeded random weights: for benchmarks, where only the shape matters, and for tests.

mod in_use;

pub use in_use::{InUse, IN_USE};

use std::ops::Range;

use assay_exact::program::{Pooling, RotaryStyle, Shape};
use half::f16;
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
	error::{ArtifactError, Result},
	import::huggingface::llama_config,
	lower::{self, bert::BertConfig, Checkpoint},
	lowered::{Lowered, NamedFile},
	quantise::{weights_start, BLOCK},
	source::Source,
};

/// Shape of a Llama.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlamaShape {
	/// Width of the residual stream.
	pub hidden: u32,
	/// Number of layers.
	pub layers: u32,
	/// Number of query heads.
	pub heads: u32,
	/// Number of key and value heads.
	pub kv_heads: u32,
	/// Elements of a head.
	pub head_dim: u32,
	/// Width of the feed-forward layer.
	pub intermediate: u32,
	/// Number of tokens.
	pub vocabulary: u32,
	/// Largest number of positions.
	pub positions: u32,
	/// Whether the embedding is also the output projection.
	pub tied: bool,
	/// How rotary pairs lie. Interleaved is what GGUF wants, half what Hugging Face has.
	pub rotary_style: RotaryStyle,
}

impl LlamaShape {
	/// TinyLlama-1.1B: the shape that peers publish speeds for.
	pub const TINYLLAMA_1_1B: Self = Self {
		hidden: 2048,
		layers: 22,
		heads: 32,
		kv_heads: 4,
		head_dim: 64,
		intermediate: 5632,
		vocabulary: 32_000,
		positions: 2048,
		tied: false,
		rotary_style: RotaryStyle::Interleaved,
	};

	/// Small enough for unit tests.
	pub const TINY: Self = Self {
		hidden: 64,
		layers: 2,
		heads: 2,
		kv_heads: 1,
		head_dim: 32,
		intermediate: 96,
		vocabulary: 128,
		positions: 64,
		tied: false,
		rotary_style: RotaryStyle::Half,
	};

	/// The config.json of this shape.
	fn config(&self) -> String {
		serde_json::json!({
			"architectures": ["LlamaForCausalLM"],
			"model_type": "llama",
			"vocab_size": self.vocabulary,
			"hidden_size": self.hidden,
			"intermediate_size": self.intermediate,
			"num_hidden_layers": self.layers,
			"num_attention_heads": self.heads,
			"num_key_value_heads": self.kv_heads,
			"head_dim": self.head_dim,
			"rms_norm_eps": 1e-5,
			"rope_theta": 10_000.0,
			"max_position_embeddings": self.positions,
			"tie_word_embeddings": self.tied,
			"hidden_act": "silu",
		})
		.to_string()
	}
}

/// Shape of a BERT encoder with mean pooling and normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BertShape {
	/// Width of the residual stream.
	pub hidden: u32,
	/// Number of layers.
	pub layers: u32,
	/// Number of heads.
	pub heads: u32,
	/// Width of the feed-forward layer.
	pub intermediate: u32,
	/// Number of tokens.
	pub vocabulary: u32,
	/// Largest number of positions.
	pub positions: u32,
}

impl BertShape {
	/// all-MiniLM-L6-v2.
	pub const MINILM_L6: Self = Self {
		hidden: 384,
		layers: 6,
		heads: 12,
		intermediate: 1536,
		vocabulary: 30_522,
		positions: 512,
	};

	/// Small enough for unit tests.
	pub const TINY: Self = Self {
		hidden: 64,
		layers: 2,
		heads: 2,
		intermediate: 96,
		vocabulary: 128,
		positions: 64,
	};
}

/// A Llama with random weights. It stops at no token.
pub fn llama(shape: LlamaShape, seed: u64) -> Result<Lowered> {
	let json = shape.config();
	let architecture = "LlamaForCausalLM";
	let mut config = llama_config(
		"synthetic".as_ref(),
		json.as_bytes(),
		architecture,
		Default::default(),
		Some(shape.positions),
	)?;
	config.rotary_style = shape.rotary_style;
	let mut lowered = lower::llama::lower(&config, &RandomCheckpoint { seed })?;
	lowered.files.push(NamedFile {
		name: "config.json".into(),
		content: json.into_bytes(),
	});
	describe(&mut lowered, architecture, seed);
	Ok(lowered)
}

/// A BERT encoder with random weights.
pub fn bert(shape: BertShape, seed: u64) -> Result<Lowered> {
	let config = BertConfig {
		vocabulary: shape.vocabulary,
		hidden: shape.hidden,
		intermediate: shape.intermediate,
		layers: shape.layers,
		heads: shape.heads,
		max_positions: shape.positions,
		token_types: 2,
		epsilon: lower::epsilon("layer_norm_eps", 1e-12)?,
		activation: assay_exact::program::Function::GeluErf,
		positions: shape.positions,
		pooling: Pooling::Mean,
		normalize: true,
	};
	let mut lowered = lower::bert::lower(&config, &RandomCheckpoint { seed })?;
	describe(&mut lowered, "BertModel", seed);
	Ok(lowered)
}

fn describe(lowered: &mut Lowered, architecture: &str, seed: u64) {
	lowered.metadata.architecture = architecture.into();
	lowered.metadata.name = format!("synthetic-{architecture}-{seed}");
}

/// Hands out random tensors under any name.
struct RandomCheckpoint {
	seed: u64,
}

impl Checkpoint for RandomCheckpoint {
	fn take(&self, name: &str, dims: &[u64]) -> Result<Source> {
		if dims.contains(&0) {
			return Err(ArtifactError::MisshapenTensor {
				name: name.into(),
				expected: dims.to_vec(),
				found: dims.to_vec(),
			});
		}
		let mut hash = Sha256::new();
		hash.update(self.seed.to_le_bytes());
		hash.update(name);
		let hash = hash.finalize();
		let seed = u64::from_le_bytes(hash[..8].try_into().expect("eight bytes; qed"));
		// Gains are about one, biases about zero.
		let centre = if name.to_ascii_lowercase().contains("norm") && name.ends_with("weight") {
			1.0
		} else {
			0.0
		};
		Ok(Source::Random(Random { seed, centre }))
	}
}

/// A tensor of random weights: matrices keep the length of what they multiply, vectors lie within 0.1 of their centre.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Random {
	seed: u64,
	centre: f64,
}

impl Random {
	/// What a row is made of.
	fn stream(&self, row: u64) -> ChaCha8Rng {
		let mut random = ChaCha8Rng::seed_from_u64(self.seed);
		random.set_stream(row);
		random
	}

	pub(crate) fn fill(&self, shape: Shape, rows: Range<u32>, out: &mut [u8]) {
		let columns = match shape {
			Shape::Matrix { columns, .. } => columns,
			Shape::Vector { .. } | Shape::Rotation { .. } => {
				let mut random = self.stream(0);
				for out in out.chunks_exact_mut(4) {
					let offset = (random.next_u64() >> 40) as f64 / f64::from(1 << 24) - 0.5;
					out.copy_from_slice(&(((self.centre + 0.2 * offset) * 65536.0) as i32).to_le_bytes());
				}
				return;
			}
		};
		// Uniform weights in [-127, 127] have a standard deviation of 73.6.
		let deviation = 1.0 / (73.6 * f64::from(columns).sqrt());
		out.par_chunks_exact_mut(shape.row_bytes() as usize)
			.enumerate()
			.for_each(|(i, row)| {
				let mut random = self.stream(u64::from(rows.start) + i as u64);
				let (scales, weights) = row.split_at_mut(weights_start(row.len()));
				for (scale, weights) in scales.chunks_exact_mut(2).zip(weights.chunks_exact_mut(BLOCK)) {
					let spread = 0.5 + (random.next_u64() >> 40) as f64 / f64::from(1 << 24);
					scale.copy_from_slice(&f16::from_f64(deviation * spread).to_le_bytes());
					for weights in weights.chunks_exact_mut(8) {
						let bytes = random.next_u64().to_le_bytes();
						for (weight, byte) in weights.iter_mut().zip(bytes) {
							*weight = if byte == 0x80 { 0 } else { byte };
						}
					}
				}
			});
	}
}
