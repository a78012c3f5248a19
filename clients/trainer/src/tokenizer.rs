//! A byte-level BPE vocabulary learnt from the training documents.

use anyhow::{anyhow, ensure, Result};
use tokenizers::{
	models::bpe::{BpeTrainerBuilder, BPE},
	pre_tokenizers::byte_level::ByteLevel,
	processors::template::TemplateProcessing,
	AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer, TokenizerImpl,
};

/// Opens and closes every document.
pub const END: &str = "<|end|>";

/// The id of [`END`].
pub const END_ID: u32 = 0;

type Untrained = TokenizerImpl<BPE, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// Learns `vocab_size` tokens from `documents`. Encoding with special tokens opens a text with
/// [`END`].
pub fn learn(documents: &[String], vocab_size: usize) -> Result<Tokenizer> {
	let byte_level = ByteLevel::new(false, true, true);
	let mut trainer = BpeTrainerBuilder::new()
		.vocab_size(vocab_size)
		.show_progress(false)
		.initial_alphabet(ByteLevel::alphabet().into_iter().collect())
		.special_tokens(vec![AddedToken::from(END, true)])
		.build();
	let mut tokenizer = Untrained::new(BPE::default());
	tokenizer
		.with_pre_tokenizer(Some(byte_level))
		.with_decoder(Some(byte_level))
		.train(&mut trainer, documents.iter().map(String::as_str))
		.map_err(|error| anyhow!("learning the vocabulary: {error}"))?;
	let template = TemplateProcessing::builder()
		.try_single(format!("{END} $A"))
		.map_err(|error| anyhow!("{error}"))?
		.special_tokens(vec![(END, END_ID)])
		.build()?;
	tokenizer.with_post_processor(Some(template));

	// Through its file form, so that training sees exactly what a reader of the folder will.
	let json = tokenizer.to_string(false).map_err(|error| anyhow!("{error}"))?;
	let tokenizer: Tokenizer = json.parse().map_err(|error| anyhow!("{error}"))?;
	let size = tokenizer.get_vocab_size(true);
	ensure!(
		size == vocab_size,
		"the text yields {size} tokens, {vocab_size} asked for"
	);
	ensure!(
		tokenizer.token_to_id(END) == Some(END_ID),
		"{END} is not token {END_ID}"
	);
	Ok(tokenizer)
}

/// The documents as token ids, each opened and closed by [`END`].
pub fn encode(tokenizer: &Tokenizer, documents: &[String]) -> Result<Vec<Vec<u32>>> {
	let mut encoded = Vec::with_capacity(documents.len());
	// In chunks: the intermediate form of a text is a hundred times its size.
	for chunk in documents.chunks(1024) {
		let inputs: Vec<&str> = chunk.iter().map(String::as_str).collect();
		let encodings = tokenizer
			.encode_batch_fast(inputs, true)
			.map_err(|error| anyhow!("encoding: {error}"))?;
		encoded.extend(
			encodings
				.iter()
				.map(|encoding| [encoding.get_ids(), &[END_ID]].concat()),
		);
	}
	Ok(encoded)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn some_documents() -> Vec<String> {
		(0..200)
			.map(|i| format!("word{i} (noun): the {} of a café", ["sea", "land", "sky"][i % 3]))
			.collect()
	}

	#[test]
	fn learning_twice_gives_the_same_file() {
		let json = || learn(&some_documents(), 280).unwrap().to_string(false).unwrap();
		assert_eq!(json(), json());
	}

	#[test]
	fn any_text_survives_the_round_trip() {
		let tokenizer = learn(&some_documents(), 280).unwrap();
		let text = "never seen: Ωmega, 漢字, \u{1F600}\n";
		let ids = encode(&tokenizer, &[text.to_owned()]).unwrap().remove(0);
		assert_eq!((ids[0], ids[ids.len() - 1]), (END_ID, END_ID));
		assert_eq!(tokenizer.decode(&ids, true).unwrap(), text);
	}

	#[test]
	fn too_little_text_is_an_error() {
		let error = learn(&["ab".to_owned()], 300).unwrap_err();
		assert_eq!(error.to_string(), "the text yields 258 tokens, 300 asked for");
	}
}
