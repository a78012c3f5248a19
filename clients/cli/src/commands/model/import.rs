//! `assay model import`.

use crate::{
	commands::Context,
	output::{fields, Output},
	views::bytes,
	Outcome,
};
use anyhow::{Context as _, Result};
use assay_artifact::{import_folder, import_gguf, Artifact, ImportOptions, Lowered};
use assay_library::TOKENIZER;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to import.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
	#[command(flatten)]
	source: ModelSource,
	/// Where to write the artifact; in the folder of artifacts, under the model's name, if absent.
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
}

/// A model that is not an artifact yet.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelSource {
	/// Folder in Hugging Face's layout (config.json, *.safetensors, tokenizer.json), or a GGUF file in Q8_0.
	model: PathBuf,
	/// Largest number of positions of a job; if absent the model's own, up to 4,096 and up to what sentence-transformers
	/// cuts texts to.
	#[arg(long)]
	positions: Option<u32>,
	/// A tokenizer.json to put into the artifact.
	#[arg(long, value_name = "FILE")]
	tokenizer: Option<PathBuf>,
	/// Name of the model; its folder's or file's if absent.
	#[arg(long = "as", value_name = "NAME", allow_hyphen_values = true)]
	name: Option<String>,
}

impl ModelSource {
	/// Reads and lowers the model.
	pub(super) fn lower(&self) -> Result<Lowered> {
		let options = ImportOptions {
			positions: self.positions,
			name: self.name.clone(),
			tokenizer: self.tokenizer.clone(),
		};
		let lowered = if self.model.is_dir() {
			import_folder(&self.model, &options)
		} else {
			import_gguf(&self.model, &options)
		};
		Ok(lowered?)
	}

	/// The path as it was given.
	pub(super) fn name(&self) -> String {
		self.model.display().to_string()
	}
}

#[derive(Serialize)]
struct Imported {
	artifact: PathBuf,
	root: String,
	name: String,
	architecture: String,
	parameters: u64,
	artifact_bytes: u64,
	program_bytes: usize,
	layers: u16,
	positions: u32,
	vocabulary: Option<u32>,
	output_length: Option<u32>,
	tokenizer: bool,
}

impl Import {
	/// Does it.
	pub(super) fn run(self, context: &Context) -> Result<Outcome> {
		let lowered = self
			.source
			.lower()
			.with_context(|| format!("import of {}", self.source.name()))?;
		let path = match self.out {
			Some(path) => path,
			None => context.library.path_for(&lowered.metadata().name)?,
		};
		let artifact = pack(&lowered, &path, context.output)?;
		let imported = describe(&artifact);
		context.output.answer(&imported, || imported.text());
		Ok(Outcome::Done)
	}
}

/// Writes the artifact of a model, with a bar.
pub(super) fn pack(lowered: &Lowered, path: &Path, output: Output) -> Result<Artifact> {
	let bar = output.bar(0, true);
	let artifact = lowered.pack(path, &mut |done: u64, total: u64, tensor: &str| {
		bar.set_length(total);
		bar.set_position(done);
		bar.set_message(tensor.to_owned());
	});
	bar.finish_and_clear();
	Ok(artifact?)
}

fn describe(artifact: &Artifact) -> Imported {
	let (program, metadata) = (artifact.program(), artifact.metadata());
	Imported {
		artifact: artifact.path().to_path_buf(),
		root: artifact.root().to_string(),
		name: metadata.name.clone(),
		architecture: metadata.architecture.clone(),
		parameters: metadata.parameters,
		artifact_bytes: artifact.file_bytes(),
		program_bytes: artifact.program_bytes().len(),
		layers: program.layers,
		positions: program.positions,
		vocabulary: program.vocabulary(),
		output_length: program.output_length(),
		tokenizer: artifact.file(TOKENIZER).is_some(),
	}
}

impl Imported {
	fn text(&self) -> String {
		let output = match (self.output_length, self.vocabulary) {
			(Some(length), _) => format!("a vector of {length}"),
			(None, Some(vocabulary)) => format!("tokens of {vocabulary}"),
			(None, None) => "tokens".into(),
		};
		fields([
			("artifact", Some(self.artifact.display().to_string())),
			("root", Some(self.root.clone())),
			(
				"model",
				Some(format!(
					"{}, {}, {} parameters",
					self.name, self.architecture, self.parameters
				)),
			),
			("size", Some(bytes(self.artifact_bytes))),
			(
				"program",
				Some(format!("{}, {} layers", bytes(self.program_bytes as u64), self.layers)),
			),
			("positions", Some(self.positions.to_string())),
			("output", Some(output)),
			(
				"tokenizer",
				Some(
					if self.tokenizer {
						"inside"
					} else {
						"none: jobs take tokens, not text"
					}
					.into(),
				),
			),
		])
	}
}
