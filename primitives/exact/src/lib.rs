#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod activation;
pub mod attention;
pub mod blocks;
mod check;
mod error;
pub mod evaluate;
mod job;
pub mod limits;
pub mod linear;
pub mod normalise;
pub mod number;
pub mod pool;
pub mod program;
pub mod rotate;
pub mod sample;
mod shape;
pub mod tables;
mod units;
mod validate;

pub use error::{JobError, Phase, Place, ProgramError};
pub use job::{Generation, Input, Output, Sampler};
pub use program::Program;
pub use shape::Instance;
pub use units::ComputeUnits;

/// A fixed-point number with 16 fraction bits.
pub type Value = i32;
