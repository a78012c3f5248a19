#![doc = include_str!("../README.md")]

mod activations;
mod arithmetic;
mod attention;
mod buffer;
mod cache;
mod error;
pub mod float;
mod kernel;
mod linear;
mod matrix;
mod model;
mod normalise;
pub mod quality;
mod session;
mod statement;
mod tensors;
#[cfg(test)]
mod tests;
mod trace;
mod witness;

pub use error::{LoadError, OutputError, RowError, RunError};
pub use kernel::{Tier, TierError, KERNEL_VARIABLE};
pub use model::{Model, Observer, Options};
pub use trace::Audited;
