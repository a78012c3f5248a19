//! The float baseline against candle's own models, and the exact profile against the baseline.

use assay_artifact::{import_folder, Artifact, ImportOptions, Lowered};
use assay_engine::{
	float::{FloatError, FloatModel},
	quality, Model, Options, RunError,
};
use assay_exact::{evaluate::evaluate, Generation, Input, Sampler};
use assay_samples::Noise;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::{bert, llama};
use serde_json::{json, Value};
use std::{collections::HashMap, fs, path::Path};
use tempfile::TempDir;

/// A model folder of random weights in the layout of Hugging Face.
struct Folder {
	folder: TempDir,
	tensors: HashMap<String, Tensor>,
	noise: Noise,
}

impl Folder {
	fn new(config: &Value) -> Self {
		let folder = tempfile::tempdir().expect("there is room for a test");
		fs::write(folder.path().join("config.json"), config.to_string()).expect("it is written");
		fs::write(folder.path().join("tokenizer.json"), r#"{"model":{}}"#).expect("it is written");
		Self {
			folder,
			tensors: HashMap::new(),
			noise: Noise::new(1),
		}
	}

	fn path(&self) -> &Path {
		self.folder.path()
	}

	/// Adds a tensor of uniform numbers around `centre`.
	fn add(&mut self, name: &str, dimensions: &[usize], centre: f32, width: f32) {
		let values = (0..dimensions.iter().product()).map(|_| self.noise.around(centre, width));
		let values: Vec<f32> = values.collect();
		let tensor = Tensor::from_vec(values, dimensions, &Device::Cpu).expect("the shape fits");
		self.tensors.insert(name.to_owned(), tensor);
	}

	fn matrix(&mut self, name: &str, rows: usize, columns: usize) {
		self.add(name, &[rows, columns], 0.0, (3.0 / columns as f32).sqrt());
	}

	fn linear(&mut self, name: &str, rows: usize, columns: usize) {
		self.matrix(&format!("{name}.weight"), rows, columns);
		self.add(&format!("{name}.bias"), &[rows], 0.0, 0.1);
	}

	fn layer_norm(&mut self, name: &str, width: usize) {
		self.add(&format!("{name}.weight"), &[width], 1.0, 0.2);
		self.add(&format!("{name}.bias"), &[width], 0.0, 0.1);
	}

	/// Makes it a model of sentence-transformers that pools like this.
	fn pool(&self, width: usize, mode: &str, normalize: bool) {
		let module = |index: usize, path: &str, kind: &str| {
			let kind = format!("sentence_transformers.models.{kind}");
			json!({"idx": index, "name": index.to_string(), "path": path, "type": kind})
		};
		let mut modules = vec![module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")];
		if normalize {
			modules.push(module(2, "2_Normalize", "Normalize"));
		}
		fs::write(self.path().join("modules.json"), Value::from(modules).to_string()).expect("it is written");
		fs::create_dir(self.path().join("1_Pooling")).expect("it is made");
		let pooling = json!({"word_embedding_dimension": width, format!("pooling_mode_{mode}"): true});
		fs::write(self.path().join("1_Pooling/config.json"), pooling.to_string()).expect("it is written");
	}

	/// Writes the weights and imports the folder.
	fn import(&self) -> Lowered {
		candle_core::safetensors::save(&self.tensors, self.path().join("model.safetensors")).expect("it is written");
		import_folder(self.path(), &ImportOptions::default()).expect("it imports")
	}

	fn variables(&self) -> VarBuilder<'static> {
		VarBuilder::from_tensors(self.tensors.clone(), DType::F32, &Device::Cpu)
	}
}

fn pack(lowered: &Lowered, folder: &Path) -> Artifact {
	lowered.pack(folder.join("model.assay"), &mut ()).expect("it packs")
}

fn assert_close(ours: &[f32], theirs: &[f32]) {
	assert_eq!(ours.len(), theirs.len());
	let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
	assert!(worst < 1e-4, "differs by {worst}");
	assert!(ours.iter().any(|x| x.abs() > 1e-2), "nothing but zeros was compared");
}

fn a_llama(tied: bool) -> (Folder, Value) {
	let config = json!({
		"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 90, "hidden_size": 128,
		"intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
		"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 64, "tie_word_embeddings": tied,
		"hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2,
	});
	let mut folder = Folder::new(&config);
	folder.matrix("model.embed_tokens.weight", 90, 128);
	for layer in 0..3 {
		let name = |module: &str| format!("model.layers.{layer}.{module}.weight");
		folder.add(&name("input_layernorm"), &[128], 1.0, 0.2);
		folder.add(&name("post_attention_layernorm"), &[128], 1.0, 0.2);
		for (module, rows, columns) in [
			("self_attn.q_proj", 128, 128),
			("self_attn.k_proj", 64, 128),
			("self_attn.v_proj", 64, 128),
			("self_attn.o_proj", 128, 128),
			("mlp.gate_proj", 160, 128),
			("mlp.up_proj", 160, 128),
			("mlp.down_proj", 128, 160),
		] {
			folder.matrix(&name(module), rows, columns);
		}
	}
	folder.add("model.norm.weight", &[128], 1.0, 0.2);
	if !tied {
		folder.matrix("lm_head.weight", 90, 128);
	}
	(folder, config)
}

fn a_bert() -> (Folder, Value) {
	let config = json!({
		"architectures": ["BertModel"], "model_type": "bert", "vocab_size": 80, "hidden_size": 96,
		"intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 3, "max_position_embeddings": 48,
		"type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
		"initializer_range": 0.02, "pad_token_id": 0, "position_embedding_type": "absolute", "use_cache": true,
	});
	let mut folder = Folder::new(&config);
	folder.pool(96, "mean_tokens", false);
	for (table, rows) in [("word", 80), ("position", 48), ("token_type", 2)] {
		folder.matrix(&format!("embeddings.{table}_embeddings.weight"), rows, 96);
	}
	folder.layer_norm("embeddings.LayerNorm", 96);
	for layer in 0..2 {
		let name = |module: &str| format!("encoder.layer.{layer}.{module}");
		for module in [
			"attention.self.query",
			"attention.self.key",
			"attention.self.value",
			"attention.output.dense",
		] {
			folder.linear(&name(module), 96, 96);
		}
		folder.layer_norm(&name("attention.output.LayerNorm"), 96);
		folder.linear(&name("intermediate.dense"), 160, 96);
		folder.linear(&name("output.dense"), 96, 160);
		folder.layer_norm(&name("output.LayerNorm"), 96);
	}
	(folder, config)
}

fn some_tokens(length: u32, vocabulary: u32) -> Vec<u32> {
	(0..length).map(|i| (i * i * 31 + i * 7 + 3) % vocabulary).collect()
}

#[test]
fn the_baseline_equals_candles_llama() {
	for tied in [false, true] {
		let (folder, config) = a_llama(tied);
		let float = FloatModel::load(&folder.import()).expect("it loads");
		let config: llama::LlamaConfig = serde_json::from_value(config).expect("candle reads the same config");
		let config = config.into_config(false);
		let theirs = llama::Llama::load(folder.variables(), &config).expect("candle loads it");
		let tokens = some_tokens(21, 90);
		let ours = float.logits(&tokens).expect("it runs");
		for length in [1, 2, 9, 21] {
			let mut cache = llama::Cache::new(true, DType::F32, &config, &Device::Cpu).expect("it is made");
			let input = Tensor::new(&tokens[..length], &Device::Cpu)
				.and_then(|t| t.unsqueeze(0))
				.expect("it fits");
			let logits = theirs.forward(&input, 0, &mut cache).expect("candle runs it");
			assert_close(
				&ours[length - 1],
				&logits.flatten_all().and_then(|t| t.to_vec1()).expect("it is f32"),
			);
		}
	}
}

#[test]
fn the_baseline_equals_candles_bert() {
	let (folder, config) = a_bert();
	let float = FloatModel::load(&folder.import()).expect("it loads");
	let config: bert::Config = serde_json::from_value(config).expect("candle reads the same config");
	let theirs = bert::BertModel::load(folder.variables(), &config).expect("candle loads it");
	for length in [1, 2, 17, 48] {
		let tokens = some_tokens(length, 80);
		let input = Tensor::new(&tokens[..], &Device::Cpu)
			.and_then(|t| t.unsqueeze(0))
			.expect("it fits");
		let types = input.zeros_like().expect("it fits");
		let hidden = theirs.forward(&input, &types, None).expect("candle runs it");
		let pooled = hidden
			.mean(1)
			.and_then(|t| t.flatten_all())
			.and_then(|t| t.to_vec1())
			.expect("it is f32");
		assert_close(&float.vector(&Input::Tokens(tokens)).expect("it runs"), &pooled);
	}
}

#[test]
fn the_exact_encoder_stays_close_to_float() {
	let (folder, _) = a_bert();
	let lowered = folder.import();
	let artifact = pack(&lowered, folder.path());
	let model = Model::load(&artifact, Options::default()).expect("it loads");
	let float = FloatModel::load(&lowered).expect("it loads");
	let texts: Vec<_> = (1..30).map(|length| some_tokens(length, 80)).collect();
	let mut done = 0;
	let cosines = quality::cosines(&model, &float, &texts, |count| done = count).expect("it runs");
	assert_eq!((cosines.each.len(), done), (29, 29));
	assert!(
		cosines.worst() > 0.999 && cosines.mean() > 0.9997,
		"{} {}",
		cosines.worst(),
		cosines.mean()
	);
	// The artifact's pages were released while the model was loaded; they are the same when read again.
	let nothing = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 0,
		ignore_stop: true,
	};
	let input = Input::Tokens(texts[28].clone());
	let expected = evaluate(artifact.program(), &artifact, &input, &nothing).expect("the reference runs it");
	assert_eq!(model.run(&input, &nothing, &mut ()), Ok(expected));
}

#[test]
fn the_exact_decoder_stays_close_to_float() {
	let (folder, _) = a_llama(false);
	let lowered = folder.import();
	let artifact = pack(&lowered, folder.path());
	let model = Model::load(&artifact, Options::default()).expect("it loads");
	let windows = [some_tokens(64, 90), some_tokens(33, 90), some_tokens(2, 90)];
	for float in [FloatModel::load(&lowered), FloatModel::load_quantised(&artifact)] {
		let float = float.expect("it loads");
		let perplexities = quality::perplexities(&model, &float, &windows, |_| ()).expect("it runs");
		assert_eq!(perplexities.tokens, 63 + 32 + 1);
		assert!(
			perplexities.float > 2.0,
			"random weights predict nothing: {perplexities:?}"
		);
		assert!(perplexities.increase().abs() < 0.01, "{perplexities:?}");
	}
}

#[test]
fn the_exact_embedding_of_a_decoder_stays_close_to_float() {
	let (folder, _) = a_llama(true);
	folder.pool(128, "lasttoken", true);
	let lowered = folder.import();
	let artifact = pack(&lowered, folder.path());
	let model = Model::load(&artifact, Options::default()).expect("it loads");
	let float = FloatModel::load(&lowered).expect("it loads");
	let texts: Vec<_> = (1..30).map(|length| some_tokens(length, 90)).collect();
	let cosines = quality::cosines(&model, &float, &texts, |_| ()).expect("it runs");
	assert_eq!(cosines.each.len(), 29);
	// One position's state: its errors do not cancel as those of a mean do.
	assert!(
		cosines.worst() > 0.999 && cosines.mean() > 0.9995,
		"{} {}",
		cosines.worst(),
		cosines.mean()
	);
	let nothing = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 0,
		ignore_stop: true,
	};
	let input = Input::Tokens(texts[28].clone());
	let expected = evaluate(artifact.program(), &artifact, &input, &nothing).expect("the reference runs it");
	assert_eq!(model.run(&input, &nothing, &mut ()), Ok(expected));
}

#[test]
fn what_a_model_cannot_give_is_said() {
	let (folder, _) = a_llama(true);
	let lowered = folder.import();
	let float = FloatModel::load(&lowered).expect("it loads");
	let model = Model::load(&pack(&lowered, folder.path()), Options::default()).expect("it loads");
	assert!(matches!(
		float.vector(&Input::Tokens(vec![1])),
		Err(FloatError::Head { .. })
	));
	assert!(matches!(float.score(&[1; 65]), Err(FloatError::Job(_))));
	assert!(matches!(float.score(&[1, 90]), Err(FloatError::Job(_))));
	assert_eq!(quality::embed(&model, &[1], &mut ()), Err(RunError::NoVector));
	assert!(quality::perplexities(&model, &float, &[vec![1]], |_| ()).is_err());
}
