#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod amount;
pub mod audits;
pub mod calls;
pub mod channels;
mod connection;
pub mod consumer;
pub mod disputes;
mod error;
pub mod events;
pub mod governance;
pub mod jobs;
pub mod keys;
pub mod models;
pub mod moves;
pub mod operators;
pub mod provider;
mod reading;
pub mod receipts;
pub mod staking;
mod transactions;
pub mod validators;

pub use amount::{Amount, Balance};
pub use calls::Call;
pub use connection::{Assay, Block, Heads, Patience};
pub use error::{Error, Failure, Missing, PoolRefusal, Result};
pub use keys::Signer;
pub use transactions::{Fate, Note, Noted, Receipt, Sending, Signed};

/// An account's identifier.
pub type AccountId = subxt::utils::AccountId32;
/// A block's height.
pub type BlockNumber = u32;

pub use subxt::utils::H256;

/// The types that the chain itself has: what is read, and what calls are made of.
pub use assay_protocol as protocol;
