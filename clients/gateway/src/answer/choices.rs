//! Answers of `/v1/chat/completions` and `/v1/completions`: a document, or the parts in which it is streamed.

use super::text::Generated;
use serde_json::{json, Value};

/// Which endpoint is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
	/// `/v1/chat/completions`.
	Chat,
	/// `/v1/completions`.
	Completion,
}

/// How a text is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Choices {
	/// For which endpoint.
	pub(crate) kind: Kind,
	/// The model's name as the client wrote it.
	pub(crate) model: String,
	/// What the answer is called, after its kind.
	pub(crate) id: String,
	/// When it was begun, in seconds since 1970.
	pub(crate) created: u64,
	/// Whether the last part of a stream tells the tokens used.
	pub(crate) with_usage: bool,
}

impl Choices {
	/// The whole answer.
	pub(crate) fn document(&self, generated: &Generated) -> Value {
		let choice = match self.kind {
			Kind::Chat => json!({ "message": { "role": "assistant", "content": generated.text, "refusal": null } }),
			Kind::Completion => json!({ "text": generated.text }),
		};
		let object = match self.kind {
			Kind::Chat => "chat.completion",
			Kind::Completion => "text_completion",
		};
		let mut document = self.frame(object, vec![self.choice(choice, Some(generated.finish))]);
		document["usage"] = usage(generated);
		document["verification"] = generated.verification.clone();
		document
	}

	/// The parts of a streamed answer that come before its text.
	pub(super) fn begin(&self) -> Vec<Value> {
		match self.kind {
			Kind::Chat => vec![self.chunk(json!({ "delta": { "role": "assistant", "content": "" } }), None)],
			Kind::Completion => vec![],
		}
	}

	/// The part for a piece of the text.
	pub(super) fn piece(&self, piece: &str) -> Value {
		let choice = match self.kind {
			Kind::Chat => json!({ "delta": { "content": piece } }),
			Kind::Completion => json!({ "text": piece }),
		};
		self.chunk(choice, None)
	}

	/// The parts that come after it; the last tells the tokens used if that was asked for.
	pub(super) fn end(&self, generated: &Generated) -> Vec<Value> {
		let end = match self.kind {
			Kind::Chat => json!({ "delta": {} }),
			Kind::Completion => json!({ "text": "" }),
		};
		let mut last = self.chunk(end, Some(generated.finish));
		last["verification"] = generated.verification.clone();
		let mut parts = vec![last];
		if self.with_usage {
			let mut counted = self.frame(self.chunk_object(), vec![]);
			counted["usage"] = usage(generated);
			parts.push(counted);
		}
		parts
	}

	fn chunk_object(&self) -> &'static str {
		match self.kind {
			Kind::Chat => "chat.completion.chunk",
			Kind::Completion => "text_completion",
		}
	}

	fn chunk(&self, choice: Value, finish: Option<&'static str>) -> Value {
		let mut chunk = self.frame(self.chunk_object(), vec![self.choice(choice, finish)]);
		if self.with_usage {
			chunk["usage"] = Value::Null;
		}
		chunk
	}

	fn choice(&self, mut choice: Value, finish: Option<&'static str>) -> Value {
		choice["index"] = 0.into();
		choice["logprobs"] = Value::Null;
		choice["finish_reason"] = json!(finish);
		choice
	}

	fn frame(&self, object: &str, choices: Vec<Value>) -> Value {
		let prefix = match self.kind {
			Kind::Chat => "chatcmpl",
			Kind::Completion => "cmpl",
		};
		json!({
			"id": format!("{prefix}-{}", self.id),
			"object": object,
			"created": self.created,
			"model": self.model,
			"choices": choices,
		})
	}
}

fn usage(generated: &Generated) -> Value {
	json!({ "prompt_tokens": generated.prompt, "completion_tokens": generated.tokens, "total_tokens": generated.total() })
}

#[cfg(test)]
mod tests {
	use super::*;

	fn choices(kind: Kind, with_usage: bool) -> Choices {
		Choices {
			kind,
			model: "m".into(),
			id: "7".into(),
			created: 9,
			with_usage,
		}
	}

	fn streamed(choices: &Choices) -> Vec<Value> {
		let mut chunks = choices.begin();
		chunks.extend(["two ", "words"].map(|piece| choices.piece(piece)));
		chunks.extend(choices.end(&Generated::sample("stop")));
		chunks
	}

	#[test]
	fn a_stream_has_the_order_that_clients_expect() {
		let chunks = streamed(&choices(Kind::Chat, true));
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
		assert!(chunks[..4].iter().all(|chunk| chunk["usage"].is_null()));
		assert!(chunks.iter().all(|chunk| chunk["id"] == "chatcmpl-7"));
		let parts = streamed(&choices(Kind::Completion, false));
		assert!(parts.iter().all(|part| part.get("usage").is_none()));
	}

	#[test]
	fn an_answer_has_its_text_usage_and_verification() {
		let answer = choices(Kind::Chat, false).document(&Generated::sample("stop"));
		assert_eq!(answer["choices"][0]["message"]["content"], "two words");
		assert_eq!(
			(&answer["usage"]["prompt_tokens"], &answer["verification"]["job"]),
			(&json!(3), &json!(7))
		);
		assert_eq!(
			choices(Kind::Completion, false).document(&Generated::sample("stop"))["choices"][0]["text"],
			"two words"
		);
	}
}
