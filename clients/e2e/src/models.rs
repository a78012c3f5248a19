//! Small models with random weights: what matters end to end is that the bits agree.

use anyhow::{Context, Result};
use assay_artifact::{
	synthetic::{bert, llama, BertShape, LlamaShape},
	Artifact,
};
use std::{
	env,
	path::{Path, PathBuf},
};

/// The folder of the demo model.
pub const GLOSSARY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/models/glossary-2m");

/// The folder of all-MiniLM-L6-v2: what `ASSAY_MINILM` names, or where `scripts/fetch-minilm` leaves it.
pub fn minilm() -> Result<PathBuf> {
	if let Some(folder) = env::var_os("ASSAY_MINILM") {
		return Ok(folder.into());
	}
	let home = env::var_os("HOME").context("HOME is not set")?;
	Ok(PathBuf::from(home).join(".cache/assay/models/all-MiniLM-L6-v2"))
}

/// A vector model of two layers, written to `folder`.
pub fn embedder(folder: &Path) -> Result<Artifact> {
	Ok(bert(BertShape::TINY, 7)?.pack(folder.join("embedder.assay"), &mut ())?)
}

/// A model of two layers that generates tokens, written to `folder`.
pub fn generator(folder: &Path) -> Result<Artifact> {
	Ok(llama(LlamaShape::TINY, 7)?.pack(folder.join("generator.assay"), &mut ())?)
}

/// The same, but one that stops at its last token.
pub fn stopping_generator(folder: &Path) -> Result<Artifact> {
	let stop = LlamaShape::TINY.vocabulary - 1;
	let model = llama(LlamaShape::TINY, 7)?.stopping_at(vec![stop]);
	Ok(model.pack(folder.join("generator.assay"), &mut ())?)
}

/// A model that generates so slowly that its node can be killed meanwhile, written to `folder`.
pub fn slow_generator(folder: &Path) -> Result<Artifact> {
	let shape = LlamaShape {
		hidden: 1_024,
		layers: 8,
		heads: 16,
		kv_heads: 4,
		head_dim: 64,
		intermediate: 2_816,
		vocabulary: 4_096,
		positions: 1_024,
		tied: true,
		..LlamaShape::TINY
	};
	Ok(llama(shape, 7)?.pack(folder.join("slow.assay"), &mut ())?)
}
