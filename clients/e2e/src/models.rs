//! Small models with random weights: what matters end to end is that the bits agree.

use anyhow::Result;
use assay_artifact::{
	synthetic::{bert, llama, BertShape, LlamaShape},
	Artifact,
};
use std::path::Path;

/// A vector model of two layers, written to `folder`.
pub fn embedder(folder: &Path) -> Result<Artifact> {
	Ok(bert(BertShape::TINY, 7)?.pack(folder.join("embedder.assay"), &mut ())?)
}

/// A model of two layers that generates tokens, written to `folder`.
pub fn generator(folder: &Path) -> Result<Artifact> {
	Ok(llama(LlamaShape::TINY, 7)?.pack(folder.join("generator.assay"), &mut ())?)
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
