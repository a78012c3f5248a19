#![doc = include_str!("../README.md")]

pub mod answer;
pub mod chain;
pub mod desk;
pub mod endpoint;
pub mod engine;
pub mod kept;
pub mod metrics;
pub mod node;
mod problem;
mod reveals;
pub mod server;

pub use answer::{Event, Listener};
pub use endpoint::{Endpoint, OpenError, Settings};
pub use problem::Problem;
