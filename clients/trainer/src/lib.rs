//! Trains the demonstration model: a small Llama that writes dictionary entries.
//!
//! The text is the glosses of WordNet, one document per word sense:
//!
//! ```text
//! aardvark (noun): nocturnal burrowing mammal of the grasslands of Africa ...
//! ```
//!
//! # Steps
//! 1. [`corpus`] reads the glosses and sets every fiftieth aside.
//! 2. [`tokenizer`] learns a byte-level BPE vocabulary from the rest.
//! 3. [`windows`] shuffles the documents and packs them into windows of one length.
//! 4. [`training`] fits a [`model::Llama`] with AdamW; [`ops`] holds the operations that candle
//!    has no gradient for.
//! 5. [`folder`] writes the weights in bfloat16 as a Hugging Face folder and loads it back;
//!    [`evaluation`] measures what was written on the glosses set aside, [`sampling`] lets it write.
//!
//! Everything random (first weights, order of documents) comes from one ChaCha generator, so two
//! runs on the same kind of processor write the same bytes. Float sums depend on the processor's
//! vector width and cache sizes, so runs on different processors differ in the last bits.

pub mod card;
pub mod corpus;
pub mod evaluation;
pub mod folder;
pub mod model;
pub mod ops;
pub mod sampling;
pub mod tokenizer;
pub mod training;
pub mod windows;
