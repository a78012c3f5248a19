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
		let mut document = self.frame(generated, object, vec![self.choice(choice, Some(generated.finish))]);
		document["usage"] = usage(generated);
		document["verification"] = generated.verification.clone();
		document
	}

	/// The parts of a streamed answer, in their order; the last tells the tokens used if that was asked for.
	pub(crate) fn chunks(&self, generated: &Generated, with_usage: bool) -> Vec<Value> {
		let mut chunks = vec![];
		if self.kind == Kind::Chat {
			chunks.push(self.chunk(
				generated,
				json!({ "delta": { "role": "assistant", "content": "" } }),
				None,
			));
		}
		for piece in generated.pieces() {
			let choice = match self.kind {
				Kind::Chat => json!({ "delta": { "content": piece } }),
				Kind::Completion => json!({ "text": piece }),
			};
			chunks.push(self.chunk(generated, choice, None));
		}
		let end = match self.kind {
			Kind::Chat => json!({ "delta": {} }),
			Kind::Completion => json!({ "text": "" }),
		};
		let mut last = self.chunk(generated, end, Some(generated.finish));
		last["verification"] = generated.verification.clone();
		chunks.push(last);
		if with_usage {
			for chunk in &mut chunks {
				chunk["usage"] = Value::Null;
			}
			let mut counted = self.frame(generated, self.chunk_object(), vec![]);
			counted["usage"] = usage(generated);
			chunks.push(counted);
		}
		chunks
	}

	fn chunk_object(&self) -> &'static str {
		match self.kind {
			Kind::Chat => "chat.completion.chunk",
			Kind::Completion => "text_completion",
		}
	}

	fn chunk(&self, generated: &Generated, choice: Value, finish: Option<&'static str>) -> Value {
		self.frame(generated, self.chunk_object(), vec![self.choice(choice, finish)])
	}

	fn choice(&self, mut choice: Value, finish: Option<&'static str>) -> Value {
		choice["index"] = 0.into();
		choice["logprobs"] = Value::Null;
		choice["finish_reason"] = json!(finish);
		choice
	}

	fn frame(&self, generated: &Generated, object: &str, choices: Vec<Value>) -> Value {
		let prefix = match self.kind {
			Kind::Chat => "chatcmpl",
			Kind::Completion => "cmpl",
		};
		json!({
			"id": format!("{prefix}-{}", generated.job),
			"object": object,
			"created": generated.at,
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

	fn choices(kind: Kind) -> Choices {
		Choices {
			kind,
			model: "m".into(),
		}
	}

	#[test]
	fn a_stream_has_the_order_that_clients_expect() {
		let chunks = choices(Kind::Chat).chunks(&Generated::sample("stop"), true);
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
		assert!(choices(Kind::Completion)
			.chunks(&Generated::sample("stop"), false)
			.iter()
			.all(|chunk| chunk.get("usage").is_none()));
	}

	#[test]
	fn an_answer_has_its_text_usage_and_verification() {
		let answer = choices(Kind::Chat).document(&Generated::sample("stop"));
		assert_eq!(answer["choices"][0]["message"]["content"], "two words");
		assert_eq!(
			(&answer["usage"]["prompt_tokens"], &answer["verification"]["job"]),
			(&json!(3), &json!(7))
		);
		assert_eq!(
			choices(Kind::Completion).document(&Generated::sample("stop"))["choices"][0]["text"],
			"two words"
		);
	}
}
