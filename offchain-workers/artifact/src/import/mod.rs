//! Import: from model files to a [`Lowered`](crate::Lowered) program.

mod folder;
mod gguf;
pub(crate) mod huggingface;
mod names;
mod rope;
mod safetensors;
mod sentence_transformers;

use std::path::PathBuf;

pub use folder::{import_folder, import_mlp};
pub use gguf::import_gguf;
pub(crate) use rope::rotary;

/// What the caller may decide at import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
	/// Largest number of positions of a job; if absent the model's own, up to 4,096 and up to what sentence-transformers
	/// cuts texts to.
	pub positions: Option<u32>,
	/// Name of the model; the folder's or file's own if absent.
	pub name: Option<String>,
	/// A tokenizer.json to embed in place of the model's, as for GGUF files whose own cannot be converted.
	pub tokenizer: Option<PathBuf>,
}
