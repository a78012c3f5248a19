//! `POST /v1/embeddings`.

use super::Fields;
use crate::error::ApiError;
use serde_json::Value;

/// How vectors are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encoding {
	/// A list of numbers.
	Float,
	/// Numbers of 32 bits, the lowest byte first, in base64.
	Base64,
}

/// Texts to make vectors of.
#[derive(Debug)]
pub(crate) struct Embeddings {
	pub(crate) model: String,
	pub(crate) inputs: Vec<String>,
	pub(crate) encoding: Encoding,
	/// The length of vectors that the client expects.
	pub(crate) dimensions: Option<u32>,
}

impl Embeddings {
	/// Reads a request for at most so many vectors.
	pub(crate) fn read(mut fields: Fields, most: usize) -> Result<Self, ApiError> {
		let model = fields.need_text("model")?;
		let inputs = inputs(fields.need("input")?, most)?;
		let encoding = match fields.text("encoding_format")?.as_deref() {
			None | Some("float") => Encoding::Float,
			Some("base64") => Encoding::Base64,
			Some(other) => {
				let message = format!("`encoding_format` is `{other}`, `float` or `base64` is expected");
				return Err(ApiError::bad_value("encoding_format", message));
			}
		};
		let dimensions = fields.whole("dimensions", 1..=u32::MAX)?;
		fields.without_influence(&["user"]);
		fields.end()?;
		Ok(Self {
			model,
			inputs,
			encoding,
			dimensions,
		})
	}
}

fn inputs(value: Value, most: usize) -> Result<Vec<String>, ApiError> {
	let values = match value {
		Value::Array(values) => values,
		value => vec![value],
	};
	if values.len() > most {
		let message = format!("there are {} inputs, at most {most} are taken at once", values.len());
		return Err(ApiError::bad_value("input", message));
	}
	if values.iter().any(|value| value.is_number() || value.is_array()) {
		let message = "`input` has token ids, which are those of another tokenizer: send texts (in LangChain: \
			OpenAIEmbeddings(check_embedding_ctx_length=False))";
		return Err(ApiError::bad_value("input", message));
	}
	let texts: Option<Vec<String>> = values
		.into_iter()
		.map(|value| match value {
			Value::String(text) if !text.is_empty() => Some(text),
			_ => None,
		})
		.collect();
	texts.filter(|texts| !texts.is_empty()).ok_or_else(|| {
		let message = "`input` is neither a text nor a list of texts, none of them empty";
		ApiError::bad_value("input", message)
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn read(input: Value) -> Result<Embeddings, ApiError> {
		let document = json!({ "model": "1.0", "input": input }).to_string();
		Embeddings::read(Fields::parse(document.as_bytes())?, 2)
	}

	#[test]
	fn inputs_are_a_text_or_several() {
		assert_eq!(read(json!("a")).unwrap().inputs, ["a"]);
		assert_eq!(read(json!(["a", "b"])).unwrap().inputs, ["a", "b"]);
		for bad in [
			json!(""),
			json!([]),
			json!(["a", ""]),
			json!(["a", "b", "c"]),
			json!({}),
		] {
			assert_eq!(read(bad).unwrap_err().document()["error"]["param"], "input");
		}
	}

	#[test]
	fn token_ids_are_refused_with_the_switch_that_sends_texts() {
		for ids in [json!([1, 2]), json!([[1, 2]])] {
			let error = read(ids).unwrap_err().document().to_string();
			assert!(error.contains("check_embedding_ctx_length=False"), "{error}");
		}
	}
}
