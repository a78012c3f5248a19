//! How tokens are generated: what the chain's sampler has of OpenAI's parameters.

use super::Fields;
use crate::error::ApiError;
use assay_protocol::job::MAX_INLINE_ELEMENTS;
use assay_sdk::jobs::{Generation, Sampler};
use serde_json::{json, Value};

/// The highest temperature of OpenAI's interface.
const HOTTEST: f64 = 2.0;
/// Stop texts at most, and bytes of each.
const MOST_STOPS: usize = 4;
const LONGEST_STOP: usize = 256;

/// How to generate, but for the seed where nobody gave one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Sampling {
	/// Choice of the next token; the seed is zero where the gateway is to draw one.
	pub(crate) sampler: Sampler,
	/// Whether the gateway draws the seed: the temperature is not 0 and the client gave none.
	pub(crate) unseeded: bool,
	/// Tokens to generate at most, if the client says.
	pub(crate) max_tokens: Option<u32>,
	/// Texts before which the answer ends.
	pub(crate) stop: Vec<String>,
	/// How the answer is streamed, if it is.
	pub(crate) stream: Option<Streaming>,
}

/// How an answer is streamed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Streaming {
	/// Whether its last part tells the tokens used.
	pub(crate) usage: bool,
}

impl Sampling {
	/// Reads what chats and completions share.
	pub(crate) fn read(fields: &mut Fields) -> Result<Self, ApiError> {
		fields.neutral("n", &[json!(1)])?;
		fields.neutral("top_p", &[json!(1)])?;
		fields.neutral("top_k", &[json!(0), json!(-1)])?;
		fields.neutral("min_p", &[json!(0)])?;
		fields.neutral("presence_penalty", &[json!(0)])?;
		fields.neutral("frequency_penalty", &[json!(0)])?;
		fields.neutral("repetition_penalty", &[json!(1)])?;
		fields.neutral("logit_bias", &[json!({})])?;
		fields.neutral("service_tier", &[json!("auto"), json!("default")])?;
		fields.without_influence(&["user", "metadata", "safety_identifier", "prompt_cache_key"]);
		let (sampler, unseeded) = sampler(fields)?;
		let tokens = 1..=MAX_INLINE_ELEMENTS;
		let (new, old) = (
			fields.whole("max_completion_tokens", tokens.clone())?,
			fields.whole("max_tokens", tokens)?,
		);
		if new.is_some() && old.is_some() && new != old {
			let message = "`max_tokens` and `max_completion_tokens` are the same thing: set one of them";
			return Err(ApiError::bad_value("max_tokens", message));
		}
		Ok(Self {
			sampler,
			unseeded,
			max_tokens: new.or(old),
			stop: stop(fields)?,
			stream: stream(fields)?,
		})
	}

	/// Reads what a request of `/v1/responses` has of it.
	pub(crate) fn of_response(fields: &mut Fields) -> Result<Self, ApiError> {
		fields.neutral("top_p", &[json!(1)])?;
		fields.neutral("service_tier", &[json!("auto"), json!("default")])?;
		fields.without_influence(&["user", "safety_identifier", "prompt_cache_key"]);
		let (sampler, unseeded) = sampler(fields)?;
		Ok(Self {
			sampler,
			unseeded,
			max_tokens: fields.whole("max_output_tokens", 1..=MAX_INLINE_ELEMENTS)?,
			stop: vec![],
			stream: stream(fields)?,
		})
	}

	/// As the chain reads it.
	pub(crate) fn generation(&self, max_tokens: u32) -> Generation {
		Generation {
			sampler: self.sampler,
			max_tokens,
			ignore_stop: false,
		}
	}
}

/// A sampler with 32 bytes of seed instead of those it has.
pub(crate) fn reseeded(sampler: Sampler, seed: [u8; 32]) -> Sampler {
	match sampler {
		Sampler::Greedy => Sampler::Greedy,
		Sampler::Gumbel {
			inverse_temperature, ..
		} => Sampler::Gumbel {
			inverse_temperature,
			seed,
		},
	}
}

/// The sampler, and whether it waits for a seed. Without a temperature the likeliest token is taken, as by `assay job submit`.
fn sampler(fields: &mut Fields) -> Result<(Sampler, bool), ApiError> {
	let seed = fields.take("seed").map(|value| seed(&value)).transpose()?;
	let Some(value) = fields.take("temperature") else {
		return Ok((Sampler::Greedy, false));
	};
	let outside = || {
		let message =
			format!("`temperature` is {value}, a number from 0 to {HOTTEST} is expected, 0 or at least 0.00002");
		ApiError::bad_value("temperature", message)
	};
	let temperature = value
		.as_f64()
		.filter(|temperature| (0.0..=HOTTEST).contains(temperature))
		.ok_or_else(outside)?;
	if temperature == 0.0 {
		return Ok((Sampler::Greedy, false));
	}
	let inverse = (65_536.0 / temperature).round();
	if inverse > f64::from(u32::MAX) {
		return Err(outside());
	}
	let sampler = Sampler::Gumbel {
		// In range: checked just above, and at most the highest temperature.
		inverse_temperature: inverse as u32,
		seed: seed.unwrap_or_default(),
	};
	Ok((sampler, seed.is_none()))
}

/// The seed of a number, as `assay job submit --seed` makes it.
fn seed(value: &Value) -> Result<[u8; 32], ApiError> {
	let number = match (value.as_u64(), value.as_i64()) {
		(Some(number), _) => number.to_le_bytes(),
		(None, Some(number)) => number.to_le_bytes(),
		(None, None) => {
			let message = format!("`seed` is {value}, a whole number of 64 bits is expected");
			return Err(ApiError::bad_value("seed", message));
		}
	};
	let mut bytes = [0; 32];
	bytes[..8].copy_from_slice(&number);
	Ok(bytes)
}

fn stop(fields: &mut Fields) -> Result<Vec<String>, ApiError> {
	let wrong = || {
		let message = format!(
			"`stop` is a text or up to {MOST_STOPS} texts, none of them empty or longer than {LONGEST_STOP} bytes"
		);
		ApiError::bad_value("stop", message)
	};
	let values = match fields.take("stop") {
		None => return Ok(vec![]),
		Some(Value::Array(values)) => values,
		Some(value) => vec![value],
	};
	let texts: Option<Vec<String>> = values
		.into_iter()
		.map(|value| match value {
			Value::String(text) if !text.is_empty() && text.len() <= LONGEST_STOP => Some(text),
			_ => None,
		})
		.collect();
	texts.filter(|texts| texts.len() <= MOST_STOPS).ok_or_else(wrong)
}

fn stream(fields: &mut Fields) -> Result<Option<Streaming>, ApiError> {
	let streamed = fields.flag("stream")?;
	let Some(options) = fields.take("stream_options") else {
		return Ok(streamed.then_some(Streaming { usage: false }));
	};
	let wrong = |message: &str| ApiError::bad_value("stream_options", message);
	if !streamed {
		return Err(wrong("`stream_options` needs `stream`"));
	}
	let Value::Object(options) = options else {
		return Err(wrong("`stream_options` is not an object"));
	};
	let mut options = Fields(options);
	let usage = options.flag("include_usage")?;
	options.neutral("include_obfuscation", &[json!(false)])?;
	options.end()?;
	Ok(Some(Streaming { usage }))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn read(document: Value) -> Result<Sampling, ApiError> {
		let mut fields = Fields::parse(document.to_string().as_bytes())?;
		let sampling = Sampling::read(&mut fields)?;
		fields.end()?;
		Ok(sampling)
	}

	fn refused(document: Value) -> String {
		let error = read(document).unwrap_err().document();
		error["error"]["param"].as_str().unwrap().to_owned()
	}

	#[test]
	fn without_a_temperature_the_likeliest_token_is_taken() {
		for document in [json!({}), json!({ "temperature": 0 }), json!({ "seed": 7 })] {
			let sampling = read(document).unwrap();
			assert_eq!((sampling.sampler, sampling.unseeded), (Sampler::Greedy, false));
		}
	}

	#[test]
	fn a_seed_is_that_of_the_command_line() {
		let sampling = read(json!({ "temperature": 0.5, "seed": 258 })).unwrap();
		let mut seed = [0; 32];
		(seed[0], seed[1]) = (2, 1);
		let expected = Sampler::Gumbel {
			inverse_temperature: 131_072,
			seed,
		};
		assert_eq!((sampling.sampler, sampling.unseeded), (expected, false));
		assert!(read(json!({ "temperature": 1 })).unwrap().unseeded);
		assert_eq!(refused(json!({ "seed": 1.5 })), "seed");
	}

	#[test]
	fn a_temperature_that_the_chain_cannot_express_is_refused() {
		for temperature in [json!(-0.1), json!(2.1), json!(1e-9), json!("hot"), json!(1e300)] {
			assert_eq!(refused(json!({ "temperature": temperature })), "temperature");
		}
	}

	#[test]
	fn what_the_sampler_lacks_is_refused_by_name() {
		for (name, value) in [
			("n", json!(2)),
			("top_p", json!(0.5)),
			("top_k", json!(40)),
			("presence_penalty", json!(1)),
			("logit_bias", json!({ "5": 1 })),
		] {
			assert_eq!(refused(json!({ name: value })), name);
		}
	}

	#[test]
	fn stop_is_a_text_or_several() {
		assert_eq!(read(json!({ "stop": "a" })).unwrap().stop, ["a"]);
		assert_eq!(read(json!({ "stop": ["a", "b"] })).unwrap().stop, ["a", "b"]);
		for stop in [json!(""), json!(["a", 1]), json!(["a", "b", "c", "d", "e"]), json!(5)] {
			assert_eq!(refused(json!({ "stop": stop })), "stop");
		}
	}

	#[test]
	fn stream_options_belong_to_streams() {
		let options = json!({ "include_usage": true });
		let sampling = read(json!({ "stream": true, "stream_options": options })).unwrap();
		assert_eq!(sampling.stream, Some(Streaming { usage: true }));
		assert_eq!(refused(json!({ "stream_options": options })), "stream_options");
		assert_eq!(refused(json!({ "stream": true, "stream_options": { "x": 1 } })), "x");
	}

	#[test]
	fn both_names_of_the_largest_number_of_tokens_are_read() {
		assert_eq!(read(json!({ "max_tokens": 3 })).unwrap().max_tokens, Some(3));
		assert_eq!(read(json!({ "max_completion_tokens": 3 })).unwrap().max_tokens, Some(3));
		assert_eq!(
			refused(json!({ "max_completion_tokens": 3, "max_tokens": 4 })),
			"max_tokens"
		);
		assert_eq!(refused(json!({ "max_tokens": 0 })), "max_tokens");
	}
}
