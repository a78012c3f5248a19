//! The folder of artifacts, and the engine behind [`Execute`].

use crate::{
	chain::{BlockNumber, Request, Response},
	pool::{Execute, Failure, Watch},
};
use assay_artifact::Artifact;
use assay_dispute::{Execution, Judgement};
use assay_engine::{Model, Observer, Options, RunError, Tier};
use assay_exact::{Input, Output};
use assay_protocol::{
	audit::{AuditDuty, Question, Reply},
	dispute::{Move, OwnedStatement},
	job::Duty,
};
use assay_trace::{digest::DigestKey, execution::Record, merkle::Hash32, TraceRoot};
use codec::Encode;
use parking_lot::Mutex;
use sp_core::crypto::AccountId32;
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
	/// The execution that was laid open last: disputes and audits ask for it several times.
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

	fn respond(&self, statement: &OwnedStatement, request: &Request) -> Result<Response, Failure> {
		// Looks for it: after a restart nothing has been wanted yet.
		self.has(&statement.artifact);
		let loaded = self.load(&statement.artifact)?;
		if let Request::Reply(duty) = request {
			if duty.question == Question::Digest {
				return vouch(&loaded.model, statement, duty);
			}
		}
		let record = self.record(&loaded, statement)?;
		let execution = Execution::new(&loaded.artifact, statement, &record);
		let response = match request {
			Request::Answer(duty) => execution.answer(duty.stage).map(Response::Answer),
			Request::Reply(duty) => execution.reply(duty.question, &key(duty)).map(Response::Reply),
			Request::Move(duty) => execution
				.next_move(duty.stage, &duty.record)
				.map(|next| Response::Move(next.in_dispute(duty.dispute))),
		};
		response.map_err(|error| Failure::Refused(error.to_string()))
	}
}

impl Models {
	/// The execution behind a claim.
	fn record(&self, loaded: &Loaded, statement: &OwnedStatement) -> Result<Arc<Record>, Failure> {
		// Held while it is run: two requests about one claim run it once.
		let mut opened = self.opened.lock();
		match &*opened {
			Some((trace, record)) if *trace == statement.trace => Ok(record.clone()),
			_ => {
				let record = loaded
					.model
					.record(&statement.as_statement(), &mut ())
					.map_err(failure)?;
				let record = Arc::new(record);
				*opened = Some((statement.trace, record.clone()));
				Ok(record)
			}
		}
	}
}

/// What makes the digest of an auditor its own.
fn key(duty: &AuditDuty<AccountId32, BlockNumber>) -> DigestKey {
	DigestKey::new(&duty.from.encode(), duty.claim.job.0, duty.claim.attempt.0)
}

/// Runs a claimed job again, and vouches for the claim or challenges it.
fn vouch(
	model: &Model,
	statement: &OwnedStatement,
	duty: &AuditDuty<AccountId32, BlockNumber>,
) -> Result<Response, Failure> {
	let statement = statement.as_statement();
	let audited = model.audit(&statement, key(duty), &mut ()).map_err(failure)?;
	let judgement = Judgement::of(&statement, &audited.output, &audited.boundaries, audited.digest);
	Ok(match judgement {
		Judgement::Vouch(digest) => Response::Reply(Reply::Digest(digest)),
		Judgement::Accuse(accusation) => {
			log::warn!(target: LOG, "the claim of job {} is wrong: {accusation:?}; it is challenged", duty.claim.job);
			Response::Move(Move::Challenge {
				job: duty.claim.job,
				attempt: duty.claim.attempt,
				accusation,
			})
		}
	})
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
