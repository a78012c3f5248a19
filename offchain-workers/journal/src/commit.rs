//! Waiting for the disk.

use crate::JournalError;
use futures::channel::oneshot::Receiver;
use std::{
	future::Future,
	pin::Pin,
	task::{Context, Poll},
};

/// A commit on its way: ends when it is durable, or cannot be any more. Whoever drops it does not wait, and it is made all the same.
#[derive(Debug)]
#[must_use = "a commit may fail"]
pub struct Commit(pub(crate) Receiver<Result<(), JournalError>>);

impl Commit {
	/// Waits for it where there is nothing else to do meanwhile.
	pub fn wait(self) -> Result<(), JournalError> {
		futures::executor::block_on(self)
	}
}

impl Future for Commit {
	type Output = Result<(), JournalError>;

	fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
		Pin::new(&mut self.0)
			.poll(context)
			.map(|sent| sent.unwrap_or(Err(JournalError::Closed)))
	}
}
