//! Answers of `/v1/responses`: a document, or the events in which it comes about.

use super::text::Generated;
use crate::{error::ApiError, request::response::Echo};
use serde_json::{json, Value};

/// What is known of an answer before it is there, and how far it was told.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Frame {
	model: String,
	/// What it is called, after its kind.
	id: String,
	max_tokens: u32,
	echo: Echo,
	/// When it was begun, in seconds since 1970.
	created: u64,
	/// Events that were told.
	told: usize,
}

impl Frame {
	/// The frame of an answer.
	pub(crate) fn new(model: String, id: String, max_tokens: u32, echo: Echo, created: u64) -> Self {
		Self {
			model,
			id,
			max_tokens,
			echo,
			created,
			told: 0,
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
	pub(super) fn begin(&mut self) -> Vec<Value> {
		let response = self.response("in_progress");
		let mut events: Vec<_> = ["response.created", "response.in_progress"]
			.map(|name| self.event(name, json!({ "response": response })))
			.into();
		let begins = json!({ "output_index": 0, "item": self.message("in_progress", vec![]) });
		events.push(self.event("response.output_item.added", begins));
		let begins = self.content("part", part(""));
		events.push(self.event("response.content_part.added", begins));
		events
	}

	/// The event of a piece of the text.
	pub(super) fn go_on(&mut self, piece: &str) -> Value {
		let delta = self.text("delta", piece);
		self.event("response.output_text.delta", delta)
	}

	/// The events that follow when it is complete.
	pub(super) fn end(&mut self, generated: &Generated) -> Vec<Value> {
		let (status, _) = status(generated);
		let message = self.message(status, vec![part(&generated.text)]);
		let last = match status {
			"completed" => "response.completed",
			_ => "response.incomplete",
		};
		let events = [
			("response.output_text.done", self.text("text", &generated.text)),
			(
				"response.content_part.done",
				self.content("part", part(&generated.text)),
			),
			(
				"response.output_item.done",
				json!({ "output_index": 0, "item": message }),
			),
			(last, json!({ "response": self.document(generated) })),
		];
		events.map(|(name, event)| self.event(name, event)).into()
	}

	/// The event with which it ends if it never is.
	pub(super) fn fail(&mut self, error: &ApiError) -> Value {
		let document = error.document();
		let error = &document["error"];
		let words = json!({ "code": error["code"], "message": error["message"], "param": error["param"] });
		self.event("error", words)
	}

	fn event(&mut self, name: &str, mut event: Value) -> Value {
		event["type"] = name.into();
		event["sequence_number"] = self.told.into();
		self.told = self.told.saturating_add(1);
		event
	}

	fn content(&self, name: &str, value: Value) -> Value {
		let mut content = json!({ "item_id": self.item(), "output_index": 0, "content_index": 0 });
		content[name] = value;
		content
	}

	fn text(&self, name: &str, value: &str) -> Value {
		let mut text = self.content(name, value.into());
		text["logprobs"] = json!([]);
		text
	}

	fn item(&self) -> String {
		format!("msg_{}", self.id)
	}

	fn message(&self, status: &str, content: Vec<Value>) -> Value {
		json!({ "type": "message", "id": self.item(), "status": status, "role": "assistant", "content": content })
	}

	/// The answer without its output.
	fn response(&self, status: &str) -> Value {
		json!({
			"id": format!("resp_{}", self.id),
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
		Frame::new("m".into(), "7".into(), 9, echo, 9)
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
		let last = frame().end(&Generated::sample("length")).pop().unwrap();
		assert_eq!(
			(&last["type"], &last["response"]["status"]),
			(&json!("response.incomplete"), &json!("incomplete"))
		);
	}

	#[test]
	fn events_come_in_order_and_are_numbered_through() {
		let mut frame = frame();
		let mut events = frame.begin();
		events.extend(["two ", "words"].map(|piece| frame.go_on(piece)));
		events.extend(frame.end(&Generated::sample("stop")));
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
		let mut frame = frame();
		let begun = frame.begin().len();
		let event = frame.fail(&ApiError::refunded(assay_protocol::JobId(7)));
		assert_eq!(
			(&event["type"], &event["code"]),
			(&json!("error"), &json!("job_refunded"))
		);
		assert_eq!(event["sequence_number"], begun);
	}
}
