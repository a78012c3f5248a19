//! `assay model tokenizer`.

use crate::{
	commands::{parse_version, Context},
	Outcome,
};
use anyhow::{bail, ensure, Context as _, Result};
use assay_artifact::Artifact;
use assay_library::{hash, TOKENIZER};
use assay_protocol::ModelVersion;
use serde_json::json;
use std::{fs::OpenOptions, io::Write, path::PathBuf};

/// Whose tokenizer, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenizerOf {
	/// Model version, such as 3.0.
	#[arg(value_parser = parse_version)]
	version: ModelVersion,
	/// The model's artifact; looked for in the folder of artifacts if absent.
	#[arg(long, value_name = "FILE")]
	artifact: Option<PathBuf>,
	/// The file to write; it must not exist.
	#[arg(long, value_name = "FILE", default_value = TOKENIZER)]
	out: PathBuf,
}

impl TokenizerOf {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let (chain, at) = context.reading().await?;
		let version = chain.models().at(at).version(self.version).await?;
		let Some(expected) = version.tokenizer else {
			bail!("model version {} has no tokenizer: it reads a vector", self.version);
		};
		let artifact = match &self.artifact {
			Some(file) => Artifact::open(file)?,
			None => context.library.find(version.artifact)?.with_context(|| {
				format!(
					"the artifact of {} is not in the folder of artifacts: import the model, or pass --artifact",
					self.version
				)
			})?,
		};
		let bytes = artifact
			.file(TOKENIZER)
			.with_context(|| format!("{} has no {TOKENIZER}", artifact.path().display()))?;
		let found = hash(bytes);
		ensure!(
			found == expected,
			"{} has a tokenizer with hash {found}, the chain has {expected}",
			artifact.path().display()
		);
		let out = self.out.display();
		let file = OpenOptions::new().write(true).create_new(true).open(&self.out);
		file.and_then(|mut file| file.write_all(bytes))
			.with_context(|| format!("tokenizer {out}"))?;
		let document = json!({ "version": self.version.to_string(), "file": self.out, "sha256": expected.to_string() });
		context.output.answer(&document, || {
			format!(
				"the tokenizer of {} is in {out}, as the chain knows it (SHA-256 {expected})",
				self.version
			)
		});
		Ok(Outcome::Done)
	}
}
