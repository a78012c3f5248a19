//! The service on a fake chain with a fake engine: restarts, reorgs, panics, late and lost deliveries.

mod requests;

use super::*;
use crate::{
	chain::{Request, RequestKey, Requested, Response, ServedOperator, SignedResponse, Worker},
	journal::entries as entries_of,
	pool::Watch,
};
use assay_exact::{Generation, Program, Sampler};
use assay_protocol::{
	audit::{Question, Reply, SignedReply},
	dispute::{Answer, AnswerDuty, DisputedClaim, OwnedStatement, SignedAnswer, Stage},
	ids::{DisputeId, ModelVersion, VersionNumber},
	job::{Duty, JobInput},
	model::{ServedVersion, Serving},
	operator::{ProviderReadiness, WorkerKey, WorkerPair, WorkerSignature},
	Attempt, JobId, ModelId,
};
use assay_samples::programs::perceptron;
use assay_trace::merkle::Hash32;
use futures::{channel::mpsc, future::BoxFuture, FutureExt};
use parking_lot::{Condvar, Mutex};
use sp_core::{crypto::AccountId32, Pair};
use std::path::Path;
use tokio::task::JoinHandle;

pub(crate) const GENESIS: [u8; 32] = [3; 32];

/// What the fake engine commits to.
const TRACE: TraceRoot = TraceRoot(Hash32([8; 32]));

fn worker() -> WorkerPair {
	WorkerPair::from_string("//Worker", None).unwrap()
}

/// An assignment of a job whose input is its own number.
pub(crate) fn an_assignment(job: u64) -> Assignment {
	let tokens = vec![u32::try_from(job).unwrap()];
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 1,
		ignore_stop: false,
	};
	Assignment {
		worker: worker().public(),
		duty: Duty {
			job: JobId(job),
			attempt: Attempt(0),
			version: ModelVersion {
				model: ModelId(0),
				version: VersionNumber(0),
			},
			artifact: Hash32([1; 32]),
			input: JobInput::Tokens(tokens.try_into().unwrap()),
			generation,
			deadline: 50,
		},
	}
}

/// Answers with the input; can be held back, and can panic.
#[derive(Default)]
pub(crate) struct FakeEngine {
	held: Mutex<bool>,
	let_go: Condvar,
	executions: Mutex<Vec<u64>>,
	begun: Condvar,
	panics_on: Mutex<Option<u64>>,
	/// Why the artifact cannot be used.
	absence: Mutex<Option<Absence>>,
	/// Whether that is found out only when it is loaded.
	found_late: bool,
	loads: Mutex<u32>,
	refuses: Mutex<bool>,
	cannot_answer: Mutex<bool>,
}

impl FakeEngine {
	pub(crate) fn panicking_on(job: u64) -> Self {
		Self {
			panics_on: Mutex::new(Some(job)),
			..Self::default()
		}
	}

	fn lacking(absence: Absence) -> Self {
		Self {
			absence: Mutex::new(Some(absence)),
			..Self::default()
		}
	}

	/// Holds executions back until the gate is dropped.
	pub(crate) fn hold(&self) -> Gate<'_> {
		*self.held.lock() = true;
		Gate(self)
	}

	pub(crate) fn wait_until_busy(&self) {
		let mut executions = self.executions.lock();
		while executions.is_empty() {
			self.begun.wait(&mut executions);
		}
	}

	fn executions(&self) -> Vec<u64> {
		self.executions.lock().clone()
	}
}

/// While it lives, nothing ends.
pub(crate) struct Gate<'a>(&'a FakeEngine);

impl Drop for Gate<'_> {
	fn drop(&mut self) {
		*self.0.held.lock() = false;
		self.0.let_go.notify_all();
	}
}

impl Execute for FakeEngine {
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence> {
		match self.found_late {
			true => Ok(()),
			false => self.examine(artifact),
		}
	}

	fn examine(&self, _: &Hash32) -> Result<(), Absence> {
		self.absence.lock().clone().map_or(Ok(()), Err)
	}

	fn execute(&self, duty: &Duty<BlockNumber>, watch: &mut Watch<'_>) -> Result<(Output, TraceRoot), Failure> {
		*self.loads.lock() += 1;
		self.examine(&duty.artifact)?;
		self.executions.lock().push(duty.job.0);
		self.begun.notify_all();
		if *self.refuses.lock() {
			return Err(Failure::Refused("the machine is out of memory".into()));
		}
		let mut held = self.held.lock();
		while *held {
			self.let_go.wait(&mut held);
		}
		drop(held);
		if *self.panics_on.lock() == Some(duty.job.0) {
			panic!("job {} panics", duty.job.0);
		}
		if watch.is_cancelled() {
			return Err(Failure::Cancelled);
		}
		watch.token();
		match Input::from(duty.input.clone()) {
			Input::Tokens(tokens) => Ok((Output::Tokens(tokens), TRACE)),
			Input::Vector(values) => Ok((Output::Vector(values), TRACE)),
		}
	}

	fn respond(&self, statement: &OwnedStatement, request: &Request) -> Result<Response, Failure> {
		let stage = match request.key() {
			RequestKey::Answer(_, _, stage) => stage,
			RequestKey::Reply(.., Question::Digest) => return Ok(Response::Reply(Reply::Digest(statement.artifact))),
			key => return Err(Failure::Refused(format!("{key} is not answered here"))),
		};
		if std::mem::take(&mut *self.cannot_answer.lock()) {
			return Err(Failure::Refused("the artifact is not there yet".into()));
		}
		match stage {
			Stage::ListGroups => Ok(Response::Answer(Answer::Groups(vec![statement.artifact]))),
			Stage::OpenHead { .. } => panic!("heads cannot be opened"),
			_ => Err(Failure::Refused("not asked here".into())),
		}
	}
}

#[derive(Default)]
struct FakeChain {
	best: Mutex<BlockNumber>,
	duties: Mutex<Vec<Assignment>>,
	finalized: Mutex<Vec<Assignment>>,
	delivered: Mutex<Vec<SignedResult>>,
	refuses: Mutex<bool>,
	requests: Mutex<Vec<Requested>>,
	workers: Mutex<Vec<Worker>>,
	ready: Mutex<Option<Vec<WorkerKey>>>,
	answered: Mutex<Vec<SignedAnswer>>,
	replied: Mutex<Vec<SignedReply<AccountId32>>>,
}

impl Chain for FakeChain {
	fn genesis(&self) -> [u8; 32] {
		GENESIS
	}
	fn best(&self) -> BlockNumber {
		*self.best.lock()
	}
	fn is_syncing(&self) -> bool {
		false
	}
	fn duties(&self) -> Result<Vec<Assignment>, ChainError> {
		Ok(self.duties.lock().clone())
	}
	fn finalized_duties(&self) -> Result<Vec<Assignment>, ChainError> {
		Ok(self.finalized.lock().clone())
	}
	fn sign(&self, key: &WorkerKey, payload: &[u8]) -> Result<WorkerSignature, ChainError> {
		assert_eq!(*key, worker().public());
		Ok(worker().sign(payload))
	}
	fn deliver(&self, result: SignedResult) -> BoxFuture<'_, Result<(), ChainError>> {
		let job = result.result.job;
		let outcome = if *self.refuses.lock() {
			Err(ChainError::Refused {
				job,
				reason: "full".into(),
			})
		} else {
			self.delivered.lock().push(result);
			Ok(())
		};
		async move { outcome }.boxed()
	}
	fn requests(&self) -> Result<Vec<Requested>, ChainError> {
		Ok(self.requests.lock().clone())
	}
	fn program(&self, _: ModelVersion) -> Result<Program, ChainError> {
		Ok(perceptron())
	}
	fn respond(&self, response: SignedResponse) -> BoxFuture<'_, Result<(), ChainError>> {
		match response {
			SignedResponse::Answer(answer) => self.answered.lock().push(answer),
			SignedResponse::Reply(reply) => self.replied.lock().push(reply),
			SignedResponse::Move(_) => panic!("nobody challenges here"),
		}
		async { Ok(()) }.boxed()
	}
	fn workers(&self) -> Result<Vec<Worker>, ChainError> {
		Ok(self.workers.lock().clone())
	}

	fn mark_ready(&self, readiness: &ProviderReadiness) {
		*self.ready.lock() = Some(readiness.keys.clone());
	}
}

/// A running service; dropping it is a kill: nothing is shut down in order.
struct Running {
	events: mpsc::UnboundedSender<ChainEvent>,
	task: JoinHandle<()>,
}

impl Running {
	fn start(chain: &Arc<FakeChain>, engine: &Arc<FakeEngine>, folder: &Path) -> Self {
		let settings = Settings {
			journal: folder.into(),
			jobs_at_once: 1,
			survey_every: Duration::from_millis(10),
		};
		let provider = Provider::new(chain.clone(), engine.clone(), &settings, None).unwrap();
		let (events, receiver) = mpsc::unbounded();
		Self {
			events,
			task: tokio::spawn(provider.run(receiver)),
		}
	}

	fn best(&self, chain: &FakeChain, number: BlockNumber) {
		*chain.best.lock() = number;
		self.events.unbounded_send(ChainEvent::Best(number)).unwrap();
	}

	async fn kill(self) {
		self.task.abort();
		assert!(self.task.await.unwrap_err().is_cancelled());
	}

	async fn finish(self) {
		drop(self.events);
		self.task.await.unwrap();
	}
}

async fn eventually(condition: impl Fn() -> bool) {
	tokio::time::timeout(Duration::from_secs(60), async {
		while !condition() {
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	})
	.await
	.expect("the condition holds within a minute");
}

fn entries(folder: &Path) -> usize {
	journaled(folder).len()
}

fn setup() -> (Arc<FakeChain>, Arc<FakeEngine>, tempfile::TempDir) {
	(Arc::default(), Arc::default(), tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn a_duty_is_run_signed_and_delivered_once() {
	let (chain, engine, folder) = setup();
	let running = Running::start(&chain, &engine, folder.path());
	let assignment = an_assignment(7);
	*chain.duties.lock() = vec![assignment.clone()];
	running.best(&chain, 1);
	running.best(&chain, 2);
	eventually(|| !chain.delivered.lock().is_empty()).await;
	running.best(&chain, 3);
	running.finish().await;
	assert_eq!(engine.executions(), [7]);
	let delivered = chain.delivered.lock();
	assert_eq!(delivered.len(), 1);
	let SignedResult { result, signature } = &delivered[0];
	assert!(WorkerPair::verify(
		signature,
		result.signing_payload(&GENESIS),
		&assignment.worker
	));
	let (duty, output) = (&assignment.duty, Output::Tokens(vec![7]));
	let input = Input::from(duty.input.clone());
	assert_eq!(
		result.claim,
		claim_root(7, 0, &duty.artifact, &input, &duty.generation, &output, &TRACE)
	);
}

#[tokio::test]
async fn a_job_killed_halfway_is_run_again_after_the_restart() {
	let (chain, engine, folder) = setup();
	*chain.duties.lock() = vec![an_assignment(7)];
	let running = Running::start(&chain, &engine, folder.path());
	let gate = engine.hold();
	running.best(&chain, 1);
	eventually(|| engine.executions().len() == 1).await;
	running.kill().await;
	assert_eq!(entries(folder.path()), 1);
	drop(gate);
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	running.finish().await;
	assert_eq!(engine.executions(), [7, 7]);
}

#[tokio::test]
async fn a_finished_result_is_delivered_after_a_restart_without_running_again() {
	let (chain, engine, folder) = setup();
	*chain.duties.lock() = vec![an_assignment(7)];
	*chain.refuses.lock() = true;
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| engine.executions().len() == 1).await;
	eventually(|| matches!(journaled(folder.path())[..], [EntryState::Finished(_)])).await;
	running.kill().await;
	*chain.refuses.lock() = false;
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	running.finish().await;
	assert_eq!(engine.executions(), [7]);
}

#[tokio::test]
async fn an_undelivered_result_is_delivered_again_after_some_blocks() {
	let (chain, engine, folder) = setup();
	*chain.duties.lock() = vec![an_assignment(7)];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	running.best(&chain, DELIVER_AGAIN_AFTER - 1);
	running.best(&chain, DELIVER_AGAIN_AFTER);
	eventually(|| chain.delivered.lock().len() == 2).await;
	running.finish().await;
	let delivered = chain.delivered.lock();
	assert_eq!(delivered[0], delivered[1]);
}

#[tokio::test]
async fn results_are_kept_until_the_duty_is_gone_from_the_final_chain() {
	let (chain, engine, folder) = setup();
	*chain.duties.lock() = vec![an_assignment(7)];
	*chain.finalized.lock() = vec![an_assignment(7)];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	// Included in the best chain, not yet final: a reorg could still bring the duty back.
	chain.duties.lock().clear();
	running.events.unbounded_send(ChainEvent::Finalized(2)).unwrap();
	*chain.duties.lock() = vec![an_assignment(7)];
	running.best(&chain, 9);
	eventually(|| chain.delivered.lock().len() == 2).await;
	assert_eq!((engine.executions(), entries(folder.path())), (vec![7], 1));
	chain.duties.lock().clear();
	chain.finalized.lock().clear();
	running.events.unbounded_send(ChainEvent::Finalized(3)).unwrap();
	eventually(|| entries(folder.path()) == 0).await;
	running.finish().await;
}

#[tokio::test]
async fn a_reorg_that_gives_the_number_to_another_job_runs_that_one() {
	let (chain, engine, folder) = setup();
	*chain.duties.lock() = vec![an_assignment(7)];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	let mut other = an_assignment(7);
	other.duty.input = JobInput::Tokens(vec![8].try_into().unwrap());
	*chain.duties.lock() = vec![other];
	running.best(&chain, 2);
	eventually(|| chain.delivered.lock().len() == 2).await;
	running.finish().await;
	let output = |index: usize| Output::from(chain.delivered.lock()[index].result.output.clone());
	assert_eq!(
		(output(0), output(1)),
		(Output::Tokens(vec![7]), Output::Tokens(vec![8]))
	);
}

#[tokio::test]
async fn a_panicking_model_is_tried_twice_and_does_not_stop_other_jobs() {
	let (chain, _, folder) = setup();
	let engine = Arc::new(FakeEngine::panicking_on(1));
	*chain.duties.lock() = vec![an_assignment(1), an_assignment(2)];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	for number in 1..4 {
		running.best(&chain, number);
	}
	eventually(|| engine.executions().iter().filter(|job| **job == 1).count() == 2).await;
	for number in 4..8 {
		running.best(&chain, number);
	}
	running.finish().await;
	assert_eq!(engine.executions().iter().filter(|job| **job == 1).count(), 2);
	assert!(chain
		.delivered
		.lock()
		.iter()
		.all(|result| result.result.job == JobId(2)));
}

#[tokio::test]
async fn a_missing_artifact_waits_without_using_up_tries() {
	let (chain, _, folder) = setup();
	*chain.duties.lock() = vec![an_assignment(7)];
	let without = Arc::new(FakeEngine::lacking(nowhere()));
	let running = Running::start(&chain, &without, folder.path());
	running.best(&chain, 1);
	running.finish().await;
	assert_eq!((without.executions(), entries(folder.path())), (vec![], 0));
	let with = Arc::new(FakeEngine::default());
	let running = Running::start(&chain, &with, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	running.finish().await;
}

fn nowhere() -> Absence {
	Absence::NotInFolder {
		folder: "models".into(),
		root: Hash32([1; 32]),
		others: String::new(),
	}
}

#[tokio::test]
async fn p24_a_file_that_does_not_load_waits_for_a_good_one_without_using_up_tries() {
	let (chain, _, folder) = setup();
	let engine = Arc::new(FakeEngine {
		found_late: true,
		..FakeEngine::lacking(Absence::Refused {
			path: "models/a.assay".into(),
			reason: "its root is another".into(),
		})
	});
	*chain.duties.lock() = vec![an_assignment(7)];
	let running = Running::start(&chain, &engine, folder.path());
	let mut blocks = 0;
	let mut until = async |condition: &dyn Fn() -> bool| {
		while !condition() {
			blocks += 1;
			assert!(blocks < 10_000, "it is never tried again");
			running.best(&chain, 1);
			tokio::time::sleep(Duration::from_millis(5)).await;
		}
	};
	// More often than an attempt that was run is tried.
	until(&|| *engine.loads.lock() > MAX_TRIES + 1).await;
	assert_eq!(engine.executions(), [] as [u64; 0]);
	*engine.absence.lock() = None;
	until(&|| !chain.delivered.lock().is_empty()).await;
	running.finish().await;
	assert_eq!(engine.executions(), [7]);
	assert_eq!(chain.delivered.lock()[0].result.job, JobId(7));
}

#[tokio::test]
async fn p24_an_attempt_that_failed_is_tried_again_while_its_deadline_allows() {
	let (chain, engine, folder) = setup();
	*engine.refuses.lock() = true;
	let assignment = an_assignment(7);
	*chain.duties.lock() = vec![assignment.clone()];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| journaled(folder.path()) == [EntryState::Failed]).await;
	running.best(&chain, TRY_AGAIN_AFTER - 1);
	running.finish().await;
	assert_eq!(engine.executions(), [7]);

	// A restart tries at once, and then every few blocks.
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| engine.executions().len() == 2 && journaled(folder.path()) == [EntryState::Failed]).await;
	*engine.refuses.lock() = false;
	running.best(&chain, 2 * TRY_AGAIN_AFTER);
	eventually(|| chain.delivered.lock().len() == 1).await;
	running.finish().await;
	assert_eq!(engine.executions(), [7, 7, 7]);

	let (chain, engine, folder) = setup();
	*engine.refuses.lock() = true;
	*chain.duties.lock() = vec![assignment.clone()];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| journaled(folder.path()) == [EntryState::Failed]).await;
	*engine.refuses.lock() = false;
	running.best(&chain, assignment.duty.deadline + 1);
	running.finish().await;
	assert_eq!((engine.executions(), chain.delivered.lock().len()), (vec![7], 0));
}

/// What the journal says of all attempts.
fn journaled(folder: &Path) -> Vec<EntryState> {
	let known = assay_journal::Journal::peek(folder).unwrap();
	entries_of(known, GENESIS)
		.into_values()
		.map(|entry| entry.state)
		.collect()
}

/// The worker key's operator, serving what the assignments ask for.
fn a_worker() -> Worker {
	let Assignment { worker, duty } = an_assignment(7);
	Worker {
		key: worker,
		flaw: None,
		operator: Some(ServedOperator {
			account: sp_core::crypto::AccountId32::new([5; 32]),
			bond: 2_000_000_000_000_000,
			faults: Default::default(),
			serving: Serving {
				active: true,
				last_heartbeat: Some(1),
				listed: true,
				offers: vec![ServedVersion {
					version: duty.version,
					name: b"glossary".to_vec(),
					artifact: duty.artifact,
					price: 1,
					capacity: 1,
					speed: 4_000,
					largest: 1_000_000,
					retired: false,
				}],
			},
		}),
	}
}

#[tokio::test]
async fn p23_only_keys_whose_offers_can_be_kept_are_ready() {
	let (chain, _, folder) = setup();
	let engine = Arc::new(FakeEngine::lacking(nowhere()));
	let mut other = a_worker();
	other.key = WorkerPair::from_string("//Other", None).unwrap().public();
	other.operator.as_mut().unwrap().serving.offers.clear();
	let mut unregistered = a_worker();
	unregistered.key = WorkerPair::from_string("//Nobody", None).unwrap().public();
	unregistered.operator = None;
	let mut broken = other.clone();
	broken.key = WorkerPair::from_string("//Broken", None).unwrap().public();
	broken.flaw = Some("Public key mismatch".into());
	*chain.workers.lock() = vec![a_worker(), other.clone(), unregistered, broken];

	let running = Running::start(&chain, &engine, folder.path());
	let ready = |keys: Vec<WorkerKey>| {
		let chain = chain.clone();
		eventually(move || *chain.ready.lock() == Some(keys.clone()))
	};
	ready(vec![other.key.clone()]).await;
	// The file comes: both are ready, without a restart.
	*engine.absence.lock() = None;
	ready(vec![a_worker().key, other.key.clone()]).await;
	*engine.absence.lock() = Some(nowhere());
	ready(vec![other.key.clone()]).await;
	// A version that takes no new jobs needs none.
	chain.workers.lock()[0].operator.as_mut().unwrap().serving.offers[0].retired = true;
	ready(vec![a_worker().key, other.key]).await;
	running.finish().await;
}

#[tokio::test]
async fn nothing_is_delivered_after_the_deadline() {
	let (chain, engine, folder) = setup();
	let assignment = an_assignment(7);
	*chain.duties.lock() = vec![assignment.clone()];
	let running = Running::start(&chain, &engine, folder.path());
	eventually(|| chain.delivered.lock().len() == 1).await;
	running.best(&chain, assignment.duty.deadline + 1);
	running.finish().await;
	assert_eq!(chain.delivered.lock().len(), 1);
}
