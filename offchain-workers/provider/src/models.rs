//! The folder of artifacts, and the engine behind [`Execute`].

use crate::{
	chain::BlockNumber,
	pool::{Execute, Failure, Watch},
};
use assay_artifact::Artifact;
use assay_dispute::Execution;
use assay_engine::{Model, Observer, Options, RunError, Tier};
use assay_exact::{Input, Output};
use assay_protocol::{
	dispute::{Answer, OwnedStatement, Stage},
	job::Duty,
};
use assay_trace::{execution::Record, merkle::Hash32, TraceRoot};
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
	loaded: Mutex<Vec<(Hash32, Arc<Loaded>)>>,
	/// The execution that was laid open last: a dispute asks for it several times.
	opened: Mutex<Option<(TraceRoot, Arc<Record>)>>,
}

/// A model ready to run, and the artifact that proves its weights.
struct Loaded {
	model: Model,
	artifact: Artifact,
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
			opened: Mutex::default(),
		}
	}

	fn load(&self, root: &Hash32) -> Result<Arc<Loaded>, Failure> {
		let mut loaded = self.loaded.lock();
		if let Some(index) = loaded.iter().position(|(other, _)| other == root) {
			let entry = loaded.remove(index);
			let found = entry.1.clone();
			loaded.push(entry);
			return Ok(found);
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
				let model = Model::load(&artifact, self.options).map_err(|error| error.to_string())?;
				Ok(Loaded { model, artifact })
			});
		match opened {
			Ok(ready) => {
				let ready = Arc::new(ready);
				if loaded.len() >= MAX_LOADED {
					loaded.remove(0);
				}
				loaded.push((*root, ready.clone()));
				Ok(ready)
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

	fn execute(&self, duty: &Duty<BlockNumber>, watch: &mut Watch<'_>) -> Result<(Output, TraceRoot), Failure> {
		let loaded = self.load(&duty.artifact)?;
		let input = Input::from(duty.input.clone());
		let run = loaded
			.model
			.run_committed(&input, &duty.generation, &mut Watching(watch));
		let (output, boundaries) = run.map_err(failure)?;
		Ok((output, boundaries.root()))
	}

	fn answer(&self, statement: &OwnedStatement, stage: Stage) -> Result<Answer, Failure> {
		// Looks for it: after a restart nothing has been wanted yet.
		self.has(&statement.artifact);
		let loaded = self.load(&statement.artifact)?;
		// Held while it is run: two disputes about one claim run it once.
		let mut opened = self.opened.lock();
		let record = match &*opened {
			Some((trace, record)) if *trace == statement.trace => record.clone(),
			_ => {
				let record = loaded
					.model
					.record(&statement.as_statement(), &mut ())
					.map_err(failure)?;
				let record = Arc::new(record);
				*opened = Some((statement.trace, record.clone()));
				record
			}
		};
		drop(opened);
		let execution = Execution::new(&loaded.artifact, statement, &record);
		execution
			.answer(stage)
			.map_err(|error| Failure::Refused(error.to_string()))
	}
}

fn failure(error: RunError) -> Failure {
	match error {
		RunError::Cancelled => Failure::Cancelled,
		error => Failure::Refused(error.to_string()),
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
