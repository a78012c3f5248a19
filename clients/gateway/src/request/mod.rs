//! What clients may ask. Every parameter is read, known to have no influence, or refused by its name: nothing that would change
//! an answer is passed over.

pub(crate) mod chat;
pub(crate) mod completion;
pub(crate) mod embeddings;
pub(crate) mod response;
pub(crate) mod sampling;

use crate::error::ApiError;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// How deep lists and objects may lie in each other.
const DEPTH: usize = 32;

/// The parameters of a request that are not read yet.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
	/// Reads a body.
	pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
		let document = serde_json::from_slice(body)
			.map_err(|error| ApiError::bad_request(format!("the request is not JSON: {error}")))?;
		match document {
			Value::Object(fields) if fields.values().all(|value| is_flat(value, DEPTH - 1)) => Ok(Self(fields)),
			Value::Object(_) => Err(ApiError::bad_request(format!(
				"lists and objects lie deeper than {DEPTH} in each other"
			))),
			_ => Err(ApiError::bad_request("the request is not a JSON object")),
		}
	}

	/// A parameter; `null` is like leaving it out.
	pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
		self.0.remove(name).filter(|value| !value.is_null())
	}

	/// A parameter that is read again.
	pub(crate) fn peek(&self, name: &str) -> Option<&Value> {
		self.0.get(name).filter(|value| !value.is_null())
	}

	/// A parameter that must be there.
	pub(crate) fn need(&mut self, name: &str) -> Result<Value, ApiError> {
		self.take(name)
			.ok_or_else(|| ApiError::bad_value(name, format!("`{name}` is missing")))
	}

	/// A text.
	pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
		self.take(name)
			.map(|value| match value {
				Value::String(text) => Ok(text),
				_ => Err(ApiError::bad_value(name, format!("`{name}` is not a string"))),
			})
			.transpose()
	}

	/// A text that must be there.
	pub(crate) fn need_text(&mut self, name: &str) -> Result<String, ApiError> {
		self.text(name)?
			.ok_or_else(|| ApiError::bad_value(name, format!("`{name}` is missing")))
	}

	/// Yes or no; no if it is left out.
	pub(crate) fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
		match self.take(name) {
			None => Ok(false),
			Some(Value::Bool(flag)) => Ok(flag),
			Some(_) => Err(ApiError::bad_value(name, format!("`{name}` is not true or false"))),
		}
	}

	/// A whole number in a range.
	pub(crate) fn whole(&mut self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, ApiError> {
		let Some(value) = self.take(name) else {
			return Ok(None);
		};
		let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
		match number.filter(|number| range.contains(number)) {
			Some(number) => Ok(Some(number)),
			None => {
				let (least, most) = (range.start(), range.end());
				let message = format!("`{name}` is {value}, a whole number from {least} to {most} is expected");
				Err(ApiError::bad_value(name, message))
			}
		}
	}

	/// Refuses a parameter unless it has a value that changes nothing.
	pub(crate) fn neutral(&mut self, name: &str, neutral: &[Value]) -> Result<(), ApiError> {
		let Some(value) = self.take(name) else {
			return Ok(());
		};
		let same = |neutral: &Value| match (neutral.as_f64(), value.as_f64()) {
			(Some(one), Some(other)) => one == other,
			_ => *neutral == value,
		};
		if neutral.iter().any(same) {
			return Ok(());
		}
		let hint = neutral
			.first()
			.map_or(String::new(), |neutral| format!(", or set it to {neutral}"));
		Err(ApiError::unsupported(name, &hint))
	}

	/// Passes over parameters that have no influence on an answer.
	pub(crate) fn without_influence(&mut self, names: &[&str]) {
		for name in names {
			self.0.remove(*name);
		}
	}

	/// Refuses whatever is left.
	pub(crate) fn end(self) -> Result<(), ApiError> {
		match self.0.keys().next() {
			Some(name) => Err(ApiError::unknown_parameter(name)),
			None => Ok(()),
		}
	}
}

fn is_flat(value: &Value, depth: usize) -> bool {
	match value {
		Value::Array(items) => depth > 0 && items.iter().all(|item| is_flat(item, depth - 1)),
		Value::Object(fields) => depth > 0 && fields.values().all(|field| is_flat(field, depth - 1)),
		_ => true,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn fields(document: Value) -> Fields {
		Fields::parse(document.to_string().as_bytes()).unwrap()
	}

	fn param(error: ApiError) -> Value {
		error.document()["error"]["param"].clone()
	}

	#[test]
	fn what_is_left_is_refused_by_its_name() {
		let mut asked = fields(json!({ "model": "0.0", "top_z": 3, "user": "u" }));
		assert_eq!(asked.need_text("model").unwrap(), "0.0");
		asked.without_influence(&["user"]);
		let error = asked.end().unwrap_err();
		assert_eq!(error.document()["error"]["code"], "unknown_parameter");
		assert_eq!(param(error), "top_z");
	}

	#[test]
	fn a_neutral_value_is_no_reason_to_refuse() {
		for value in [json!(1), json!(1.0), Value::Null] {
			fields(json!({ "top_p": value })).neutral("top_p", &[json!(1)]).unwrap();
		}
		let error = fields(json!({ "top_p": 0.9 }))
			.neutral("top_p", &[json!(1)])
			.unwrap_err();
		assert_eq!(error.document()["error"]["code"], "unsupported_parameter");
		assert_eq!(param(error), "top_p");
	}

	#[test]
	fn a_value_outside_its_range_is_told_the_range() {
		let error = fields(json!({ "n": 5_000_000_000_u64 })).whole("n", 1..=9).unwrap_err();
		let message = error.document()["error"]["message"].to_string();
		assert!(
			message.contains("`n` is 5000000000, a whole number from 1 to 9"),
			"{message}"
		);
		assert!(fields(json!({ "n": 1.5 })).whole("n", 1..=9).is_err());
		assert_eq!(fields(json!({ "n": 9 })).whole("n", 1..=9).unwrap(), Some(9));
	}

	#[test]
	fn what_is_no_object_or_too_deep_is_refused() {
		for body in ["", "[]", "1", "{", "{\"a\":"] {
			assert!(Fields::parse(body.as_bytes()).is_err(), "{body}");
		}
		let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
		Fields::parse(nested(31).as_bytes()).unwrap();
		Fields::parse(nested(32).as_bytes()).unwrap_err();
		Fields::parse(nested(100_000).as_bytes()).unwrap_err();
	}
}
