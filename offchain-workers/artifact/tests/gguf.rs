//! GGUF files: the same blocks as from a folder, tokenizers that tokenize, and every flaw named.

mod common;

use std::{fs, path::Path};

use assay_artifact::{
	gguf::{self, Array, Value, Writer},
	import_gguf, ArtifactError as Error, ImportOptions, Lowered,
};
use assay_exact::program::{Head, Op, RotaryStyle};
use common::{bytes, cosine, generate, logits, pack, Folder};
use proptest::prelude::*;
use serde_json::json;
use tokenizers::Tokenizer;

const PROMPT: [u32; 6] = [3, 17, 42, 5, 61, 70];

fn import(path: &Path) -> Result<Lowered, Error> {
	import_gguf(path, &ImportOptions::default())
}

#[test]
fn a_qwen_file_should_give_the_tensors_of_its_folder() {
	for class in ["Qwen2ForCausalLM", "Qwen3ForCausalLM"] {
		let folder = Folder::llama(json!({"architectures": [class], "tie_word_embeddings": true}));
		let (guard, lowered, from_folder) = folder.artifact();
		let path = guard.path().join("model.gguf");
		gguf::write(&lowered, &path).unwrap();
		let from_gguf = pack(&import(&path).unwrap(), guard.path());
		assert_eq!(from_gguf.program(), from_folder.program());
		assert_eq!(bytes(&from_gguf), bytes(&from_folder));
	}
}

#[test]
fn a_llama_file_should_follow_the_float_model_of_its_folder() {
	let folder = Folder::llama(json!({"attention_bias": true}));
	let (guard, lowered, _) = folder.artifact();
	let path = guard.path().join("model.gguf");
	gguf::write(&lowered, &path).unwrap();
	let artifact = pack(&import(&path).unwrap(), guard.path());
	let rotates = |op: &Op| {
		matches!(
			op,
			Op::Rotate {
				style: RotaryStyle::Interleaved,
				..
			}
		)
	};
	assert_eq!(artifact.program().layer.iter().filter(|op| rotates(op)).count(), 2);
	let similarity = cosine(
		&logits(artifact.program(), &artifact, &PROMPT),
		&folder.llama_logits(&PROMPT),
	);
	assert!(similarity > 0.9993, "cosine {similarity}");
	assert_eq!(generate(artifact.program(), &artifact, &PROMPT, 3).len(), 3);
	assert!(matches!(&artifact.program().head, Head::Tokens { stop, .. } if *stop == [79]));
}

#[test]
fn rope_freqs_should_divide_the_frequencies() {
	let linear = Folder::llama(json!({"rope_scaling": {"type": "linear", "factor": 4.0}}));
	let plain = Folder::llama(json!({}));
	assert_eq!(
		plain.tensors["lm_head.weight"].values,
		linear.tensors["lm_head.weight"].values
	);
	let (guard, lowered) = plain.import().unwrap();
	let path = guard.path().join("model.gguf");
	let mut writer = gguf::writer(&lowered).unwrap();
	writer.tensor_f32("rope_freqs.weight", &[16], vec![4.0; 16]);
	writer.write(&path).unwrap();
	let artifact = pack(&import(&path).unwrap(), guard.path());
	let similarity = cosine(
		&logits(artifact.program(), &artifact, &PROMPT),
		&linear.llama_logits(&PROMPT),
	);
	assert!(similarity > 0.9993, "cosine {similarity}");
	let mut writer = gguf::writer(&lowered).unwrap();
	writer.tensor_f32("rope_freqs.weight", &[16], vec![0.0; 16]);
	writer.write(&path).unwrap();
	assert!(import(&path)
		.unwrap_err()
		.to_string()
		.contains("`rope_freqs.weight` holds 0"));
}

/// A written file, and the same with metadata changed.
struct Written {
	guard: tempfile::TempDir,
	lowered: Lowered,
}

impl Written {
	fn new() -> Self {
		let (guard, lowered) = Folder::llama(json!({})).import().unwrap();
		Self { guard, lowered }
	}

	fn with(&self, change: impl Fn(&mut Writer<'_>)) -> Result<Lowered, Error> {
		let path = self.guard.path().join("changed.gguf");
		let mut writer = gguf::writer(&self.lowered).unwrap();
		change(&mut writer);
		writer.write(&path).unwrap();
		import(&path)
	}

	fn refusal(&self, change: impl Fn(&mut Writer<'_>)) -> String {
		match self.with(change) {
			Ok(_) => panic!("the file imports"),
			Err(error) => error.to_string(),
		}
	}

	fn bytes(&self) -> Vec<u8> {
		let path = self.guard.path().join("good.gguf");
		gguf::write(&self.lowered, &path).unwrap();
		fs::read(path).unwrap()
	}

	fn import_bytes(&self, bytes: &[u8]) -> Result<Lowered, Error> {
		let path = self.guard.path().join("changed.gguf");
		fs::write(&path, bytes).unwrap();
		import(&path)
	}
}

#[test]
fn bad_metadata_should_be_named() {
	let written = Written::new();
	let cases = [
		(
			"general.architecture",
			Value::String("mamba".into()),
			"architecture `mamba` is not supported",
		),
		(
			"general.architecture",
			Value::U32(3),
			"metadata `general.architecture` is missing",
		),
		("general.alignment", Value::U32(0), "alignment 0 is not a power of two"),
		(
			"general.alignment",
			Value::U32(48),
			"alignment 48 is not a power of two",
		),
		(
			"llama.embedding_length",
			Value::U32(72),
			"hidden size is 72, not a multiple of 32",
		),
		(
			"llama.embedding_length",
			Value::I64(-64),
			"metadata `llama.embedding_length` is missing or of another type",
		),
		(
			"llama.embedding_length",
			Value::U64(1 << 40),
			"metadata `llama.embedding_length` is missing",
		),
		("llama.attention.head_count", Value::U32(0), "attention heads is 0"),
		(
			"llama.attention.key_length",
			Value::U32(64),
			"value head dimension `32` is not supported",
		),
		(
			"llama.rope.dimension_count",
			Value::U32(16),
			"rotated dimensions `16` is not supported",
		),
		("llama.rope.freq_base", Value::F32(f32::NAN), "rope base is NaN"),
		(
			"llama.rope.scaling.type",
			Value::String("yarn".into()),
			"rope scaling `yarn` is not supported",
		),
		("llama.expert_count", Value::U32(8), "mixture of experts"),
		(
			"llama.attention.sliding_window",
			Value::U32(16),
			"sliding window `16` is not supported",
		),
		(
			"llama.block_count",
			Value::U32(3),
			"tensor `blk.2.attn_norm.weight` is missing",
		),
		("llama.context_length", Value::U32(0), "positions is 0"),
		(
			"llama.feed_forward_length",
			Value::U32(128),
			"tensor `blk.0.ffn_gate.weight` has shape [96, 64], expected [128, 64]",
		),
		(
			"tokenizer.ggml.model",
			Value::String("bert".into()),
			"its model is `bert`",
		),
	];
	for (key, value, expected) in cases {
		let message = written.refusal(|writer| {
			writer.set(key, value.clone());
		});
		assert!(message.contains(expected), "{key}: {message}");
	}
}

#[test]
fn bad_weights_should_be_located() {
	let written = Written::new();
	let good = written.bytes();
	// The file ends with the last block of the last layer's down projection, of shape [64, 96].
	let block = good.len() - 34;
	let with = |at: usize, byte: u8| {
		let mut bytes = good.clone();
		bytes[at] = byte;
		let lowered = written.import_bytes(&bytes).unwrap();
		lowered
			.pack(written.guard.path().join("bad.assay"), &mut ())
			.unwrap_err()
	};
	let error = with(block + 2 + 7, 0x80);
	assert_eq!(
		error.to_string(),
		"tensor `blk.1.ffn_down.weight` holds the weight -128 at row 63, column 71; the smallest is -127"
	);
	assert!(matches!(with(block + 1, 0x9c), Error::InvalidScale { row: 63, block: 2, value, .. } if value < 0.0));
	assert!(matches!(with(block + 1, 0x7e), Error::InvalidScale { value, .. } if value.is_nan()));
	assert!(matches!(with(block + 1, 0x7c), Error::InvalidScale { .. }));
}

#[test]
fn other_quantisations_should_be_named() {
	let written = Written::new();
	let mut bytes = written.bytes();
	let name = [&13u64.to_le_bytes()[..], b"output.weight"].concat();
	let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
	// After the name: number of dimensions, two dimensions, type.
	let kind = at + name.len() + 4 + 16;
	assert_eq!(bytes[kind], 8);
	bytes[kind] = 14;
	let error = written.import_bytes(&bytes).unwrap_err();
	assert_eq!(
		error.to_string(),
		"tensor `output.weight` is stored as Q6_K; supported: Q8_0, F32, F16, BF16"
	);
	// A dimension of 2^63 does not multiply.
	bytes[kind] = 8;
	bytes[kind - 1] = 0x80;
	assert!(written
		.import_bytes(&bytes)
		.unwrap_err()
		.to_string()
		.contains("2^64 elements or more"));
	bytes[kind - 1] = 0;
	// The offset of another tensor.
	let offset = kind + 4;
	bytes[offset..offset + 8].fill(0);
	assert!(matches!(
		written.import_bytes(&bytes).unwrap_err(),
		Error::Overlap { .. }
	));
	bytes[offset] = 1;
	assert!(written
		.import_bytes(&bytes)
		.unwrap_err()
		.to_string()
		.contains("begins at 1, not a multiple of 32"));
}

#[test]
fn a_bad_header_should_be_named() {
	let written = Written::new();
	let good = written.bytes();
	let with = |at: usize, new: &[u8]| {
		let mut bytes = good.clone();
		bytes[at..at + new.len()].copy_from_slice(new);
		written.import_bytes(&bytes).unwrap_err().to_string()
	};
	assert!(with(0, b"GGML").contains("does not begin with GGUF"));
	assert!(with(4, &[1]).contains("GGUF version `1` is not supported"));
	assert!(with(8, &[255; 8]).contains("tensors is 18446744073709551615, the limit is 65536"));
	assert!(with(16, &[0, 0, 0, 1]).contains("metadata values is 16777216, the limit is 65536"));
	assert!(with(24, &[255; 4]).contains("bytes of a string is 4294967295, the limit is"));
	assert!(with(24, &[255, 255, 63]).contains("is truncated: a string needs"));
	for length in (0..good.len()).step_by(997).chain([4, 12, good.len() - 1]) {
		let error = written.import_bytes(&good[..length]).unwrap_err();
		assert!(matches!(error, Error::Truncated { .. }), "{length}: {error}");
	}
}

fn strings(tokens: &[&str]) -> Value {
	Value::Array(Array::Strings(tokens.iter().map(|token| token.to_string()).collect()))
}

#[test]
fn a_byte_level_tokenizer_should_tokenize() {
	let written = Written::new();
	let tokens = [
		"h", "e", "l", "o", "Ġ", "w", "he", "ll", "Ġw", "hell", "hello", "<|end|>", "1", "2",
	];
	let mut kinds = vec![1; tokens.len()];
	kinds[11] = 3;
	for pre in ["gpt-2", "llama-bpe", "qwen2", "smollm"] {
		let lowered = written
			.with(|writer| {
				writer.set("tokenizer.ggml.model", Value::String("gpt2".into()));
				writer.set("tokenizer.ggml.pre", Value::String(pre.into()));
				writer.set("tokenizer.ggml.tokens", strings(&tokens));
				writer.set(
					"tokenizer.ggml.merges",
					strings(&["h e", "l l", "Ġ w", "he ll", "hell o"]),
				);
				writer.set(
					"tokenizer.ggml.token_type",
					Value::Array(Array::Integers(kinds.clone())),
				);
				writer.set("tokenizer.ggml.eos_token_id", Value::U32(11));
				writer.set("tokenizer.ggml.add_eos_token", Value::Bool(true));
				writer.set("tokenizer.chat_template", Value::String("{{ messages }}".into()));
			})
			.unwrap();
		let tokenizer = Tokenizer::from_bytes(lowered.file("tokenizer.json").unwrap()).unwrap();
		let encoding = tokenizer.encode("hello woe12", true).unwrap();
		assert_eq!(encoding.get_ids(), [10, 8, 3, 1, 12, 13, 11], "{pre}");
		assert_eq!(tokenizer.decode(encoding.get_ids(), true).unwrap(), "hello woe12");
		assert_eq!(tokenizer.encode("o<|end|>o", false).unwrap().get_ids(), [3, 11, 3]);
		let config: serde_json::Value = serde_json::from_slice(lowered.file("tokenizer_config.json").unwrap()).unwrap();
		assert_eq!(
			(&config["chat_template"], &config["eos_token"]),
			(&json!("{{ messages }}"), &json!("<|end|>"))
		);
	}
}

#[test]
fn a_sentence_piece_tokenizer_should_tokenize() {
	let written = Written::new();
	let bytes: Vec<String> = (0..=255u8).map(|byte| format!("<0x{byte:02X}>")).collect();
	let mut tokens = vec!["<unk>", "<s>", "</s>"];
	tokens.extend(bytes.iter().map(String::as_str));
	let words = ["▁", "c", "a", "t", "s", "▁c", "at", "▁cat", "cat", "▁cats", "ts"];
	tokens.extend(words);
	let mut scores = vec![0.0; 259];
	// "at" before "ts": the higher score merges first.
	scores.extend([-20.0, -21.0, -22.0, -23.0, -24.0, -2.0, -1.0, -3.0, -6.0, -5.0, -9.0]);
	let mut kinds = vec![6; 259];
	kinds[..3].copy_from_slice(&[2, 3, 3]);
	kinds.extend([1; 11]);
	let set = |writer: &mut Writer<'_>| {
		writer.set("tokenizer.ggml.model", Value::String("llama".into()));
		writer.set("tokenizer.ggml.tokens", strings(&tokens));
		writer.set("tokenizer.ggml.scores", Value::Array(Array::Floats(scores.clone())));
		writer.set(
			"tokenizer.ggml.token_type",
			Value::Array(Array::Integers(kinds.clone())),
		);
		writer.set("tokenizer.ggml.bos_token_id", Value::U32(1));
		writer.set("tokenizer.ggml.eos_token_id", Value::U32(2));
		writer.set("tokenizer.ggml.unknown_token_id", Value::U32(0));
	};
	let lowered = written.with(set).unwrap();
	let tokenizer = Tokenizer::from_bytes(lowered.file("tokenizer.json").unwrap()).unwrap();
	let id = |word: &str| 259 + words.iter().position(|w| *w == word).unwrap() as u32;
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
fn a_named_tokenizer_should_replace_the_files_own() {
	let written = Written::new();
	let path = written.guard.path().join("model.gguf");
	let mut writer = gguf::writer(&written.lowered).unwrap();
	writer.set("tokenizer.ggml.model", Value::String("t5".into()));
	writer.write(&path).unwrap();
	assert!(matches!(import(&path), Err(Error::Tokenizer { .. })));
	let tokenizer = written.guard.path().join("tokenizer.json");
	let options = ImportOptions {
		tokenizer: Some(tokenizer),
		..Default::default()
	};
	let lowered = import_gguf(&path, &options).unwrap();
	assert_eq!(lowered.file("tokenizer.json"), Some(&br#"{"model":{}}"#[..]));
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

	/// Damage to the header never panics, whatever it hits.
	#[test]
	fn damaged_headers_should_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
		thread_local! {
			static GOOD: (Written, Vec<u8>) = {
				let written = Written::new();
				let bytes = written.bytes();
				(written, bytes)
			};
		}
		GOOD.with(|(written, good)| {
			let mut bytes = good.clone();
			let at = at.index(3000);
			bytes[at] = byte;
			if let Ok(lowered) = written.import_bytes(&bytes) {
				let _ = lowered.pack(written.guard.path().join("out.assay"), &mut ());
			}
		});
	}
}
