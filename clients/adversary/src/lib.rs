#![doc = include_str!("../README.md")]

mod changed;
mod cheat;
mod fraud;
mod worker;

pub use cheat::Cheat;
pub use fraud::{malformed_artifact, Fraud};
pub use worker::{Call, Worker};
