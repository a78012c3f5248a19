//! Model folders as a test writes them, and plain float forward passes to hold the imported programs against.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod float;
pub(crate) mod gguf;

use std::{collections::BTreeMap, fs, path::Path};

use assay_artifact::{Artifact, ImportOptions, Lowered};
use assay_exact::{
	evaluate::{evaluate, Weights},
	program::{Head, Pooling},
	Generation, Input, Output, Program, Sampler,
};
use assay_samples::Noise;
use half::{bf16, f16};
use serde_json::{json, Value as Json};
use tempfile::TempDir;

/// How a test stores its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
	F32,
	F16,
	Bf16,
}

/// A tensor of floats.
#[derive(Debug, Clone)]
pub(crate) struct Tensor {
	pub(crate) dims: Vec<usize>,
	pub(crate) values: Vec<f32>,
}

/// A model folder in the making.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
	pub(crate) config: Json,
	pub(crate) tensors: BTreeMap<String, Tensor>,
	pub(crate) files: BTreeMap<String, String>,
	pub(crate) dtype: Dtype,
	pub(crate) shards: usize,
	noise: Noise,
}

impl Folder {
	fn new(config: Json) -> Self {
		let files = BTreeMap::from([("tokenizer.json".to_string(), r#"{"model":{}}"#.to_string())]);
		Self {
			config,
			tensors: BTreeMap::new(),
			files,
			dtype: Dtype::F32,
			shards: 1,
			noise: Noise::new(7),
		}
	}

	/// Adds a tensor of uniform numbers with this centre and half width.
	pub(crate) fn random(&mut self, name: &str, dims: &[usize], centre: f32, width: f32) {
		let count = dims.iter().product();
		let values = (0..count).map(|_| self.noise.around(centre, width)).collect();
		let mut tensor = Tensor {
			dims: dims.to_vec(),
			values,
		};
		// What the float pass computes with must be what the file will hold.
		for value in &mut tensor.values {
			*value = match self.dtype {
				Dtype::F32 => *value,
				Dtype::F16 => f16::from_f32(*value).to_f32(),
				Dtype::Bf16 => bf16::from_f32(*value).to_f32(),
			};
		}
		self.tensors.insert(name.into(), tensor);
	}

	fn matrix(&mut self, name: &str, rows: usize, columns: usize) {
		self.random(name, &[rows, columns], 0.0, (3.0 / columns as f32).sqrt());
	}

	fn vector(&mut self, name: &str, length: usize, centre: f32) {
		self.random(name, &[length], centre, 0.2);
	}

	/// A tiny Llama: hidden 64, 2 layers, 4 heads of 32, 2 key/value heads, vocabulary 80. `changes` go over its
	/// config.json.
	pub(crate) fn llama(changes: Json) -> Self {
		Self::llama_stored(changes, Dtype::F32)
	}

	pub(crate) fn llama_stored(changes: Json, dtype: Dtype) -> Self {
		let mut config = json!({
			"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 80, "hidden_size": 64,
			"intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
			"head_dim": 32, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 128,
			"tie_word_embeddings": false, "hidden_act": "silu", "eos_token_id": 79,
		});
		merge(&mut config, changes);
		let flag = |key: &str| config[key].as_bool().unwrap_or(false);
		let number = |key: &str| config[key].as_u64().unwrap() as usize;
		let class = config["architectures"][0].as_str().unwrap_or_default().to_string();
		let (hidden, inner, dim) = (number("hidden_size"), number("intermediate_size"), number("head_dim"));
		let (heads, kv_heads) = (number("num_attention_heads"), number("num_key_value_heads"));
		let (vocabulary, layers) = (number("vocab_size"), number("num_hidden_layers"));
		let qkv_bias = class.starts_with("Qwen2") || flag("attention_bias");
		let (output_bias, tied) = (flag("attention_bias"), flag("tie_word_embeddings"));

		let mut folder = Self::new(config);
		folder.dtype = dtype;
		folder.matrix("model.embed_tokens.weight", vocabulary, hidden);
		for layer in 0..layers {
			let name = |module: &str| format!("model.layers.{layer}.{module}");
			folder.vector(&name("input_layernorm.weight"), hidden, 1.0);
			folder.vector(&name("post_attention_layernorm.weight"), hidden, 1.0);
			for (module, rows, columns, bias) in [
				("self_attn.q_proj", heads * dim, hidden, qkv_bias),
				("self_attn.k_proj", kv_heads * dim, hidden, qkv_bias),
				("self_attn.v_proj", kv_heads * dim, hidden, qkv_bias),
				("self_attn.o_proj", hidden, heads * dim, output_bias),
				("mlp.gate_proj", inner, hidden, false),
				("mlp.up_proj", inner, hidden, false),
				("mlp.down_proj", hidden, inner, false),
			] {
				folder.matrix(&name(&format!("{module}.weight")), rows, columns);
				if bias {
					folder.vector(&name(&format!("{module}.bias")), rows, 0.0);
				}
			}
			if class.starts_with("Qwen3") {
				folder.vector(&name("self_attn.q_norm.weight"), dim, 1.0);
				folder.vector(&name("self_attn.k_norm.weight"), dim, 1.0);
			}
		}
		folder.vector("model.norm.weight", hidden, 1.0);
		if !tied {
			folder.matrix("lm_head.weight", vocabulary, hidden);
		}
		folder
	}

	/// A tiny BERT: hidden 64, 2 layers, 2 heads of 32, vocabulary 80; sentence-transformers modules with mean pooling and
	/// normalisation.
	pub(crate) fn bert(changes: Json, prefix: &str) -> Self {
		let mut config = json!({
			"architectures": ["BertModel"], "model_type": "bert", "vocab_size": 80, "hidden_size": 64,
			"intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 48,
			"type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
		});
		merge(&mut config, changes);
		let mut folder = Self::new(config);
		folder.set_modules(&["Transformer", "Pooling", "Normalize"]);
		folder.set_pooling("mean_tokens");
		folder
			.files
			.insert("sentence_bert_config.json".into(), r#"{"max_seq_length": 32}"#.into());
		let embeddings = format!("{prefix}embeddings");
		folder.matrix(&format!("{embeddings}.word_embeddings.weight"), 80, 64);
		folder.matrix(&format!("{embeddings}.position_embeddings.weight"), 48, 64);
		folder.matrix(&format!("{embeddings}.token_type_embeddings.weight"), 2, 64);
		folder.layer_norm(&format!("{embeddings}.LayerNorm"));
		for layer in 0..2 {
			let block = format!("{prefix}encoder.layer.{layer}");
			for module in [
				"attention.self.query",
				"attention.self.key",
				"attention.self.value",
				"attention.output.dense",
			] {
				folder.module(&format!("{block}.{module}"), 64, 64);
			}
			folder.layer_norm(&format!("{block}.attention.output.LayerNorm"));
			folder.module(&format!("{block}.intermediate.dense"), 96, 64);
			folder.module(&format!("{block}.output.dense"), 64, 96);
			folder.layer_norm(&format!("{block}.output.LayerNorm"));
		}
		folder
	}

	/// The same tensors under other names.
	pub(crate) fn renamed(&self, rename: impl Fn(&str) -> String) -> Self {
		let mut folder = self.clone();
		folder.tensors = self
			.tensors
			.iter()
			.map(|(name, tensor)| (rename(name), tensor.clone()))
			.collect();
		folder
	}

	/// The same folder with another file, or another content of it.
	pub(crate) fn with_file(&self, name: &str, content: impl ToString) -> Self {
		let mut folder = self.clone();
		folder.files.insert(name.into(), content.to_string());
		folder
	}

	pub(crate) fn set_modules(&mut self, kinds: &[&str]) {
		let modules: Vec<Json> = kinds
			.iter()
			.enumerate()
			.map(|(i, kind)| {
				let path = if i == 0 { String::new() } else { format!("{i}_{kind}") };
				json!({"idx": i, "name": i.to_string(), "path": path, "type": format!("sentence_transformers.models.{kind}")})
			})
			.collect();
		self.files
			.insert("modules.json".into(), Json::from(modules).to_string());
	}

	pub(crate) fn set_pooling(&mut self, mode: &str) {
		let config = json!({"word_embedding_dimension": 64, format!("pooling_mode_{mode}"): true});
		self.files.insert("1_Pooling/config.json".into(), config.to_string());
	}

	/// A plain network of these sizes.
	pub(crate) fn mlp(sizes: &[usize], activation: &str) -> Self {
		let config = json!({"model_type": "mlp", "layers": sizes, "activation": activation});
		let mut folder = Self::new(config);
		folder.files.clear();
		for (i, pair) in sizes.windows(2).enumerate() {
			folder.module(&format!("layers.{i}"), pair[1], pair[0]);
		}
		folder
	}

	fn module(&mut self, name: &str, rows: usize, columns: usize) {
		self.matrix(&format!("{name}.weight"), rows, columns);
		self.vector(&format!("{name}.bias"), rows, 0.0);
	}

	fn layer_norm(&mut self, name: &str) {
		self.vector(&format!("{name}.weight"), 64, 1.0);
		self.vector(&format!("{name}.bias"), 64, 0.0);
	}

	/// Writes the folder.
	pub(crate) fn write(&self) -> TempDir {
		let folder = tempfile::tempdir().unwrap();
		fs::write(folder.path().join("config.json"), self.config.to_string()).unwrap();
		for (name, content) in &self.files {
			let path = folder.path().join(name);
			fs::create_dir_all(path.parent().unwrap()).unwrap();
			fs::write(path, content).unwrap();
		}
		if self.shards == 1 {
			let tensors: Vec<_> = self.tensors.iter().collect();
			fs::write(folder.path().join("model.safetensors"), self.safetensors(&tensors)).unwrap();
			return folder;
		}
		let tensors: Vec<_> = self.tensors.iter().collect();
		let mut map = serde_json::Map::new();
		for (i, shard) in tensors.chunks(tensors.len().div_ceil(self.shards)).enumerate() {
			let name = format!("model-{:05}-of-{:05}.safetensors", i + 1, self.shards);
			fs::write(folder.path().join(&name), self.safetensors(shard)).unwrap();
			map.extend(shard.iter().map(|(tensor, _)| ((*tensor).clone(), json!(name))));
		}
		let index = json!({"metadata": {"total_size": 0}, "weight_map": map});
		fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
		folder
	}

	fn safetensors(&self, tensors: &[(&String, &Tensor)]) -> Vec<u8> {
		let data: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
			.iter()
			.map(|(name, tensor)| ((*name).clone(), tensor.dims.clone(), self.encode(&tensor.values)))
			.collect();
		let dtype = match self.dtype {
			Dtype::F32 => safetensors::Dtype::F32,
			Dtype::F16 => safetensors::Dtype::F16,
			Dtype::Bf16 => safetensors::Dtype::BF16,
		};
		let views = data.iter().map(|(name, dims, bytes)| {
			(
				name,
				safetensors::tensor::TensorView::new(dtype, dims.clone(), bytes).unwrap(),
			)
		});
		safetensors::serialize(views, None).unwrap()
	}

	fn encode(&self, values: &[f32]) -> Vec<u8> {
		match self.dtype {
			Dtype::F32 => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
			Dtype::F16 => values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect(),
			Dtype::Bf16 => values.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect(),
		}
	}

	/// Writes and imports the folder.
	pub(crate) fn import(&self) -> assay_artifact::Result<(TempDir, Lowered)> {
		self.import_with(&ImportOptions::default())
	}

	pub(crate) fn import_with(&self, options: &ImportOptions) -> assay_artifact::Result<(TempDir, Lowered)> {
		let folder = self.write();
		let lowered = assay_artifact::import_folder(folder.path(), options)?;
		Ok((folder, lowered))
	}

	/// Writes, imports, packs, reopens and verifies.
	pub(crate) fn artifact(&self) -> (TempDir, Lowered, Artifact) {
		let (folder, lowered) = self.import().unwrap();
		let artifact = pack(&lowered, folder.path());
		(folder, lowered, artifact)
	}
}

fn merge(config: &mut Json, changes: Json) {
	for (key, value) in changes.as_object().unwrap() {
		if value.is_null() {
			config.as_object_mut().unwrap().remove(key);
		} else {
			config[key] = value.clone();
		}
	}
}

/// Packs into `folder` and opens the result as a stranger would.
pub(crate) fn pack(lowered: &Lowered, folder: &Path) -> Artifact {
	let path = folder.join("model.assay");
	let packed = lowered.pack(&path, &mut ()).unwrap();
	let opened = Artifact::open_verified(&path).unwrap();
	assert_eq!(packed.root(), opened.root());
	assert_eq!(opened.program(), lowered.program());
	opened
}

/// Greedy tokens.
pub(crate) fn generate(program: &Program, weights: &dyn Weights, prompt: &[u32], max_tokens: u32) -> Vec<u32> {
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens,
		ignore_stop: true,
	};
	match evaluate(program, weights, &Input::Tokens(prompt.to_vec()), &generation).unwrap() {
		Output::Tokens(tokens) => tokens,
		Output::Vector(_) => panic!("the program generates tokens"),
	}
}

/// The output vector in floats.
pub(crate) fn embed(program: &Program, weights: &dyn Weights, input: Input) -> Vec<f64> {
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 1,
		ignore_stop: true,
	};
	match evaluate(program, weights, &input, &generation).unwrap() {
		Output::Vector(values) => values.iter().map(|&x| f64::from(x) / 65536.0).collect(),
		Output::Tokens(_) => panic!("the program returns a vector"),
	}
}

/// Logits after the last token of a generative program: the same program with its head read as a vector.
pub(crate) fn logits(program: &Program, weights: &dyn Weights, tokens: &[u32]) -> Vec<f64> {
	let mut program = program.clone();
	let Head::Tokens { ops, logits, .. } = program.head else {
		panic!("the program generates tokens")
	};
	program.head = Head::Vector {
		pooling: Pooling::Last,
		ops,
		output: logits,
	};
	embed(&program, weights, Input::Tokens(tokens.to_vec()))
}

pub(crate) fn cosine(a: &[f64], b: &[f64]) -> f64 {
	assert_eq!(a.len(), b.len());
	let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
	dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Everything of an artifact that its root covers.
pub(crate) fn bytes(artifact: &Artifact) -> Vec<Vec<u8>> {
	let tensors = artifact.program().instances();
	tensors
		.map(|instance| artifact.tensor(instance.tensor, instance.layer).unwrap().to_vec())
		.collect()
}
