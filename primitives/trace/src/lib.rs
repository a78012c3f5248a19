#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod artifact;
pub mod boundary;
pub mod cache;
pub mod cell;
pub mod claim;
pub mod digest;
pub mod draw;
pub mod execution;
pub mod fault;
mod hash;
pub mod merkle;
pub mod opening;
pub mod prover;
mod rules;
pub mod size;
mod statement;
pub mod vector;
pub mod work;

pub use hash::{Hash32, ParseHashError};
pub use opening::{check_step, Opening, OpeningError};
pub use rules::{Step, Verdict};
pub use statement::{Group, Layout, Place, Statement, TraceRoot};
