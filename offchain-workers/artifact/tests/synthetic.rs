//! Random models of a real shape, and the real model where it has been fetched.

mod common;

use std::{env, path::PathBuf};

use assay_artifact::{
	import_folder,
	synthetic::{bert, llama, BertShape, LlamaShape},
	Artifact, ImportOptions,
};
use assay_exact::{program::Head, program::Pooling, ComputeUnits, Input};
use common::{bytes, embed, generate, pack};

#[test]
fn a_seed_should_decide_every_weight() {
	let folder = tempfile::tempdir().unwrap();
	let packed = |seed| {
		let lowered = llama(LlamaShape::TINY, seed).unwrap();
		pack(&lowered, folder.path())
	};
	let (first, again, other) = (packed(5), packed(5), packed(6));
	assert_eq!(first.root(), again.root());
	assert_eq!(bytes(&first), bytes(&again));
	assert_ne!(first.root(), other.root());
	let tokens = generate(first.program(), &first, &[1, 2, 3], 8);
	assert_eq!(tokens.len(), 8);
	assert_ne!(tokens, generate(other.program(), &other, &[1, 2, 3], 8));
}

#[test]
fn a_random_encoder_should_return_a_unit_vector() {
	let folder = tempfile::tempdir().unwrap();
	let artifact = pack(&bert(BertShape::TINY, 1).unwrap(), folder.path());
	let vector = embed(artifact.program(), &artifact, Input::Tokens(vec![5, 9, 100]));
	assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-3);
}

#[test]
fn the_tinyllama_shape_should_have_the_parameters_it_is_named_after() {
	let lowered = llama(LlamaShape::TINYLLAMA_1_1B, 0).unwrap();
	assert_eq!(lowered.metadata().parameters, 1_100_048_384);
	let weights: u64 = lowered
		.program()
		.instances()
		.map(|instance| lowered.program().tensors[usize::from(instance.tensor.0)].shape.bytes())
		.sum();
	// Q8_0 takes 1.0625 bytes a weight; vectors and the rotary table little more.
	assert!((weights as f64) < 1.065 * 1_100_048_384.0, "{weights}");
	assert!(lowered.program().units(1, 1) > ComputeUnits(900));
}

/// all-MiniLM-L6-v2 as `scripts/fetch-minilm` leaves it, or where ASSAY_MINILM says.
fn minilm() -> PathBuf {
	let cache = || {
		let home = || PathBuf::from(env::var_os("HOME").expect("HOME is set")).join(".cache");
		env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from)
	};
	let folder =
		env::var_os("ASSAY_MINILM").map_or_else(|| cache().join("assay/models/all-MiniLM-L6-v2"), PathBuf::from);
	assert!(
		folder.join("model.safetensors").exists(),
		"run scripts/fetch-minilm first"
	);
	folder
}

#[test]
fn minilm_should_import_and_tell_sentences_apart() {
	let lowered = import_folder(minilm(), &ImportOptions::default()).unwrap();
	assert_eq!(lowered.metadata().parameters, 22_565_376);
	let out = tempfile::tempdir().unwrap();
	let artifact: Artifact = pack(&lowered, out.path());
	let metadata = artifact.metadata();
	assert_eq!(
		(metadata.max_sequence_length, metadata.licence.as_deref()),
		(Some(256), Some("apache-2.0"))
	);
	let program = artifact.program();
	assert!(matches!(
		program.head,
		Head::Vector {
			pooling: Pooling::Mean,
			..
		}
	));
	assert_eq!((program.positions, program.output_length()), (256, Some(384)));

	let mut tokenizer = tokenizers::Tokenizer::from_bytes(artifact.file("tokenizer.json").unwrap()).unwrap();
	tokenizer.with_padding(None);
	let vector = |text: &str| {
		let ids = tokenizer.encode(text, true).unwrap().get_ids().to_vec();
		embed(program, &artifact, Input::Tokens(ids))
	};
	let (cat, kitten, rates) = (
		vector("The cat sleeps on the sofa."),
		vector("A kitten is napping on the couch."),
		vector("The central bank raised interest rates."),
	);
	let (near, far) = (common::cosine(&cat, &kitten), common::cosine(&cat, &rates));
	assert!(near > 0.6 && far < 0.2, "near {near}, far {far}");
}
