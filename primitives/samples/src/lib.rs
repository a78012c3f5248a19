#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(feature = "std")]
mod artifact;
#[cfg(feature = "std")]
mod noise;
pub mod programs;
#[cfg(feature = "std")]
pub mod random;
#[cfg(feature = "std")]
mod weights;

#[cfg(feature = "std")]
pub use artifact::MadeUpArtifact;
#[cfg(feature = "std")]
pub use noise::Noise;
#[cfg(feature = "std")]
pub use weights::MadeUp;
