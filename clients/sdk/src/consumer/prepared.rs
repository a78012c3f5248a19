//! A request that is signed and not sent yet.

use super::{heard::Heard, places::Place, pursuit::Pursuit, Answer, Consumer};
use assay_trace::Hash32;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A request that is signed, has its place in a lane, and is not sent yet. Dropped it never is, and its place is free.
pub struct Prepared {
	consumer: Arc<Consumer>,
	ready: Option<(Place, Heard)>,
	request: Hash32,
}

impl Prepared {
	pub(super) fn new(consumer: Arc<Consumer>, place: Place, heard: Heard) -> Self {
		Self {
			consumer,
			request: heard.root,
			ready: Some((place, heard)),
		}
	}

	/// The root of the request: what receipts name it by.
	pub fn request(&self) -> Hash32 {
		self.request
	}

	/// Sends it.
	pub fn send(mut self) -> Answer {
		let (to, events) = mpsc::unbounded_channel();
		if let Some((place, heard)) = self.ready.take() {
			let inner = &self.consumer.inner;
			inner.pending.lock().insert(self.request);
			self.consumer
				.spawn(Pursuit::new(inner.clone(), place, heard, to).begin());
		}
		Answer::new(self.request, events, self.consumer.clone())
	}
}

impl Drop for Prepared {
	fn drop(&mut self) {
		if let Some((place, _)) = self.ready.take() {
			place.release();
		}
	}
}
