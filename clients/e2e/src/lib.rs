//! Real nodes and the real command line: what the end-to-end tests and the demo are made of.
//!
//! [`Node`] starts and kills `assay-node` processes, [`Assay`] runs `assay --json`, [`Wallet`] runs what others made for
//! Substrate chains, [`Python`], [`JavaScript`] and [`Rust`] what others made for OpenAI, which asks a [`Gateway`], [`Money`] tells where every
//! unit of the currency is, [`Document`] holds what documents tell of all this against what it does. Nothing here sleeps for a fixed time: everything waits for a condition, with a generous limit.

mod arena;
mod assay;
mod binaries;
mod cache;
mod chain;
mod command;
mod document;
mod evidence;
mod gateway;
mod javascript;
mod ledger;
mod models;
mod money;
mod network;
mod node;
mod node_js;
mod party;
mod python;
mod rpc;
mod rust;
mod scene;
mod typescript;
mod wait;
mod wallet;

pub use arena::{Arena, Attack, Election, Honest, Row};
pub use assay::{Answer, Assay};
pub use binaries::Binaries;
pub use chain::{chain, short_slots, short_stake};
pub use document::{same_but_for_time, Commands, Document};
pub use evidence::Evidence;
pub use gateway::Gateway;
pub use javascript::JavaScript;
pub use models::{embedder, generator, minilm, slow_generator, stopping_generator, GLOSSARY};
pub use money::{amount, at_once, shares, Money, ASY, TREASURY};
pub use network::{bootnodes, finalised, stalled, Network, VALIDATORS};
pub use node::{Node, NodeOptions, Ports};
pub use party::{account, Included, Party, Sent};
pub use python::Python;
pub use rpc::Rpc;
pub use rust::Rust;
pub use scene::{Scene, Served, PRICE, ROYALTY};
pub use typescript::TypeScript;
pub use wait::until;
pub use wallet::Wallet;
