//! The endpoint over TLS, with the engine on a small model and a chain that is made up.

mod behind;
mod bounds;
mod client;
mod durability;
mod errors;
mod fake;
mod requests;
mod reveals;
mod settlement;
