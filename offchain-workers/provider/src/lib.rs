#![doc = include_str!("../README.md")]

pub mod chain;
pub mod journal;
pub mod metrics;
pub mod models;
pub mod node;
pub mod pool;
mod requests;
pub mod service;

pub use chain::Chain;
pub use service::{Provider, Settings};
