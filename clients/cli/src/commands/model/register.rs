//! `assay model register`.

use crate::{commands::Context, Outcome};
use anyhow::{anyhow, Context as _, Result};
use assay_artifact::Artifact;
use assay_library::{hash, TOKENIZER};
use assay_protocol::{
	model::{ModelMetadata, VersionSubmission, MAX_PROGRAM_BYTES},
	ModelId,
};
use assay_sdk::{amount::parse_share, events::ModelRegistered, Call};
use serde_json::json;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_runtime::Permill;
use std::path::PathBuf;

/// What to register.
#[derive(Debug, clap::Args)]
pub(crate) struct Register {
	/// The artifact.
	artifact: PathBuf,
	/// Name of the new model.
	#[arg(
		long,
		required_unless_present = "model",
		conflicts_with = "model",
		allow_hyphen_values = true
	)]
	name: Option<String>,
	/// What it is for.
	#[arg(long, default_value = "", conflicts_with = "model", allow_hyphen_values = true)]
	description: String,
	/// Its licence, as an SPDX expression; the one the artifact states if absent.
	#[arg(long, conflicts_with = "model", allow_hyphen_values = true)]
	licence: Option<String>,
	/// A search word; may be given several times.
	#[arg(long = "tag", conflicts_with = "model", allow_hyphen_values = true)]
	tags: Vec<String>,
	/// Share of every fee that goes to the publisher, such as 1.5%.
	#[arg(long, default_value = "0%", value_parser = parse_share)]
	royalty: Permill,
	/// Add a version to this model instead of registering a new one.
	#[arg(long)]
	model: Option<ModelId>,
}

impl Register {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let artifact = Artifact::open(&self.artifact)?;
		// The chain takes the root as it is told; a wrong one would cost the deposit and serve nobody.
		artifact.verify()?;
		let program = artifact.program_bytes();
		let submission = VersionSubmission {
			program: program.to_vec().try_into().map_err(|_| {
				anyhow!(
					"the program has {} bytes, at most {MAX_PROGRAM_BYTES} can be registered",
					program.len()
				)
			})?,
			artifact: artifact.root(),
			artifact_bytes: artifact.file_bytes(),
			tokenizer: artifact.file(TOKENIZER).map(hash),
			royalty: self.royalty,
		};
		let call = match self.model {
			Some(model) => Call::add_version(model, &submission),
			None => Call::register_model(&self.metadata(&artifact)?, &submission),
		};
		let chain = context.chain().await?;
		let receipt = context.submit(&chain, call).await?;
		let model = match self.model {
			Some(model) => model,
			None => receipt.event::<ModelRegistered>()?.model,
		};
		let at = chain
			.block_at(receipt.block)
			.await?
			.context("the block of the registration is gone")?;
		let registered = chain.models().at(at).get(model).await?;
		let root = artifact.root();
		let version = registered
			.versions
			.iter()
			.rev()
			.find(|version| version.artifact == root);
		let version = version.context("the registration was taken back by a reorganisation of the chain")?;
		let id = format!("{model}.{}", version.version);
		let root = root.to_string();
		let document =
			json!({ "id": id, "model": model.0, "version": version.version.0, "artifact": root, "receipt": receipt });
		context.output.answer(&document, || {
			format!(
				"registered {id} in block {}; fee {}\nartifact {root}",
				receipt.block, receipt.fee
			)
		});
		Ok(Outcome::Done)
	}

	fn metadata(&self, artifact: &Artifact) -> Result<ModelMetadata> {
		let licence = self.licence.as_ref().or(artifact.metadata().licence.as_ref());
		let licence = licence.context("the artifact states no licence: pass --licence with an SPDX expression")?;
		let count = self.tags.len();
		let tags = self
			.tags
			.iter()
			.map(|tag| bounded("tag", tag))
			.collect::<Result<Vec<_>>>()?;
		Ok(ModelMetadata {
			name: bounded("name", self.name.as_deref().unwrap_or_default())?,
			description: bounded("description", &self.description)?,
			licence: bounded("licence", licence)?,
			tags: tags
				.try_into()
				.map_err(|_| anyhow!("{count} tags are too many: at most 8"))?,
		})
	}
}

fn bounded<const N: u32>(what: &str, text: &str) -> Result<BoundedVec<u8, ConstU32<N>>> {
	let bytes = text.as_bytes().to_vec();
	bytes
		.try_into()
		.map_err(|_| anyhow!("the {what} has {} bytes, at most {N} are kept", text.len()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn texts_that_are_too_long_are_named_with_their_limit() {
		assert!(bounded::<3>("name", "abc").is_ok());
		let error = bounded::<3>("name", "abcd").unwrap_err().to_string();
		assert_eq!(error, "the name has 4 bytes, at most 3 are kept");
	}
}
