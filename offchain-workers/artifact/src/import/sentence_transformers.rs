//! The modules around the transformer of a sentence-transformers folder: pooling and normalisation.

use std::path::{Component, Path};

use assay_exact::program::Pooling;
use serde::Deserialize;

use crate::{
	error::{ArtifactError, Result},
	import::folder::read_json,
};

/// What follows the transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentenceModel {
	pub(crate) pooling: Pooling,
	pub(crate) normalize: bool,
}

impl Default for SentenceModel {
	/// What sentence-transformers itself does with a folder of an encoder alone.
	fn default() -> Self {
		Self {
			pooling: Pooling::Mean,
			normalize: false,
		}
	}
}

#[derive(Debug, Deserialize)]
struct Module {
	path: String,
	#[serde(rename = "type")]
	kind: String,
}

/// Only the modes that have a name here are read; a mode that is absent is off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
	pooling_mode: Option<String>,
	pooling_mode_cls_token: bool,
	pooling_mode_mean_tokens: bool,
	pooling_mode_max_tokens: bool,
	pooling_mode_mean_sqrt_len_tokens: bool,
	pooling_mode_weightedmean_tokens: bool,
	pooling_mode_lasttoken: bool,
}

#[derive(Debug, Default, Deserialize)]
struct SentenceBertConfig {
	max_seq_length: Option<u32>,
}

/// The longest input that the folder says its model takes.
pub(crate) fn longest_input(folder: &Path) -> Result<Option<u32>> {
	let path = folder.join("sentence_bert_config.json");
	if !path.exists() {
		return Ok(None);
	}
	Ok(read_json::<SentenceBertConfig>(&path)?.max_seq_length)
}

impl SentenceModel {
	/// Reads modules.json and what it names, if the folder has it.
	pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
		let modules_path = folder.join("modules.json");
		if !modules_path.exists() {
			return Ok(None);
		}
		let modules: Vec<Module> = read_json(&modules_path)?;
		let kinds: Vec<&str> = modules
			.iter()
			.map(|module| module.kind.rsplit('.').next().unwrap_or_default())
			.collect();
		let normalize = match kinds[..] {
			["Transformer", "Pooling"] => false,
			["Transformer", "Pooling", "Normalize"] => true,
			_ => {
				return Err(ArtifactError::Unsupported {
					what: "chain of sentence-transformers modules",
					found: kinds.join(", "),
					supported: "Transformer, Pooling and optionally Normalize",
				})
			}
		};
		let path = Path::new(&modules[1].path);
		if !path
			.components()
			.all(|component| matches!(component, Component::Normal(_)))
		{
			let reason = format!("module path `{}` leaves the folder", modules[1].path);
			return Err(ArtifactError::malformed(modules_path, reason));
		}
		let pooling: PoolingConfig = read_json(&folder.join(path).join("config.json"))?;
		Ok(Some(Self {
			pooling: pooling.pooling()?,
			normalize,
		}))
	}
}

impl PoolingConfig {
	fn pooling(&self) -> Result<Pooling> {
		let flags = [
			("cls", self.pooling_mode_cls_token),
			("mean", self.pooling_mode_mean_tokens),
			("max", self.pooling_mode_max_tokens),
			("mean_sqrt_len", self.pooling_mode_mean_sqrt_len_tokens),
			("weightedmean", self.pooling_mode_weightedmean_tokens),
			("lasttoken", self.pooling_mode_lasttoken),
		];
		let named: Vec<&str> = match &self.pooling_mode {
			Some(mode) => vec![mode],
			None => flags.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect(),
		};
		match named[..] {
			["mean"] => Ok(Pooling::Mean),
			["cls"] => Ok(Pooling::First),
			["lasttoken"] => Ok(Pooling::Last),
			_ => Err(ArtifactError::Unsupported {
				what: "pooling",
				found: if named.is_empty() {
					"none".into()
				} else {
					named.join(" + ")
				},
				supported: "one of mean, cls, lasttoken",
			}),
		}
	}
}
