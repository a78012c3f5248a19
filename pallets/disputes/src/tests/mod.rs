//! Tests, one file for each feature.

mod agenda;
mod answers;
mod challenges;
mod clocks;
mod money;
mod operators;
mod parallel;
mod properties;
mod queries;
mod receipts;
mod walk;
