#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod artifact;
pub mod claim;
mod hash;
pub mod merkle;

pub use hash::{Hash32, ParseHashError};
