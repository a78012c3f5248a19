//! Hugging Face folders, and folders of plain MLPs.

use std::{
	fs,
	path::{Path, PathBuf},
};

use serde::{de::DeserializeOwned, Deserialize};

use super::{
	huggingface::{bert_config, is_bert, is_llama, llama_config, Architecture, GenerationConfig},
	safetensors::SafeTensors,
	sentence_transformers::SentenceModel,
	ImportOptions,
};
use crate::{
	error::{ArtifactError, Result},
	format::MAX_FILE_BYTES,
	lower::{self, activation, mlp::MlpConfig},
	lowered::{Lowered, NamedFile},
};

/// Files that travel in the artifact when the folder has them.
const KEPT_FILES: [&str; 11] = [
	"config.json",
	"generation_config.json",
	"tokenizer.json",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"chat_template.jinja",
	"modules.json",
	"1_Pooling/config.json",
	"sentence_bert_config.json",
	"config_sentence_transformers.json",
	"LICENSE",
];

/// What this function imports, for messages.
const SUPPORTED: &str =
	"LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, BertModel, BertForMaskedLM, \
	 BertForPreTraining, and model type mlp";

/// Imports a folder in the layout of Hugging Face: `config.json`, `model.safetensors` (or shards with their index) in F32,
/// F16 or BF16, and the tokenizer's files; with the `modules.json` of sentence-transformers for encoders. A folder whose
/// `model_type` is `mlp` goes to [`import_mlp`].
pub fn import_folder(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Lowered> {
	let folder = path.as_ref();
	let config_path = folder.join("config.json");
	let json = read_bounded(&config_path)?;
	#[derive(Deserialize)]
	struct Kind {
		model_type: Option<String>,
	}
	let kind: Kind = parse(&config_path, &json)?;
	if kind.model_type.as_deref() == Some("mlp") {
		return import_mlp(folder, options);
	}
	let architecture = parse::<Architecture>(&config_path, &json)?.name()?;
	let mut lowered = if is_llama(&architecture) {
		let generation_path = folder.join("generation_config.json");
		let generation = if generation_path.exists() {
			read_json(&generation_path)?
		} else {
			GenerationConfig::default()
		};
		let config = llama_config(&config_path, &json, &architecture, generation, options.positions)?;
		lower::llama::lower(&config, &SafeTensors::open(folder)?)?
	} else if is_bert(&architecture) {
		let sentence = SentenceModel::read(folder)?;
		let tensors = SafeTensors::open(folder)?;
		let (pooling, normalize) = (sentence.pooling, sentence.normalize);
		let config = bert_config(&config_path, &json, &tensors, pooling, normalize, options.positions)?;
		let mut lowered = lower::bert::lower(&config, &tensors)?;
		lowered.metadata.max_sequence_length = sentence.max_sequence_length.map(|length| length.min(config.positions));
		lowered
	} else {
		return Err(ArtifactError::UnknownArchitecture {
			found: architecture,
			supported: SUPPORTED,
		});
	};
	lowered.metadata.architecture = architecture;
	describe(&mut lowered, folder, options)?;
	Ok(lowered)
}

/// `config.json` of an MLP folder.
#[derive(Debug, Deserialize)]
struct MlpFile {
	layers: Vec<u32>,
	activation: Option<String>,
	output_activation: Option<String>,
}

/// Imports a plain MLP: `config.json` with `{"model_type": "mlp", "layers": [input, hidden, …, output], "activation":
/// "relu", "output_activation": "sigmoid"}` (the last optional) and `model.safetensors` with `layers.{i}.weight` of shape
/// `[out, in]` and `layers.{i}.bias`.
///
/// The program's input length is the input size rounded up to a multiple of 32; callers append zeros. The output has the
/// network's own size.
pub fn import_mlp(path: impl AsRef<Path>, options: &ImportOptions) -> Result<Lowered> {
	let folder = path.as_ref();
	let file: MlpFile = read_json(&folder.join("config.json"))?;
	let config = MlpConfig {
		sizes: file.layers,
		activation: activation(file.activation.as_deref().unwrap_or("relu"))?,
		output_activation: file.output_activation.as_deref().map(activation).transpose()?,
	};
	let mut lowered = lower::mlp::lower(&config, &SafeTensors::open(folder)?)?;
	lowered.metadata.architecture = "mlp".into();
	describe(&mut lowered, folder, options)?;
	Ok(lowered)
}

/// Fills in the files, the name and the licence.
fn describe(lowered: &mut Lowered, folder: &Path, options: &ImportOptions) -> Result<()> {
	for name in KEPT_FILES {
		let path = match (name, &options.tokenizer) {
			("tokenizer.json", Some(path)) => path.clone(),
			_ => folder.join(name),
		};
		if path.exists() {
			lowered.files.push(NamedFile {
				name: name.into(),
				content: read_bounded(&path)?,
			});
		}
	}
	lowered.metadata.name = match &options.name {
		Some(name) => name.clone(),
		None => folder_name(folder),
	};
	lowered.metadata.licence = model_card_licence(&folder.join("README.md"));
	Ok(())
}

fn folder_name(folder: &Path) -> String {
	let full = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
	full.file_name()
		.map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}

/// `license:` in the front matter of a model card.
fn model_card_licence(card: &Path) -> Option<String> {
	let text = fs::read_to_string(card).ok()?;
	let front = text.strip_prefix("---")?.split("\n---").next()?;
	let licence = front.lines().find_map(|line| line.strip_prefix("license:"))?.trim();
	(!licence.is_empty()).then(|| licence.trim_matches(['"', '\'']).to_string())
}

/// Reads a small file whole.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>> {
	let bytes = fs::metadata(path).map_err(ArtifactError::io(path))?.len();
	lower::at_most("bytes of an embedded file", bytes, MAX_FILE_BYTES)?;
	fs::read(path).map_err(ArtifactError::io(path))
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
	parse(path, &read_bounded(path)?)
}

fn parse<T: DeserializeOwned>(path: &Path, json: &[u8]) -> Result<T> {
	serde_json::from_slice(json).map_err(|source| ArtifactError::Json {
		path: PathBuf::from(path),
		source,
	})
}
