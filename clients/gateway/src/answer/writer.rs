//! The form in which a text is answered.

use super::{choices::Choices, response::Frame, text::Generated};
use crate::error::ApiError;
use serde_json::Value;

/// How a text is written.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Writer {
	/// As a choice of one.
	Choices(Choices),
	/// As `/v1/responses` does.
	Response(Frame),
}

impl Writer {
	/// The whole answer.
	pub(crate) fn document(&self, generated: &Generated) -> Value {
		match self {
			Self::Choices(choices) => choices.document(generated),
			Self::Response(frame) => frame.document(generated),
		}
	}

	/// What is streamed before there is a text.
	pub(super) fn begin(&mut self) -> Vec<Value> {
		match self {
			Self::Choices(choices) => choices.begin(),
			Self::Response(frame) => frame.begin(),
		}
	}

	/// What is streamed of a piece of the text.
	pub(super) fn go_on(&mut self, piece: &str) -> Value {
		match self {
			Self::Choices(choices) => choices.piece(piece),
			Self::Response(frame) => frame.go_on(piece),
		}
	}

	/// What is streamed when all pieces were.
	pub(super) fn end(&mut self, generated: &Generated) -> Vec<Value> {
		match self {
			Self::Choices(choices) => choices.end(generated),
			Self::Response(frame) => frame.end(generated),
		}
	}

	/// What is streamed if the text is never complete.
	pub(super) fn fail(&mut self, error: &ApiError) -> Value {
		match self {
			Self::Choices(_) => error.document(),
			Self::Response(frame) => frame.fail(error),
		}
	}

	/// Whether events have names; if not, the last one says that it is the last.
	pub(super) fn names_events(&self) -> bool {
		matches!(self, Self::Response(_))
	}
}
