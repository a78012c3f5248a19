//! What clients get: results in OpenAI's forms, and where each can be verified.

pub(crate) mod choices;
pub(crate) mod coming;
pub(crate) mod embeddings;
pub(crate) mod response;
pub(crate) mod stream;
pub(crate) mod text;
pub(crate) mod verification;
mod writer;

pub(crate) use writer::Writer;
