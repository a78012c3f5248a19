//! Texts that a job has generated.

use super::verification::verification;
use crate::{catalog::Language, desk::Bought, error::ApiError};
use assay_protocol::job::JobOutput;
use serde_json::{json, Value};

/// Which endpoint is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
	/// `/v1/chat/completions`.
	Chat,
	/// `/v1/completions`.
	Completion,
}

/// A generated text with all that is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
	form: Form,
	/// The model's name as the client wrote it.
	model: String,
	pub(super) text: String,
	finish: &'static str,
	usage: Value,
	verification: Value,
	job: u64,
	at: u64,
}

impl Generated {
	/// The text of a job, cut before the first of `stops`.
	pub(crate) fn new(
		form: Form,
		model: String,
		bought: &Bought,
		language: &Language,
		stops: &[String],
	) -> Result<Self, ApiError> {
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
			form,
			model,
			text,
			finish: if whole && !stopped && !cut { "length" } else { "stop" },
			usage: usage(job.input.len(), tokens.len()),
			verification: verification(job),
			job: job.id.0,
			at: bought.at,
		})
	}

	/// The whole answer.
	pub(crate) fn document(&self) -> Value {
		let choice = match self.form {
			Form::Chat => json!({ "message": { "role": "assistant", "content": self.text, "refusal": null } }),
			Form::Completion => json!({ "text": self.text }),
		};
		let object = match self.form {
			Form::Chat => "chat.completion",
			Form::Completion => "text_completion",
		};
		let mut document = self.frame(object, vec![self.choice(choice, Some(self.finish))]);
		document["usage"] = self.usage.clone();
		document["verification"] = self.verification.clone();
		document
	}

	/// The parts of a streamed answer, in their order; the last tells the tokens used if that was asked for.
	pub(crate) fn chunks(&self, with_usage: bool) -> Vec<Value> {
		let mut chunks = vec![];
		if self.form == Form::Chat {
			chunks.push(self.chunk(json!({ "delta": { "role": "assistant", "content": "" } }), None));
		}
		for piece in self.text.split_inclusive(char::is_whitespace) {
			let choice = match self.form {
				Form::Chat => json!({ "delta": { "content": piece } }),
				Form::Completion => json!({ "text": piece }),
			};
			chunks.push(self.chunk(choice, None));
		}
		let end = match self.form {
			Form::Chat => json!({ "delta": {} }),
			Form::Completion => json!({ "text": "" }),
		};
		let mut last = self.chunk(end, Some(self.finish));
		last["verification"] = self.verification.clone();
		chunks.push(last);
		if with_usage {
			for chunk in &mut chunks {
				chunk["usage"] = Value::Null;
			}
			let mut usage = self.frame(self.chunk_object(), vec![]);
			usage["usage"] = self.usage.clone();
			chunks.push(usage);
		}
		chunks
	}

	fn chunk_object(&self) -> &'static str {
		match self.form {
			Form::Chat => "chat.completion.chunk",
			Form::Completion => "text_completion",
		}
	}

	fn chunk(&self, choice: Value, finish: Option<&'static str>) -> Value {
		self.frame(self.chunk_object(), vec![self.choice(choice, finish)])
	}

	fn choice(&self, mut choice: Value, finish: Option<&'static str>) -> Value {
		choice["index"] = 0.into();
		choice["logprobs"] = Value::Null;
		choice["finish_reason"] = json!(finish);
		choice
	}

	fn frame(&self, object: &str, choices: Vec<Value>) -> Value {
		let prefix = match self.form {
			Form::Chat => "chatcmpl",
			Form::Completion => "cmpl",
		};
		json!({
			"id": format!("{prefix}-{}", self.job),
			"object": object,
			"created": self.at,
			"model": self.model,
			"choices": choices,
		})
	}
}

fn usage(prompt: u32, completion: usize) -> Value {
	let total = completion.saturating_add(prompt as usize);
	json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total })
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

	fn generated(form: Form) -> Generated {
		Generated {
			form,
			model: "m".into(),
			text: "two words".into(),
			finish: "stop",
			usage: usage(3, 2),
			verification: json!({ "job": 7 }),
			job: 7,
			at: 9,
		}
	}

	#[test]
	fn a_text_ends_before_the_first_stop() {
		let stops = ["d".to_owned(), "bc".to_owned()];
		assert_eq!(cut("abcd".into(), &stops), ("a".into(), true));
		assert_eq!(cut("aé".into(), &stops), ("aé".into(), false));
	}

	#[test]
	fn a_stream_has_the_order_that_clients_expect() {
		let chunks = generated(Form::Chat).chunks(true);
		let deltas: Vec<_> = chunks
			.iter()
			.map(|chunk| chunk["choices"][0]["delta"].to_string())
			.collect();
		let expected = [
			"{\"content\":\"\",\"role\":\"assistant\"}",
			"{\"content\":\"two \"}",
			"{\"content\":\"words\"}",
			"{}",
			"null",
		];
		assert_eq!(deltas, expected);
		assert_eq!(chunks[2]["choices"][0]["finish_reason"], Value::Null);
		assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
		assert_eq!(chunks[4]["choices"], json!([]));
		assert_eq!(chunks[4]["usage"]["total_tokens"], 5);
		assert!(generated(Form::Completion)
			.chunks(false)
			.iter()
			.all(|chunk| chunk.get("usage").is_none()));
	}

	#[test]
	fn an_answer_has_its_text_usage_and_verification() {
		let answer = generated(Form::Chat).document();
		assert_eq!(answer["choices"][0]["message"]["content"], "two words");
		assert_eq!(
			(&answer["usage"]["prompt_tokens"], &answer["verification"]["job"]),
			(&json!(3), &json!(7))
		);
		assert_eq!(
			generated(Form::Completion).document()["choices"][0]["text"],
			"two words"
		);
	}
}
