//! What llama.cpp asks of a GGUF file before it loads it, held against every kind of file that is written here: the header
//! (`ggml/src/gguf.cpp`), the hyperparameters (`llama_model_base::load_hparams`), the vocabulary (`llama_vocab::impl::load`)
//! and the tensors (`load_arch_tensors` of `src/models/{llama,qwen2,qwen3}.cpp`). The reader is the test's own.

mod common;

use std::{collections::BTreeMap, path::Path};

use assay_artifact::gguf::{self, Writer};
use common::{gguf::Vocabulary, Folder};
use serde_json::{json, Value as Json};

const U32: u32 = 4;
const I32: u32 = 5;
const F32: u32 = 6;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// GGUF's numbers for the types of tensors that are written.
const TENSOR_F32: u32 = 0;
const TENSOR_Q8_0: u32 = 8;
/// `GGML_MAX_NAME`, with the zero that ends a name.
const MAX_NAME: usize = 64;

/// A metadata value with its type.
#[derive(Debug, PartialEq)]
enum Value {
	U32(u32),
	F32(f32),
	Text(String),
	Texts(Vec<String>),
	Array { kind: u32, count: usize },
}

impl Value {
	fn kind(&self) -> u32 {
		match self {
			Self::U32(_) => U32,
			Self::F32(_) => F32,
			Self::Text(_) => STRING,
			Self::Texts(_) | Self::Array { .. } => ARRAY,
		}
	}
}

struct Tensor {
	/// Fastest dimension first, as in the file.
	dims: Vec<u64>,
	kind: u32,
}

struct File {
	values: BTreeMap<String, Value>,
	tensors: BTreeMap<String, Tensor>,
}

struct Reader<'a> {
	bytes: &'a [u8],
	at: usize,
}

impl Reader<'_> {
	fn take(&mut self, count: usize) -> &[u8] {
		self.at += count;
		&self.bytes[self.at - count..self.at]
	}

	fn u32(&mut self) -> u32 {
		u32::from_le_bytes(self.take(4).try_into().unwrap())
	}

	fn u64(&mut self) -> u64 {
		u64::from_le_bytes(self.take(8).try_into().unwrap())
	}

	fn text(&mut self) -> String {
		let length = self.u64() as usize;
		String::from_utf8(self.take(length).to_vec()).unwrap()
	}

	fn value(&mut self) -> Value {
		match self.u32() {
			U32 => Value::U32(self.u32()),
			F32 => Value::F32(f32::from_bits(self.u32())),
			STRING => Value::Text(self.text()),
			ARRAY => {
				let (kind, count) = (self.u32(), self.u64() as usize);
				match kind {
					STRING => Value::Texts((0..count).map(|_| self.text()).collect()),
					I32 | F32 => {
						self.take(4 * count);
						Value::Array { kind, count }
					}
					other => panic!("arrays of type {other} are not read by llama.cpp here"),
				}
			}
			other => panic!("values of type {other} are not read by llama.cpp here"),
		}
	}
}

/// Reads a file as `gguf_init_from_reader` does: each tensor's data begin where those of the one before end.
fn read(path: &Path) -> File {
	let bytes = std::fs::read(path).unwrap();
	let mut reader = Reader { bytes: &bytes, at: 0 };
	assert_eq!(reader.take(4), b"GGUF");
	assert_eq!(reader.u32(), 3);
	let (tensor_count, value_count) = (reader.u64(), reader.u64());
	let mut values = BTreeMap::new();
	for _ in 0..value_count {
		let key = reader.text();
		let value = reader.value();
		assert!(values.insert(key.clone(), value).is_none(), "{key} is there twice");
	}
	let alignment = match values.get("general.alignment") {
		None => 32,
		Some(Value::U32(alignment)) => u64::from(*alignment),
		Some(other) => panic!("general.alignment is {other:?}"),
	};
	assert!(alignment.is_power_of_two());
	let (mut tensors, mut size) = (BTreeMap::new(), 0);
	for _ in 0..tensor_count {
		let name = reader.text();
		assert!(name.len() < MAX_NAME, "{name}");
		let dims: Vec<u64> = (0..reader.u32()).map(|_| reader.u64()).collect();
		let (kind, offset) = (reader.u32(), reader.u64());
		assert!((1..=4).contains(&dims.len()), "{name} has dimensions {dims:?}");
		assert_eq!(offset, size, "{name} does not begin where the one before ends");
		let elements: u64 = dims.iter().product();
		let bytes = match kind {
			TENSOR_F32 => elements * 4,
			TENSOR_Q8_0 => {
				assert_eq!(dims[0] % 32, 0, "{name} has rows of {}", dims[0]);
				elements / 32 * 34
			}
			other => panic!("{name} has type {other}"),
		};
		size += bytes.next_multiple_of(alignment);
		assert!(
			tensors.insert(name.clone(), Tensor { dims, kind }).is_none(),
			"{name} is there twice"
		);
	}
	let data = (reader.at as u64).next_multiple_of(alignment);
	assert_eq!(bytes.len() as u64, data + size, "the data end with the file");
	File { values, tensors }
}

impl File {
	fn text(&self, key: &str) -> &str {
		match self.values.get(key) {
			Some(Value::Text(text)) => text,
			other => panic!("{key} is {other:?}"),
		}
	}

	fn number(&self, key: &str) -> u64 {
		match self.values.get(key) {
			Some(Value::U32(number)) => (*number).into(),
			other => panic!("{key} is {other:?}"),
		}
	}

	/// The vocabulary, and how many tokens it has.
	fn check_vocabulary(&self, architecture: &str) -> u64 {
		let model = self.text("tokenizer.ggml.model");
		if model == "no_vocab" {
			return self.number(&format!("{architecture}.vocab_size"));
		}
		let texts = |key: &str| match self.values.get(key) {
			Some(Value::Texts(texts)) => texts,
			other => panic!("{key} is {other:?}"),
		};
		let tokens = texts("tokenizer.ggml.tokens");
		let mut distinct = tokens.clone();
		distinct.sort();
		distinct.dedup();
		assert_eq!(
			distinct.len(),
			tokens.len(),
			"llama.cpp aborts on a token that is there twice"
		);
		for (key, expected) in [("tokenizer.ggml.token_type", I32), ("tokenizer.ggml.scores", F32)] {
			match self.values.get(key) {
				None => {}
				Some(Value::Array { kind, count }) => assert_eq!((*kind, *count), (expected, tokens.len()), "{key}"),
				other => panic!("{key} is {other:?}"),
			}
		}
		match model {
			"gpt2" => {
				texts("tokenizer.ggml.merges");
				// Without it llama.cpp warns and takes a split of its own.
				assert_ne!(self.text("tokenizer.ggml.pre"), "");
			}
			"llama" => assert!(self.values.contains_key("tokenizer.ggml.scores")),
			other => panic!("tokenizer model {other}"),
		}
		for name in ["bos", "eos", "unknown"] {
			let key = format!("tokenizer.ggml.{name}_token_id");
			if self.values.contains_key(&key) {
				assert!(self.number(&key) < tokens.len() as u64, "{key}");
			}
		}
		tokens.len() as u64
	}

	/// Everything that `llama_model_load` throws at.
	fn check(&self) {
		let architecture = self.text("general.architecture").to_string();
		let number = |name: &str| self.number(&format!("{architecture}.{name}"));
		let optional = [
			("general.name", STRING),
			("general.file_type", U32),
			("general.quantization_version", U32),
			("rope.freq_base", F32),
			("rope.scaling.type", STRING),
			("rope.scaling.factor", F32),
			("attention.layer_norm_rms_epsilon", F32),
		];
		for (name, kind) in optional {
			let key = match name.strip_prefix("general.") {
				Some(_) => name.to_string(),
				None => format!("{architecture}.{name}"),
			};
			if let Some(value) = self.values.get(&key) {
				assert_eq!(value.kind(), kind, "{key}");
			}
		}
		assert!(self
			.values
			.contains_key(&format!("{architecture}.attention.layer_norm_rms_epsilon")));
		assert!(number("context_length") > 0);
		let (hidden, layers, inner) = (
			number("embedding_length"),
			number("block_count"),
			number("feed_forward_length"),
		);
		let (heads, kv_heads) = (number("attention.head_count"), number("attention.head_count_kv"));
		let head = number("attention.key_length");
		assert_eq!(head, number("attention.value_length"));
		assert_eq!(head, number("rope.dimension_count"));
		let vocabulary = self.check_vocabulary(&architecture);

		let (query, key) = match architecture.as_str() {
			"qwen2" => (hidden, hidden / heads * kv_heads),
			"llama" | "qwen3" => (heads * head, kv_heads * head),
			other => panic!("architecture {other}"),
		};
		let mut required: Vec<(String, Vec<u64>)> = vec![
			("token_embd.weight".into(), vec![hidden, vocabulary]),
			("output_norm.weight".into(), vec![hidden]),
		];
		let mut allowed: Vec<(String, Vec<u64>)> = vec![("output.weight".into(), vec![hidden, vocabulary])];
		if architecture == "llama" {
			allowed.push(("rope_freqs.weight".into(), vec![head / 2]));
		}
		for layer in 0..layers {
			let name = |module: &str| format!("blk.{layer}.{module}");
			for (module, dims) in [
				("attn_norm.weight", vec![hidden]),
				("attn_q.weight", vec![hidden, query]),
				("attn_k.weight", vec![hidden, key]),
				("attn_v.weight", vec![hidden, key]),
				("attn_output.weight", vec![query, hidden]),
				("ffn_norm.weight", vec![hidden]),
				("ffn_gate.weight", vec![hidden, inner]),
				("ffn_up.weight", vec![hidden, inner]),
				("ffn_down.weight", vec![inner, hidden]),
			] {
				required.push((name(module), dims));
			}
			if architecture == "qwen3" {
				required.push((name("attn_q_norm.weight"), vec![head]));
				required.push((name("attn_k_norm.weight"), vec![head]));
			}
			for (module, length) in [("attn_q.bias", query), ("attn_k.bias", key), ("attn_v.bias", key)] {
				allowed.push((name(module), vec![length]));
			}
			if architecture == "llama" {
				for (module, length) in [
					("attn_output.bias", hidden),
					("ffn_gate.bias", inner),
					("ffn_up.bias", inner),
					("ffn_down.bias", hidden),
				] {
					allowed.push((name(module), vec![length]));
				}
			}
		}
		for (name, dims) in &required {
			let tensor = self.tensors.get(name).unwrap_or_else(|| panic!("{name} is missing"));
			assert_eq!(&tensor.dims, dims, "{name}");
		}
		let known: BTreeMap<String, Vec<u64>> = required.into_iter().chain(allowed).collect();
		for (name, tensor) in &self.tensors {
			// llama.cpp counts: a tensor that it does not ask for is an error too.
			let dims = known.get(name).unwrap_or_else(|| panic!("nobody asks for {name}"));
			assert_eq!(&tensor.dims, dims, "{name}");
			let expected = if dims.len() == 1 { TENSOR_F32 } else { TENSOR_Q8_0 };
			assert_eq!(tensor.kind, expected, "{name}");
		}
	}
}

/// Writes the model of a folder and checks the file.
fn check(folder: &Folder, change: impl Fn(&mut Writer<'_>)) -> File {
	let (guard, lowered) = folder.import().unwrap();
	let path = guard.path().join("model.gguf");
	let mut writer = gguf::writer(&lowered).unwrap();
	change(&mut writer);
	writer.write(&path).unwrap();
	let file = read(&path);
	file.check();
	file
}

fn scaled(kind: &str) -> Json {
	json!({"rope_scaling": {
		"rope_type": kind, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
		"original_max_position_embeddings": 64,
	}})
}

#[test]
fn every_architecture_should_have_what_llama_cpp_loads() {
	for (class, heads) in [
		("LlamaForCausalLM", 4),
		("Qwen2ForCausalLM", 2),
		("Qwen3ForCausalLM", 4),
	] {
		for tied in [false, true] {
			let changes = json!({
				"architectures": [class], "tie_word_embeddings": tied, "num_attention_heads": heads,
				"num_key_value_heads": heads / 2,
			});
			let file = check(&Folder::llama(changes), |_| ());
			assert_eq!(file.tensors.contains_key("output.weight"), !tied);
			assert_eq!(
				file.tensors.contains_key("blk.1.attn_k.bias"),
				class.starts_with("Qwen2")
			);
		}
	}
	let file = check(&Folder::llama(json!({"attention_bias": true})), |_| ());
	assert!(file.tensors.contains_key("blk.1.attn_output.bias"));
}

#[test]
fn scaled_models_should_say_how_in_llama_cpps_words() {
	let file = check(&Folder::llama(scaled("linear")), |_| ());
	assert_eq!(file.text("llama.rope.scaling.type"), "linear");
	assert_eq!(file.values["llama.rope.scaling.factor"], Value::F32(4.0));
	assert!(!file.tensors.contains_key("rope_freqs.weight"));
	let file = check(&Folder::llama(scaled("llama3")), |_| ());
	assert!(!file.values.contains_key("llama.rope.scaling.type"));
	assert!(file.tensors.contains_key("rope_freqs.weight"));
}

#[test]
fn files_with_and_without_a_vocabulary_should_have_what_llama_cpp_loads() {
	let folder = Folder::llama(json!({}));
	let file = check(&folder, |_| ());
	assert_eq!(file.text("tokenizer.ggml.model"), "no_vocab");
	assert_eq!(file.number("llama.vocab_size"), 80);
	let byte_level = Vocabulary::byte_level();
	let file = check(&folder, |writer| byte_level.set(writer, Some("llama-bpe")));
	assert_eq!(file.text("tokenizer.ggml.model"), "gpt2");
	let sentence_piece = Vocabulary::sentence_piece();
	let file = check(&Folder::llama(json!({"vocab_size": 270})), |writer| {
		sentence_piece.set(writer, None)
	});
	assert_eq!(file.text("tokenizer.ggml.model"), "llama");
}
