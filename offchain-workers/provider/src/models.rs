//! The folder of artifacts, and the engine behind [`Execute`].

use crate::{
	chain::BlockNumber,
	pool::{Execute, Failure, Watch},
};
use assay_artifact::Artifact;
use assay_engine::{Model, Observer, Options, RunError, Tier};
use assay_exact::{Input, Output};
use assay_protocol::job::Duty;
use assay_trace::merkle::Hash32;
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, BTreeSet},
	num::NonZeroUsize,
	path::{Path, PathBuf},
	sync::Arc,
	time::SystemTime,
};

const LOG: &str = "assay::provider";
/// Suffix of artifact files.
const EXTENSION: &str = "assay";
/// Models kept loaded; the one used longest ago makes room.
const MAX_LOADED: usize = 4;

/// Runs duties with the engine on artifacts of one folder.
pub struct Models {
	folder: PathBuf,
	options: Options,
	files: Mutex<Files>,
	/// Loaded and verified models, the most recently used last. The lock is held while a model loads, so that it loads once.
	loaded: Mutex<Vec<(Hash32, Arc<Model>)>>,
}

#[derive(Default)]
struct Files {
	/// By the root their header states.
	by_root: BTreeMap<Hash32, PathBuf>,
	/// Files that cannot be opened, with the modification time at which that was reported.
	broken: BTreeMap<PathBuf, Option<SystemTime>>,
	/// Roots whose file did not verify.
	refused: BTreeSet<Hash32>,
}

impl Models {
	/// Serves from `folder` on `threads` threads. The folder may be empty or absent; it is read again when an artifact is
	/// wanted that was not there before.
	pub fn new(folder: PathBuf, tier: Option<Tier>, threads: NonZeroUsize) -> Self {
		Self {
			folder,
			options: Options {
				tier,
				threads,
				..Options::default()
			},
			files: Mutex::default(),
			loaded: Mutex::default(),
		}
	}

	fn load(&self, root: &Hash32) -> Result<Arc<Model>, Failure> {
		let mut loaded = self.loaded.lock();
		if let Some(index) = loaded.iter().position(|(other, _)| other == root) {
			let entry = loaded.remove(index);
			let model = entry.1.clone();
			loaded.push(entry);
			return Ok(model);
		}
		let path = self.files.lock().by_root.get(root).cloned();
		let path = path.ok_or_else(|| Failure::Refused(format!("no artifact with root {root}")))?;
		let opened = Artifact::open(&path)
			.map_err(|error| error.to_string())
			.and_then(|artifact| {
				artifact.verify().map_err(|error| error.to_string())?;
				if artifact.root() != *root {
					return Err(format!("its root is {}", artifact.root()));
				}
				Model::load(&artifact, self.options).map_err(|error| error.to_string())
			});
		match opened {
			Ok(model) => {
				let model = Arc::new(model);
				if loaded.len() >= MAX_LOADED {
					loaded.remove(0);
				}
				loaded.push((*root, model.clone()));
				Ok(model)
			}
			Err(reason) => {
				self.files.lock().refused.insert(*root);
				Err(Failure::Refused(format!("artifact {}: {reason}", path.display())))
			}
		}
	}
}

impl Files {
	fn scan(&mut self, folder: &Path) {
		let Ok(files) = std::fs::read_dir(folder) else { return };
		let known: BTreeSet<_> = self.by_root.values().cloned().collect();
		for path in files.filter_map(|file| Some(file.ok()?.path())) {
			if path.extension().is_none_or(|extension| extension != EXTENSION) || known.contains(&path) {
				continue;
			}
			let modified = path.metadata().and_then(|data| data.modified()).ok();
			if self.broken.get(&path) == Some(&modified) {
				continue;
			}
			match Artifact::open(&path) {
				Ok(artifact) => {
					log::info!(target: LOG, "artifact {} in {}", artifact.root(), path.display());
					self.broken.remove(&path);
					self.refused.remove(&artifact.root());
					self.by_root.insert(artifact.root(), path);
				}
				Err(error) => {
					log::warn!(target: LOG, "{}: {error}", path.display());
					self.broken.insert(path, modified);
				}
			}
		}
	}
}

impl Execute for Models {
	fn has(&self, artifact: &Hash32) -> bool {
		let mut files = self.files.lock();
		if !files.by_root.contains_key(artifact) {
			files.scan(&self.folder);
		}
		files.by_root.contains_key(artifact) && !files.refused.contains(artifact)
	}

	fn execute(&self, duty: &Duty<BlockNumber>, watch: &mut Watch<'_>) -> Result<Output, Failure> {
		let model = self.load(&duty.artifact)?;
		let input = Input::from(duty.input.clone());
		model
			.run(&input, &duty.generation, &mut Watching(watch))
			.map_err(|error| match error {
				RunError::Cancelled => Failure::Cancelled,
				error => Failure::Refused(error.to_string()),
			})
	}
}

/// Shows an execution to the pool's watch.
struct Watching<'a, 'b>(&'a mut Watch<'b>);

impl Observer for Watching<'_, '_> {
	fn on_token(&mut self, _token: u32) {
		self.0.token();
	}

	fn should_cancel(&mut self) -> bool {
		self.0.is_cancelled()
	}
}
