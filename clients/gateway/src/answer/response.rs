//! Answers of `/v1/responses`: a document, or the events in which it comes about.

use super::text::Generated;
use crate::{desk::now, error::ApiError, request::response::Echo};
use assay_protocol::JobId;
use serde_json::{json, Value};

/// What is known of an answer before it is there.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Frame {
	model: String,
	job: JobId,
	max_tokens: u32,
	echo: Echo,
	/// When it was begun, in seconds since 1970.
	created: u64,
}

/// Events, numbered.
#[derive(Default)]
struct Events(Vec<Value>);

impl Frame {
	/// The frame of a job.
	pub(crate) fn new(model: String, job: JobId, max_tokens: u32, echo: Echo) -> Self {
		Self {
			model,
			job,
			max_tokens,
			echo,
			created: now(),
		}
	}

	/// The whole answer.
	pub(crate) fn document(&self, generated: &Generated) -> Value {
		let (status, reason) = status(generated);
		let mut document = self.response(status);
		if let Some(reason) = reason {
			document["incomplete_details"] = json!({ "reason": reason });
		}
		document["output"] = json!([self.message(status, vec![part(&generated.text)])]);
		document["usage"] = json!({
			"input_tokens": generated.prompt,
			"input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
			"output_tokens": generated.tokens,
			"output_tokens_details": { "reasoning_tokens": 0 },
			"total_tokens": generated.total(),
		});
		document["verification"] = generated.verification.clone();
		document
	}

	/// The events of an answer that has begun.
	pub(crate) fn begin(&self) -> Vec<Value> {
		let mut events = Events::default();
		for name in ["response.created", "response.in_progress"] {
			events.push(name, json!({ "response": self.response("in_progress") }));
		}
		events.0
	}

	/// The events that follow when it is there.
	pub(crate) fn go_on(&self, generated: &Generated) -> Vec<Value> {
		let mut events = Events(self.begin());
		let begun = events.0.len();
		let (status, _) = status(generated);
		let item = || json!({ "output_index": 0 });
		let content = || json!({ "item_id": self.item(), "output_index": 0, "content_index": 0 });
		let with = |mut fields: Value, name: &str, value: Value| {
			fields[name] = value;
			fields
		};
		let text = |name: &str, value: &str| with(with(content(), name, json!(value)), "logprobs", json!([]));
		let begins = with(item(), "item", self.message("in_progress", vec![]));
		events.push("response.output_item.added", begins);
		events.push("response.content_part.added", with(content(), "part", part("")));
		for piece in generated.pieces() {
			events.push("response.output_text.delta", text("delta", piece));
		}
		events.push("response.output_text.done", text("text", &generated.text));
		events.push(
			"response.content_part.done",
			with(content(), "part", part(&generated.text)),
		);
		let message = self.message(status, vec![part(&generated.text)]);
		events.push("response.output_item.done", with(item(), "item", message));
		let end = match status {
			"completed" => "response.completed",
			_ => "response.incomplete",
		};
		events.push(end, json!({ "response": self.document(generated) }));
		events.0.split_off(begun)
	}

	/// The event with which it ends if it is never there.
	pub(crate) fn fail(&self, error: &ApiError) -> Value {
		let document = error.document();
		let error = &document["error"];
		let mut events = Events(self.begin());
		let words = json!({ "code": error["code"], "message": error["message"], "param": error["param"] });
		events.push("error", words);
		events.0.pop().unwrap_or_default()
	}

	fn item(&self) -> String {
		format!("msg_{}", self.job)
	}

	fn message(&self, status: &str, content: Vec<Value>) -> Value {
		json!({ "type": "message", "id": self.item(), "status": status, "role": "assistant", "content": content })
	}

	/// The answer without its output.
	fn response(&self, status: &str) -> Value {
		json!({
			"id": format!("resp_{}", self.job),
			"object": "response",
			"created_at": self.created,
			"status": status,
			"background": false,
			"error": null,
			"incomplete_details": null,
			"instructions": self.echo.instructions,
			"max_output_tokens": self.max_tokens,
			"metadata": self.echo.metadata,
			"model": self.model,
			"output": [],
			"parallel_tool_calls": false,
			"previous_response_id": null,
			"reasoning": { "effort": null, "summary": null },
			"service_tier": "default",
			"store": false,
			"temperature": self.echo.temperature,
			"text": { "format": { "type": "text" } },
			"tool_choice": "none",
			"tools": [],
			"top_p": 1,
			"truncation": "disabled",
			"usage": null,
		})
	}
}

impl Events {
	fn push(&mut self, name: &str, mut event: Value) {
		event["type"] = name.into();
		event["sequence_number"] = self.0.len().into();
		self.0.push(event);
	}
}

/// Whether a text is complete, and why not.
fn status(generated: &Generated) -> (&'static str, Option<&'static str>) {
	match generated.finish {
		"length" => ("incomplete", Some("max_output_tokens")),
		_ => ("completed", None),
	}
}

fn part(text: &str) -> Value {
	json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

#[cfg(test)]
mod tests {
	use super::*;

	fn frame() -> Frame {
		let echo = Echo {
			instructions: None,
			metadata: json!({}),
			temperature: json!(0),
		};
		Frame::new("m".into(), JobId(7), 9, echo)
	}

	#[test]
	fn an_answer_has_its_text_usage_and_verification() {
		let document = frame().document(&Generated::sample("stop"));
		assert_eq!(document["output"][0]["content"][0]["text"], "two words");
		assert_eq!(
			(&document["status"], &document["id"]),
			(&json!("completed"), &json!("resp_7"))
		);
		assert_eq!(document["usage"]["total_tokens"], 5);
		assert_eq!(document["verification"]["job"], 7);
	}

	#[test]
	fn a_text_that_was_cut_off_is_incomplete() {
		let document = frame().document(&Generated::sample("length"));
		assert_eq!(document["status"], "incomplete");
		assert_eq!(document["incomplete_details"]["reason"], "max_output_tokens");
		let last = frame().go_on(&Generated::sample("length")).pop().unwrap();
		assert_eq!(
			(&last["type"], &last["response"]["status"]),
			(&json!("response.incomplete"), &json!("incomplete"))
		);
	}

	#[test]
	fn events_come_in_order_and_are_numbered_through() {
		let frame = frame();
		let mut events = frame.begin();
		events.extend(frame.go_on(&Generated::sample("stop")));
		let names: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
		let expected = [
			"response.created",
			"response.in_progress",
			"response.output_item.added",
			"response.content_part.added",
			"response.output_text.delta",
			"response.output_text.delta",
			"response.output_text.done",
			"response.content_part.done",
			"response.output_item.done",
			"response.completed",
		];
		assert_eq!(names, expected);
		for (number, event) in events.iter().enumerate() {
			assert_eq!(event["sequence_number"], number);
		}
		let deltas: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
		assert_eq!(deltas, "two words");
		assert_eq!(events[9]["response"], frame.document(&Generated::sample("stop")));
	}

	#[test]
	fn what_fails_after_it_has_begun_ends_with_an_error() {
		let event = frame().fail(&ApiError::refunded(JobId(7)));
		assert_eq!(
			(&event["type"], &event["code"]),
			(&json!("error"), &json!("job_refunded"))
		);
		assert_eq!(event["sequence_number"], 2);
	}
}
