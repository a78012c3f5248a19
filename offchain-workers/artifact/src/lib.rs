#![doc = include_str!("../README.md")]

mod artifact;
mod error;
mod format;
pub mod gguf;
pub mod import;
mod lower;
mod lowered;
mod pack;
mod quantise;
mod root;
mod rotary;
mod source;
#[cfg(feature = "synthetic")]
pub mod synthetic;
mod tokenizer;

pub use artifact::Artifact;
pub use error::{ArtifactError, Result};
pub use format::{FORMAT_VERSION, MAX_FILE_BYTES};
pub use import::{import_folder, import_gguf, import_mlp, ImportOptions};
pub use lowered::{Lowered, Metadata, NamedFile};
pub use pack::Progress;
