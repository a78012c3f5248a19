#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod api;
pub mod audit;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarks;
pub mod dispute;
mod draw;
pub mod ids;
pub mod job;
pub mod model;
pub mod operator;
#[cfg(feature = "std")]
pub mod refusal;
pub mod stake;

pub use draw::draw;
pub use ids::{Attempt, DisputeId, JobId, ModelId, ModelVersion, VersionNumber};
