//! Models in use: their configurations as they are published, lowered as an import lowers them.

use super::{describe, RandomCheckpoint};
use crate::{
	error::{ArtifactError, Result},
	import::huggingface::llama_config,
	lower,
	lowered::Lowered,
};

/// A model in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InUse {
	/// What it is called.
	pub name: &'static str,
	/// Its config.json.
	pub config: &'static str,
}

/// Some of every size. The last is no Gemma, whose layers differ, but has the vocabulary, widths and heads of Gemma 3 12B.
pub const IN_USE: [InUse; 6] = [
	InUse {
		name: "SmolLM2-135M",
		config: include_str!("smollm2-135m.json"),
	},
	InUse {
		name: "Qwen2.5-0.5B",
		config: include_str!("qwen2.5-0.5b.json"),
	},
	InUse {
		name: "Llama-3.2-1B",
		config: include_str!("llama-3.2-1b.json"),
	},
	InUse {
		name: "Qwen3-8B",
		config: include_str!("qwen3-8b.json"),
	},
	InUse {
		name: "Llama-3.1-70B",
		config: include_str!("llama-3.1-70b.json"),
	},
	InUse {
		name: "Gemma-like, 262k tokens",
		config: include_str!("gemma-like-12b.json"),
	},
];

impl InUse {
	/// Its program, with random weights, and so many positions or as many as an import gives it.
	pub fn lowered(&self, positions: Option<u32>) -> Result<Lowered> {
		let (path, json) = ("config.json".as_ref(), self.config.as_bytes());
		let parsed: serde_json::Value = serde_json::from_slice(json).map_err(|source| ArtifactError::Json {
			path: "config.json".into(),
			source,
		})?;
		let architecture = parsed["architectures"][0].as_str().unwrap_or_default();
		let config = llama_config(path, json, architecture, Default::default(), positions)?;
		let seed = 1;
		let mut lowered = lower::llama::lower(&config, &RandomCheckpoint { seed })?;
		describe(&mut lowered, architecture, seed);
		lowered.set_name(self.name);
		Ok(lowered)
	}
}
