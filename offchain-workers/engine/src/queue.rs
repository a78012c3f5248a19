//! Where runs of a model from several threads meet: one of the threads that wait runs the next chunk for all of them.

use crate::{
	batch::{Batch, Ended, Job, Mailbox},
	Model, Observer, RunError,
};
use std::{
	panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
	sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
	time::Duration,
};

/// How often a thread that waits asks its observer whether to go on.
const PATIENCE: Duration = Duration::from_millis(20);

#[derive(Default)]
struct State {
	/// Jobs that came since the last chunk.
	arrived: Vec<Job>,
	/// What is between two chunks; none while a thread runs one, and before the first.
	batch: Option<Batch>,
	running: bool,
}

/// The jobs of a model.
#[derive(Default)]
pub(crate) struct Queue {
	state: Mutex<State>,
	/// A chunk has ended.
	ended: Condvar,
}

impl Queue {
	/// Runs a job to its end, beside those of other threads.
	pub(crate) fn run(&self, model: &Model, job: Job, observer: &mut dyn Observer) -> Result<Ended, RunError> {
		let waiting = Waiting(job.mailbox());
		self.state().arrived.push(job);
		loop {
			let mail = waiting.0.take();
			mail.tokens.into_iter().for_each(|token| observer.on_token(token));
			if let Some(ended) = mail.ended {
				return ended;
			}
			waiting.ask(observer);
			let mut state = self.state();
			if state.running {
				// An error says that a thread panicked while it held the state, which none does.
				drop(self.ended.wait_timeout(state, PATIENCE));
				continue;
			}
			state.running = true;
			let mut batch = state.batch.take().unwrap_or_else(|| Batch::new(model));
			batch.admit(state.arrived.drain(..));
			drop(state);
			self.run_chunk(model, batch, || waiting.ask(observer));
		}
	}

	/// Runs a chunk for all. If that panics, all jobs in it end, and whoever comes next begins anew.
	fn run_chunk(&self, model: &Model, mut batch: Batch, mut before_layer: impl FnMut() + Send) {
		let step = || model.pool.install(|| batch.step(model, &mut before_layer));
		let ran = catch_unwind(AssertUnwindSafe(step));
		let mut state = self.state();
		state.running = false;
		match ran {
			Ok(()) => state.batch = Some(batch),
			Err(_) => batch.abandon(RunError::Panicked),
		}
		drop(state);
		self.ended.notify_all();
		if let Err(panic) = ran {
			resume_unwind(panic);
		}
	}

	fn state(&self) -> MutexGuard<'_, State> {
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Whoever waits for a job: when it stops to, the job is not wanted any more.
struct Waiting(Arc<Mailbox>);

impl Waiting {
	/// Passes on what an observer wants.
	fn ask(&self, observer: &mut dyn Observer) {
		if observer.should_cancel() {
			self.0.cancel();
		}
		if observer.should_stop() {
			self.0.stop();
		}
	}
}

impl Drop for Waiting {
	fn drop(&mut self) {
		self.0.cancel();
	}
}
