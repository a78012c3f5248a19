#![doc = include_str!("../README.md")]

pub mod chain;
pub mod folder;
mod handover;
pub mod journal;
pub mod metrics;
pub mod models;
pub mod node;
pub mod openings;
pub mod pool;
mod records;
mod requests;
pub mod service;
mod survey;

pub use chain::Chain;
pub use service::{Provider, Settings};
