#![doc = include_str!("../README.md")]

mod challenge;
mod execution;

pub use challenge::Move;
pub use execution::{DisputeError, Execution};
