//! Texts that a job has generated.

use super::verification::verification;
use crate::{catalog::Language, desk::Bought, error::ApiError};
use assay_protocol::job::JobOutput;
use serde_json::Value;

/// A generated text with all that is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
	pub(super) text: String,
	/// Why it ends: `stop` or `length`.
	pub(super) finish: &'static str,
	/// Tokens of the input.
	pub(super) prompt: u32,
	/// Tokens that were generated.
	pub(super) tokens: usize,
	pub(super) verification: Value,
	pub(super) job: u64,
	/// When its result was seen, in seconds since 1970.
	pub(super) at: u64,
}

impl Generated {
	/// Two words, for tests of how texts are written.
	#[cfg(test)]
	pub(super) fn sample(finish: &'static str) -> Self {
		Self {
			text: "two words".into(),
			finish,
			prompt: 3,
			tokens: 2,
			verification: serde_json::json!({ "job": 7 }),
			job: 7,
			at: 9,
		}
	}

	/// The text of a job, cut before the first of `stops`.
	pub(crate) fn new(bought: &Bought, language: &Language, stops: &[String]) -> Result<Self, ApiError> {
		let job = &bought.job;
		let Some(JobOutput::Tokens(tokens)) = &job.output else {
			return Err(ApiError::internal(format!("job {} has no tokens", job.id)));
		};
		let text = language.text.decode(tokens).map_err(|error| {
			log::warn!("job {}: {error:#}", job.id);
			ApiError::internal(format!("the tokens of job {} cannot be written as text", job.id))
		})?;
		let whole = u32::try_from(tokens.len()).is_ok_and(|count| count >= job.generation.max_tokens);
		let stopped = tokens.last().is_some_and(|last| language.text.stops_at(*last));
		let (text, cut) = cut(text, stops);
		Ok(Self {
			text,
			finish: if whole && !stopped && !cut { "length" } else { "stop" },
			prompt: job.input.len(),
			tokens: tokens.len(),
			verification: verification(job),
			job: job.id.0,
			at: bought.at,
		})
	}

	/// Tokens in all.
	pub(super) fn total(&self) -> usize {
		self.tokens.saturating_add(self.prompt as usize)
	}

	/// The text in the pieces in which it is streamed.
	pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
		self.text.split_inclusive(char::is_whitespace)
	}
}

/// A text up to the first place where one of `stops` begins, and whether there is one.
fn cut(mut text: String, stops: &[String]) -> (String, bool) {
	let first = stops.iter().filter_map(|stop| text.find(stop.as_str())).min();
	if let Some(end) = first {
		text.truncate(end);
	}
	(text, first.is_some())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_text_ends_before_the_first_stop() {
		let stops = ["d".to_owned(), "bc".to_owned()];
		assert_eq!(cut("abcd".into(), &stops), ("a".into(), true));
		assert_eq!(cut("aé".into(), &stops), ("aé".into(), false));
	}
}
