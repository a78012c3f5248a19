//! Text of tokens that are still coming.

use crate::Text;
use anyhow::Result;

/// What a replacement stands for: bytes of a letter that is not complete yet, or never will be.
const INCOMPLETE: char = '\u{fffd}';

/// A text that grows. What was told of it stands: a letter whose bytes are spread over tokens is told when it is whole.
#[derive(Clone, Debug, Default)]
pub struct TextStream {
	tokens: Vec<u32>,
	told: String,
}

impl TextStream {
	/// Takes more tokens; returns what there is to tell now.
	pub fn push(&mut self, text: &Text, tokens: &[u32]) -> Result<String> {
		self.tokens.extend(tokens);
		let decoded = text.decode(&self.tokens)?;
		Ok(self.tell(decoded.trim_end_matches(INCOMPLETE)))
	}

	/// There are no more; returns what was held back.
	pub fn finish(&mut self, text: &Text) -> Result<String> {
		let decoded = text.decode(&self.tokens)?;
		Ok(self.tell(&decoded))
	}

	/// What was told.
	pub fn told(&self) -> &str {
		&self.told
	}

	/// What of a text is new. Some tokenizers change what they have written when more comes; what was told then waits for an end that
	/// it is a beginning of.
	fn tell(&mut self, text: &str) -> String {
		let new = text.strip_prefix(self.told.as_str()).unwrap_or_default().to_owned();
		self.told.push_str(&new);
		new
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Tokens are bytes, but for a word.
	const BYTES: &str = r#"{
		"version": "1.0", "added_tokens": [], "truncation": null, "padding": null, "normalizer": null,
		"pre_tokenizer": null, "post_processor": null, "decoder": {"type": "ByteFallback"},
		"model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
			"fuse_unk": false, "byte_fallback": true, "ignore_merges": false,
			"vocab": {"<0xC3>": 0, "<0xA9>": 1, "caf": 2, "<0x21>": 3}, "merges": []}
	}"#;

	#[test]
	fn a_letter_is_told_when_it_is_whole() {
		let text = Text::from_bytes(BYTES.as_bytes()).unwrap();
		let mut stream = TextStream::default();
		assert_eq!(stream.push(&text, &[2]).unwrap(), "caf");
		assert_eq!(stream.push(&text, &[0]).unwrap(), "");
		assert_eq!(stream.push(&text, &[1, 3]).unwrap(), "é!");
		assert_eq!(stream.finish(&text).unwrap(), "");
		assert_eq!(stream.told(), "café!");
	}

	#[test]
	fn a_letter_that_is_never_whole_is_told_at_the_end() {
		let text = Text::from_bytes(BYTES.as_bytes()).unwrap();
		let mut stream = TextStream::default();
		assert_eq!(stream.push(&text, &[2, 0]).unwrap(), "caf");
		assert_eq!(stream.finish(&text).unwrap(), "\u{fffd}");
		assert_eq!(stream.told(), text.decode(&[2, 0]).unwrap());
	}
}
