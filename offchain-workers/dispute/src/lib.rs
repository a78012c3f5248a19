#![doc = include_str!("../README.md")]

mod challenge;
mod execution;
mod judgement;

pub use challenge::Move;
pub use execution::{DisputeError, Execution};
pub use judgement::Judgement;
