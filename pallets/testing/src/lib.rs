#![doc = include_str!("../README.md")]

mod chain;
mod cheats;
mod claims;
mod models;
mod runtime;
mod stakes;

pub use chain::*;
pub use cheats::*;
pub use claims::*;
pub use models::*;
pub use runtime::*;
pub use stakes::*;
