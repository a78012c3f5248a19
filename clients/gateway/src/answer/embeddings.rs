//! Vectors that were made.

use crate::{desk::Bought, error::ApiError, request::embeddings::Encoding};
use assay_protocol::job::JobOutput;
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};
use std::sync::Arc;

/// The vectors, in the order of the inputs.
pub(crate) fn document(model: &str, bought: &[Arc<Bought>], encoding: Encoding) -> Result<Value, ApiError> {
	let mut data = vec![];
	let mut tokens: u64 = 0;
	for (index, bought) in bought.iter().enumerate() {
		let Some(JobOutput::Vector(values)) = &bought.output else {
			return Err(ApiError::internal(format!("{} has no vector", bought.source)));
		};
		tokens = tokens.saturating_add(bought.prompt.into());
		data.push(json!({ "object": "embedding", "index": index, "embedding": vector(values, encoding) }));
	}
	let jobs: Vec<_> = bought.iter().map(|bought| bought.verification.clone()).collect();
	Ok(json!({
		"object": "list",
		"data": data,
		"model": model,
		"usage": { "prompt_tokens": tokens, "total_tokens": tokens },
		"verification": { "jobs": jobs },
	}))
}

/// Values with 16 fraction bits, as a client asked for them.
fn vector(values: &[i32], encoding: Encoding) -> Value {
	let floats = values.iter().map(|value| f64::from(*value) / 65_536.0);
	match encoding {
		Encoding::Float => floats.collect(),
		Encoding::Base64 => {
			// Clients read 32 bits: what is beyond 24 significant ones is rounded.
			let bytes: Vec<u8> = floats.flat_map(|value| (value as f32).to_le_bytes()).collect();
			STANDARD.encode(bytes).into()
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_vector_is_the_same_in_both_encodings() {
		let values = [65_536, -32_768, 1];
		assert_eq!(vector(&values, Encoding::Float), json!([1.0, -0.5, 1.0 / 65_536.0]));
		let mut bytes = vec![];
		for value in [1.0_f32, -0.5, 1.0 / 65_536.0] {
			bytes.extend(value.to_le_bytes());
		}
		assert_eq!(vector(&values, Encoding::Base64), STANDARD.encode(bytes));
	}
}
