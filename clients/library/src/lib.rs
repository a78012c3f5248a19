//! The folder of artifacts, and what turns text into tokens and back with what lies in them. The command line and the gateway
//! share it.

mod folder;
mod stream;
mod text;

pub use folder::Library;
pub use stream::TextStream;
pub use text::{hash, Text, TOKENIZER};
