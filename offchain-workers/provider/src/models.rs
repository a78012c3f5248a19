//! The engine behind [`Execute`], on the artifacts of a folder.

use crate::{
	chain::{BlockNumber, Request, Response},
	folder::{Absence, ArtifactFile, Fingerprint, Folder},
	openings::{Opened, Openings},
	pool::{Execute, Failure, Watch},
	records::{Ran, Records},
};
use assay_artifact::Artifact;
use assay_dispute::{Execution, Judgement};
use assay_engine::{LoadError, Model, Observer, Options, Retained, RunError, Threads, Tier};
use assay_exact::{program::Head, Generation, Input, Output};
use assay_light_audit::{open, open_record, OpenError};
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
	num::NonZeroUsize,
	path::{Path, PathBuf},
	sync::Arc,
};

const LOG: &str = "assay::provider";
/// Models kept loaded; the one used longest ago makes room.
const MAX_LOADED: usize = 4;
/// Bytes of executions that are kept: some twenty thousand positions of a model with a thousand million weights.
const RECORD_BYTES: usize = 4 << 30;
/// Bytes of what is kept of the jobs that were run here, so that positions of them can be opened without running them again:
/// some seven thousand positions of a model of Llama-2-7B's shape.
const RETAINED_BYTES: usize = 2 << 30;

/// Runs duties with the engine on artifacts of one folder.
pub struct Models {
	options: Options,
	/// The threads of all models, once one is loaded.
	threads: Mutex<Option<Threads>>,
	folder: Mutex<Folder>,
	/// Loaded and verified models, the most recently used last. The lock is held while a model loads, so that it loads once.
	loaded: Mutex<Vec<Arc<Loaded>>>,
	/// Executions that were laid open: disputes and audits ask for them several times.
	records: Records<Record>,
	/// What is kept of the jobs that were run here.
	retained: Records<Retained>,
	/// What was opened for light audits.
	openings: Openings,
}

/// A model ready to run, and the artifact that proves its weights.
struct Loaded {
	/// The state of the file that it was loaded from.
	print: Fingerprint,
	model: Model,
	artifact: Artifact,
}

impl Models {
	/// Serves from `folder` on `threads` threads. The folder may be empty or absent; it is listed again whenever an artifact
	/// is wanted.
	pub fn new(folder: PathBuf, tier: Option<Tier>, threads: NonZeroUsize) -> Self {
		Self {
			options: Options {
				tier,
				threads,
				..Options::default()
			},
			threads: Mutex::default(),
			folder: Mutex::new(Folder::new(folder)),
			loaded: Mutex::default(),
			records: Records::new(RECORD_BYTES),
			retained: Records::new(RETAINED_BYTES),
			openings: Openings::default(),
		}
	}

	/// The artifact files in the folder.
	pub fn files(&self) -> Vec<ArtifactFile> {
		self.folder.lock().list()
	}

	/// The threads of all models.
	fn threads(&self) -> Result<Threads, LoadError> {
		let mut threads = self.threads.lock();
		match &*threads {
			Some(threads) => Ok(threads.clone()),
			None => Ok(threads.insert(Threads::start(self.options.threads)?).clone()),
		}
	}

	fn load(&self, root: &Hash32) -> Result<Arc<Loaded>, Failure> {
		let mut loaded = self.loaded.lock();
		let found = self.folder.lock().find(root)?;
		if let Some(index) = loaded.iter().position(|other| other.artifact.root() == *root) {
			let entry = loaded.remove(index);
			// What was loaded from a file that has changed since may read other bytes than it verified.
			if entry.print == found.print {
				loaded.push(entry.clone());
				return Ok(entry);
			}
		}
		let opened = verified(&found.path, root).and_then(|artifact| {
			let model = self
				.threads()
				.and_then(|threads| Model::load_on(&artifact, self.options, &threads));
			Ok((model.map_err(|error| error.to_string())?, artifact))
		});
		let checked = opened.as_ref().map(|_| ()).map_err(String::clone);
		self.folder.lock().note(&found, checked)?;
		let (model, artifact) = opened.map_err(Failure::Refused)?;
		let ready = Arc::new(Loaded {
			print: found.print,
			model,
			artifact,
		});
		if loaded.len() >= MAX_LOADED {
			loaded.remove(0);
		}
		loaded.push(ready.clone());
		Ok(ready)
	}
}

/// Opens a file and reads all of it: its bytes have the root that is wanted.
fn verified(path: &Path, root: &Hash32) -> Result<Artifact, String> {
	let artifact = Artifact::open_verified(path).map_err(|error| error.to_string())?;
	match artifact.root() == *root {
		true => Ok(artifact),
		false => Err(format!("its root is {}, not {root}", artifact.root())),
	}
}

impl Execute for Models {
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence> {
		self.folder.lock().find(artifact).map(|_| ())
	}

	fn examine(&self, artifact: &Hash32) -> Result<(), Absence> {
		let found = self.folder.lock().find(artifact)?;
		if found.verified {
			return Ok(());
		}
		// Not under the lock: reading a large file takes its time, and jobs go on meanwhile.
		let checked = verified(&found.path, artifact).map(|_| ());
		self.folder.lock().note(&found, checked)
	}

	fn execute(&self, duty: &Duty<BlockNumber>, watch: &mut Watch<'_>) -> Result<(Output, TraceRoot), Failure> {
		let loaded = self.load(&duty.artifact)?;
		let input = Input::from(duty.input.clone());
		let run = loaded
			.model
			.run_retained(&input, &duty.generation, &mut Watching(watch));
		let (output, retained) = run.map_err(failure)?;
		let trace = retained.boundaries().root();
		// Of a model that returns a vector, records are opened.
		if let Output::Tokens(_) = output {
			self.retained.put(Ran::duty(duty, &output), retained);
		}
		Ok((output, trace))
	}

	fn respond(&self, statement: &OwnedStatement, request: &Request) -> Result<Response, Failure> {
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
				.map(|next| Response::Move(next.in_dispute(duty.dispute, duty.record.hash))),
		};
		response.map_err(|error| Failure::Refused(error.to_string()))
	}
}

impl Models {
	/// Runs a model that is named by its artifact, beside the jobs that are run at the same time, to its output and the commitment to its
	/// execution. Nothing of it is kept.
	pub fn run(
		&self,
		artifact: &Hash32,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, TraceRoot), Failure> {
		let loaded = self.load(artifact)?;
		let (output, boundaries) = loaded
			.model
			.run_committed(input, generation, observer)
			.map_err(failure)?;
		Ok((output, boundaries.root()))
	}

	/// Opens positions of a claim for a light audit: the bytes that its checker reads. Whoever asks again for the same
	/// gets the same; else it costs a pass over the weights, and is refused when too much is asked for.
	pub fn open(&self, statement: &OwnedStatement, positions: &[u32]) -> Opened {
		self.openings
			.get(statement, positions, || self.make_opening(statement, positions))
	}

	fn make_opening(&self, owned: &OwnedStatement, positions: &[u32]) -> Result<Vec<u8>, Failure> {
		let loaded = self.load(&owned.artifact)?;
		let statement = owned.as_statement();
		let opening = match loaded.model.program().head {
			Head::Tokens { .. } => {
				let again = || loaded.model.retained(&statement, &mut ()).map_err(failure);
				let retained = self.retained.get(Ran::of(owned), again)?;
				open(&loaded.model, &loaded.artifact, &statement, &retained, positions)
			}
			Head::Vector { .. } => {
				let record = self.record(&loaded, owned)?;
				open_record(&loaded.artifact, &statement, &record, &record.boundaries(), positions)
			}
		};
		let opening = opening.map_err(|error| match error {
			OpenError::Run(error) => failure(error),
			error => Failure::Refused(error.to_string()),
		})?;
		Ok(opening.to_bytes())
	}

	/// The execution behind a claim.
	fn record(&self, loaded: &Loaded, statement: &OwnedStatement) -> Result<Arc<Record>, Failure> {
		self.records.get(Ran::of(statement), || {
			let record = loaded.model.record(&statement.as_statement(), &mut ());
			record.map_err(failure)
		})
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::folder::FileState;
	use crate::{
		pool::{Completion, Pool},
		service::tests::an_assignment,
	};
	use assay_artifact::synthetic::{llama, LlamaShape};
	use std::{fs, fs::File};
	use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver};

	/// A provider's models, the threads that run them, and a good artifact outside their folder.
	struct Setup {
		folder: tempfile::TempDir,
		good: Vec<u8>,
		root: Hash32,
		models: Arc<Models>,
		pool: Pool,
		completions: UnboundedReceiver<Completion>,
	}

	impl Setup {
		fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			let elsewhere = tempfile::tempdir().unwrap();
			let path = elsewhere.path().join("good.assay");
			let lowered = llama(LlamaShape::TINY, 5).unwrap();
			let root = lowered.pack(&path, &mut ()).unwrap().root();
			let models = Arc::new(Models::new(folder.path().join("models"), None, NonZeroUsize::MIN));
			let (sender, completions) = unbounded_channel();
			Self {
				folder,
				good: fs::read(&path).unwrap(),
				root,
				pool: Pool::start(1, models.clone(), sender),
				models,
				completions,
			}
		}

		fn path(&self) -> PathBuf {
			let folder = self.folder.path().join("models");
			fs::create_dir_all(&folder).unwrap();
			folder.join("model.assay")
		}

		/// The good artifact with 4 KiB of zeros inside.
		fn broken(&self) -> Vec<u8> {
			let mut broken = self.good.clone();
			let middle = broken.len() / 2;
			broken[middle..middle + 4096].fill(0);
			assert_ne!(broken, self.good);
			broken
		}

		async fn run(&mut self, job: u64) -> Result<(Output, TraceRoot), Failure> {
			let mut assignment = an_assignment(job);
			assignment.duty.artifact = self.root;
			let key = assignment.key();
			self.pool.push(assignment);
			let completion = self.completions.recv().await.unwrap();
			self.pool.completed(&key);
			completion.outcome
		}
	}

	/// Writes a file when the clock of the file system, which stands still for some milliseconds, has gone on.
	fn write(path: &Path, bytes: &[u8]) {
		std::thread::sleep(std::time::Duration::from_millis(30));
		fs::write(path, bytes).unwrap();
	}

	fn reason(outcome: Result<impl Sized, Failure>) -> String {
		match outcome.map(|_| ()).unwrap_err() {
			Failure::Absent(absence) => absence.to_string(),
			other => panic!("not for want of an artifact: {other}"),
		}
	}

	#[test]
	fn p03_a_copied_trace_root_does_not_bring_back_the_execution_of_another_job() {
		let setup = Setup::new();
		write(&setup.path(), &setup.good);
		let loaded = setup.models.load(&setup.root).unwrap();
		let claimed = |token| OwnedStatement {
			program: loaded.artifact.program().clone(),
			artifact: setup.root,
			input: Input::Tokens(vec![token, 7, 9]),
			generation: an_assignment(1).duty.generation,
			output: Output::Tokens(vec![3]),
			// The same on every claim: a cheat copies what it likes.
			trace: TraceRoot(Hash32([9; 32])),
		};
		let of = |statement: &OwnedStatement| setup.models.record(&loaded, statement).unwrap();
		let (first, other) = (of(&claimed(1)), of(&claimed(2)));
		assert_ne!(first.boundaries().root(), other.boundaries().root());
		assert!(
			Arc::ptr_eq(&other, &of(&claimed(2))),
			"asked again, it is not run again"
		);
		// Nor does another root, or none that anybody claimed, hide the execution of the same job.
		let told = OwnedStatement {
			trace: TraceRoot(Hash32([8; 32])),
			..claimed(2)
		};
		assert!(Arc::ptr_eq(&other, &of(&told)));
	}

	#[tokio::test]
	async fn what_is_opened_of_a_job_is_the_same_after_a_restart() {
		let mut setup = Setup::new();
		write(&setup.path(), &setup.good);
		let (output, trace) = setup.run(1).await.unwrap();
		let duty = an_assignment(1).duty;
		let statement = OwnedStatement {
			program: setup.models.load(&setup.root).unwrap().artifact.program().clone(),
			artifact: setup.root,
			input: duty.input.into(),
			generation: duty.generation,
			output,
			trace,
		};
		let kept = |models: &Models| {
			let again = || Err(Failure::Refused("it is run again".into()));
			models.retained.get(Ran::of(&statement), again).map(|_| ())
		};
		assert_eq!(kept(&setup.models), Ok(()), "a job that ran here is not run again");
		let opened = setup.models.open(&statement, &[0]).unwrap();
		assert!(Arc::ptr_eq(&opened, &setup.models.open(&statement, &[0]).unwrap()));

		let restarted = Models::new(setup.folder.path().join("models"), None, NonZeroUsize::MIN);
		assert!(kept(&restarted).is_err());
		assert_eq!(restarted.open(&statement, &[0]).unwrap(), opened);
		let refused = restarted.open(&statement, &[1]).unwrap_err();
		assert_eq!(refused.to_string(), "positions must rise below 1, and be 1 to 16");
	}

	#[tokio::test]
	async fn p24_an_artifact_that_failed_is_used_once_a_good_file_is_in_its_place() {
		let mut setup = Setup::new();
		let path = setup.path();
		write(&path, &setup.broken());
		// Its header is whole, so that only reading all of it shows what is wrong.
		assert_eq!(setup.models.look_for(&setup.root), Ok(()));
		let why = reason(setup.run(1).await);
		assert!(why.contains("model.assay: ") && !why.contains("no file"), "{why}");
		assert_eq!(setup.models.look_for(&setup.root).unwrap_err().to_string(), why);
		assert_eq!(setup.models.files()[0].state, FileState::Refused);
		// As long as it stays as it is, it is not read again.
		assert_eq!(reason(setup.run(2).await), why);

		write(&path, &setup.good);
		assert_eq!(setup.models.look_for(&setup.root), Ok(()));
		let first = setup.run(3).await.unwrap();
		assert_eq!(setup.models.files()[0].state, FileState::Verified);

		// The same through a rename, with the length and the time of the bad file.
		write(&path, &setup.broken());
		let time = fs::metadata(&path).unwrap().modified().unwrap();
		let why = reason(setup.run(3).await);
		assert!(why.contains("model.assay: "), "{why}");
		let other = path.with_extension("part");
		write(&other, &setup.good);
		File::options()
			.write(true)
			.open(&other)
			.unwrap()
			.set_modified(time)
			.unwrap();
		fs::rename(&other, &path).unwrap();
		assert_eq!(setup.run(3).await.unwrap(), first);
	}

	#[tokio::test]
	async fn p24_a_file_that_was_good_is_read_again_when_it_changes() {
		let mut setup = Setup::new();
		let path = setup.path();
		write(&path, &setup.good);
		let time = fs::metadata(&path).unwrap().modified().unwrap();
		assert_eq!(setup.models.examine(&setup.root), Ok(()));
		setup.run(1).await.unwrap();

		// In place, with its old length and its old time.
		write(&path, &setup.broken());
		File::options()
			.write(true)
			.open(&path)
			.unwrap()
			.set_modified(time)
			.unwrap();
		let why = reason(setup.run(2).await);
		assert!(why.contains("model.assay: "), "{why}");
		assert_eq!(setup.models.examine(&setup.root).unwrap_err().to_string(), why);
	}

	#[tokio::test]
	async fn an_absent_artifact_is_told_with_its_folder_and_what_cannot_be_read_there() {
		let mut setup = Setup::new();
		let folder = setup.folder.path().join("models");
		let why = reason(setup.run(1).await);
		let named = [
			folder.display().to_string(),
			setup.root.to_string(),
			"cannot be listed".into(),
		];
		assert!(named.iter().all(|part| why.contains(part)), "{why}");

		let path = setup.path();
		write(&path, &setup.good[..setup.good.len() / 2]);
		let why = reason(setup.run(2).await);
		assert!(
			why.contains("no file in") && why.contains("model.assay is truncated"),
			"{why}"
		);
		assert_eq!(setup.models.files()[0].root, None);
		// The copy goes on to its end.
		write(&path, &setup.good);
		assert!(setup.run(3).await.is_ok());
		fs::remove_file(&path).unwrap();
		let why = reason(setup.run(4).await);
		assert!(why.ends_with(&setup.root.to_string()), "{why}");
		assert_eq!(setup.models.files(), []);
	}
}
