#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod job;
pub mod program;

pub use job::{Generation, Input, Output, Sampler};
pub use program::Program;

/// A fixed-point number with 16 fraction bits.
pub type Value = i32;
