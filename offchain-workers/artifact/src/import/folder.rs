//! Hugging Face folders, and folders of plain MLPs.

use std::{
	fs,
	path::{Path, PathBuf},
};

use serde::{de::DeserializeOwned, Deserialize};
use serde_json::Value as Json;

use super::{
	huggingface::{bert_config, is_bert, llama_config, Architecture, Around, LlamaClass},
	safetensors::SafeTensors,
	sentence_transformers::{longest_input, SentenceModel},
	ImportOptions,
};
use crate::{
	error::{ArtifactError, Result},
	format::MAX_FILE_BYTES,
	lower::{self, activation, mlp::MlpConfig},
	lowered::{Lowered, NamedFile},
	tokenizer::{self, TokenizerConfig, TOKENIZER},
};

/// Files that travel in the artifact when the folder has them.
const KEPT_FILES: [&str; 11] = [
	"config.json",
	"generation_config.json",
	TOKENIZER,
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
	 BertForPreTraining, decoders without a head (LlamaModel, …) that sentence-transformers uses, and model type mlp";

/// Imports a folder in the layout of Hugging Face: `config.json`, `model.safetensors` (or shards with their index) in F32,
/// F16 or BF16, and the tokenizer's files; with the `modules.json` of sentence-transformers for models that embed. A folder
/// whose `model_type` is `mlp` goes to [`import_mlp`].
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
	let tokenizer = read_tokenizer(folder, options)?;
	let longest_input = longest_input(folder)?;
	let sentence = SentenceModel::read(folder)?;
	let mut lowered = if LlamaClass::of(&architecture).is_some() {
		let generation_path = folder.join("generation_config.json");
		let around = Around {
			generation: read_if_there(&generation_path)?.unwrap_or_default(),
			sentence,
			longest_input: longest_input.filter(|_| sentence.is_some()),
			ends: tokenizer.as_deref().map_or(Ok(Vec::new()), tokenizer::ends)?,
		};
		let config = llama_config(&config_path, &json, &architecture, around, options.positions)?;
		lower::llama::lower(&config, &SafeTensors::open(folder)?)?
	} else if is_bert(&architecture) {
		let sentence = sentence.unwrap_or_default();
		let config = bert_config(&config_path, &json, sentence, longest_input, options.positions)?;
		lower::bert::lower(&config, &SafeTensors::open(folder)?)?
	} else {
		return Err(ArtifactError::UnknownArchitecture {
			found: architecture,
			supported: SUPPORTED,
		});
	};
	if lowered.program.output_length().is_some() {
		let positions = lowered.program.positions;
		lowered.metadata.max_sequence_length = longest_input.map(|length| length.min(positions));
	}
	lowered.metadata.architecture = architecture;
	describe(&mut lowered, folder, tokenizer, options)?;
	Ok(lowered)
}

/// The tokenizer.json of a folder, or the one that was named instead, with the tokens around a text that the folder asks
/// for.
fn read_tokenizer(folder: &Path, options: &ImportOptions) -> Result<Option<Vec<u8>>> {
	let path = options.tokenizer.clone().unwrap_or_else(|| folder.join(TOKENIZER));
	if options.tokenizer.is_none() && !path.exists() {
		return Ok(None);
	}
	let config: Option<TokenizerConfig> = read_if_there(&folder.join("tokenizer_config.json"))?;
	config.unwrap_or_default().apply(read_bounded(&path)?).map(Some)
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
	describe(&mut lowered, folder, read_tokenizer(folder, options)?, options)?;
	Ok(lowered)
}

/// Fills in the files, the name and the licence.
fn describe(
	lowered: &mut Lowered,
	folder: &Path,
	mut tokenizer: Option<Vec<u8>>,
	options: &ImportOptions,
) -> Result<()> {
	for name in KEPT_FILES {
		let path = folder.join(name);
		let content = match name {
			TOKENIZER => tokenizer.take(),
			_ if !path.exists() => None,
			"config.json" => Some(canonical_config(&path)?),
			_ => Some(read_bounded(&path)?),
		};
		lowered.files.extend(content.map(|content| NamedFile {
			name: name.into(),
			content,
		}));
	}
	lowered.metadata.name = match &options.name {
		Some(name) => name.clone(),
		None => folder_name(folder),
	};
	lowered.metadata.licence = model_card_licence(&folder.join("README.md"));
	Ok(())
}

/// A config.json in one spelling: keys in order, no white space, and the type of rope scaling under its newer name alone.
/// The artifact's root covers the file, and the same model should have the same root whichever version of transformers
/// has saved it last.
fn canonical_config(path: &Path) -> Result<Vec<u8>> {
	let mut config: Json = read_json(path)?;
	for rope in ["rope_scaling", "rope_parameters"] {
		if let Some(rope) = config.get_mut(rope).and_then(Json::as_object_mut) {
			if let Some(kind) = rope.remove("type") {
				rope.entry("rope_type").or_insert(kind);
			}
		}
	}
	config.sort_all_objects();
	Ok(config.to_string().into_bytes())
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

/// The content of a JSON file, if the file is there.
fn read_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
	path.exists().then(|| read_json(path)).transpose()
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path, json: &[u8]) -> Result<T> {
	serde_json::from_slice(json).map_err(|source| ArtifactError::Json {
		path: PathBuf::from(path),
		source,
	})
}
