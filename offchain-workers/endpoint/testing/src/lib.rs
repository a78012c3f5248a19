//! For tests, here and of consumers: a chain with channels and nothing else, an engine that can be held back, and an endpoint in this
//! process.

mod chain;
mod engine;
mod house;

pub use chain::{version, Fake, Opened, ASY, EMBEDDER, GENESIS, LARGEST, MISSING, OPERATOR, PARAMETERS, PRICE, WRITER};
pub use engine::Held;
pub use house::{House, Place, Running, Setup};

use assay_protocol::job::JobInput;
use std::time::Duration;

/// A prompt.
pub fn a_prompt() -> JobInput {
	JobInput::Tokens(vec![3, 1, 4, 1, 5].try_into().unwrap())
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
	for _ in 0..2_000 {
		if holds() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
	panic!("in vain: {what}");
}
