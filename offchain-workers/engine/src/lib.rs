#![doc = include_str!("../README.md")]

mod activations;
mod arithmetic;
mod attention;
mod batch;
mod buffer;
mod cache;
mod error;
pub mod float;
mod graph;
mod kernel;
mod linear;
mod matrix;
mod model;
mod normalise;
mod opening;
mod pooled;
pub mod quality;
mod queue;
mod session;
mod statement;
mod tensors;
#[cfg(test)]
mod tests;
mod trace;
mod witness;

pub use error::{LoadError, OutputError, RowError, RunError};
pub use graph::ExactLinear;
pub use kernel::{Tier, TierError, KERNEL_VARIABLE};
pub use model::{Model, Observer, Options, Threads};
pub use opening::Retained;
pub use statement::check as check_statement;
pub use trace::Audited;
