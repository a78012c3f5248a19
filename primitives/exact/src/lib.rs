#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod error;
mod job;
pub mod limits;
pub mod number;
pub mod program;
mod shape;
mod units;
mod validate;

pub use error::{JobError, Phase, Place, ProgramError};
pub use job::{Generation, Input, Output, Sampler};
pub use program::Program;
pub use shape::Instance;
pub use units::ComputeUnits;

/// A fixed-point number with 16 fraction bits.
pub type Value = i32;
