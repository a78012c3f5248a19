//! How each pallet is configured, one file per pallet.

pub mod audits;
mod authority_discovery;
mod authorship;
mod babe;
mod balances;
mod beacon;
mod channels;
mod conviction_voting;
mod disputes;
mod grandpa;
mod identity;
mod jobs;
mod models;
mod multisig;
mod offences;
mod origins;
mod parameters;
mod preimage;
pub mod proxy;
mod referenda;
mod scheduler;
mod session;
mod staking;
mod sudo;
mod system;
mod technical_committee;
mod timestamp;
mod timing;
mod transaction_payment;
mod treasury;
mod tx_pause;
mod utility;
pub mod validators;
mod whitelist;

pub use system::{BlockLength, BlockWeights};
