#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

pub mod api;
pub mod dispute;
pub mod ids;
pub mod job;
pub mod model;
pub mod operator;

pub use ids::{Attempt, DisputeId, JobId, ModelId, ModelVersion, VersionNumber};
