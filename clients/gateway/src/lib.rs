#![doc = include_str!("../README.md")]

mod answer;
mod catalog;
mod chain;
mod channels;
mod desk;
mod error;
mod gateway;
mod generate;
mod journal;
pub mod keys;
pub mod ledger;
mod lines;
mod metrics;
mod money;
mod page;
mod rates;
mod request;
mod server;
mod settlement;
mod template;

pub use catalog::{parse_version, Language, Languages};
pub use chain::{Asked, Chain, Fate, Node};
pub use channels::{Channels, Dealing, Exchange, Seller};
pub use error::ApiError;
pub use gateway::{Gateway, Limits, Options};
pub use lines::{Answered, Line, Lines, NoteRequest, Outcome, Part, Reply, Unanswered};
pub use page::Page;
pub use rates::Rates;
pub use server::{metrics_router, router, serve};
pub use template::Template;
