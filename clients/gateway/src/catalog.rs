//! Models by the names that clients use, and what turns their text into tokens and back.

use crate::{chain::Chain, error::ApiError, template::Template};
use anyhow::{Context, Result};
use assay_library::{Library, Text};
use assay_protocol::{model::VersionSummary, ModelId, ModelVersion, VersionNumber};
use assay_sdk::models::Model;
use assay_trace::Hash32;
use parking_lot::Mutex;
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, HashMap, HashSet},
	sync::Arc,
	time::{Duration, Instant},
};

/// How long the list of models is taken for the present one: about a block.
const FRESH: Duration = Duration::from_secs(3);
/// Languages that are kept in memory at most.
const MOST_LANGUAGES: usize = 32;

/// What turns text into tokens and back.
pub struct Language {
	/// The tokenizer.
	pub text: Text,
	/// How conversations become text.
	pub template: Template,
}

/// Where languages come from.
pub trait Languages: Send + Sync + 'static {
	/// The language of a version; an error says what is missing.
	fn of(&self, version: &VersionSummary) -> Result<Language>;
}

impl Languages for Library {
	fn of(&self, version: &VersionSummary) -> Result<Language> {
		let expected = version
			.tokenizer
			.context("the model has no tokenizer: it reads vectors")?;
		let artifact = self
			.find(version.artifact)?
			.context("the gateway does not have the model's artifact, which holds its tokenizer")?;
		Ok(Language {
			text: Text::of(&artifact, expected)?,
			template: Template::of(self, version)?,
		})
	}
}

/// A version that a client may name.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
	/// The version.
	pub(crate) id: ModelVersion,
	/// What the chain says of it.
	pub(crate) version: VersionSummary,
	/// Its name, if this is the version that the name means.
	name: Option<String>,
	/// Names that the operator of the gateway gave it.
	aliases: Vec<String>,
	publisher: String,
}

impl Entry {
	/// The names under which it is listed.
	fn names(&self) -> impl Iterator<Item = String> + '_ {
		let own = self.name.clone().unwrap_or_else(|| self.id.to_string());
		std::iter::once(own).chain(self.aliases.iter().cloned())
	}

	fn is_called(&self, name: &str) -> bool {
		self.id.to_string() == name || self.names().any(|known| known == name)
	}

	/// As OpenAI lists models, under a name.
	pub(crate) fn document(&self, name: &str) -> Value {
		let kind = match self.version.output_length {
			Some(_) => "embedding",
			None => "generation",
		};
		json!({
			"id": name,
			"object": "model",
			// The chain does not tell when a model was registered.
			"created": 0,
			"owned_by": self.publisher,
			"version": self.id.to_string(),
			"artifact": self.version.artifact.to_string(),
			"kind": kind,
			"positions": self.version.positions,
			"dimensions": self.version.output_length,
			"operators": self.version.offers,
		})
	}
}

/// The models.
pub(crate) struct Catalog {
	aliases: BTreeMap<String, ModelVersion>,
	languages: Box<dyn Languages>,
	entries: tokio::sync::Mutex<Option<(Instant, Arc<Vec<Entry>>)>>,
	known: Mutex<HashMap<Hash32, Arc<Language>>>,
}

impl Catalog {
	/// With names of the operator's own.
	pub(crate) fn new(aliases: BTreeMap<String, ModelVersion>, languages: impl Languages) -> Self {
		Self {
			aliases,
			languages: Box::new(languages),
			entries: tokio::sync::Mutex::default(),
			known: Mutex::default(),
		}
	}

	/// All versions that run on text and take new jobs.
	pub(crate) async fn entries(&self, chain: &dyn Chain) -> Result<Arc<Vec<Entry>>, ApiError> {
		// Held while the chain is asked: who comes meanwhile gets the same answer.
		let mut entries = self.entries.lock().await;
		if let Some((_, known)) = entries.as_ref().filter(|(asked, _)| asked.elapsed() < FRESH) {
			return Ok(known.clone());
		}
		let models = chain
			.models()
			.await
			.map_err(|error| ApiError::not_submitted(&error, true))?;
		let fresh = Arc::new(entries_of(&models, &self.aliases));
		*entries = Some((Instant::now(), fresh.clone()));
		Ok(fresh)
	}

	/// The documents of all models, each under the best of its names, and of the operator's own names.
	pub(crate) async fn list(&self, chain: &dyn Chain) -> Result<Vec<Value>, ApiError> {
		let entries = self.entries(chain).await?;
		let documents = |entry: &Entry| entry.names().map(|name| entry.document(&name)).collect::<Vec<_>>();
		Ok(entries.iter().flat_map(documents).collect())
	}

	/// The version that a client means.
	pub(crate) async fn find(&self, chain: &dyn Chain, name: &str) -> Result<Entry, ApiError> {
		let entries = self.entries(chain).await?;
		let found = entries.iter().find(|entry| entry.is_called(name));
		found.cloned().ok_or_else(|| ApiError::no_model(name))
	}

	/// What turns a version's text into tokens and back. It may have to be read from the disk.
	pub(crate) fn language(&self, entry: &Entry) -> Result<Arc<Language>, ApiError> {
		let artifact = entry.version.artifact;
		if let Some(known) = self.known.lock().get(&artifact) {
			return Ok(known.clone());
		}
		let language = self.languages.of(&entry.version).map_err(|error| {
			log::warn!("{}: {error:#}", entry.id);
			ApiError::absent(
				"no_tokenizer",
				format!("{} cannot be used with text here: {error}", entry.id),
			)
		})?;
		let language = Arc::new(language);
		let mut known = self.known.lock();
		if known.len() >= MOST_LANGUAGES {
			known.clear();
		}
		known.insert(artifact, language.clone());
		Ok(language)
	}
}

/// Names are not unique on chain: one means the newest version of the model that had it first. Those of the operator go before,
/// and what looks like an identifier, such as `3.0`, is none.
fn entries_of(models: &[Model], aliases: &BTreeMap<String, ModelVersion>) -> Vec<Entry> {
	let mut taken: HashSet<String> = aliases.keys().cloned().collect();
	let mut entries = vec![];
	for model in models {
		let usable = |version: &&VersionSummary| !version.retired && version.vocabulary.is_some();
		let versions: Vec<_> = model.versions.iter().filter(usable).collect();
		let newest = versions.iter().map(|version| version.version).max();
		let name = String::from_utf8(model.metadata.name.to_vec()).ok();
		let name = name.filter(|name| parse_version(name).is_none() && newest.is_some() && taken.insert(name.clone()));
		for version in versions {
			let id = ModelVersion {
				model: model.id,
				version: version.version,
			};
			let meant = aliases.iter().filter(|(_, meant)| **meant == id);
			entries.push(Entry {
				id,
				version: version.clone(),
				name: name.clone().filter(|_| Some(version.version) == newest),
				aliases: meant.map(|(name, _)| name.clone()).collect(),
				publisher: model.publisher.to_string(),
			});
		}
	}
	entries
}

/// Reads `model.version`.
pub fn parse_version(text: &str) -> Option<ModelVersion> {
	let (model, version) = text.split_once('.')?;
	Some(ModelVersion {
		model: ModelId(model.parse().ok()?),
		version: VersionNumber(version.parse().ok()?),
	})
}
