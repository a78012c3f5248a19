//! The modules around the encoder of a sentence-transformers folder: pooling and normalisation.

use std::path::{Component, Path};

use assay_exact::program::Pooling;
use serde::Deserialize;

use crate::{
	error::{ArtifactError, Result},
	import::folder::read_json,
};

/// What follows and limits the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentenceModel {
	pub(crate) pooling: Pooling,
	pub(crate) normalize: bool,
	pub(crate) max_sequence_length: Option<u32>,
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

impl SentenceModel {
	/// Reads modules.json and what it names. Without it, a mean over the positions, as sentence-transformers itself does.
	pub(crate) fn read(folder: &Path) -> Result<Self> {
		let limits_path = folder.join("sentence_bert_config.json");
		let limits: SentenceBertConfig = if limits_path.exists() {
			read_json(&limits_path)?
		} else {
			SentenceBertConfig::default()
		};
		let mut model = Self {
			pooling: Pooling::Mean,
			normalize: false,
			max_sequence_length: limits.max_seq_length,
		};
		let modules_path = folder.join("modules.json");
		if !modules_path.exists() {
			return Ok(model);
		}
		let modules: Vec<Module> = read_json(&modules_path)?;
		let kinds: Vec<&str> = modules
			.iter()
			.map(|module| module.kind.rsplit('.').next().unwrap_or_default())
			.collect();
		match kinds[..] {
			["Transformer", "Pooling"] => {}
			["Transformer", "Pooling", "Normalize"] => model.normalize = true,
			_ => {
				return Err(ArtifactError::Unsupported {
					what: "chain of sentence-transformers modules",
					found: kinds.join(", "),
					supported: "Transformer, Pooling and optionally Normalize",
				})
			}
		}
		let path = Path::new(&modules[1].path);
		if !path
			.components()
			.all(|component| matches!(component, Component::Normal(_)))
		{
			let reason = format!("module path `{}` leaves the folder", modules[1].path);
			return Err(ArtifactError::malformed(modules_path, reason));
		}
		let pooling: PoolingConfig = read_json(&folder.join(path).join("config.json"))?;
		model.pooling = pooling.pooling()?;
		Ok(model)
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
