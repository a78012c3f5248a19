#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod api;
pub mod audit;
mod beacon;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarks;
pub mod channel;
mod clock;
pub mod dispute;
mod draw;
pub mod governance;
pub mod ids;
pub mod job;
pub mod model;
pub mod operator;
#[cfg(feature = "std")]
pub mod refusal;
pub mod stake;

pub use beacon::Beacon;
pub use clock::blocks_to_run;
pub use draw::race;
pub use ids::{Attempt, ChannelId, DisputeId, JobId, ModelId, ModelVersion, VersionNumber};
