//! GGUF files as a test writes them.

use std::{fs, path::Path};

use assay_artifact::{
	gguf::{self, Array, Value, Writer},
	import_gguf, ArtifactError, ImportOptions, Lowered,
};
use serde_json::json;
use tempfile::TempDir;

use super::Folder;

/// GGUF's kinds of tokens.
pub(crate) const NORMAL: i32 = 1;
pub(crate) const UNKNOWN: i32 = 2;
pub(crate) const CONTROL: i32 = 3;
pub(crate) const UNUSED: i32 = 5;
pub(crate) const BYTE: i32 = 6;

pub(crate) fn import(path: &Path) -> Result<Lowered, ArtifactError> {
	import_gguf(path, &ImportOptions::default())
}

pub(crate) fn text(value: &str) -> Value {
	Value::String(value.into())
}

pub(crate) fn strings<T: ToString>(texts: &[T]) -> Value {
	Value::Array(Array::Strings(texts.iter().map(T::to_string).collect()))
}

/// A model, and the files that are written of it with metadata changed.
pub(crate) struct Written {
	pub(crate) guard: TempDir,
	pub(crate) lowered: Lowered,
}

impl Written {
	/// Of the tiny Llama.
	pub(crate) fn new() -> Self {
		Self::of(&Folder::llama(json!({})))
	}

	pub(crate) fn of(folder: &Folder) -> Self {
		let (guard, lowered) = folder.import().unwrap();
		Self { guard, lowered }
	}

	/// Imports the file with these changes.
	pub(crate) fn with(&self, change: impl Fn(&mut Writer<'_>)) -> Result<Lowered, ArtifactError> {
		let path = self.guard.path().join("changed.gguf");
		let mut writer = gguf::writer(&self.lowered).unwrap();
		change(&mut writer);
		writer.write(&path).unwrap();
		import(&path)
	}

	/// Why the file with these changes does not import.
	pub(crate) fn refusal(&self, change: impl Fn(&mut Writer<'_>)) -> String {
		match self.with(change) {
			Ok(_) => panic!("the file imports"),
			Err(error) => error.to_string(),
		}
	}

	/// The file without changes.
	pub(crate) fn bytes(&self) -> Vec<u8> {
		let path = self.guard.path().join("good.gguf");
		gguf::write(&self.lowered, &path).unwrap();
		fs::read(path).unwrap()
	}

	pub(crate) fn import_bytes(&self, bytes: &[u8]) -> Result<Lowered, ArtifactError> {
		let path = self.guard.path().join("changed.gguf");
		fs::write(&path, bytes).unwrap();
		import(&path)
	}
}

/// A vocabulary with its kinds of tokens.
#[derive(Clone)]
pub(crate) struct Vocabulary {
	pub(crate) tokens: Vec<String>,
	pub(crate) kinds: Vec<i32>,
	pub(crate) scores: Vec<f32>,
}

impl Vocabulary {
	/// A byte-level one of 80 tokens, as many as the tiny Llama has. From 11 to 14 they are special; from 17 on unused.
	pub(crate) fn byte_level() -> Self {
		let words = [
			"h",
			"e",
			"l",
			"o",
			"Ġ",
			"w",
			"he",
			"ll",
			"Ġw",
			"hell",
			"hello",
			"<|end_of_text|>",
			"<|begin_of_text|>",
			"<|eot_id|>",
			"<|start_header_id|>",
			"1",
			"2",
		];
		let tokens = (0..80).map(|id| {
			words
				.get(id)
				.map_or_else(|| format!("<unused{id}>"), |word| word.to_string())
		});
		let kinds = (0..80).map(|id| match id {
			11..=14 => CONTROL,
			17.. => UNUSED,
			_ => NORMAL,
		});
		Self {
			tokens: tokens.collect(),
			kinds: kinds.collect(),
			scores: Vec::new(),
		}
	}

	/// Words of a SentencePiece vocabulary, after `<unk>`, `<s>`, `</s>` and the bytes, and what they score.
	pub(crate) const PIECES: [(&'static str, f32); 11] = [
		("▁", -20.0),
		("c", -21.0),
		("a", -22.0),
		("t", -23.0),
		("s", -24.0),
		("▁c", -2.0),
		// "at" before "ts": the higher score merges first.
		("at", -1.0),
		("▁cat", -3.0),
		("cat", -6.0),
		("▁cats", -5.0),
		("ts", -9.0),
	];

	/// A SentencePiece one of 270 tokens.
	pub(crate) fn sentence_piece() -> Self {
		let special = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)];
		let special = special.map(|(token, kind)| (token.to_string(), kind, 0.0));
		let bytes = (0..=255u8).map(|byte| (format!("<0x{byte:02X}>"), BYTE, 0.0));
		let pieces = Self::PIECES.map(|(piece, score)| (piece.to_string(), NORMAL, score));
		let all: Vec<_> = special.into_iter().chain(bytes).chain(pieces).collect();
		Self {
			tokens: all.iter().map(|(token, ..)| token.clone()).collect(),
			kinds: all.iter().map(|(_, kind, _)| *kind).collect(),
			scores: all.iter().map(|(.., score)| *score).collect(),
		}
	}

	/// Token of a piece.
	pub(crate) fn id(&self, token: &str) -> u32 {
		self.tokens.iter().position(|known| known == token).unwrap() as u32
	}

	/// Writes the vocabulary, and of a byte-level one the merges and the pre-tokenizer.
	pub(crate) fn set(&self, writer: &mut Writer<'_>, pre: Option<&str>) {
		writer.set("tokenizer.ggml.tokens", strings(&self.tokens));
		let kinds = Value::Array(Array::Integers(self.kinds.clone()));
		writer.set("tokenizer.ggml.token_type", kinds);
		if !self.scores.is_empty() {
			writer.set("tokenizer.ggml.model", text("llama"));
			let scores = Value::Array(Array::Floats(self.scores.clone()));
			writer.set("tokenizer.ggml.scores", scores);
			writer.set("tokenizer.ggml.bos_token_id", Value::U32(1));
			writer.set("tokenizer.ggml.eos_token_id", Value::U32(2));
			writer.set("tokenizer.ggml.unknown_token_id", Value::U32(0));
			return;
		}
		writer.set("tokenizer.ggml.model", text("gpt2"));
		if let Some(pre) = pre {
			writer.set("tokenizer.ggml.pre", text(pre));
		}
		let merges = strings(&["h e", "l l", "Ġ w", "he ll", "hell o"]);
		writer.set("tokenizer.ggml.merges", merges);
		writer.set("tokenizer.ggml.eos_token_id", Value::U32(11));
	}
}
