//! The engine against the reference: whole programs, on every tier, with any number of threads, in any chunks.

mod errors;
mod programs;
mod trace;
