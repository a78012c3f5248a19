//! An answer as whoever asked for it has it.

use super::{evidence::Answered, Consumer, ConsumerError};
use assay_trace::Hash32;
use std::{sync::Arc, time::Duration};
use tokio::{
	sync::mpsc::UnboundedReceiver,
	time::{sleep, Instant},
};

/// How often it is looked whether the receipt of an answer that was stopped is there.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A part of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
	/// The next tokens.
	Tokens(Vec<u32>),
	/// All values of a vector.
	Values(Vec<i32>),
	/// The answer is complete, and its receipt was checked: the last.
	Receipt(Box<Answered>),
}

/// An answer as it comes. Dropped before its end it is stopped, and what came until then is paid for.
///
/// What has come and was not taken is held: as many tokens as were asked for at most.
pub struct Answer {
	request: Hash32,
	events: UnboundedReceiver<Result<Event, ConsumerError>>,
	/// It works as long as somebody waits for an answer.
	consumer: Arc<Consumer>,
}

impl Answer {
	pub(super) fn new(
		request: Hash32,
		events: UnboundedReceiver<Result<Event, ConsumerError>>,
		consumer: Arc<Consumer>,
	) -> Self {
		Self {
			request,
			events,
			consumer,
		}
	}

	/// What comes next; none after the receipt, or an error. Nothing is lost if it is dropped.
	pub async fn next(&mut self) -> Option<Result<Event, ConsumerError>> {
		self.events.recv().await
	}

	/// The root of the request: what receipts name it by.
	pub fn request(&self) -> Hash32 {
		self.request
	}

	/// Stops it, and waits for the receipt for what it has come to, as long as there is patience. After that it is learnt in the background.
	pub async fn stop(self) -> Result<Answered, ConsumerError> {
		let Self {
			request,
			events,
			consumer,
		} = self;
		drop(events);
		let (since, patience) = (Instant::now(), consumer.inner.settings.patience);
		while consumer.is_pending(&request) {
			if since.elapsed() >= patience {
				return Err(ConsumerError::Impatient {
					waited: patience,
					last: "the answer was stopped, and its receipt has not come".into(),
				});
			}
			sleep(LOOK_EVERY).await;
		}
		let kept = consumer.kept(&request)?;
		kept.ok_or_else(|| ConsumerError::Unreached("the answer was stopped, and has no receipt".into()))
	}

	/// Waits for the receipt, with all that it is for.
	pub async fn receipt(mut self) -> Result<Answered, ConsumerError> {
		while let Some(event) = self.next().await {
			if let Event::Receipt(answered) = event? {
				return Ok(*answered);
			}
		}
		Err(ConsumerError::Unreached("the consumer has ended".into()))
	}
}
