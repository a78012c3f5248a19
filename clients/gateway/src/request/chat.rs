//! `POST /v1/chat/completions`.

use super::{sampling::Sampling, Fields};
use crate::error::ApiError;
use serde::Serialize;
use serde_json::{json, Value};

/// Messages of a conversation at most.
pub(super) const MOST_MESSAGES: usize = 1_024;
/// Who may speak.
pub(super) const ROLES: [&str; 4] = ["system", "developer", "user", "assistant"];

/// What is said in a conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Message {
	/// Who says it.
	pub(crate) role: String,
	/// What.
	pub(crate) content: String,
}

/// A conversation to go on with.
#[derive(Debug)]
pub(crate) struct Chat {
	pub(crate) model: String,
	pub(crate) messages: Vec<Message>,
	pub(crate) sampling: Sampling,
}

impl Chat {
	/// Reads a request.
	pub(crate) fn read(mut fields: Fields) -> Result<Self, ApiError> {
		let model = fields.need_text("model")?;
		let messages = messages(fields.need("messages")?)?;
		let sampling = Sampling::read(&mut fields)?;
		fields.neutral("logprobs", &[json!(false)])?;
		fields.neutral("top_logprobs", &[json!(0)])?;
		fields.neutral("tools", &[json!([])])?;
		fields.neutral("tool_choice", &[json!("none"), json!("auto")])?;
		fields.neutral("functions", &[json!([])])?;
		fields.neutral("function_call", &[json!("none"), json!("auto")])?;
		fields.neutral("response_format", &[json!({ "type": "text" })])?;
		fields.neutral("modalities", &[json!(["text"])])?;
		fields.neutral("store", &[json!(false)])?;
		for unsupported in [
			"audio",
			"prediction",
			"reasoning_effort",
			"verbosity",
			"web_search_options",
		] {
			fields.neutral(unsupported, &[])?;
		}
		// Says something of tools only, and there are none.
		fields.without_influence(&["parallel_tool_calls"]);
		fields.end()?;
		Ok(Self {
			model,
			messages,
			sampling,
		})
	}
}

fn messages(value: Value) -> Result<Vec<Message>, ApiError> {
	let Value::Array(values) = value else {
		return Err(ApiError::bad_value("messages", "`messages` is not a list"));
	};
	if values.is_empty() || values.len() > MOST_MESSAGES {
		let message = format!("there are {} messages, 1 to {MOST_MESSAGES} are expected", values.len());
		return Err(ApiError::bad_value("messages", message));
	}
	values
		.into_iter()
		.enumerate()
		.map(|(index, value)| message(value, &format!("messages[{index}]")))
		.collect()
}

fn message(value: Value, place: &str) -> Result<Message, ApiError> {
	let Value::Object(fields) = value else {
		return Err(ApiError::bad_value(place, format!("`{place}` is not an object")));
	};
	let mut fields = Fields(fields);
	let role = match fields.take("role") {
		Some(Value::String(role)) if ROLES.contains(&role.as_str()) => role,
		_ => {
			let message = format!("`{place}.role` is not one of {}: there are no tools", ROLES.join(", "));
			return Err(ApiError::bad_value(format!("{place}.role"), message));
		}
	};
	let content = match fields.take("content") {
		Some(Value::String(text)) => text,
		Some(Value::Array(parts)) => parts
			.iter()
			.map(text_of)
			.collect::<Option<String>>()
			.ok_or_else(|| not_text(place))?,
		_ => return Err(not_text(place)),
	};
	// Clients send back what they got: an answer without a refusal, tools or the like says so.
	for empty in ["refusal", "audio", "function_call", "tool_calls", "annotations"] {
		fields
			.neutral(empty, &[json!([])])
			.map_err(|_| ApiError::unsupported(&format!("{place}.{empty}"), ""))?;
	}
	match fields.0.keys().next() {
		Some(name) => Err(ApiError::unknown_parameter(&format!("{place}.{name}"))),
		None => Ok(Message { role, content }),
	}
}

fn text_of(part: &Value) -> Option<&str> {
	let part = part.as_object()?;
	(part.len() == 2 && part.get("type")?.as_str()? == "text")
		.then(|| part.get("text")?.as_str())
		.flatten()
}

fn not_text(place: &str) -> ApiError {
	let message = format!("`{place}.content` is neither a text nor a list of parts of type `text`");
	ApiError::bad_value(format!("{place}.content"), message)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read(messages: Value) -> Result<Vec<Message>, ApiError> {
		let document = json!({ "model": "0.0", "messages": messages }).to_string();
		Chat::read(Fields::parse(document.as_bytes())?).map(|chat| chat.messages)
	}

	#[test]
	fn contents_are_texts_or_parts_of_text() {
		let parts = json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }]);
		let said = read(json!([
			{ "role": "system", "content": "s" },
			{ "role": "user", "content": parts },
			{ "role": "assistant", "content": "c", "refusal": null, "tool_calls": null },
		]))
		.unwrap();
		let contents: Vec<_> = said.iter().map(|message| message.content.as_str()).collect();
		assert_eq!(contents, ["s", "ab", "c"]);
	}

	#[test]
	fn what_is_no_text_is_refused_with_its_place() {
		for (message, param) in [
			(
				json!({ "role": "user", "content": [{ "type": "image_url", "image_url": {} }] }),
				"messages[0].content",
			),
			(json!({ "role": "user" }), "messages[0].content"),
			(json!({ "role": "tool", "content": "x" }), "messages[0].role"),
			(
				json!({ "role": "user", "content": "x", "name": "u" }),
				"messages[0].name",
			),
			(
				json!({ "role": "assistant", "content": "x", "tool_calls": [{}] }),
				"messages[0].tool_calls",
			),
			(json!("x"), "messages[0]"),
		] {
			let error = read(json!([message])).unwrap_err().document();
			assert_eq!(error["error"]["param"], param, "{error}");
		}
		assert!(read(json!([])).is_err());
	}

	#[test]
	fn tools_and_forms_of_answers_are_refused_by_name() {
		for (name, value) in [
			("tools", json!([{ "type": "function" }])),
			("response_format", json!({ "type": "json_object" })),
			("logprobs", json!(true)),
			("reasoning_effort", json!("low")),
		] {
			let document = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }], name: value });
			let fields = Fields::parse(document.to_string().as_bytes()).unwrap();
			let error = Chat::read(fields).unwrap_err().document();
			assert_eq!(error["error"]["param"], name);
		}
	}
}
