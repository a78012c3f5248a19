//! `POST /v1/completions`.

use super::{sampling::Sampling, Fields};
use crate::error::ApiError;
use serde_json::{json, Value};

/// A text to go on with.
#[derive(Debug)]
pub(crate) struct Completion {
	pub(crate) model: String,
	pub(crate) prompt: String,
	pub(crate) sampling: Sampling,
}

impl Completion {
	/// Reads a request.
	pub(crate) fn read(mut fields: Fields) -> Result<Self, ApiError> {
		let model = fields.need_text("model")?;
		let prompt = prompt(fields.need("prompt")?)?;
		let sampling = Sampling::read(&mut fields)?;
		fields.neutral("best_of", &[json!(1)])?;
		fields.neutral("echo", &[json!(false)])?;
		fields.neutral("logprobs", &[])?;
		fields.neutral("suffix", &[json!("")])?;
		fields.end()?;
		Ok(Self {
			model,
			prompt,
			sampling,
		})
	}
}

fn prompt(value: Value) -> Result<String, ApiError> {
	let one = match value {
		Value::Array(mut values) if values.len() == 1 => values.pop(),
		value => Some(value),
	};
	match one {
		Some(Value::String(text)) if !text.is_empty() => Ok(text),
		_ => {
			let message =
				"`prompt` is not one text that is not empty; several prompts are several requests, and token ids \
				are not taken";
			Err(ApiError::bad_value("prompt", message))
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_prompt_is_one_text() {
		let read = |prompt: Value| {
			let document = json!({ "model": "0.0", "prompt": prompt }).to_string();
			Completion::read(Fields::parse(document.as_bytes()).unwrap())
		};
		for good in [json!("a"), json!(["a"])] {
			assert_eq!(read(good).unwrap().prompt, "a");
		}
		for bad in [json!(""), json!(["a", "b"]), json!([1, 2]), json!([[1]]), json!({})] {
			assert_eq!(read(bad).unwrap_err().document()["error"]["param"], "prompt");
		}
	}
}
