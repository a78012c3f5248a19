//! Text to tokens and back, with the tokenizer of the model.

use anyhow::{anyhow, ensure, Context, Result};
use assay_artifact::Artifact;
use assay_exact::program::Head;
use assay_trace::Hash32;
use sha2::{Digest, Sha256};
use tokenizers::Tokenizer;

/// Name of the tokenizer file inside an artifact.
pub const TOKENIZER: &str = "tokenizer.json";

/// A model's tokenizer.
pub struct Text {
	tokenizer: Tokenizer,
	/// Tokens between which texts lie.
	stop: Vec<u32>,
}

impl Text {
	/// The tokenizer in `bytes`, which must be the one the chain knows.
	pub fn new(bytes: &[u8], expected: Hash32) -> Result<Self> {
		let found = hash(bytes);
		ensure!(
			found == expected,
			"the tokenizer has hash {}, the chain expects {}",
			found,
			expected
		);
		Self::from_bytes(bytes)
	}

	/// The tokenizer inside an artifact, which must be the one the chain knows.
	pub fn of(artifact: &Artifact, expected: Hash32) -> Result<Self> {
		let bytes = artifact
			.file(TOKENIZER)
			.with_context(|| format!("{} has no {TOKENIZER}", artifact.path().display()))?;
		let text = Self::new(bytes, expected)?;
		let stop = match &artifact.program().head {
			Head::Tokens { stop, .. } => stop.clone(),
			Head::Vector { .. } => vec![],
		};
		Ok(Self { stop, ..text })
	}

	/// The tokenizer in `bytes`, whichever it is.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
		let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| anyhow!("the tokenizer: {error}"))?;
		// A job's input is the whole text and nothing else: what does not fit is refused, not cut.
		tokenizer.with_padding(None);
		tokenizer
			.with_truncation(None)
			.map_err(|error| anyhow!("the tokenizer: {error}"))?;
		Ok(Self {
			tokenizer,
			stop: vec![],
		})
	}

	/// Tokens of a text, special ones included. A text that begins with the model's begin token, as chat templates write it,
	/// does not get a second one.
	pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
		let encoding = self
			.tokenizer
			.encode(text, true)
			.map_err(|error| anyhow!("the text cannot be tokenised: {error}"))?;
		let (tokens, added) = (encoding.get_ids(), encoding.get_special_tokens_mask());
		let begin = added.iter().take_while(|added| **added == 1).count();
		let (begin, rest) = tokens.split_at(begin);
		let twice = !begin.is_empty() && rest.starts_with(begin);
		Ok(if twice { rest } else { tokens }.to_vec())
	}

	/// Whether a token ends a text.
	pub fn stops_at(&self, token: u32) -> bool {
		self.stop.contains(&token)
	}

	/// Text of tokens, special ones left out. What follows a stop token is on a line of its own.
	pub fn decode(&self, tokens: &[u32]) -> Result<String> {
		let texts = tokens
			.split(|token| self.stop.contains(token))
			.filter(|text| !text.is_empty());
		let decoded = texts
			.map(|text| self.tokenizer.decode(text, true))
			.collect::<Result<Vec<_>, _>>();
		Ok(decoded
			.map_err(|error| anyhow!("the tokens cannot be written as text: {error}"))?
			.join("\n"))
	}
}

/// The hash by which the chain knows a tokenizer file.
pub fn hash(bytes: &[u8]) -> Hash32 {
	Hash32(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
	use super::*;

	const WORDS: &str = r#"{
		"version": "1.0", "added_tokens": [],
		"truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
		"padding": {"strategy": {"Fixed": 5}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
		"normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
		"model": {"type": "WordLevel", "vocab": {"[PAD]": 0, "a": 1, "b": 2, "c": 3}, "unk_token": "[PAD]"}
	}"#;

	#[test]
	fn texts_are_neither_cut_nor_padded() {
		let text = Text::new(WORDS.as_bytes(), hash(WORDS.as_bytes())).unwrap();
		assert_eq!(text.encode("a b c").unwrap(), [1, 2, 3]);
		assert_eq!(text.encode("a").unwrap(), [1]);
		assert_eq!(text.decode(&[1, 2]).unwrap(), "a b");
	}

	#[test]
	fn a_text_that_begins_with_the_begin_token_gets_one() {
		let begin = r#"{"SpecialToken": {"id": "c", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}"#;
		let template = format!(
			r#""post_processor": {{"type": "TemplateProcessing", "single": [{begin}], "pair": [{begin}],
				"special_tokens": {{"c": {{"id": "c", "ids": [3], "tokens": ["c"]}}}}}}"#
		);
		let words = WORDS.replace(r#""post_processor": null"#, &template);
		let text = Text::from_bytes(words.as_bytes()).unwrap();
		assert_eq!(text.encode("a b").unwrap(), [3, 1, 2]);
		assert_eq!(text.encode("c a b").unwrap(), [3, 1, 2]);
		// What the writer of the text repeats is the writer's.
		assert_eq!(text.encode("c c a").unwrap(), [3, 3, 1]);
		assert_eq!(text.encode("a c").unwrap(), [3, 1, 3]);
		assert_eq!(text.encode("").unwrap(), [3]);
	}

	#[test]
	fn a_stop_ends_a_line() {
		let text = Text {
			stop: vec![3],
			..Text::from_bytes(WORDS.as_bytes()).unwrap()
		};
		assert_eq!(text.decode(&[1, 2, 3, 1, 3]).unwrap(), "a b\na");
	}

	#[test]
	fn another_tokenizer_is_refused() {
		let error = Text::new(WORDS.as_bytes(), Hash32([0; 32])).err().unwrap().to_string();
		assert!(error.contains("the chain expects 0x0000"), "{error}");
	}

	#[test]
	fn a_broken_tokenizer_is_an_error() {
		assert!(Text::from_bytes(b"{").is_err());
	}
}
