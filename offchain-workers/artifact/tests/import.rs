//! Every family imports, packs, reopens, verifies, and computes what the float model computes.

mod common;

use assay_artifact::{ArtifactError, ImportOptions};
use assay_exact::{
	evaluate::{evaluate, Weights},
	program::{Head, Pooling, TensorIndex},
	Generation, Input, Output, Sampler,
};
use common::{bytes, cosine, embed, generate, logits, pack, Dtype, Folder};
use serde_json::json;

const PROMPT: [u32; 12] = [3, 17, 42, 5, 5, 61, 70, 1, 0, 33, 12, 28];

/// The exact logits follow the float ones.
fn assert_llama(folder: &Folder) {
	let (_guard, lowered, artifact) = folder.artifact();
	for length in [1, 5, PROMPT.len()] {
		let exact = logits(artifact.program(), &artifact, &PROMPT[..length]);
		let float = folder.llama_logits(&PROMPT[..length]);
		let similarity = cosine(&exact, &float);
		assert!(similarity > 0.9993, "cosine {similarity} after {length} tokens");
	}
	assert_eq!(generate(artifact.program(), &artifact, &PROMPT, 4).len(), 4);
	let source: usize = folder.tensors.values().map(|tensor| tensor.values.len()).sum();
	assert_eq!(lowered.metadata().parameters, source as u64);
}

#[test]
fn llama_should_follow_the_float_model() {
	assert_llama(&Folder::llama(json!({})));
}

#[test]
fn llama_with_scaled_rope_should_follow_the_float_model() {
	let llama3 = json!({
		"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
		"original_max_position_embeddings": 64,
	});
	assert_llama(&Folder::llama(json!({"rope_scaling": llama3})));
	assert_llama(&Folder::llama(
		json!({"rope_scaling": {"type": "linear", "factor": 4.0}}),
	));
	let parameters = json!({"rope_type": "default", "rope_theta": 500_000.0});
	assert_llama(&Folder::llama(
		json!({"rope_theta": null, "rope_parameters": parameters}),
	));
}

#[test]
fn tied_llama_should_share_one_tensor() {
	let folder = Folder::llama(json!({"tie_word_embeddings": true}));
	assert_llama(&folder);
	let (_guard, lowered) = folder.import().unwrap();
	assert!(lowered
		.program()
		.instances()
		.all(|i| lowered.tensor_name(i.tensor, i.layer).unwrap() != "lm_head.weight"));
}

#[test]
fn relatives_of_llama_should_follow_the_float_model() {
	assert_llama(&Folder::llama(json!({"attention_bias": true})));
	assert_llama(&Folder::llama(
		json!({"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2"}),
	));
	assert_llama(&Folder::llama(
		json!({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}),
	));
	// A window that the positions do not reach is no window.
	let mistral = json!({"architectures": ["MistralForCausalLM"], "model_type": "mistral", "sliding_window": 128});
	assert_llama(&Folder::llama(mistral));
}

#[test]
fn half_precision_folders_should_follow_the_float_model() {
	assert_llama(&Folder::llama_stored(json!({}), Dtype::F16));
	assert_llama(&Folder::llama_stored(json!({}), Dtype::Bf16));
}

#[test]
fn shards_should_give_the_same_artifact_as_one_file() {
	let mut folder = Folder::llama(json!({}));
	let (_guard, _, single) = folder.artifact();
	folder.shards = 3;
	let (_guard, _, sharded) = folder.artifact();
	assert_eq!(single.root(), sharded.root());
	assert_eq!(bytes(&single), bytes(&sharded));
}

#[test]
fn the_root_should_depend_on_weights_and_files() {
	let folder = Folder::llama(json!({}));
	let (_guard, _, first) = folder.artifact();
	let (_guard, _, again) = folder.artifact();
	assert_eq!(first.root(), again.root());
	let mut other = folder.clone();
	other.files.insert("tokenizer.json".into(), "{}".into());
	assert_ne!(first.root(), other.artifact().2.root());
	let mut other = folder.clone();
	other.tensors.get_mut("model.norm.weight").unwrap().values[3] += 0.01;
	assert_ne!(first.root(), other.artifact().2.root());
}

#[test]
fn files_and_metadata_should_travel() {
	let mut folder = Folder::llama(json!({}));
	folder
		.files
		.insert("tokenizer_config.json".into(), r#"{"chat_template":"{{ x }}"}"#.into());
	folder
		.files
		.insert("generation_config.json".into(), r#"{"eos_token_id":[7, 79]}"#.into());
	folder.files.insert(
		"README.md".into(),
		"---\nlanguage: en\nlicense: apache-2.0\n---\n# A model".into(),
	);
	let options = ImportOptions {
		positions: Some(50),
		name: Some("tiny".into()),
		tokenizer: None,
	};
	let (guard, lowered) = folder.import_with(&options).unwrap();
	let artifact = pack(&lowered, guard.path());
	assert_eq!(artifact.file("tokenizer.json"), Some(&br#"{"model":{}}"#[..]));
	assert_eq!(
		artifact.file("tokenizer_config.json"),
		Some(&br#"{"chat_template":"{{ x }}"}"#[..])
	);
	assert_eq!(artifact.file("README.md"), None);
	let metadata = artifact.metadata();
	assert_eq!(
		(metadata.name.as_str(), metadata.architecture.as_str()),
		("tiny", "LlamaForCausalLM")
	);
	assert_eq!(metadata.licence.as_deref(), Some("apache-2.0"));
	assert_eq!(artifact.program().positions, 50);
	assert!(matches!(&artifact.program().head, Head::Tokens { stop, .. } if *stop == [7, 79]));
}

fn gelu(x: f64) -> f64 {
	// Abramowitz and Stegun 7.1.26, far below the tolerance of the test.
	let z = x.abs() / 2f64.sqrt();
	let t = 1.0 / (1.0 + 0.3275911 * z);
	let series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
	let poly = series.iter().rev().fold(0.0, |sum, c| (sum + c) * t);
	let erf = (1.0 - poly * (-z * z).exp()) * x.signum();
	x * 0.5 * (1.0 + erf)
}

fn gelu_tanh(x: f64) -> f64 {
	0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
}

#[test]
fn bert_should_follow_the_float_model() {
	for (prefix, act) in [("", "gelu"), ("bert.", "gelu"), ("", "gelu_new"), ("", "relu")] {
		let folder = Folder::bert(json!({"hidden_act": act}), prefix);
		let (_guard, _, artifact) = folder.artifact();
		let activation = match act {
			"gelu" => gelu,
			"gelu_new" => gelu_tanh,
			_ => |x: f64| x.max(0.0),
		};
		let states = folder.bert_states(prefix, &PROMPT, activation);
		let mean: Vec<f64> = (0..64)
			.map(|i| states.iter().map(|state| state[i]).sum::<f64>() / states.len() as f64)
			.collect();
		let exact = embed(artifact.program(), &artifact, Input::Tokens(PROMPT.to_vec()));
		assert!(cosine(&exact, &mean) > 0.9995, "{act}: {}", cosine(&exact, &mean));
		let length = exact.iter().map(|x| x * x).sum::<f64>().sqrt();
		assert!((length - 1.0).abs() < 1e-3, "length {length}");
		assert_eq!(artifact.metadata().max_sequence_length, Some(32));
	}
}

#[test]
fn pooling_should_be_as_the_modules_say() {
	for (mode, pooling) in [
		("mean_tokens", Pooling::Mean),
		("cls_token", Pooling::First),
		("lasttoken", Pooling::Last),
	] {
		let mut folder = Folder::bert(json!({}), "");
		folder.set_pooling(mode);
		folder.set_modules(&["Transformer", "Pooling"]);
		let (_guard, _, artifact) = folder.artifact();
		assert!(
			matches!(&artifact.program().head, Head::Vector { pooling: p, ops, .. } if *p == pooling && ops.is_empty())
		);
		let states = folder.bert_states("", &PROMPT, gelu);
		let exact = embed(artifact.program(), &artifact, Input::Tokens(PROMPT.to_vec()));
		let float = match pooling {
			Pooling::First => states[0].clone(),
			Pooling::Last => states[PROMPT.len() - 1].clone(),
			Pooling::Mean => (0..64)
				.map(|i| states.iter().map(|state| state[i]).sum::<f64>() / states.len() as f64)
				.collect(),
		};
		assert!(cosine(&exact, &float) > 0.9995, "{mode}: {}", cosine(&exact, &float));
	}
}

#[test]
fn mlp_should_follow_the_float_model() {
	for (sizes, name) in [
		(&[13, 50, 20, 3][..], "relu"),
		(&[32, 1], "relu"),
		(&[5, 7, 7, 1], "sigmoid"),
	] {
		let folder = Folder::mlp(sizes, name);
		let (_guard, _, artifact) = folder.artifact();
		let program = artifact.program();
		assert_eq!(program.input_length(), Some(sizes[0].next_multiple_of(32) as u32));
		assert_eq!(program.output_length(), Some(*sizes.last().unwrap() as u32));
		let input: Vec<f64> = (0..sizes[0]).map(|i| ((i * 7) % 11) as f64 / 4.0 - 1.0).collect();
		let activation = |x: f64| {
			if name == "relu" {
				x.max(0.0)
			} else {
				1.0 / (1.0 + (-x).exp())
			}
		};
		let float = folder.mlp_output(&input, activation);
		let mut values: Vec<i32> = input.iter().map(|x| (x * 65536.0) as i32).collect();
		values.resize(sizes[0].next_multiple_of(32), 0);
		let exact = embed(program, &artifact, Input::Vector(values));
		for (exact, float) in exact.iter().zip(&float) {
			assert!((exact - float).abs() < 0.02 * (1.0 + float.abs()), "{exact} {float}");
		}
	}
}

#[test]
fn tensors_should_be_readable_as_floats_before_and_after() {
	let folder = Folder::llama(json!({}));
	let (_guard, lowered, artifact) = folder.artifact();
	for instance in artifact.program().instances() {
		let name = artifact.tensor_name(instance.tensor, instance.layer).unwrap();
		let before = lowered.tensor_f32(instance.tensor, instance.layer).unwrap();
		let after = artifact.tensor_f32(instance.tensor, instance.layer).unwrap();
		if let Some(tensor) = folder.tensors.get(name) {
			assert_eq!(before, tensor.values, "{name}");
		} else {
			assert_eq!(name, "rotary_embedding");
		}
		let largest = before.iter().fold(0f32, |m, x| m.max(x.abs()));
		assert!(
			before.iter().zip(&after).all(|(a, b)| (a - b).abs() <= largest / 200.0),
			"{name}"
		);
	}
	assert!(matches!(
		artifact.tensor(TensorIndex(999), None),
		Err(ArtifactError::NoSuchTensor { .. })
	));
	assert!(lowered.tensor_f32(TensorIndex(0), Some(0)).is_err());
	assert_eq!(artifact.row(TensorIndex(0), None, 80), None);
}

#[test]
fn seeded_sampling_should_run_on_an_artifact() {
	let (_guard, _, artifact) = Folder::llama(json!({})).artifact();
	let sampler = Sampler::Gumbel {
		inverse_temperature: 1 << 16,
		seed: [9; 32],
	};
	let generation = Generation {
		sampler,
		max_tokens: 6,
		ignore_stop: true,
	};
	let run = || {
		evaluate(
			artifact.program(),
			&artifact,
			&Input::Tokens(PROMPT.to_vec()),
			&generation,
		)
		.unwrap()
	};
	assert_eq!(run(), run());
	assert!(matches!(run(), Output::Tokens(tokens) if tokens.len() == 6));
}
