//! Tokenizers inside GGUF files: they tokenize as llama.cpp does, or are refused.

mod common;

use assay_artifact::{
	gguf::{self, Array, Value, Writer},
	import_gguf, ArtifactError as Error, ImportOptions, Lowered,
};
use assay_exact::program::Head;
use common::{
	gguf::{import, text, Vocabulary, Written, CONTROL, NORMAL},
	Folder,
};
use serde_json::json;
use tokenizers::Tokenizer;

const BEGIN: u32 = 12;

fn tokenizer(lowered: &Lowered) -> Tokenizer {
	Tokenizer::from_bytes(lowered.file("tokenizer.json").unwrap()).unwrap()
}

fn ids(lowered: &Lowered, text: &str) -> Vec<u32> {
	tokenizer(lowered).encode(text, true).unwrap().get_ids().to_vec()
}

fn stop(lowered: &Lowered) -> &[u32] {
	match &lowered.program().head {
		Head::Tokens { stop, .. } => stop,
		Head::Vector { .. } => panic!("the model generates"),
	}
}

fn name_begin(writer: &mut Writer<'_>) {
	writer.set("tokenizer.ggml.bos_token_id", Value::U32(BEGIN));
}

#[test]
fn a_byte_level_tokenizer_should_tokenize() {
	let (written, vocabulary) = (Written::new(), Vocabulary::byte_level());
	for pre in ["gpt-2", "llama-bpe", "qwen2", "smollm"] {
		let lowered = written
			.with(|writer| {
				vocabulary.set(writer, Some(pre));
				writer.set("tokenizer.ggml.add_eos_token", Value::Bool(true));
				writer.set("tokenizer.chat_template", text("{{ messages }}"));
			})
			.unwrap();
		let tokenizer = tokenizer(&lowered);
		let encoding = tokenizer.encode("hello woe12", true).unwrap();
		assert_eq!(encoding.get_ids(), [10, 8, 3, 1, 15, 16, 11], "{pre}");
		assert_eq!(tokenizer.decode(encoding.get_ids(), true).unwrap(), "hello woe12");
		assert_eq!(
			tokenizer.encode("o<|end_of_text|>o", false).unwrap().get_ids(),
			[3, 11, 3]
		);
		let config: serde_json::Value = serde_json::from_slice(lowered.file("tokenizer_config.json").unwrap()).unwrap();
		assert_eq!(
			(&config["chat_template"], &config["eos_token"]),
			(&json!("{{ messages }}"), &json!("<|end_of_text|>"))
		);
	}
}

#[test]
fn a_sentence_piece_tokenizer_should_tokenize() {
	let (written, vocabulary) = (
		Written::of(&Folder::llama(json!({"vocab_size": 270}))),
		Vocabulary::sentence_piece(),
	);
	let set = |writer: &mut Writer<'_>| vocabulary.set(writer, None);
	let lowered = written.with(set).unwrap();
	let tokenizer = tokenizer(&lowered);
	let id = |word: &str| vocabulary.id(word);
	let encoding = tokenizer.encode("cats at é", true).unwrap();
	assert_eq!(
		encoding.get_ids(),
		[1, id("▁cats"), id("▁"), id("at"), id("▁"), 3 + 0xc3, 3 + 0xa9]
	);
	assert_eq!(tokenizer.decode(encoding.get_ids(), true).unwrap(), "cats at é");

	let broken = written.refusal(|writer| {
		set(writer);
		writer.set("tokenizer.ggml.scores", Value::Array(Array::Floats(vec![0.0; 3])));
	});
	assert!(broken.contains("270 tokens and 3 scores"), "{broken}");
	let broken = written.refusal(|writer| {
		set(writer);
		writer.set("tokenizer.ggml.bos_token_id", Value::U32(999));
	});
	assert!(
		broken.contains("`tokenizer.ggml.bos_token_id` is 999, it has 270 tokens"),
		"{broken}"
	);
}

#[test]
fn a_llama_3_file_should_begin_texts_with_one_begin_token() {
	let (written, vocabulary) = (Written::new(), Vocabulary::byte_level());
	let with = |pre: &str, flag: Option<bool>| {
		let lowered = written.with(|writer| {
			vocabulary.set(writer, Some(pre));
			name_begin(writer);
			if let Some(flag) = flag {
				writer.set("tokenizer.ggml.add_bos_token", Value::Bool(flag));
			}
		});
		ids(&lowered.unwrap(), "hello")
	};
	for pre in ["llama-bpe", "llama3", "llama-v3"] {
		assert_eq!(with(pre, None), [BEGIN, 10], "{pre}");
		assert_eq!(with(pre, Some(true)), [BEGIN, 10], "{pre}");
		assert_eq!(with(pre, Some(false)), [10], "{pre}");
	}
	// The others begin with one only where they say so.
	for pre in ["gpt-2", "qwen2", "smollm"] {
		assert_eq!(with(pre, None), [10], "{pre}");
		assert_eq!(with(pre, Some(true)), [BEGIN, 10], "{pre}");
	}
}

#[test]
fn a_begin_token_that_is_asked_for_and_not_named_should_be_refused() {
	let (written, vocabulary) = (Written::new(), Vocabulary::byte_level());
	let message = written.refusal(|writer| {
		vocabulary.set(writer, Some("qwen2"));
		writer.set("tokenizer.ggml.add_bos_token", Value::Bool(true));
	});
	assert!(
		message.contains("asks for a token that it does not name, `tokenizer.ggml.bos_token_id`"),
		"{message}"
	);
}

#[test]
fn a_byte_level_tokenizer_of_an_unknown_split_should_be_refused() {
	let (written, vocabulary) = (Written::new(), Vocabulary::byte_level());
	let unnamed = written.refusal(|writer| vocabulary.set(writer, None));
	assert_eq!(
		unnamed,
		"the tokenizer of the model cannot be used (it does not name its pre-tokenizer, `tokenizer.ggml.pre`); name a \
		 tokenizer.json in the import options"
	);
	// llama.cpp's default is a split of its own, not GPT-2's.
	for other in ["default", "", "tekken"] {
		let message = written.refusal(|writer| vocabulary.set(writer, Some(other)));
		assert!(
			message.contains(&format!("its pre-tokenizer is `{other}`")),
			"{message}"
		);
	}
}

#[test]
fn a_vocabulary_of_another_size_than_the_embedding_should_be_refused() {
	let (written, mut vocabulary) = (Written::new(), Vocabulary::byte_level());
	vocabulary.tokens.pop();
	vocabulary.kinds.pop();
	let message = written.refusal(|writer| vocabulary.set(writer, Some("gpt-2")));
	assert!(message.contains("it has 79 tokens, the embedding 80"), "{message}");
}

#[test]
fn tokens_that_end_a_turn_should_stop() {
	let (written, vocabulary) = (Written::new(), Vocabulary::byte_level());
	let eot = vocabulary.id("<|eot_id|>");
	let with = |text: &str, kind: i32| {
		let mut vocabulary = vocabulary.clone();
		vocabulary.tokens[eot as usize] = text.into();
		vocabulary.kinds[eot as usize] = kind;
		let lowered = written.with(|writer| vocabulary.set(writer, Some("llama-bpe")));
		stop(&lowered.unwrap()).to_vec()
	};
	for end in [
		"<|eot_id|>",
		"<|im_end|>",
		"<end_of_turn>",
		"<|eom_id|>",
		"<|endoftext|>",
	] {
		assert_eq!(with(end, CONTROL), [11, eot], "{end}");
	}
	// A word that looks like one, and a control token that ends nothing.
	assert_eq!(with("<|eot_id|>", NORMAL), [11]);
	assert_eq!(with("<|python_tag|>", CONTROL), [11]);
}

#[test]
fn a_file_that_says_to_have_no_vocabulary_should_have_no_tokenizer() {
	let written = Written::new();
	for model in ["no_vocab", "none"] {
		let lowered = written.with(|writer| {
			writer.set("tokenizer.ggml.model", text(model));
		});
		assert_eq!(lowered.unwrap().file("tokenizer.json"), None);
	}
	let odd = written.refusal(|writer| {
		writer.set("tokenizer.ggml.model", Value::U32(1));
	});
	assert!(odd.contains("its model is `(not a text)`"), "{odd}");
}

#[test]
fn a_named_tokenizer_should_replace_the_files_own() {
	let written = Written::new();
	let path = written.guard.path().join("model.gguf");
	let mut writer = gguf::writer(&written.lowered).unwrap();
	writer.set("tokenizer.ggml.model", text("t5"));
	writer.write(&path).unwrap();
	assert!(matches!(import(&path), Err(Error::Tokenizer { .. })));
	let tokenizer = written.guard.path().join("tokenizer.json");
	let options = ImportOptions {
		tokenizer: Some(tokenizer.clone()),
		..Default::default()
	};
	let lowered = import_gguf(&path, &options).unwrap();
	assert_eq!(lowered.file("tokenizer.json"), Some(&br#"{"model":{}}"#[..]));
	assert_eq!(stop(&lowered), [79]);
	// Its ends of turns are the model's.
	let named = r#"{"added_tokens":[{"id":70,"content":"<|im_end|>","special":true}],"model":{}}"#;
	std::fs::write(tokenizer, named).unwrap();
	assert_eq!(stop(&import_gguf(&path, &options).unwrap()), [70, 79]);
}
