//! An answer as whoever asked for it has it.

use super::{evidence::Answered, Consumer, ConsumerError};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;

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
	events: UnboundedReceiver<Result<Event, ConsumerError>>,
	/// It works as long as somebody waits for an answer.
	_consumer: Arc<Consumer>,
}

impl Answer {
	pub(super) fn new(events: UnboundedReceiver<Result<Event, ConsumerError>>, consumer: Arc<Consumer>) -> Self {
		Self {
			events,
			_consumer: consumer,
		}
	}

	/// What comes next; none after the receipt, or an error. Nothing is lost if it is dropped.
	pub async fn next(&mut self) -> Option<Result<Event, ConsumerError>> {
		self.events.recv().await
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
