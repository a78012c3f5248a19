//! An answer as it comes, and a request that waits for it.

use super::{
	text::{Generated, Growing},
	Writer,
};
use crate::{
	desk::{More, Purchase},
	error::ApiError,
};
use serde_json::Value;
use tokio::time::{timeout_at, Instant};

/// An answer as it comes.
pub(crate) struct Coming {
	/// What is bought.
	pub(crate) purchase: Purchase,
	/// Its text so far.
	pub(crate) text: Growing,
	/// Until when it has to be complete.
	pub(crate) deadline: Instant,
}

/// What comes next.
pub(super) enum Next {
	/// A piece of the text, which may be empty.
	Piece(String),
	/// The last piece, and all that is told of the text.
	End(String, Box<Generated>),
}

impl Coming {
	/// What comes next; nothing after the end or an error.
	pub(super) async fn next(&mut self) -> Result<Next, ApiError> {
		let more = timeout_at(self.deadline, self.purchase.next()).await;
		match more.unwrap_or_else(|_| Err(ApiError::timeout(self.purchase.source())))? {
			More::Tokens(source, tokens) => {
				let piece = self.text.push(&tokens, &source)?;
				if self.text.is_over() {
					// Nothing that follows is told.
					self.purchase.leave();
				}
				Ok(Next::Piece(piece))
			}
			More::End(bought) => {
				let (rest, generated) = self.text.finish(&bought)?;
				Ok(Next::End(rest, Box::new(generated)))
			}
		}
	}

	/// Waits for all of it.
	pub(crate) async fn document(mut self, writer: &Writer) -> Result<Value, ApiError> {
		loop {
			if let Next::End(_, generated) = self.next().await? {
				return Ok(writer.document(&generated));
			}
		}
	}
}
