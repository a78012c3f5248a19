//! The threads that run jobs: a queue ordered by deadline, and panics that stay where they happen.

use crate::{
	chain::{Assignment, BlockNumber, Request, Response, WorkKey},
	folder::Absence,
};
use assay_exact::Output;
use assay_protocol::{dispute::OwnedStatement, job::Duty};
use assay_trace::{merkle::Hash32, TraceRoot};
use parking_lot::{Condvar, Mutex};
use std::{
	any::Any,
	collections::BTreeMap,
	panic::{catch_unwind, AssertUnwindSafe},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	thread,
	time::{Duration, Instant},
};
use tokio::sync::mpsc::UnboundedSender;

/// Why an execution has no output.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
	/// The model panicked.
	#[error("the model panicked: {0}")]
	Panicked(String),
	/// The model or the engine refused.
	#[error("{0}")]
	Refused(String),
	/// The artifact is not at hand.
	#[error("{0}")]
	Absent(#[from] Absence),
	/// Nobody wants the result any more.
	#[error("cancelled")]
	Cancelled,
}

/// Sees an execution as it goes.
pub struct Watch<'a> {
	cancel: &'a AtomicBool,
	begun: Instant,
	first_token: Option<Duration>,
	tokens: u64,
}

impl Watch<'_> {
	/// Call for each generated token.
	pub fn token(&mut self) {
		self.tokens = self.tokens.saturating_add(1);
		self.first_token.get_or_insert_with(|| self.begun.elapsed());
	}

	/// Whether to stop.
	pub fn is_cancelled(&self) -> bool {
		self.cancel.load(Ordering::Relaxed)
	}
}

/// Runs jobs. The engine implements it; tests put worse things in its place.
pub trait Execute: Send + Sync + 'static {
	/// Whether an artifact is at hand, as far as is known without reading all of it.
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence>;

	/// Whether an artifact is at hand and whole. Reads all of it unless that was done since it last changed.
	fn examine(&self, artifact: &Hash32) -> Result<(), Absence>;

	/// Runs a duty to its output and the commitment to its execution.
	fn execute(&self, duty: &Duty<BlockNumber>, watch: &mut Watch<'_>) -> Result<(Output, TraceRoot), Failure>;

	/// Responds to what is asked about a claim.
	fn respond(&self, statement: &OwnedStatement, request: &Request) -> Result<Response, Failure>;
}

/// An execution that ended.
#[derive(Debug)]
pub struct Completion {
	/// What was run.
	pub assignment: Assignment,
	/// With which outcome.
	pub outcome: Result<(Output, TraceRoot), Failure>,
	/// Tokens generated.
	pub tokens: u64,
	/// Until the first token.
	pub first_token: Option<Duration>,
	/// In all.
	pub elapsed: Duration,
}

/// Queue position: earliest deadline first, then oldest job.
type Rank = (BlockNumber, WorkKey);

#[derive(Default)]
struct State {
	queue: BTreeMap<Rank, (Assignment, Arc<AtomicBool>)>,
	closed: bool,
}

#[derive(Default)]
struct Shared {
	state: Mutex<State>,
	wake: Condvar,
}

/// Threads that run jobs, and their queue.
pub struct Pool {
	shared: Arc<Shared>,
	/// Work queued or running, by key.
	work: BTreeMap<WorkKey, (BlockNumber, Arc<AtomicBool>)>,
}

impl Pool {
	/// Starts `threads` threads that report to `completions`.
	pub fn start(threads: usize, executor: Arc<dyn Execute>, completions: UnboundedSender<Completion>) -> Self {
		let shared = Arc::new(Shared::default());
		for index in 0..threads.max(1) {
			let (shared, executor, completions) = (shared.clone(), executor.clone(), completions.clone());
			thread::Builder::new()
				.name(format!("assay-job-{index}"))
				.spawn(move || work(&shared, &*executor, &completions))
				.expect("a thread can be started when the node starts");
		}
		Self {
			shared,
			work: BTreeMap::new(),
		}
	}

	/// Queues work that is neither queued nor running.
	pub fn push(&mut self, assignment: Assignment) {
		let (key, deadline) = (assignment.key(), assignment.duty.deadline);
		if self.work.contains_key(&key) {
			return;
		}
		let cancel = Arc::new(AtomicBool::new(false));
		self.work.insert(key, (deadline, cancel.clone()));
		self.shared
			.state
			.lock()
			.queue
			.insert((deadline, key), (assignment, cancel));
		self.shared.wake.notify_one();
	}

	/// Whether the work is queued or running.
	pub fn holds(&self, key: &WorkKey) -> bool {
		self.work.contains_key(key)
	}

	/// Work queued or running.
	pub fn len(&self) -> usize {
		self.work.len()
	}

	/// Whether nothing is queued or running.
	pub fn is_empty(&self) -> bool {
		self.work.is_empty()
	}

	/// Asks for the end of all work for which `unwanted(key, deadline)` holds; it completes as cancelled.
	pub fn cancel(&self, unwanted: impl Fn(&WorkKey, BlockNumber) -> bool) {
		for (key, (deadline, cancel)) in &self.work {
			if unwanted(key, *deadline) {
				cancel.store(true, Ordering::Relaxed);
			}
		}
	}

	/// Takes note that a completion was received.
	pub fn completed(&mut self, key: &WorkKey) {
		self.work.remove(key);
	}
}

impl Drop for Pool {
	fn drop(&mut self) {
		self.cancel(|_, _| true);
		self.shared.state.lock().closed = true;
		self.shared.wake.notify_all();
	}
}

fn work(shared: &Shared, executor: &dyn Execute, completions: &UnboundedSender<Completion>) {
	loop {
		let (assignment, cancel) = {
			let mut state = shared.state.lock();
			loop {
				if state.closed {
					return;
				}
				if let Some((_, next)) = state.queue.pop_first() {
					break next;
				}
				shared.wake.wait(&mut state);
			}
		};
		let completion = run(executor, assignment, &cancel);
		if completions.send(completion).is_err() {
			return;
		}
	}
}

fn run(executor: &dyn Execute, assignment: Assignment, cancel: &AtomicBool) -> Completion {
	let mut watch = Watch {
		cancel,
		begun: Instant::now(),
		first_token: None,
		tokens: 0,
	};
	let outcome = if watch.is_cancelled() {
		Err(Failure::Cancelled)
	} else {
		catch_unwind(AssertUnwindSafe(|| executor.execute(&assignment.duty, &mut watch)))
			.unwrap_or_else(|panic| Err(Failure::Panicked(message(&*panic))))
	};
	Completion {
		outcome,
		tokens: watch.tokens,
		first_token: watch.first_token,
		elapsed: watch.begun.elapsed(),
		assignment,
	}
}

pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
	panic
		.downcast_ref::<&str>()
		.map(|text| (*text).to_owned())
		.or_else(|| panic.downcast_ref::<String>().cloned())
		.unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::service::tests::{an_assignment, FakeEngine};
	use tokio::sync::mpsc::unbounded_channel;

	#[tokio::test]
	async fn earlier_deadlines_run_first() {
		let (sender, mut completions) = unbounded_channel();
		let engine = Arc::new(FakeEngine::default());
		let gate = engine.hold();
		let mut pool = Pool::start(1, engine.clone(), sender);
		pool.push(an_assignment(1));
		engine.wait_until_busy();
		for job in [2, 3, 4] {
			let mut assignment = an_assignment(job);
			assignment.duty.deadline = 100 - u32::try_from(job).unwrap();
			pool.push(assignment);
		}
		drop(gate);
		let mut order = vec![];
		while order.len() < 4 {
			order.push(completions.recv().await.unwrap().assignment.duty.job.0);
		}
		assert_eq!(order, [1, 4, 3, 2]);
	}

	#[tokio::test]
	async fn a_panic_is_reported_and_the_thread_goes_on() {
		let (sender, mut completions) = unbounded_channel();
		let engine = Arc::new(FakeEngine::panicking_on(1));
		let mut pool = Pool::start(1, engine, sender);
		pool.push(an_assignment(1));
		pool.push(an_assignment(2));
		let first = completions.recv().await.unwrap();
		assert_eq!(first.outcome, Err(Failure::Panicked("job 1 panics".into())));
		assert!(completions.recv().await.unwrap().outcome.is_ok());
	}

	#[tokio::test]
	async fn cancelled_work_completes_as_cancelled() {
		let (sender, mut completions) = unbounded_channel();
		let engine = Arc::new(FakeEngine::default());
		let gate = engine.hold();
		let mut pool = Pool::start(1, engine.clone(), sender);
		pool.push(an_assignment(1));
		engine.wait_until_busy();
		pool.push(an_assignment(2));
		pool.cancel(|key, _| key.0 .0 == 2);
		drop(gate);
		assert!(completions.recv().await.unwrap().outcome.is_ok());
		assert_eq!(completions.recv().await.unwrap().outcome, Err(Failure::Cancelled));
	}
}
