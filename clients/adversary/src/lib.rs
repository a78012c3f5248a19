#![doc = include_str!("../README.md")]

mod changed;
mod cheat;
mod fraud;
mod worker;

pub use cheat::Cheat;
pub use fraud::Fraud;
pub use worker::{Call, Worker};
