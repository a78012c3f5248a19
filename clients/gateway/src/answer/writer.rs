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

	/// What is streamed before the text is there.
	pub(super) fn begin(&self) -> Vec<Value> {
		match self {
			Self::Choices(_) => vec![],
			Self::Response(frame) => frame.begin(),
		}
	}

	/// What is streamed when it is there.
	pub(super) fn go_on(&self, generated: &Generated, with_usage: bool) -> Vec<Value> {
		match self {
			Self::Choices(choices) => choices.chunks(generated, with_usage),
			Self::Response(frame) => frame.go_on(generated),
		}
	}

	/// What is streamed if it is never there.
	pub(super) fn fail(&self, error: &ApiError) -> Value {
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
