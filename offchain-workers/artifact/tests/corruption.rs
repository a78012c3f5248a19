//! What is wrong is said, each cause in its own words; nothing panics.

mod common;

use std::{
	fs,
	io::{Seek, SeekFrom, Write},
	path::Path,
};

use assay_artifact::{import_folder, Artifact, ArtifactError as Error, ImportOptions};
use common::Folder;
use proptest::prelude::*;
use serde_json::json;

/// The error of importing and packing a folder.
fn refusal(folder: &Folder) -> Error {
	refusal_of(folder.write().path())
}

fn refusal_of(path: &Path) -> Error {
	let result = import_folder(path, &ImportOptions::default());
	match result.and_then(|lowered| lowered.pack(path.join("model.assay"), &mut ())) {
		Ok(_) => panic!("the folder imports"),
		Err(error) => error,
	}
}

/// A Llama folder with a changed configuration, and what its refusal must say.
#[test]
fn a_configuration_without_a_lowering_should_be_named() {
	let cases = [
		(
			json!({"architectures": ["GPT2LMHeadModel"]}),
			"architecture `GPT2LMHeadModel` is not supported",
		),
		(
			json!({"architectures": null, "model_type": null}),
			"architecture `(none named)` is not supported",
		),
		(
			json!({"quantization_config": {"quant_method": "gptq"}}),
			"quantisation `quantization_config",
		),
		(
			json!({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}),
			"rope scaling `yarn` is not supported",
		),
		(
			json!({"rope_scaling": {"rope_type": "llama3"}}),
			"rope scaling factor is absent",
		),
		(
			json!({"rope_scaling": {"type": "linear", "factor": -2.0}}),
			"rope scaling factor is -2",
		),
		(json!({"rope_theta": 0.0}), "rope base is 0"),
		(
			json!({"partial_rotary_factor": 0.5}),
			"partial rotary factor `0.5` is not supported",
		),
		(
			json!({"architectures": ["MistralForCausalLM"], "sliding_window": 64}),
			"sliding window `64 of 128 positions` is not supported",
		),
		(
			json!({"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": true, "sliding_window": 8}),
			"sliding window `8 of 128 positions`",
		),
		(json!({"hidden_act": "relu6"}), "activation `relu6` is not supported"),
		(json!({"hidden_size": 72}), "hidden size is 72, not a multiple of 32"),
		(
			json!({"intermediate_size": 100}),
			"intermediate size is 100, not a multiple of 32",
		),
		(json!({"head_dim": 16}), "head dimension is 16, not a multiple of 32"),
		(json!({"head_dim": 2048}), "head dimension is 2048, the limit is 1024"),
		(
			json!({"head_dim": null, "num_attention_heads": 5}),
			"attention heads is 5: it must divide",
		),
		(
			json!({"num_attention_heads": 0}),
			"attention heads is 0: it must be positive",
		),
		(
			json!({"num_key_value_heads": 3}),
			"key/value heads is 3: it must divide",
		),
		(
			json!({"num_key_value_heads": 8}),
			"key/value heads is 8, the limit is 4",
		),
		(json!({"num_hidden_layers": 0}), "layers is 0: it must be positive"),
		(json!({"num_hidden_layers": 70000}), "layers is 70000, the limit is 256"),
		(
			json!({"num_hidden_layers": 3}),
			"tensor `model.layers.2.input_layernorm.weight` is missing",
		),
		(
			json!({"vocab_size": 81}),
			"tensor `model.embed_tokens.weight` has shape [80, 64], expected [81, 64]",
		),
		(
			json!({"vocab_size": 4_000_000_000u32}),
			"vocabulary size is 4000000000, the limit is 1048576",
		),
		(
			json!({"eos_token_id": 80}),
			"end-of-sequence token is 80, the limit is 79",
		),
		(
			json!({"rms_norm_eps": -1.0}),
			"rms_norm_eps is -1: it must lie between 0 and 1",
		),
		(
			json!({"max_position_embeddings": 0}),
			"positions is 0: it must be positive",
		),
		(json!({"hidden_size": "wide"}), "invalid type: string \"wide\""),
		(json!({"hidden_size": -64}), "invalid value: integer `-64`"),
		(json!({"hidden_size": null}), "missing field `hidden_size`"),
		(
			json!({"attention_bias": true}),
			"tensor `model.layers.0.self_attn.q_proj.bias` is missing",
		),
	];
	let folder = Folder::llama(json!({}));
	for (changes, expected) in cases {
		let mut folder = folder.clone();
		for (key, value) in changes.as_object().unwrap() {
			match value.is_null() {
				true => drop(folder.config.as_object_mut().unwrap().remove(key)),
				false => folder.config[key] = value.clone(),
			}
		}
		let message = refusal(&folder).to_string();
		assert!(message.contains(expected), "{changes}: {message}");
	}
}

#[test]
fn sentence_transformers_without_a_lowering_should_be_named() {
	let folder = Folder::bert(json!({}), "");
	let with = |change: &dyn Fn(&mut Folder)| {
		let mut folder = folder.clone();
		change(&mut folder);
		refusal(&folder).to_string()
	};
	let dense = with(&|folder| folder.set_modules(&["Transformer", "Pooling", "Dense"]));
	assert!(
		dense.contains("modules `Transformer, Pooling, Dense` is not supported"),
		"{dense}"
	);
	let max = with(&|folder| folder.set_pooling("max_tokens"));
	assert!(max.contains("pooling `max` is not supported"), "{max}");
	let none = with(&|folder| folder.set_pooling("nothing"));
	assert!(none.contains("pooling `none` is not supported"), "{none}");
	let relative = with(&|folder| folder.config["position_embedding_type"] = json!("relative_key"));
	assert!(
		relative.contains("position embedding type `relative_key` is not supported"),
		"{relative}"
	);
	let escape = with(&|folder| {
		let modules = folder.files["modules.json"].replace("1_Pooling", "../outside");
		folder.files.insert("modules.json".into(), modules);
	});
	assert!(
		escape.contains("module path `../outside` leaves the folder"),
		"{escape}"
	);
	let json = with(&|folder| drop(folder.files.insert("modules.json".into(), "[{".into())));
	assert!(json.contains("modules.json: EOF while parsing"), "{json}");
}

#[test]
fn mlp_sizes_should_be_checked() {
	let mut folder = Folder::mlp(&[8, 4], "relu");
	folder.config["layers"] = json!([8]);
	assert!(refusal(&folder)
		.to_string()
		.contains("at least the input and the output"));
	folder.config["layers"] = json!([8, 0]);
	assert!(refusal(&folder).to_string().contains("layer size is 0"));
	folder.config["layers"] = json!([8, 5]);
	assert!(
		matches!(refusal(&folder), Error::MisshapenTensor { expected, found, .. } if expected == [5, 8] && found == [4, 8])
	);
	folder.config["layers"] = json!(vec![8; 40]);
	assert!(refusal(&folder)
		.to_string()
		.contains("number of layers is 39, the limit is 32"));
}

#[test]
fn bad_weights_should_be_located() {
	let folder = Folder::llama(json!({}));
	let with = |name: &str, index: usize, value: f32| {
		let mut folder = folder.clone();
		folder.tensors.get_mut(name).unwrap().values[index] = value;
		refusal(&folder)
	};
	let name = "model.layers.1.mlp.down_proj.weight";
	let error = with(name, 96 * 5 + 40, f32::NAN);
	assert!(
		matches!(&error, Error::NotFinite { name: n, row: 5, column: 40, .. } if n == name),
		"{error}"
	);
	let error = with(name, 96 * 63, f32::NEG_INFINITY);
	assert!(
		matches!(&error, Error::NotFinite { row: 63, column: 0, value, .. } if *value == f32::NEG_INFINITY),
		"{error}"
	);
	let error = with("model.norm.weight", 9, f32::NAN);
	assert!(matches!(error, Error::NotFinite { row: 0, column: 9, .. }), "{error}");
	let error = with("model.norm.weight", 9, 40_000.0);
	assert!(
		matches!(error, Error::OutOfRange { row: 0, column: 9, limit, .. } if limit == 32768.0),
		"{error}"
	);
	let error = with(name, 96, 1e8);
	assert!(matches!(error, Error::OutOfRange { row: 1, column: 0, .. }), "{error}");
}

#[test]
fn bad_safetensors_should_be_explained() {
	let folder = Folder::llama(json!({}));
	let guard = folder.write();
	let path = guard.path().join("model.safetensors");
	let good = fs::read(&path).unwrap();
	let with = |bytes: &[u8]| {
		fs::write(&path, bytes).unwrap();
		refusal_of(guard.path())
	};
	for length in [0, 3, 8, 20, good.len() / 2, good.len() - 1] {
		let error = with(&good[..length]);
		assert!(matches!(error, Error::Truncated { .. }), "{length}: {error}");
	}
	let mut bytes = good.clone();
	bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
	assert!(with(&bytes)
		.to_string()
		.contains("18446744073709551615 bytes, the limit is"));
	let mut bytes = good.clone();
	bytes[8] = b'[';
	assert!(matches!(with(&bytes), Error::Json { .. }));

	let header = |text: &str| {
		let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
		bytes.extend(text.as_bytes());
		bytes.extend([0; 64]);
		bytes
	};
	let error = with(&header(
		r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[12,28]}}"#,
	));
	assert!(
		matches!(&error, Error::Overlap { first, second, .. } if first == "a" && second == "b"),
		"{error}"
	);
	let error = with(&header(r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#));
	assert!(
		error.to_string().contains("ends at 0, before it begins at 16"),
		"{error}"
	);
	let error = with(&header(
		r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]}}"#,
	));
	assert!(matches!(error, Error::Truncated { .. }), "{error}");
	let error = with(&header(
		r#"{"model.embed_tokens.weight":{"dtype":"F32","shape":[80,64],"data_offsets":[0,16]}}"#,
	));
	assert!(error.to_string().contains("has 16 bytes of F32"), "{error}");
	let error = with(&header(
		r#"{"model.embed_tokens.weight":{"dtype":"I8","shape":[80,64],"data_offsets":[0,16]}}"#,
	));
	assert!(matches!(error, Error::UnsupportedDtype { .. }), "{error}");
	fs::remove_file(&path).unwrap();
	assert!(matches!(refusal_of(guard.path()), Error::Io { .. }));
}

#[test]
fn bad_shards_should_be_explained() {
	let mut folder = Folder::llama(json!({}));
	folder.shards = 2;
	let guard = folder.write();
	let index = guard.path().join("model.safetensors.index.json");
	let good = fs::read_to_string(&index).unwrap();
	let with = |text: String| {
		fs::write(&index, text).unwrap();
		refusal_of(guard.path()).to_string()
	};
	let first = "model-00001-of-00002.safetensors";
	let error = with(good.replace(first, "../escape.safetensors"));
	assert!(
		error.contains("shard `../escape.safetensors` is not the name of a file"),
		"{error}"
	);
	let error = with(good.replace(first, "absent.safetensors"));
	assert!(error.contains("absent.safetensors"), "{error}");
	let error = with(good.replace("lm_head.weight", "lm_tail.weight"));
	assert!(error.contains("tensor `lm_tail.weight` is missing"), "{error}");
	assert!(with("{}".into()).contains("missing field `weight_map`"));
}

#[test]
fn asking_for_more_positions_than_the_model_has_should_fail() {
	let folder = Folder::llama(json!({})).write();
	let options = ImportOptions {
		positions: Some(129),
		..Default::default()
	};
	let error = import_folder(folder.path(), &options).unwrap_err();
	assert_eq!(error.to_string(), "positions is 129, the limit is 128");
	assert!(matches!(
		import_folder("/nonexistent/model", &ImportOptions::default()),
		Err(Error::Io { .. })
	));
}

#[test]
fn a_refused_import_should_leave_no_file_behind() {
	let mut folder = Folder::llama(json!({}));
	folder.tensors.get_mut("lm_head.weight").unwrap().values[17] = f32::NAN;
	let guard = folder.write();
	refusal_of(guard.path());
	let names: Vec<_> = fs::read_dir(guard.path())
		.unwrap()
		.map(|entry| entry.unwrap().file_name())
		.collect();
	assert!(
		names.iter().all(|name| !name.to_string_lossy().contains("assay")),
		"{names:?}"
	);
}

/// An artifact file of a few kilobytes and where its tensors begin.
fn small_artifact() -> (tempfile::TempDir, Vec<u8>, usize) {
	let folder = Folder::mlp(&[40, 33, 4], "tanh");
	let (guard, _, artifact) = folder.artifact();
	let first = artifact.program().instances().next().unwrap();
	let tensor = artifact.tensor(first.tensor, first.layer).unwrap().to_vec();
	let bytes = fs::read(artifact.path()).unwrap();
	let start = bytes.windows(tensor.len()).position(|window| window == tensor).unwrap();
	(guard, bytes, start)
}

fn reopened(folder: &Path, bytes: &[u8]) -> Result<Artifact, Error> {
	let path = folder.join("changed.assay");
	fs::write(&path, bytes).unwrap();
	Artifact::open(path)
}

#[test]
fn a_truncated_or_extended_artifact_should_not_open() {
	let (guard, bytes, start) = small_artifact();
	for length in (0..bytes.len()).step_by(61).chain([7, 87, 88, start, bytes.len() - 1]) {
		let error = reopened(guard.path(), &bytes[..length]).unwrap_err();
		let named = matches!(
			error,
			Error::Truncated { .. } | Error::NotAnArtifact { .. } | Error::Io { .. }
		);
		assert!(named, "{length}: {error}");
	}
	let mut longer = bytes.clone();
	longer.push(0);
	assert!(reopened(guard.path(), &longer)
		.unwrap_err()
		.to_string()
		.contains("1 bytes follow its end"));
}

#[test]
fn a_foreign_header_should_be_named() {
	let (guard, bytes, _) = small_artifact();
	let with = |at: usize, byte: u8| {
		let mut bytes = bytes.clone();
		bytes[at] = byte;
		reopened(guard.path(), &bytes).unwrap_err()
	};
	assert!(matches!(with(0, b'X'), Error::NotAnArtifact { .. }));
	assert!(matches!(
		with(8, 9),
		Error::Version {
			found: 9,
			expected: 1,
			..
		}
	));
	assert!(with(12, 1).to_string().contains("reserved"));
	assert!(with(23, 1).to_string().contains("the manifest has"));
	assert!(with(60, 1).to_string().contains("the manifest does not match its hash"));
	assert!(with(100, 255)
		.to_string()
		.contains("the manifest does not match its hash"));
}

#[test]
fn forbidden_weights_should_be_named_by_verify() {
	let (guard, bytes, start) = small_artifact();
	let with = |at: usize, byte: u8| {
		let mut bytes = bytes.clone();
		bytes[at] = byte;
		reopened(guard.path(), &bytes).unwrap().verify().unwrap_err()
	};
	// Rows of the first matrix: two scales of two bytes, then 64 weights.
	let row = start + 68 * 2;
	assert!(matches!(
		with(row + 1, 0x80),
		Error::InvalidScale { row: 2, block: 0, .. }
	));
	assert!(matches!(
		with(row + 3, 0x7c),
		Error::InvalidScale { row: 2, block: 1, .. }
	));
	assert!(matches!(
		with(row + 4 + 5, 0x80),
		Error::InvalidWeight { row: 2, column: 5, .. }
	));
	let changed = bytes[row + 10] ^ 1;
	assert!(matches!(
		with(row + 10, changed),
		Error::RootMismatch { .. } | Error::InvalidWeight { .. }
	));
	assert!(matches!(with(30, bytes[30] ^ 1), Error::RootMismatch { .. }));
}

#[test]
fn a_changed_embedded_file_should_be_named_by_verify() {
	let (_guard, _, artifact) = Folder::llama(json!({})).artifact();
	let path = artifact.path().to_path_buf();
	let at = artifact.file_bytes() - artifact.file("tokenizer.json").unwrap().len() as u64;
	drop(artifact);
	let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
	file.seek(SeekFrom::Start(at)).unwrap();
	file.write_all(b"[").unwrap();
	drop(file);
	let error = Artifact::open(&path).unwrap().verify().unwrap_err();
	assert!(
		matches!(&error, Error::FileMismatch { name } if name == "tokenizer.json"),
		"{error}"
	);
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

	/// Whatever byte changes, opening and verifying return; a change to a tensor never goes unnoticed.
	#[test]
	fn random_damage_should_never_panic_or_pass(at in any::<prop::sample::Index>(), mask in 1u8..=255) {
		thread_local! {
			static SMALL: (tempfile::TempDir, Vec<u8>, usize) = small_artifact();
		}
		SMALL.with(|(guard, bytes, start)| {
			let mut damaged = bytes.clone();
			let at = at.index(bytes.len());
			damaged[at] ^= mask;
			let result = reopened(guard.path(), &damaged).and_then(|artifact| artifact.verify());
			prop_assert!(result.is_err(), "byte {at} of {} (tensors from {start})", bytes.len());
			Ok(())
		})?;
	}

	/// Any number anywhere in a configuration never panics.
	#[test]
	fn odd_configurations_should_never_panic(
		key in prop::sample::select(vec![
			"vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
			"num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "max_position_embeddings", "eos_token_id",
			"sliding_window",
		]),
		value in prop_oneof![
			prop::sample::select(vec![json!(0), json!(1), json!(-1), json!(null), json!([]), json!(1e308), json!(1e-308)]),
			any::<u32>().prop_map(|value| json!(value)),
			any::<u64>().prop_map(|value| json!(value)),
			any::<f64>().prop_map(|value| json!(value)),
			(0u32..5000).prop_map(|value| json!(value * 32)),
		],
	) {
		thread_local! {
			static GUARD: (tempfile::TempDir, serde_json::Value) = {
				let folder = Folder::llama(json!({}));
				(folder.write(), folder.config)
			};
		}
		GUARD.with(|(guard, config)| {
			let mut config = config.clone();
			config[key] = value;
			fs::write(guard.path().join("config.json"), config.to_string()).unwrap();
			let _ = import_folder(guard.path(), &ImportOptions::default());
		});
	}

	/// Random bytes in a safetensors header never panic.
	#[test]
	fn damaged_safetensors_should_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
		thread_local! {
			static FOLDER: (tempfile::TempDir, Vec<u8>) = {
				let guard = Folder::mlp(&[32, 4], "relu").write();
				let bytes = fs::read(guard.path().join("model.safetensors")).unwrap();
				(guard, bytes)
			};
		}
		FOLDER.with(|(guard, bytes)| {
			let mut damaged = bytes.clone();
			let at = at.index(bytes.len().min(300));
			damaged[at] = byte;
			fs::write(guard.path().join("model.safetensors"), &damaged).unwrap();
			let result = import_folder(guard.path(), &ImportOptions::default());
			if let Ok(lowered) = result {
				let _ = lowered.pack(guard.path().join("out.assay"), &mut ());
			}
		});
	}
}
