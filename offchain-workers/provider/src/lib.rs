#![doc = include_str!("../README.md")]

pub mod chain;
mod defence;
pub mod journal;
pub mod metrics;
pub mod models;
pub mod node;
pub mod pool;
pub mod service;

pub use chain::Chain;
pub use service::{Provider, Settings};
