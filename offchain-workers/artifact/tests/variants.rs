//! One model as different tools save it: other names, another configuration, the tokenizer's rules in another file, modules
//! around it.

mod common;

use assay_artifact::{import_folder, ArtifactError as Error, ImportOptions};
use assay_exact::{
	program::{Head, Mask, Op, Pooling},
	Generation, Input, Sampler,
};
use common::{bytes, cosine, embed, pack, Folder};
use serde_json::{json, Value as Json};
use tokenizers::Tokenizer;

const PROMPT: [u32; 12] = [3, 17, 42, 5, 5, 61, 70, 1, 0, 33, 12, 28];

fn refusal(folder: &Folder) -> String {
	match folder.import() {
		Ok(_) => panic!("the folder imports"),
		Err(error) => error.to_string(),
	}
}

fn older_norms(name: &str) -> String {
	name.replace("LayerNorm.weight", "LayerNorm.gamma")
		.replace("LayerNorm.bias", "LayerNorm.beta")
}

#[test]
fn a_bert_under_old_names_should_have_the_root_of_its_twin() {
	let modern = Folder::bert(json!({}), "");
	let (_guard, _, expected) = modern.artifact();
	for prefix in ["", "bert.", "model."] {
		for older in [false, true] {
			let twin =
				modern.renamed(|name| format!("{prefix}{}", if older { older_norms(name) } else { name.into() }));
			let (_guard, _, artifact) = twin.artifact();
			assert_eq!(artifact.root(), expected.root(), "{prefix} {older}");
			assert_eq!(bytes(&artifact), bytes(&expected));
		}
	}
	// A class whose checkpoints have both: the encoder with a prefix, the head for training without.
	let mut training = modern.renamed(|name| format!("bert.{}", older_norms(name)));
	training.random("cls.predictions.transform.LayerNorm.gamma", &[64], 1.0, 0.2);
	assert_eq!(training.artifact().2.root(), expected.root());
}

#[test]
fn a_decoder_without_its_prefix_should_have_the_root_of_its_twin() {
	for class in ["LlamaForCausalLM", "Qwen3ForCausalLM"] {
		let with = Folder::llama(json!({"architectures": [class]}));
		let without = with.renamed(|name| name.trim_start_matches("model.").into());
		assert_eq!(without.artifact().2.root(), with.artifact().2.root(), "{class}");
	}
}

#[test]
fn a_tensor_under_two_names_should_be_refused() {
	let twice = |name: &str| {
		let mut folder = Folder::bert(json!({}), "");
		folder.random(name, &[64], 1.0, 0.2);
		refusal(&folder)
	};
	assert_eq!(
		twice("embeddings.LayerNorm.gamma"),
		"names of one tensor: `embeddings.LayerNorm.weight` and `embeddings.LayerNorm.gamma` exclude each other"
	);
	assert_eq!(
		twice("bert.encoder.layer.1.output.LayerNorm.beta"),
		"names of one tensor: `encoder.layer.1.output.LayerNorm.bias` and \
		 `bert.encoder.layer.1.output.LayerNorm.beta` exclude each other"
	);
}

#[test]
fn a_tensor_should_be_blamed_under_the_name_it_has() {
	let mut folder = Folder::bert(json!({}), "").renamed(|name| format!("bert.{}", older_norms(name)));
	let norm = "bert.encoder.layer.0.output.LayerNorm.gamma";
	folder.tensors.get_mut(norm).unwrap().values[9] = f32::NAN;
	let (guard, lowered) = folder.import().unwrap();
	let error = lowered.pack(guard.path().join("model.assay"), &mut ()).unwrap_err();
	assert!(
		matches!(&error, Error::NotFinite { name, column: 9, .. } if name == norm),
		"{error}"
	);
	folder.random(norm, &[96], 1.0, 0.2);
	let message = refusal(&folder);
	assert_eq!(message, format!("tensor `{norm}` has shape [96], expected [64]"));
}

/// A Llama whose rope scaling has this type under these names.
fn scaled(names: &[&str], kind: &str) -> Folder {
	let mut scaling = json!({
		"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
	});
	names.iter().for_each(|name| scaling[*name] = json!(kind));
	Folder::llama(json!({"rope_scaling": scaling}))
}

#[test]
fn both_names_of_the_rope_type_should_give_the_root_of_one() {
	let plain = scaled(&["rope_type"], "default").artifact().2;
	for kind in ["linear", "llama3", "default"] {
		let (_guard, _, one) = scaled(&["rope_type"], kind).artifact();
		for names in [&["type"][..], &["rope_type", "type"]] {
			let (_guard, _, artifact) = scaled(names, kind).artifact();
			assert_eq!(artifact.root(), one.root(), "{kind} {names:?}");
			assert_eq!(bytes(&artifact), bytes(&one));
		}
		assert_eq!(bytes(&one) == bytes(&plain), kind == "default", "{kind}");
	}
}

#[test]
fn the_layout_of_a_configuration_should_not_change_the_root() {
	let folder = scaled(&["rope_type", "type"], "linear");
	let expected = folder.artifact().2.root();
	let guard = folder.write();
	let pretty = serde_json::to_string_pretty(&folder.config).unwrap();
	// The last key first.
	let Some(Json::String(model_type)) = folder.config.get("model_type") else {
		panic!("the configuration has a model type")
	};
	let moved = pretty.replacen('{', &format!("{{\n  \"model_type\": \"{model_type}\","), 1);
	let line = format!("\n  \"model_type\": \"{model_type}\",");
	let at = moved.rfind(&line).unwrap();
	let moved = [&moved[..at], &moved[at + line.len()..]].concat();
	for text in [pretty, moved] {
		std::fs::write(guard.path().join("config.json"), text).unwrap();
		let lowered = import_folder(guard.path(), &ImportOptions::default()).unwrap();
		assert_eq!(pack(&lowered, guard.path()).root(), expected);
	}
}

#[test]
fn rope_scaling_that_contradicts_itself_should_be_refused() {
	let scaling = |scaling: Json| refusal(&Folder::llama(json!({"rope_scaling": scaling})));
	assert_eq!(
		scaling(json!({"rope_type": "linear", "type": "llama3", "factor": 4.0})),
		"rope scaling: `rope_type` \"linear\" and `type` \"llama3\" exclude each other"
	);
	assert_eq!(
		scaling(json!({"rope_type": "default", "type": "linear", "factor": 4.0})),
		"rope scaling: `rope_type` \"default\" and `type` \"linear\" exclude each other"
	);
	assert_eq!(
		scaling(json!({"factor": 4.0})),
		"rope scaling factor is 4: it has no rope_type that says how to scale"
	);
	let both = refusal(&Folder::llama(json!({
		"rope_scaling": {"type": "linear", "factor": 4.0}, "rope_parameters": {"rope_type": "linear", "factor": 2.0},
	})));
	assert!(
		both.starts_with("rope scaling: `rope_parameters` Linear { factor: 2.0 }"),
		"{both}"
	);
	let base = refusal(&Folder::llama(
		json!({"rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0}}),
	));
	assert_eq!(
		base,
		"rope base: `rope_parameters` 500000.0 and `config.json` 10000.0 exclude each other"
	);
}

/// A decoder that sentence-transformers uses: last token, unit length, no projection to logits.
fn a_sentence_decoder() -> Folder {
	let class = json!({"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "tie_word_embeddings": true});
	let mut folder = Folder::llama(class);
	folder.set_modules(&["Transformer", "Pooling", "Normalize"]);
	folder.set_pooling("lasttoken");
	folder
}

#[test]
fn a_decoder_with_pooling_modules_should_return_a_vector() {
	let folder = a_sentence_decoder();
	let (_guard, _, artifact) = folder.artifact();
	let program = artifact.program();
	assert_eq!((program.vocabulary(), program.output_length()), (Some(80), Some(64)));
	assert!(matches!(
		program.head,
		Head::Vector {
			pooling: Pooling::Last,
			..
		}
	));
	let causal = |op: &Op| matches!(op, Op::Attention { mask: Mask::Causal, .. });
	assert!(program.layer.iter().any(causal));
	for length in [1, 5, PROMPT.len()] {
		let exact = embed(program, &artifact, Input::Tokens(PROMPT[..length].to_vec()));
		let similarity = cosine(&exact, &folder.llama_state(&PROMPT[..length]));
		assert!(similarity > 0.9993, "cosine {similarity} after {length} tokens");
		let norm = exact.iter().map(|x| x * x).sum::<f64>().sqrt();
		assert!((norm - 1.0).abs() < 1e-3, "length {norm}");
	}
	// As such models are saved: of the class without a head, and without the prefix it gives.
	let bare = folder.renamed(|name| name.trim_start_matches("model.").into());
	assert_eq!(bare.artifact().2.root(), artifact.root());
	let mut headless = bare;
	headless.config["architectures"] = json!(["Qwen3Model"]);
	let (_guard, _, headless) = headless.artifact();
	assert_eq!(headless.program(), artifact.program());
	assert_eq!(bytes(&headless), bytes(&artifact));
	// Without a Normalize the vector keeps its length.
	let mut plain = folder.clone();
	plain.set_modules(&["Transformer", "Pooling"]);
	let (_guard, _, plain) = plain.artifact();
	let exact = embed(plain.program(), &plain, Input::Tokens(PROMPT.to_vec()));
	for (exact, float) in exact.iter().zip(folder.llama_state(&PROMPT)) {
		assert!((exact - float).abs() < 0.1, "{exact} {float}");
	}
}

#[test]
fn a_decoder_that_cannot_be_pooled_should_be_refused() {
	let mut mean = a_sentence_decoder();
	mean.set_pooling("mean_tokens");
	assert_eq!(
		refusal(&mean),
		"pooling of a decoder `mean` is not supported; supported: lasttoken, cls"
	);
	let mut dense = a_sentence_decoder();
	dense.set_modules(&["Transformer", "Pooling", "Dense", "Normalize"]);
	assert!(refusal(&dense).contains("modules `Transformer, Pooling, Dense, Normalize` is not supported"));
	let mut both_ways = a_sentence_decoder();
	both_ways.config["is_causal"] = json!(false);
	assert!(refusal(&both_ways).contains("attention of a decoder `is_causal: false` is not supported"));
	let mut headless = a_sentence_decoder();
	headless.config["architectures"] = json!(["Qwen3Model"]);
	headless.files.remove("modules.json");
	assert!(refusal(&headless).contains("decoder without a head `Qwen3Model` is not supported"));
}

#[test]
fn a_text_longer_than_the_folder_takes_should_be_refused() {
	let nothing = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 0,
		ignore_stop: true,
	};
	let decoder = a_sentence_decoder().with_file("sentence_bert_config.json", r#"{"max_seq_length": 32}"#);
	for (folder, own) in [(Folder::bert(json!({}), ""), 48), (decoder, 128)] {
		let (_guard, _, artifact) = folder.artifact();
		let check = |length: u32| {
			artifact
				.program()
				.check_job(&Input::Tokens(vec![1; length as usize]), &nothing)
		};
		assert_eq!(check(32), Ok(()));
		let error = check(33).unwrap_err().to_string();
		assert_eq!(error, "prompt has 33 tokens, model accepts 32");
		assert_eq!(artifact.metadata().max_sequence_length, Some(32));
		// Whoever asks for more gets what the model has, and the difference stays on record.
		let options = |positions| ImportOptions {
			positions: Some(positions),
			..Default::default()
		};
		let (_guard, lowered) = folder.import_with(&options(own)).unwrap();
		assert_eq!(lowered.program().positions, own);
		assert_eq!(lowered.metadata().max_sequence_length, Some(32));
		let error = folder.import_with(&options(own + 1)).unwrap_err().to_string();
		assert_eq!(error, format!("positions is {}, the limit is {own}", own + 1));
	}
}

#[test]
fn what_a_text_generator_was_embedded_with_should_not_shorten_it() {
	let folder = Folder::llama(json!({})).with_file("sentence_bert_config.json", r#"{"max_seq_length": 32}"#);
	let (_guard, lowered) = folder.import().unwrap();
	assert_eq!(lowered.program().positions, 128);
	assert_eq!(lowered.metadata().max_sequence_length, None);
}

/// A tokenizer of words with this post-processor.
fn words(post_processor: Json) -> Json {
	let special = |id: u32, content: &str| {
		json!({
			"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
			"special": true,
		})
	};
	json!({
		"version": "1.0", "truncation": null, "padding": null, "normalizer": null, "decoder": null,
		"added_tokens": [special(1, "<s>"), special(2, "</s>")],
		"pre_tokenizer": {"type": "Whitespace"}, "post_processor": post_processor,
		"model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "<s>": 1, "</s>": 2, "a": 3, "b": 4}},
	})
}

fn byte_level() -> Json {
	json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})
}

/// Tokens of a text, with the tokenizer that the artifact of these two files has.
fn tokens(tokenizer: &Json, config: &Json, text: &str) -> Vec<u32> {
	let folder = Folder::llama(json!({}))
		.with_file("tokenizer.json", tokenizer)
		.with_file("tokenizer_config.json", config);
	let (_guard, lowered) = folder.import().unwrap();
	let tokenizer = Tokenizer::from_bytes(lowered.file("tokenizer.json").unwrap()).unwrap();
	tokenizer.encode(text, true).unwrap().get_ids().to_vec()
}

#[test]
fn a_begin_token_that_only_the_configuration_asks_for_should_be_there() {
	let ask = json!({"add_bos_token": true, "bos_token": "<s>", "eos_token": "</s>"});
	let object =
		json!({"add_bos_token": true, "add_eos_token": false, "bos_token": {"content": "<s>", "special": true}});
	let end =
		|begin: bool| json!({"add_bos_token": begin, "add_eos_token": true, "bos_token": "<s>", "eos_token": "</s>"});
	let sequence = |steps: &[Json]| json!({"type": "Sequence", "processors": steps});
	for none in [Json::Null, byte_level(), sequence(&[byte_level()])] {
		let tokenizer = words(none);
		assert_eq!(tokens(&tokenizer, &ask, "a b"), [1, 3, 4]);
		assert_eq!(tokens(&tokenizer, &object, "a b"), [1, 3, 4]);
		assert_eq!(tokens(&tokenizer, &end(true), "a b"), [1, 3, 4, 2]);
		assert_eq!(tokens(&tokenizer, &end(false), "a b"), [3, 4, 2]);
	}
	// A template for the end alone gets a begin too, and keeps its end.
	let ends = json!({
		"type": "TemplateProcessing",
		"single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
		"pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
		"special_tokens": {"</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}},
	});
	for template in [ends.clone(), sequence(&[byte_level(), ends])] {
		assert_eq!(tokens(&words(template), &ask, "a b"), [1, 3, 4, 2]);
	}
}

#[test]
fn a_tokenizer_that_does_what_the_configuration_asks_for_should_stay_as_it_is() {
	let begins = json!({
		"type": "TemplateProcessing",
		"single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
		"pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
		"special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
	});
	let bert = json!({"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 1]});
	let ask = json!({"add_bos_token": true, "bos_token": "<s>"});
	assert_eq!(tokens(&words(begins.clone()), &ask, "a b"), [1, 3, 4]);
	let silent = json!({"add_bos_token": false, "bos_token": "<s>"});
	for (processor, config) in [
		(begins, &ask),
		(bert, &ask),
		(Json::Null, &silent),
		(byte_level(), &json!({})),
	] {
		// In a layout of its own, so that writing it anew would show.
		let text = serde_json::to_string_pretty(&words(processor)).unwrap();
		let folder = Folder::llama(json!({}))
			.with_file("tokenizer.json", &text)
			.with_file("tokenizer_config.json", config);
		let (_guard, lowered) = folder.import().unwrap();
		assert_eq!(lowered.file("tokenizer.json"), Some(text.as_bytes()));
	}
}

#[test]
fn a_begin_token_that_nobody_knows_should_be_refused() {
	let with = |config: Json| {
		let folder = Folder::llama(json!({}))
			.with_file("tokenizer.json", words(Json::Null))
			.with_file("tokenizer_config.json", config);
		refusal(&folder)
	};
	let unnamed = with(json!({"add_bos_token": true}));
	assert!(
		unnamed.contains("tokenizer_config.json asks for a bos_token and names none"),
		"{unnamed}"
	);
	let unknown = with(json!({"add_bos_token": true, "bos_token": "<bos>"}));
	assert!(
		unknown.contains("asks for the bos_token `<bos>`, which tokenizer.json does not have"),
		"{unknown}"
	);
}

#[test]
fn tokens_that_end_a_turn_should_stop() {
	let added = json!({"added_tokens": [
		{"id": 70, "content": "<|im_end|>", "special": true},
		{"id": 71, "content": "<|im_start|>", "special": true},
		{"id": 72, "content": "<|eot_id|>", "special": false},
		{"id": 79, "content": "<|endoftext|>", "special": true},
		{"id": 80, "content": "<end_of_turn>", "special": true},
	], "model": {}});
	let folder = Folder::llama(json!({})).with_file("tokenizer.json", added);
	let (_guard, lowered) = folder.import().unwrap();
	// What the configuration has, and what ends a turn; not what the model has no row for, nor a word like one.
	assert!(matches!(&lowered.program().head, Head::Tokens { stop, .. } if *stop == [70, 79]));
}
