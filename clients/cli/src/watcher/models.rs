//! The models that a watcher has here.

use crate::{
	execute::{check_program, Loaded},
	output::Output,
};
use anyhow::Result;
use assay_library::Library;
use assay_protocol::{dispute::DisputedClaim, ModelVersion};
use assay_sdk::{Assay, Block};
use assay_trace::Hash32;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};
use tokio::task::spawn_blocking;

/// Models by what claims name.
pub(super) struct Models {
	library: Library,
	output: Output,
	/// By the roots of their artifacts, verified.
	loaded: BTreeMap<Hash32, Arc<Loaded>>,
	/// Whether a version runs the program that the artifact holds: anybody may register another with the same root.
	checked: BTreeMap<ModelVersion, bool>,
	/// Those that were said to be passed over.
	said: BTreeSet<ModelVersion>,
}

impl Models {
	/// None yet of those in a folder.
	pub(super) fn new(library: Library, output: Output) -> Self {
		Self {
			library,
			output,
			loaded: BTreeMap::new(),
			checked: BTreeMap::new(),
			said: BTreeSet::new(),
		}
	}

	/// The model that a claim is about, if it is here. That it is not is said once; a file that comes later is found.
	pub(super) async fn get(&mut self, chain: &Assay, claim: &DisputedClaim, at: Block) -> Result<Option<Arc<Loaded>>> {
		let (version, root) = (claim.version, claim.artifact);
		if self.checked.get(&version) == Some(&false) {
			return Ok(None);
		}
		let Some(loaded) = self.load(root).await? else {
			let folder = self.library.folder()?;
			let why = format!("no artifact with root {root} is in {}", folder.display());
			self.pass_over(version, &why);
			return Ok(None);
		};
		if self.checked.get(&version) == Some(&true) {
			return Ok(Some(loaded));
		}
		let program = chain.models().at(at).program(version).await?;
		let checked = check_program(&loaded.artifact, &program);
		self.checked.insert(version, checked.is_ok());
		match checked {
			Ok(()) => Ok(Some(loaded)),
			Err(why) => {
				self.pass_over(version, &why.to_string());
				Ok(None)
			}
		}
	}

	async fn load(&mut self, root: Hash32) -> Result<Option<Arc<Loaded>>> {
		if let Some(loaded) = self.loaded.get(&root) {
			return Ok(Some(loaded.clone()));
		}
		let Some(found) = self.library.find(root)? else {
			return Ok(None);
		};
		let library = self.library.clone();
		let loaded = spawn_blocking(move || Loaded::new(library.verified(root, Some(found.path()))?));
		let loaded = Arc::new(loaded.await??);
		self.loaded.insert(root, loaded.clone());
		Ok(Some(loaded))
	}

	fn pass_over(&mut self, version: ModelVersion, why: &str) {
		if self.said.insert(version) {
			self.output
				.notice(&format!("claims of model {version} are passed over: {why}"));
		}
	}
}
