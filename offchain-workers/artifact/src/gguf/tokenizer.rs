//! The tokenizer inside a GGUF file as a tokenizer.json of Hugging Face.
//!
//! Byte-level BPE (`gpt2`) carries its merges. SentencePiece (`llama`) carries scores instead: every way to cut a piece
//! into two known pieces becomes a merge, ranked by the score of the whole, as Hugging Face's own converter does.

use std::{
	cmp::Reverse,
	collections::{BTreeMap, HashMap},
};

use serde_json::{json, Value as Json};

use super::{Array, Value};
use crate::{
	error::Result,
	tokenizer::{template, unusable, Special},
};

type Metadata = BTreeMap<String, Value>;

/// Kinds of tokens that are matched before the model sees the text.
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;

const SPLIT_LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const SPLIT_QWEN2: &str =
	r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Pre-tokenizers of Llama 3: tokens are taken whole before merges are tried, and a begin token is the rule.
fn like_llama3(pre: &str) -> bool {
	matches!(pre, "llama-bpe" | "llama3" | "llama-v3")
}

/// Builds tokenizer.json for a model of `vocabulary` tokens. `None` if the file has no tokenizer at all.
pub(crate) fn tokenizer_json(metadata: &Metadata, vocabulary: u32) -> Result<Option<Vec<u8>>> {
	let model = match metadata.get("tokenizer.ggml.model") {
		None => return Ok(None),
		Some(model) => model.as_str().unwrap_or("(not a text)"),
	};
	if matches!(model, "no_vocab" | "none") {
		return Ok(None);
	}
	if model != "gpt2" && model != "llama" {
		return Err(unusable(format!(
			"its model is `{model}`; gpt2 and llama can be converted"
		)));
	}
	let tokens = strings(metadata, "tokenizer.ggml.tokens")?;
	if tokens.len() as u64 != u64::from(vocabulary) {
		return Err(unusable(format!(
			"it has {} tokens, the embedding {vocabulary}",
			tokens.len()
		)));
	}
	let mut vocab = serde_json::Map::new();
	for (id, token) in tokens.iter().enumerate() {
		// Where a text is there twice the first id is the one the model meant; the other is reachable by decoding only.
		vocab.entry(token.clone()).or_insert(json!(id));
	}
	let mut tokenizer = match model {
		"llama" => sentence_piece(metadata, tokens, vocab)?,
		_ => byte_level(metadata, vocab)?,
	};
	tokenizer["version"] = json!("1.0");
	tokenizer["truncation"] = Json::Null;
	tokenizer["padding"] = Json::Null;
	tokenizer["added_tokens"] = added_tokens(metadata, tokens);
	tokenizer["post_processor"] = post_processor(metadata, model)?;
	Ok(Some(tokenizer.to_string().into_bytes()))
}

/// A tokenizer_config.json with the chat template and the special tokens, if the file has a chat template.
pub(crate) fn tokenizer_config(metadata: &Metadata) -> Option<Vec<u8>> {
	let template = metadata.get("tokenizer.chat_template")?.as_str()?;
	let token = |key| special(metadata, key).ok().flatten().map(|token| token.text);
	let config = json!({
		"bos_token": token("tokenizer.ggml.bos_token_id"),
		"eos_token": token("tokenizer.ggml.eos_token_id"),
		"chat_template": template,
	});
	Some(config.to_string().into_bytes())
}

fn byte_level(metadata: &Metadata, vocab: serde_json::Map<String, Json>) -> Result<Json> {
	let mut merges = Vec::new();
	for merge in strings(metadata, "tokenizer.ggml.merges")? {
		match merge.split_once(' ') {
			Some((left, right)) if vocab.contains_key(left) && vocab.contains_key(right) => {
				merges.push(json!([left, right]));
			}
			_ => return Err(unusable(format!("its merge `{merge}` is not two known tokens"))),
		}
	}
	// Without a name llama.cpp takes a split that no model was trained with, and warns. Tokens would differ, so the outputs.
	let pre =
		pre_tokenizer(metadata).ok_or_else(|| unusable("it does not name its pre-tokenizer, `tokenizer.ggml.pre`"))?;
	let bytes =
		|regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": regex});
	let split = |regex: &str| {
		let split = json!({"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": false});
		json!({"type": "Sequence", "pretokenizers": [split, bytes(false)]})
	};
	let (normalizer, pre_tokenizer) = match pre {
		"gpt-2" => (Json::Null, bytes(true)),
		"smollm" => {
			let digits = json!({"type": "Digits", "individual_digits": true});
			(
				Json::Null,
				json!({"type": "Sequence", "pretokenizers": [digits, bytes(true)]}),
			)
		}
		pre if like_llama3(pre) => (Json::Null, split(SPLIT_LLAMA3)),
		"qwen2" => (json!({"type": "NFC"}), split(SPLIT_QWEN2)),
		other => {
			return Err(unusable(format!(
				"its pre-tokenizer is `{other}`; gpt-2, smollm, llama-bpe and qwen2 can be converted"
			)))
		}
	};
	Ok(json!({
		"normalizer": normalizer,
		"pre_tokenizer": pre_tokenizer,
		"decoder": bytes(true),
		"model": {
			"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
			"end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
			"ignore_merges": like_llama3(pre),
			"vocab": vocab, "merges": merges,
		},
	}))
}

fn pre_tokenizer(metadata: &Metadata) -> Option<&str> {
	metadata.get("tokenizer.ggml.pre")?.as_str()
}

fn sentence_piece(metadata: &Metadata, tokens: &[String], vocab: serde_json::Map<String, Json>) -> Result<Json> {
	let Some(Value::Array(Array::Floats(scores))) = metadata.get("tokenizer.ggml.scores") else {
		return Err(unusable("it has no scores"));
	};
	if scores.len() != tokens.len() {
		return Err(unusable(format!(
			"it has {} tokens and {} scores",
			tokens.len(),
			scores.len()
		)));
	}
	let ids: HashMap<&str, usize> = tokens
		.iter()
		.enumerate()
		.rev()
		.map(|(id, token)| (token.as_str(), id))
		.collect();
	// (score, lengths and ids of the parts): the higher score merges first.
	let mut merges: Vec<(f32, usize, usize)> = Vec::new();
	for (token, &score) in tokens.iter().zip(scores) {
		if token.len() > 1024 || !score.is_finite() {
			return Err(unusable(format!(
				"token `{}` is too long or has no score",
				token.chars().take(32).collect::<String>()
			)));
		}
		for (cut, _) in token.char_indices().skip(1) {
			if let (Some(&left), Some(&right)) = (ids.get(&token[..cut]), ids.get(&token[cut..])) {
				merges.push((score, left, right));
			}
		}
	}
	let length = |id: usize| tokens[id].chars().count();
	merges.sort_by(|a, b| {
		let key = |m: &(f32, usize, usize)| (Reverse(length(m.1)), Reverse(length(m.2)), m.1, m.2);
		b.0.total_cmp(&a.0).then_with(|| key(a).cmp(&key(b)))
	});
	let merges: Vec<Json> = merges
		.iter()
		.map(|&(_, left, right)| json!([tokens[left], tokens[right]]))
		.collect();
	let unknown = special(metadata, "tokenizer.ggml.unknown_token_id")?.map(|token| token.text);
	let prefix = metadata
		.get("tokenizer.ggml.add_space_prefix")
		.and_then(Value::as_bool)
		.unwrap_or(true);
	let replace = json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"});
	let mut normalizers = vec![replace];
	let mut decoders = vec![
		json!({"type": "Replace", "pattern": {"String": "▁"}, "content": " "}),
		json!({"type": "ByteFallback"}),
		json!({"type": "Fuse"}),
	];
	if prefix {
		normalizers.insert(0, json!({"type": "Prepend", "prepend": "▁"}));
		decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
	}
	Ok(json!({
		"normalizer": {"type": "Sequence", "normalizers": normalizers},
		"pre_tokenizer": null,
		"decoder": {"type": "Sequence", "decoders": decoders},
		"model": {
			"type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
			"end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
			"vocab": vocab, "merges": merges,
		},
	}))
}

fn added_tokens(metadata: &Metadata, tokens: &[String]) -> Json {
	let Some(Value::Array(Array::Integers(kinds))) = metadata.get("tokenizer.ggml.token_type") else {
		return json!([]);
	};
	let added = tokens
		.iter()
		.zip(kinds)
		.enumerate()
		.filter(|(_, (_, &kind))| kind == CONTROL || kind == USER_DEFINED);
	added
		.map(|(id, (token, &kind))| {
			json!({
				"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
				"normalized": false, "special": kind == CONTROL,
			})
		})
		.collect()
}

/// Puts the begin and end tokens where the file asks for them, or its kind of tokenizer implies them as in llama.cpp.
fn post_processor(metadata: &Metadata, model: &str) -> Result<Json> {
	let sentence_piece = model == "llama";
	let begins = sentence_piece || pre_tokenizer(metadata).is_some_and(like_llama3);
	let asked = |flag: &str, implied: bool, key: &str| {
		let flag = metadata.get(flag).and_then(Value::as_bool);
		let token = special(metadata, key)?;
		match (flag, token) {
			(Some(true), None) => Err(unusable(format!("it asks for a token that it does not name, `{key}`"))),
			(flag, token) => Ok(token.filter(|_| flag.unwrap_or(implied))),
		}
	};
	let begin = asked("tokenizer.ggml.add_bos_token", begins, "tokenizer.ggml.bos_token_id")?;
	let end = asked("tokenizer.ggml.add_eos_token", false, "tokenizer.ggml.eos_token_id")?;
	Ok(match (&begin, &end) {
		(None, None) if sentence_piece => Json::Null,
		(None, None) => {
			json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true})
		}
		(begin, end) => template(begin.as_ref(), end.as_ref()),
	})
}

fn special(metadata: &Metadata, key: &str) -> Result<Option<Special>> {
	let Some(id) = metadata.get(key).and_then(Value::as_u64) else {
		return Ok(None);
	};
	let tokens = strings(metadata, "tokenizer.ggml.tokens")?;
	let text = usize::try_from(id).ok().and_then(|id| tokens.get(id)).cloned();
	let text = text.ok_or_else(|| unusable(format!("`{key}` is {id}, it has {} tokens", tokens.len())))?;
	Ok(Some(Special { id, text }))
}

fn strings<'a>(metadata: &'a Metadata, key: &str) -> Result<&'a [String]> {
	match metadata.get(key) {
		Some(Value::Array(Array::Strings(strings))) => Ok(strings),
		_ => Err(unusable(format!("it has no list of strings `{key}`"))),
	}
}
