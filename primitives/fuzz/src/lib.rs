#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod answer;
mod bytes;
mod change;
#[path = "../../trace/tests/common/mod.rs"]
mod common;
mod edit;
pub mod execution;
mod job;
pub mod opening;
pub mod program;
mod programs;
pub mod rules;
pub mod seeds;
