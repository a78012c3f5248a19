//! The model on disk: a Hugging Face folder with bfloat16 weights.

use std::{
	collections::{BTreeMap, HashMap},
	fs,
	path::Path,
};

use anyhow::{anyhow, Context, Result};
use candle_core::{DType, Device, Tensor};
use serde_json::json;
use tokenizers::Tokenizer;

use crate::{
	model::{Config, Llama},
	tokenizer::END,
};

/// Writes weights, configuration and tokenizer.
pub fn write(folder: &Path, model: &Llama, tokenizer: &Tokenizer) -> Result<()> {
	fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
	let config = model.config();
	write_json(&folder.join("config.json"), &serde_json::to_value(config)?)?;
	let generation = json!({
		"bos_token_id": config.bos_token_id,
		"eos_token_id": config.eos_token_id,
		"max_length": config.max_position_embeddings,
	});
	write_json(&folder.join("generation_config.json"), &generation)?;
	let tokenizer_config = json!({
		"tokenizer_class": "PreTrainedTokenizerFast",
		"bos_token": END,
		"eos_token": END,
		"add_bos_token": true,
		"clean_up_tokenization_spaces": false,
		"model_max_length": config.max_position_embeddings,
	});
	write_json(&folder.join("tokenizer_config.json"), &tokenizer_config)?;
	tokenizer
		.save(folder.join("tokenizer.json"), true)
		.map_err(|error| anyhow!("writing tokenizer.json: {error}"))?;

	let mut weights = BTreeMap::new();
	for (name, weight) in model.weights() {
		weights.insert(name.as_str(), weight.as_detached_tensor().to_dtype(DType::BF16)?);
	}
	// Readers written for PyTorch refuse a file that does not name its format.
	let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
	let path = folder.join("model.safetensors");
	safetensors::serialize_to_file(weights, Some(metadata), &path)
		.with_context(|| format!("writing {}", path.display()))
}

/// Loads what [`write()`] wrote.
pub fn read(folder: &Path) -> Result<(Llama, Tokenizer)> {
	let path = folder.join("config.json");
	let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
	let config: Config = serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
	let path = folder.join("model.safetensors");
	let weights: HashMap<String, Tensor> =
		candle_core::safetensors::load(&path, &Device::Cpu).with_context(|| format!("reading {}", path.display()))?;
	let model = Llama::from_weights(config, weights.into_iter().collect())?;
	let path = folder.join("tokenizer.json");
	let tokenizer = Tokenizer::from_file(&path).map_err(|error| anyhow!("reading {}: {error}", path.display()))?;
	Ok((model, tokenizer))
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<()> {
	let text = serde_json::to_string_pretty(value)? + "\n";
	fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		model::tests::{logits, tiny, tiny_model},
		tokenizer::learn,
	};
	use candle_nn::VarBuilder;
	use candle_transformers::models::llama;

	const PROMPT: [u32; 9] = [0, 3, 1, 41, 59, 26, 53, 58, 97];

	fn written() -> (tempfile::TempDir, Tokenizer) {
		let documents: Vec<String> = (0..200).map(|i| format!("word{i} (noun): the sea of {i}")).collect();
		let tokenizer = learn(&documents, tiny().vocab_size).unwrap();
		let folder = tempfile::tempdir().unwrap();
		write(folder.path(), &tiny_model(7), &tokenizer).unwrap();
		(folder, tokenizer)
	}

	fn rounded(model: &Llama) -> Llama {
		let weights = model.weights().iter();
		let weights = weights
			.map(|(name, w)| (name.clone(), w.to_dtype(DType::BF16).unwrap()))
			.collect();
		Llama::from_weights(model.config().clone(), weights).unwrap()
	}

	#[test]
	fn a_written_folder_loads_back_with_identical_logits() {
		let (folder, tokenizer) = written();
		let (model, same_tokenizer) = read(folder.path()).unwrap();
		assert_eq!(model.config(), &tiny());
		assert_eq!(logits(&model, &PROMPT), logits(&rounded(&tiny_model(7)), &PROMPT));
		assert_eq!(
			tokenizer.to_string(false).unwrap(),
			same_tokenizer.to_string(false).unwrap()
		);
	}

	#[test]
	fn candle_transformers_reads_the_folder_and_agrees() {
		let (folder, _) = written();
		let text = fs::read_to_string(folder.path().join("config.json")).unwrap();
		let config: llama::LlamaConfig = serde_json::from_str(&text).unwrap();
		let config = config.into_config(false);
		let bytes = fs::read(folder.path().join("model.safetensors")).unwrap();
		let weights = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu).unwrap();
		let theirs = llama::Llama::load(weights, &config).unwrap();
		let mut cache = llama::Cache::new(false, DType::F32, &config, &Device::Cpu).unwrap();
		let tokens = Tensor::new(&PROMPT, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
		let theirs = theirs
			.forward(&tokens, 0, &mut cache)
			.unwrap()
			.squeeze(0)
			.unwrap()
			.to_vec1::<f32>()
			.unwrap();

		let (model, _) = read(folder.path()).unwrap();
		let ours = logits(&model, &PROMPT).pop().unwrap();
		assert_eq!(ours.len(), theirs.len());
		for (a, b) in ours.iter().zip(&theirs) {
			assert!((a - b).abs() < 1e-4, "{a} and {b}");
		}
	}

	#[test]
	fn a_truncated_weight_file_is_an_error() {
		let (folder, _) = written();
		let path = folder.path().join("model.safetensors");
		let bytes = fs::read(&path).unwrap();
		fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
		let error = format!("{:#}", read(folder.path()).unwrap_err());
		assert!(error.contains("model.safetensors"), "{error}");
	}
}
