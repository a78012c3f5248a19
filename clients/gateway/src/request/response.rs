//! `POST /v1/responses`, as far as it is text in and text out. Nothing is kept here, so every request holds its whole conversation.

use super::{
	chat::{Message, MOST_MESSAGES, ROLES},
	sampling::Sampling,
	Fields,
};
use crate::error::ApiError;
use serde_json::{json, Value};

/// Who gives the instructions.
const INSTRUCTOR: &str = "system";
/// What holds a text, said by whoever.
const TEXTS: [&str; 3] = ["input_text", "output_text", "text"];

/// A conversation to go on with.
#[derive(Debug)]
pub(crate) struct Respond {
	pub(crate) model: String,
	pub(crate) messages: Vec<Message>,
	pub(crate) sampling: Sampling,
	pub(crate) echo: Echo,
}

/// What the answer repeats of the request.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Echo {
	pub(crate) instructions: Option<String>,
	pub(crate) metadata: Value,
	pub(crate) temperature: Value,
}

impl Respond {
	/// Reads a request.
	pub(crate) fn read(mut fields: Fields) -> Result<Self, ApiError> {
		let model = fields.need_text("model")?;
		let instructions = fields.text("instructions")?;
		let mut messages = vec![];
		messages.extend(instructions.iter().map(|text| Message {
			role: INSTRUCTOR.into(),
			content: text.clone(),
		}));
		messages.extend(input(fields.need("input")?)?);
		let echo = Echo {
			instructions,
			metadata: metadata(&mut fields)?,
			temperature: fields.peek("temperature").cloned().unwrap_or_else(|| json!(0)),
		};
		let sampling = Sampling::of_response(&mut fields)?;
		for (kept, neutral) in [
			("store", Some(json!(false))),
			("background", Some(json!(false))),
			("previous_response_id", None),
			("conversation", None),
			("prompt", None),
			("context_management", None),
		] {
			let hint = "nothing is kept here, so send the whole conversation as `input`";
			fields
				.neutral(kept, neutral.as_slice())
				.map_err(|_| ApiError::not_here(kept, hint))?;
		}
		for (tool, neutral) in [
			("tools", vec![json!([])]),
			("tool_choice", vec![json!("none"), json!("auto")]),
			("include", vec![json!([])]),
		] {
			fields.neutral(tool, &neutral).map_err(|_| {
				ApiError::not_here(tool, "models generate text and nothing else here: there are no tools")
			})?;
		}
		text_form(&mut fields)?;
		fields.neutral("truncation", &[json!("disabled")])?;
		fields.neutral("top_logprobs", &[json!(0)])?;
		fields.neutral("reasoning", &[json!({}), json!({ "effort": "none" })])?;
		fields.neutral("moderation", &[])?;
		// They say something of tools and of caches, and there are none.
		fields.without_influence(&[
			"max_tool_calls",
			"parallel_tool_calls",
			"prompt_cache_options",
			"prompt_cache_retention",
		]);
		fields.end()?;
		Ok(Self {
			model,
			messages,
			sampling,
			echo,
		})
	}
}

/// The form of the text: plain.
fn text_form(fields: &mut Fields) -> Result<(), ApiError> {
	let Some(value) = fields.take("text") else {
		return Ok(());
	};
	let Value::Object(form) = value else {
		return Err(ApiError::bad_value("text", "`text` is not an object"));
	};
	let mut form = Fields(form);
	form.neutral("format", &[json!({ "type": "text" })])
		.map_err(|_| ApiError::unsupported("text.format", ", or set its type to `text`"))?;
	form.neutral("verbosity", &[json!("medium")])
		.map_err(|_| ApiError::unsupported("text.verbosity", ""))?;
	match form.0.keys().next() {
		Some(name) => Err(ApiError::unknown_parameter(&format!("text.{name}"))),
		None => Ok(()),
	}
}

/// What the client writes down for itself.
fn metadata(fields: &mut Fields) -> Result<Value, ApiError> {
	let texts = |value: &Value| {
		value
			.as_object()
			.is_some_and(|fields| fields.values().all(Value::is_string))
	};
	match fields.take("metadata") {
		None => Ok(json!({})),
		Some(value) if texts(&value) => Ok(value),
		Some(_) => Err(ApiError::bad_value(
			"metadata",
			"`metadata` is not an object of strings",
		)),
	}
}

fn input(value: Value) -> Result<Vec<Message>, ApiError> {
	let items = match value {
		Value::String(content) => {
			return Ok(vec![Message {
				role: "user".into(),
				content,
			}])
		}
		Value::Array(items) => items,
		_ => {
			return Err(ApiError::bad_value(
				"input",
				"`input` is neither a text nor a list of messages",
			))
		}
	};
	if items.is_empty() || items.len() > MOST_MESSAGES {
		let message = format!("there are {} items, 1 to {MOST_MESSAGES} are expected", items.len());
		return Err(ApiError::bad_value("input", message));
	}
	let items = items.into_iter().enumerate();
	items
		.map(|(index, item)| message(item, &format!("input[{index}]")))
		.collect()
}

/// A message, as clients write it or as they got it.
fn message(value: Value, place: &str) -> Result<Message, ApiError> {
	let Value::Object(fields) = value else {
		return Err(ApiError::bad_value(place, format!("`{place}` is not an object")));
	};
	let mut fields = Fields(fields);
	let kind = fields.take("type").unwrap_or_else(|| json!("message"));
	if kind != "message" {
		let hint =
			format!("it is of type {kind}, and only messages are taken: there are no tools and no reasoning here");
		return Err(ApiError::not_here(place, &hint));
	}
	let role = match fields.take("role") {
		Some(Value::String(role)) if ROLES.contains(&role.as_str()) => role,
		_ => {
			let message = format!("`{place}.role` is not one of {}", ROLES.join(", "));
			return Err(ApiError::bad_value(format!("{place}.role"), message));
		}
	};
	let content = match fields.take("content") {
		Some(Value::String(text)) => Some(text),
		Some(Value::Array(parts)) => parts.iter().map(text_of).collect(),
		_ => None,
	};
	let content = content.ok_or_else(|| {
		let message =
			format!("`{place}.content` is neither a text nor a list of parts of type `input_text` or `output_text`");
		ApiError::bad_value(format!("{place}.content"), message)
	})?;
	// What an answer had that comes back.
	fields.without_influence(&["id", "status", "phase"]);
	match fields.0.keys().next() {
		Some(name) => Err(ApiError::unknown_parameter(&format!("{place}.{name}"))),
		None => Ok(Message { role, content }),
	}
}

fn text_of(part: &Value) -> Option<&str> {
	let part = part.as_object()?;
	let is_text = TEXTS.contains(&part.get("type")?.as_str()?);
	is_text.then(|| part.get("text")?.as_str()).flatten()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read(mut document: Value) -> Result<Respond, ApiError> {
		document["model"] = json!("m");
		Respond::read(Fields::parse(document.to_string().as_bytes())?)
	}

	fn said(document: Value) -> Vec<(String, String)> {
		let messages = read(document).unwrap().messages;
		messages
			.into_iter()
			.map(|message| (message.role, message.content))
			.collect()
	}

	fn refused(document: Value) -> Value {
		read(document).unwrap_err().document()["error"].clone()
	}

	#[test]
	fn an_input_is_a_text_or_messages_after_the_instructions() {
		let of = |role: &str, content: &str| (role.to_owned(), content.to_owned());
		assert_eq!(said(json!({ "input": "a" })), [of("user", "a")]);
		let conversation = json!({
			"instructions": "i",
			"input": [
				{ "role": "user", "content": "a" },
				{
					"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
					"content": [{ "type": "output_text", "text": "b", "annotations": [], "logprobs": [] }],
				},
				{ "role": "user", "content": [{ "type": "input_text", "text": "c" }, { "type": "input_text", "text": "d" }] },
			],
		});
		let expected = [
			of("system", "i"),
			of("user", "a"),
			of("assistant", "b"),
			of("user", "cd"),
		];
		assert_eq!(said(conversation), expected);
	}

	#[test]
	fn what_is_not_here_is_refused_by_its_name() {
		for (name, value) in [
			("tools", json!([{ "type": "web_search" }])),
			("tool_choice", json!("required")),
			("include", json!(["reasoning.encrypted_content"])),
			("store", json!(true)),
			("background", json!(true)),
			("previous_response_id", json!("resp_1")),
			("conversation", json!("conv_1")),
			("prompt", json!({ "id": "p" })),
			("reasoning", json!({ "effort": "low" })),
			("truncation", json!("auto")),
			("top_p", json!(0.5)),
			("stop", json!("a")),
		] {
			let error = refused(json!({ "input": "a", name: value }));
			assert_eq!(error["param"], name);
		}
		let form = refused(json!({ "input": "a", "text": { "format": { "type": "json_object" } } }));
		assert_eq!(form["param"], "text.format");
	}

	#[test]
	fn what_is_no_text_is_refused_with_its_place() {
		for (item, param) in [
			(
				json!({ "type": "function_call_output", "call_id": "c", "output": "x" }),
				"input[0]",
			),
			(json!({ "type": "item_reference", "id": "msg_1" }), "input[0]"),
			(json!({ "role": "tool", "content": "x" }), "input[0].role"),
			(
				json!({ "role": "user", "content": [{ "type": "input_image", "image_url": "u" }] }),
				"input[0].content",
			),
			(json!({ "role": "user", "content": "x", "name": "n" }), "input[0].name"),
		] {
			assert_eq!(refused(json!({ "input": [item] }))["param"], param);
		}
		for empty in [json!([]), json!(5)] {
			assert_eq!(refused(json!({ "input": empty }))["param"], "input");
		}
	}

	#[test]
	fn values_that_change_nothing_are_no_reason_to_refuse() {
		let asked = read(json!({
			"input": "a", "store": false, "tools": [], "tool_choice": "auto", "parallel_tool_calls": true, "include": [],
			"text": { "format": { "type": "text" } }, "truncation": "disabled", "top_p": 1, "reasoning": {},
			"metadata": { "k": "v" }, "max_output_tokens": 7, "temperature": 0.5, "seed": 3, "stream": true,
			"stream_options": { "include_obfuscation": false },
		}))
		.unwrap();
		assert_eq!((asked.sampling.max_tokens, asked.sampling.unseeded), (Some(7), false));
		assert!(asked.sampling.stream.is_some());
		assert_eq!(
			(asked.echo.metadata, asked.echo.temperature),
			(json!({ "k": "v" }), json!(0.5))
		);
	}
}
