//! Waiting for a condition.

use anyhow::{bail, Result};
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(200);

/// Asks until there is an answer, at most for `limit`; `what` says what is waited for. An error ends the wait.
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
	let start = Instant::now();
	loop {
		if let Some(answer) = ask()? {
			return Ok(answer);
		}
		if start.elapsed() > limit {
			bail!("waited {limit:?} in vain for {what}");
		}
		std::thread::sleep(INTERVAL);
	}
}
