//! How each pallet is configured, one file per pallet.

pub mod audits;
mod authorship;
mod babe;
mod balances;
mod beacon;
mod channels;
mod disputes;
mod grandpa;
mod jobs;
mod models;
mod offences;
mod session;
mod staking;
mod sudo;
mod system;
mod timestamp;
mod timing;
mod transaction_payment;
pub mod validators;

pub use system::{BlockLength, BlockWeights};
