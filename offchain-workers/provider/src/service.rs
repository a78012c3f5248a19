//! The loop and its decisions.

use crate::{
	chain::{Assignment, BlockNumber, Chain, ChainError, ChainEvent, WorkKey},
	folder::Absence,
	journal::{EntryState, Journal, JournalError},
	metrics::Metrics,
	pool::{Completion, Execute, Failure, Pool},
	requests::{Prepared, Requests},
	survey::Survey,
};
use assay_exact::{Input, Output};
use assay_protocol::job::{JobOutput, JobResult, SignedResult};
use assay_trace::{claim::claim_root, TraceRoot};
use futures::{Stream, StreamExt};
use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
	sync::Arc,
	time::Duration,
};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

/// Executions of one attempt before it is given up.
const MAX_TRIES: u32 = 2;
/// Blocks after which a result that is still due is delivered again.
const DELIVER_AGAIN_AFTER: BlockNumber = 4;
/// Blocks after which an attempt that was refused is tried again.
const TRY_AGAIN_AFTER: BlockNumber = 4;
/// How long readiness lasts unless it is renewed.
const READY_FOR: Duration = Duration::from_secs(30);

const LOG: &str = "assay::provider";

/// How the service works.
#[derive(Clone, Debug)]
pub struct Settings {
	/// Folder of the journal.
	pub journal: PathBuf,
	/// Jobs run at the same time.
	pub jobs_at_once: usize,
	/// How often it looks which offers it can keep, and renews its readiness: well within half a minute.
	pub survey_every: Duration,
}

/// The provider service.
pub struct Provider<C> {
	chain: Arc<C>,
	executor: Arc<dyn Execute>,
	journal: Journal,
	pool: Pool,
	completions: UnboundedReceiver<Completion>,
	requests: Requests<C>,
	prepared: UnboundedReceiver<Prepared>,
	/// Block at which a finished result was last delivered.
	delivered: BTreeMap<WorkKey, BlockNumber>,
	/// Attempts whose missing artifact was already reported, and why it is missing.
	reported_missing: BTreeMap<WorkKey, Absence>,
	/// Block at which an attempt was refused last.
	failed: BTreeMap<WorkKey, BlockNumber>,
	/// What the last survey found; absent until the first has ended.
	survey: Option<Survey>,
	survey_every: Duration,
	surveys: UnboundedReceiver<Result<Survey, String>>,
	surveyor: UnboundedSender<Result<Survey, String>>,
	/// Whether one is under way.
	surveying: bool,
	metrics: Option<Metrics>,
}

impl<C: Chain> Provider<C> {
	/// Opens the journal and starts the threads. Nothing runs until [`run`](Self::run).
	pub fn new(
		chain: Arc<C>,
		executor: Arc<dyn Execute>,
		settings: &Settings,
		metrics: Option<Metrics>,
	) -> Result<Self, JournalError> {
		let journal = Journal::open(&settings.journal, chain.genesis())?;
		let (sender, completions) = unbounded_channel();
		let pool = Pool::start(settings.jobs_at_once, executor.clone(), sender);
		let (requests, prepared) = Requests::new(chain.clone(), executor.clone(), metrics.clone());
		let (surveyor, surveys) = unbounded_channel();
		let (delivered, reported_missing, failed) = Default::default();
		Ok(Self {
			chain,
			executor,
			journal,
			pool,
			completions,
			requests,
			prepared,
			delivered,
			reported_missing,
			failed,
			survey: None,
			survey_every: settings.survey_every,
			surveys,
			surveyor,
			surveying: false,
			metrics,
		})
	}

	/// Serves until `events` ends.
	pub async fn run(mut self, mut events: impl Stream<Item = ChainEvent> + Unpin) {
		let mut ready = tokio::time::interval(self.survey_every);
		// What was assigned or finished before a restart does not wait for the next block.
		self.on_best(self.chain.best()).await;
		loop {
			tokio::select! {
				event = events.next() => match event {
					Some(ChainEvent::Best(number)) => self.on_best(number).await,
					Some(ChainEvent::Finalized(_)) => self.on_finalized(),
					None => return,
				},
				Some(completion) = self.completions.recv() => self.on_completion(completion).await,
				Some(prepared) = self.prepared.recv() => {
					let number = self.chain.best();
					self.requests.on_prepared(prepared, number).await;
				}
				Some(survey) = self.surveys.recv() => self.on_survey(survey),
				_ = ready.tick() => self.look_around(),
			}
			if let Some(metrics) = &self.metrics {
				metrics
					.in_flight
					.set(u64::try_from(self.pool.len()).unwrap_or(u64::MAX));
			}
		}
	}

	/// Renews the readiness that the last survey found, and starts the next survey.
	fn look_around(&mut self) {
		self.mark_ready();
		// In the state of a node that is far behind, offers are history.
		if self.surveying || self.chain.is_syncing() {
			return;
		}
		self.surveying = true;
		let (chain, executor, surveyor) = (self.chain.clone(), self.executor.clone(), self.surveyor.clone());
		tokio::task::spawn_blocking(move || {
			// The service has ended if nobody receives it.
			let _ = surveyor.send(Survey::make(&*chain, &*executor));
		});
	}

	fn on_survey(&mut self, survey: Result<Survey, String>) {
		self.surveying = false;
		let survey = match survey {
			Ok(survey) => survey,
			Err(error) => return log::warn!(target: LOG, "cannot tell which offers can be kept: {error}"),
		};
		survey.log(self.survey.as_ref());
		self.count(|metrics| survey.measure(metrics, self.chain.best()));
		self.survey = Some(survey);
		self.mark_ready();
	}

	fn mark_ready(&self) {
		let readiness = self.survey.as_ref().and_then(|survey| survey.readiness(READY_FOR));
		if let Some(readiness) = readiness {
			self.chain.mark_ready(&readiness);
		}
	}

	async fn on_best(&mut self, number: BlockNumber) {
		if self.chain.is_syncing() {
			return;
		}
		self.requests.on_best(number).await;
		let duties = match self.chain.duties() {
			Ok(duties) => duties,
			Err(error) => return log::warn!(target: LOG, "cannot read duties at block {number}: {error}"),
		};
		self.pool.cancel(|_, deadline| deadline < number);
		for assignment in duties {
			if let Err(error) = self.consider(assignment, number).await {
				log::error!(target: LOG, "{error}");
			}
		}
	}

	async fn consider(&mut self, assignment: Assignment, number: BlockNumber) -> Result<(), JournalError> {
		let key = assignment.key();
		if self.pool.holds(&key) {
			return Ok(());
		}
		let known = self
			.journal
			.get(&key)
			.filter(|entry| same_work(&entry.assignment, &assignment));
		match known.map(|entry| entry.state.clone()) {
			None => self.start(assignment, 1),
			Some(EntryState::Started { tries }) if tries < MAX_TRIES => self.start(assignment, tries + 1),
			Some(EntryState::Started { tries }) => {
				log::error!(target: LOG, "job {} was begun {tries} times without an end; given up", key.0);
				self.journal.record(assignment, EntryState::GivenUp)
			}
			Some(EntryState::GivenUp) => Ok(()),
			Some(EntryState::Failed) => {
				let due_again = self
					.failed
					.get(&key)
					.is_none_or(|at| number >= at.saturating_add(TRY_AGAIN_AFTER));
				match due_again && assignment.duty.deadline >= number {
					true => self.start(assignment, 1),
					false => Ok(()),
				}
			}
			Some(EntryState::Finished(result)) => {
				let due_again = self
					.delivered
					.get(&key)
					.is_none_or(|at| number >= at.saturating_add(DELIVER_AGAIN_AFTER));
				if due_again && assignment.duty.deadline >= number {
					self.deliver(result, number).await;
				}
				Ok(())
			}
		}
	}

	fn start(&mut self, assignment: Assignment, tries: u32) -> Result<(), JournalError> {
		let key = assignment.key();
		if let Err(absence) = self.executor.look_for(&assignment.duty.artifact) {
			self.report_missing(&assignment, absence);
			return Ok(());
		}
		self.journal.record(assignment.clone(), EntryState::Started { tries })?;
		log::info!(target: LOG, "job {} attempt {}: started, due by block {}", key.0, key.1, assignment.duty.deadline);
		self.count(|metrics| metrics.started.inc());
		self.pool.push(assignment);
		Ok(())
	}

	/// Tells, once for each reason, why an attempt waits.
	fn report_missing(&mut self, assignment: &Assignment, absence: Absence) {
		let (key, duty) = (assignment.key(), &assignment.duty);
		match self.reported_missing.insert(key, absence.clone()) {
			Some(reported) if reported == absence => return,
			Some(_) => {}
			None => self.count(|metrics| metrics.missing_artifacts.inc()),
		}
		log::error!(
			target: LOG,
			"job {} attempt {} cannot be run: {absence}. It is as soon as there is a good file for model {}, if that is by \
			 block {}",
			key.0, key.1, duty.version, duty.deadline,
		);
	}

	async fn on_completion(&mut self, completion: Completion) {
		let key = completion.assignment.key();
		self.pool.completed(&key);
		self.measure(&completion);
		let number = self.chain.best();
		let outcome = completion.outcome.and_then(|(output, trace)| {
			sign(&*self.chain, &completion.assignment, output, trace)
				.map_err(|error| Failure::Refused(error.to_string()))
		});
		let recorded = match outcome {
			Ok(result) => {
				log::info!(target: LOG, "job {} attempt {}: finished in {:?}", key.0, key.1, completion.elapsed);
				let recorded = self
					.journal
					.record(completion.assignment, EntryState::Finished(result.clone()));
				if recorded.is_ok() {
					self.deliver(result, number).await;
				}
				recorded
			}
			Err(Failure::Cancelled) => {
				log::info!(target: LOG, "job {} attempt {}: cancelled", key.0, key.1);
				self.journal.forget(&key)
			}
			// A panic may be the machine's fault: the next block tries once more, as after a crash.
			Err(failure @ Failure::Panicked(_)) => {
				log::error!(target: LOG, "job {} attempt {}: {failure}", key.0, key.1);
				Ok(())
			}
			// Nothing was run: as if the duty had just come, it waits for the file.
			Err(Failure::Absent(absence)) => {
				self.report_missing(&completion.assignment, absence);
				self.journal.forget(&key)
			}
			Err(failure @ Failure::Refused(_)) => {
				log::error!(
					target: LOG,
					"job {} attempt {}: {failure}; tried again after {TRY_AGAIN_AFTER} blocks if there is time",
					key.0, key.1
				);
				self.failed.insert(key, number);
				self.journal.record(completion.assignment, EntryState::Failed)
			}
		};
		if let Err(error) = recorded {
			log::error!(target: LOG, "{error}");
		}
	}

	async fn deliver(&mut self, result: SignedResult, number: BlockNumber) {
		let key = (result.result.job, result.result.attempt);
		let outcome = self.chain.deliver(result).await;
		let label = if outcome.is_ok() { "accepted" } else { "refused" };
		self.count(|metrics| metrics.delivered.with_label_values(&[label]).inc());
		match outcome {
			Ok(()) => log::info!(target: LOG, "job {} attempt {}: result delivered at block {number}", key.0, key.1),
			Err(error) => log::warn!(target: LOG, "{error}"),
		}
		self.delivered.insert(key, number);
	}

	/// Forgets attempts that are due neither in the best nor in the final state. Until then they may come back by a reorg.
	fn on_finalized(&mut self) {
		if self.chain.is_syncing() {
			return;
		}
		let due = match (self.chain.duties(), self.chain.finalized_duties()) {
			(Ok(best), Ok(finalized)) => best
				.iter()
				.chain(&finalized)
				.map(Assignment::key)
				.collect::<BTreeSet<_>>(),
			(Err(error), _) | (_, Err(error)) => return log::warn!(target: LOG, "cannot read duties: {error}"),
		};
		self.pool.cancel(|key, _| !due.contains(key));
		self.delivered.retain(|key, _| due.contains(key));
		self.reported_missing.retain(|key, _| due.contains(key));
		self.failed.retain(|key, _| due.contains(key));
		for key in self.journal.keys() {
			if !due.contains(&key) && !self.pool.holds(&key) {
				if let Err(error) = self.journal.forget(&key) {
					log::error!(target: LOG, "{error}");
				}
			}
		}
	}

	fn measure(&self, completion: &Completion) {
		let outcome = match &completion.outcome {
			Ok(_) => "finished",
			Err(Failure::Cancelled) => "cancelled",
			Err(Failure::Panicked(_)) => "panicked",
			Err(Failure::Refused(_)) => "refused",
			Err(Failure::Absent(_)) => "absent",
		};
		self.count(|metrics| {
			metrics.ended.with_label_values(&[outcome]).inc();
			metrics.execution_seconds.observe(completion.elapsed.as_secs_f64());
			metrics.tokens.inc_by(completion.tokens);
			if let Some(first) = completion.first_token {
				metrics.first_token_seconds.observe(first.as_secs_f64());
				metrics
					.tokens_per_second
					.set(completion.tokens as f64 / completion.elapsed.as_secs_f64());
			}
		});
	}

	fn count(&self, update: impl FnOnce(&Metrics)) {
		if let Some(metrics) = &self.metrics {
			update(metrics);
		}
	}
}

/// Whether two assignments ask for the same work: a reorg may give a job's number to another job.
fn same_work(a: &Assignment, b: &Assignment) -> bool {
	let work = |assignment: &Assignment| {
		let duty = &assignment.duty;
		(
			assignment.worker.clone(),
			duty.version,
			duty.artifact,
			duty.input.clone(),
			duty.generation,
		)
	};
	work(a) == work(b)
}

/// Turns an output into the result its worker key signs.
fn sign(
	chain: &impl Chain,
	assignment: &Assignment,
	output: Output,
	trace: TraceRoot,
) -> Result<SignedResult, ChainError> {
	let duty = &assignment.duty;
	let input = Input::from(duty.input.clone());
	let claim = claim_root(
		duty.job.0,
		duty.attempt.0,
		&duty.artifact,
		&input,
		&duty.generation,
		&output,
		&trace,
	);
	let output = JobOutput::try_from(output).map_err(|_| ChainError::Refused {
		job: duty.job,
		reason: "the output does not fit inline".into(),
	})?;
	let result = JobResult {
		job: duty.job,
		attempt: duty.attempt,
		output,
		trace,
		claim,
	};
	let signature = chain.sign(&assignment.worker, &result.signing_payload(&chain.genesis()))?;
	Ok(SignedResult { result, signature })
}

#[cfg(test)]
pub(crate) mod tests;
