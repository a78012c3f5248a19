//! GGUF files: the same blocks as from a folder, and every flaw named.

mod common;

use assay_artifact::{
	gguf::{self, Value},
	ArtifactError as Error,
};
use assay_exact::program::{Head, Op, RotaryStyle};
use common::{
	bytes, cosine, generate,
	gguf::{import, text, Written},
	logits, pack, Folder,
};
use proptest::prelude::*;
use serde_json::{json, Value as Json};

const PROMPT: [u32; 6] = [3, 17, 42, 5, 61, 70];

#[test]
fn a_qwen_file_should_give_the_tensors_of_its_folder() {
	for class in ["Qwen2ForCausalLM", "Qwen3ForCausalLM"] {
		let heads = json!({
			"architectures": [class], "tie_word_embeddings": true, "num_attention_heads": 2, "num_key_value_heads": 1,
		});
		let folder = Folder::llama(heads);
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

fn llama3() -> Json {
	json!({
		"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
		"original_max_position_embeddings": 64,
	})
}

#[test]
fn a_file_of_a_scaled_model_should_be_scaled() {
	for scaling in [json!({"rope_type": "linear", "factor": 4.0}), llama3()] {
		let folder = Folder::llama(json!({"rope_theta": null, "rope_scaling": null, "rope_parameters": scaling}));
		let mut folder = folder;
		folder.config["rope_parameters"]["rope_theta"] = json!(500_000.0);
		let written = Written::of(&folder);
		let artifact = pack(&written.with(|_| ()).unwrap(), written.guard.path());
		let similarity = cosine(
			&logits(artifact.program(), &artifact, &PROMPT),
			&folder.llama_logits(&PROMPT),
		);
		assert!(similarity > 0.9993, "{scaling}: cosine {similarity}");
	}
}

#[test]
fn a_factor_without_a_type_should_scale_linearly() {
	let written = Written::new();
	let scaled = |keys: &[(&str, Value)]| {
		let lowered = written.with(|writer| {
			for (key, value) in keys {
				writer.set(format!("llama.rope.{key}"), value.clone());
			}
		});
		let lowered = lowered.unwrap();
		pack(&lowered, written.guard.path()).root()
	};
	let (linear, factor) = (text("linear"), Value::F32(4.0));
	let expected = scaled(&[("scaling.type", linear.clone()), ("scaling.factor", factor.clone())]);
	assert_ne!(expected, scaled(&[]));
	for keys in [
		&[("scaling.factor", factor.clone())][..],
		&[("scale_linear", factor.clone())],
		&[("scaling.type", linear), ("scale_linear", factor.clone())],
		&[("scaling.factor", factor.clone()), ("scale_linear", factor.clone())],
	] {
		assert_eq!(scaled(keys), expected, "{keys:?}");
	}
	// Whoever says that there is none means it.
	let none = [("scaling.type", text("none")), ("scaling.factor", factor)];
	assert_eq!(scaled(&none), scaled(&[]));
	assert_eq!(scaled(&[("scale_linear", Value::F32(1.0))]), scaled(&[]));

	let folder = Folder::llama(json!({"rope_scaling": {"type": "linear", "factor": 4.0}}));
	let lowered = written.with(|writer| {
		writer.set("llama.rope.scale_linear", Value::F32(4.0));
	});
	let artifact = pack(&lowered.unwrap(), written.guard.path());
	let similarity = cosine(
		&logits(artifact.program(), &artifact, &PROMPT),
		&folder.llama_logits(&PROMPT),
	);
	assert!(similarity > 0.9993, "cosine {similarity}");
}

#[test]
fn a_factor_should_divide_what_rope_freqs_leave() {
	let written = Written::new();
	let scaled = |divisor: f32, factor: f32| {
		let lowered = written.with(|writer| {
			writer.tensor_f32("rope_freqs.weight", &[16], vec![divisor; 16]);
			writer.set("llama.rope.scaling.factor", Value::F32(factor));
		});
		let lowered = lowered.unwrap();
		pack(&lowered, written.guard.path()).root()
	};
	assert_eq!(scaled(2.0, 4.0), scaled(8.0, 1.0));
	assert_ne!(scaled(2.0, 4.0), scaled(2.0, 1.0));
}

#[test]
fn scaling_that_cannot_be_read_should_be_refused() {
	let written = Written::new();
	let cases = [
		(
			&[("scaling.factor", Value::F32(4.0)), ("scale_linear", Value::F32(2.0))][..],
			"rope scaling factor: `llama.rope.scaling.factor` 4.0 and `llama.rope.scale_linear` 2.0 exclude each other",
		),
		(
			&[("scaling.factor", Value::U32(4))],
			"metadata `llama.rope.scaling.factor` is missing or of another type",
		),
		(
			&[("scale_linear", text("4"))],
			"metadata `llama.rope.scale_linear` is missing or of another type",
		),
		(
			&[("scaling.type", Value::U32(1)), ("scaling.factor", Value::F32(4.0))],
			"metadata `llama.rope.scaling.type` is missing or of another type",
		),
		(&[("scaling.type", text("linear"))], "rope scaling factor is absent"),
		(&[("scaling.factor", Value::F32(0.0))], "rope scaling factor is 0"),
		(&[("scale_linear", Value::F32(-2.0))], "rope scaling factor is -2"),
		(
			&[("scaling.attn_factor", Value::F32(1.2))],
			"rope attention factor `1.2",
		),
		(
			&[("freq_base", Value::U32(500_000))],
			"metadata `llama.rope.freq_base` is missing or of another type",
		),
	];
	for (keys, expected) in cases {
		let message = written.refusal(|writer| {
			for (key, value) in keys {
				writer.set(format!("llama.rope.{key}"), value.clone());
			}
		});
		assert!(message.contains(expected), "{keys:?}: {message}");
	}
}

#[test]
fn a_file_with_a_pooling_type_should_return_a_vector() {
	let class = json!({"architectures": ["Qwen3ForCausalLM"], "tie_word_embeddings": true});
	let folder = Folder::llama(class);
	let written = Written::of(&folder);
	let pooled = |kind: u32| {
		written.with(|writer| {
			writer.set("qwen3.pooling_type", Value::U32(kind));
		})
	};
	let mut sentence = folder.clone();
	sentence.set_modules(&["Transformer", "Pooling", "Normalize"]);
	for (kind, mode) in [(2, "cls_token"), (3, "lasttoken")] {
		sentence.set_pooling(mode);
		let (_guard, _, from_folder) = sentence.artifact();
		let from_gguf = pack(&pooled(kind).unwrap(), written.guard.path());
		assert_eq!(from_gguf.program(), from_folder.program());
		assert_eq!(bytes(&from_gguf), bytes(&from_folder));
	}
	assert!(matches!(pooled(0).unwrap().program().head, Head::Tokens { .. }));
	let refusal = |kind| pooled(kind).unwrap_err().to_string();
	assert!(refusal(1).contains("pooling of a decoder `mean` is not supported"));
	assert!(refusal(4).contains("pooling type `4` is not supported"));
	let message = written.refusal(|writer| {
		writer.set("qwen3.attention.causal", Value::Bool(false));
	});
	assert!(message.contains("attention of a decoder `not causal`"), "{message}");
}

#[test]
fn what_llama_cpp_would_not_compute_should_not_be_written() {
	let refusal = |changes: Json| {
		let (_guard, lowered) = Folder::llama(changes).import().unwrap();
		gguf::writer(&lowered).unwrap_err().to_string()
	};
	let gelu = refusal(json!({"hidden_act": "gelu"}));
	assert!(
		gelu.contains("GGUF export `llama with GeluErf` is not supported"),
		"{gelu}"
	);
	let wide = refusal(json!({"architectures": ["Qwen2ForCausalLM"]}));
	assert!(wide.contains("`qwen2 with heads of 128 over a width of 64`"), "{wide}");
	let scaled = refusal(json!({"architectures": ["Qwen3ForCausalLM"], "rope_scaling": llama3()}));
	assert!(scaled.contains("`qwen3 with rope scaling `llama3``"), "{scaled}");
	let bias = refusal(json!({"architectures": ["Qwen3ForCausalLM"], "attention_bias": true}));
	assert!(bias.contains("`qwen3 with `blk.0.attn_output.bias``"), "{bias}");
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
