#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod api;
pub mod audit;
pub mod dispute;
mod draw;
pub mod ids;
pub mod job;
pub mod model;
pub mod operator;

pub use draw::draw;
pub use ids::{Attempt, DisputeId, JobId, ModelId, ModelVersion, VersionNumber};
