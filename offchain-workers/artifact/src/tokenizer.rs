//! What a tokenizer.json has to say beside how text is cut: the tokens that begin and end a text, and those that end
//! what a model says.

use serde::Deserialize;
use serde_json::{json, Map, Value as Json};

use crate::error::{ArtifactError, Result};

/// Name of the file.
pub(crate) const TOKENIZER: &str = "tokenizer.json";

/// Texts of the special tokens that end a text, a message or a turn. Models generate them whether or not their
/// configuration counts them among the ends, and nothing that follows is meant to be read.
const ENDS: [&str; 9] = [
	"<|eot_id|>",
	"<|eom_id|>",
	"<|im_end|>",
	"<|end|>",
	"<end_of_turn>",
	"<|end_of_turn|>",
	"<|endoftext|>",
	"<|end_of_text|>",
	"<EOT>",
];

/// A token and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Special {
	pub(crate) id: u64,
	pub(crate) text: String,
}

/// Special tokens of a tokenizer.json that end a text or a turn.
pub(crate) fn ends(tokenizer: &[u8]) -> Result<Vec<u32>> {
	#[derive(Deserialize)]
	struct File {
		#[serde(default)]
		added_tokens: Vec<Added>,
	}
	#[derive(Deserialize)]
	struct Added {
		id: u32,
		content: String,
		#[serde(default)]
		special: bool,
	}
	let file: File = serde_json::from_slice(tokenizer).map_err(invalid)?;
	let ends = file
		.added_tokens
		.into_iter()
		.filter(|token| token.special && ENDS.contains(&token.content.as_str()));
	Ok(ends.map(|token| token.id).collect())
}

/// What tokenizer_config.json asks to be put around a text. Some classes of transformers do so in code, and their
/// tokenizer.json knows nothing of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenizerConfig {
	#[serde(default)]
	add_bos_token: Option<bool>,
	#[serde(default)]
	add_eos_token: Option<bool>,
	#[serde(default)]
	bos_token: Json,
	#[serde(default)]
	eos_token: Json,
}

impl TokenizerConfig {
	/// The tokenizer.json with what this asks for, which are the same bytes if it has that.
	pub(crate) fn apply(&self, tokenizer: Vec<u8>) -> Result<Vec<u8>> {
		if self.add_bos_token != Some(true) && self.add_eos_token != Some(true) {
			return Ok(tokenizer);
		}
		let mut file: Json = serde_json::from_slice(&tokenizer).map_err(invalid)?;
		let asked = |asked: Option<bool>, token: &Json, what: &str| match asked {
			Some(true) => named(&file, token, what).map(Some),
			_ => Ok(None),
		};
		let begin = asked(self.add_bos_token, &self.bos_token, "bos_token")?;
		let end = asked(self.add_eos_token, &self.eos_token, "eos_token")?;
		if !surround(&mut file["post_processor"], begin.as_ref(), end.as_ref()) {
			return Ok(tokenizer);
		}
		Ok(file.to_string().into_bytes())
	}
}

/// The special token that `token` of the configuration names: a text, or an object with one.
fn named(tokenizer: &Json, token: &Json, what: &str) -> Result<Special> {
	let text = token.as_str().or(token["content"].as_str());
	let text = text.ok_or_else(|| unusable(format!("tokenizer_config.json asks for a {what} and names none")))?;
	let added = tokenizer["added_tokens"].as_array().into_iter().flatten();
	let added = added
		.filter(|added| added["content"] == text)
		.find_map(|added| added["id"].as_u64());
	let vocabulary = &tokenizer["model"]["vocab"];
	let known = || match vocabulary {
		// Pieces with their scores, as Unigram has them.
		Json::Array(pieces) => pieces.iter().position(|piece| piece[0] == text).map(|id| id as u64),
		vocabulary => vocabulary[text].as_u64(),
	};
	let id = added.or_else(known);
	let id = id.ok_or_else(|| {
		unusable(format!(
			"tokenizer_config.json asks for the {what} `{text}`, which tokenizer.json does not have"
		))
	})?;
	Ok(Special { id, text: text.into() })
}

/// A post-processor that puts tokens around a text.
pub(crate) fn template(begin: Option<&Special>, end: Option<&Special>) -> Json {
	let mut template = json!({
		"type": "TemplateProcessing",
		"single": [{"Sequence": {"id": "A", "type_id": 0}}],
		"pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
		"special_tokens": {},
	});
	extend(&mut template, begin, end);
	template
}

/// Makes a post-processor put tokens around a text, where it does not put any there yet. Whether it had to be changed.
fn surround(processor: &mut Json, begin: Option<&Special>, end: Option<&Special>) -> bool {
	match processor["type"].as_str() {
		Some("TemplateProcessing") => extend(processor, begin, end),
		// Both put a token at either end.
		Some("BertProcessing" | "RobertaProcessing") => false,
		Some("Sequence") => {
			let Some(steps) = processor["processors"].as_array_mut() else {
				return false;
			};
			let adds = |step: &&mut Json| step["type"] != "ByteLevel";
			match steps.iter_mut().find(adds) {
				Some(step) => surround(step, begin, end),
				None => {
					steps.push(template(begin, end));
					true
				}
			}
		}
		// The byte-level step only moves offsets, which nothing here reads.
		_ => {
			*processor = template(begin, end);
			true
		}
	}
}

/// Adds tokens at the ends of a template that have none. Whether it had to be changed.
fn extend(template: &mut Json, begin: Option<&Special>, end: Option<&Special>) -> bool {
	let single = template["single"].as_array();
	let special = |piece: Option<&Json>| piece.is_some_and(|piece| piece.get("SpecialToken").is_some());
	let begin = begin.filter(|_| !special(single.and_then(|pieces| pieces.first())));
	let end = end.filter(|_| !special(single.and_then(|pieces| pieces.last())));
	let piece = |token: &Special| json!({"SpecialToken": {"id": token.text, "type_id": 0}});
	for part in ["single", "pair"] {
		if let Some(pieces) = template[part].as_array_mut() {
			pieces.splice(0..0, begin.map(piece));
			pieces.extend(end.map(piece));
		}
	}
	for token in [begin, end].into_iter().flatten() {
		let known = json!({"id": token.text, "ids": [token.id], "tokens": [token.text]});
		if !template["special_tokens"].is_object() {
			template["special_tokens"] = Json::Object(Map::new());
		}
		template["special_tokens"][token.text.as_str()] = known;
	}
	begin.is_some() || end.is_some()
}

fn invalid(error: serde_json::Error) -> ArtifactError {
	ArtifactError::Json {
		path: TOKENIZER.into(),
		source: error,
	}
}

pub(crate) fn unusable(reason: impl Into<String>) -> ArtifactError {
	ArtifactError::Tokenizer { reason: reason.into() }
}
