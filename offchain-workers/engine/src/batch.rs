//! Jobs that go through the layers together (continuous batching: Yu et al., "Orca", OSDI 2022), so that a weight that is fetched
//! from memory serves all of them. A job may come between any two chunks, and leaves when it has ended.
//!
//! A chunk has one position of each job that generates and, up to the model's limit, positions of prompts: nobody who generates
//! waits for longer than one chunk, however long the prompts of others are.

use crate::{
	cache::Cache,
	pooled::Pooled,
	session::{caches, Part, Session, Source},
	witness::{Followers, Kept},
	Model, Observer, RunError,
};
use assay_exact::{
	program::{Head, Register},
	sample::choose,
	Generation, Input, Output,
};
use rayon::prelude::*;
use std::{
	mem,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, MutexGuard, PoisonError,
	},
};

/// Of a chunk, the part that is prompts' at least: so much of it is left however many jobs generate.
const PROMPTS: usize = 4;

/// What a job leaves behind.
pub(crate) struct Ended {
	pub(crate) output: Output,
	pub(crate) kept: Kept,
	/// The caches of all positions that were fed.
	pub(crate) caches: Vec<Cache>,
}

/// What comes of a job.
#[derive(Default)]
pub(crate) struct Mail {
	/// Tokens that the observer has not seen yet.
	pub(crate) tokens: Vec<u32>,
	/// How it ended, once it has.
	pub(crate) ended: Option<Result<Ended, RunError>>,
}

/// Between a job and whoever waits for it.
#[derive(Default)]
pub(crate) struct Mailbox {
	mail: Mutex<Mail>,
	cancelled: AtomicBool,
	stopped: AtomicBool,
}

impl Mailbox {
	/// What has come since the last time.
	pub(crate) fn take(&self) -> Mail {
		mem::take(&mut *self.mail())
	}

	/// The job is not wanted any more.
	pub(crate) fn cancel(&self) {
		self.cancelled.store(true, Ordering::Relaxed);
	}

	pub(crate) fn is_cancelled(&self) -> bool {
		self.cancelled.load(Ordering::Relaxed)
	}

	/// The job is to end with the tokens that it has, or with its first.
	pub(crate) fn stop(&self) {
		self.stopped.store(true, Ordering::Relaxed);
	}

	fn is_stopped(&self) -> bool {
		self.stopped.load(Ordering::Relaxed)
	}

	pub(crate) fn end(&self, with: Result<Ended, RunError>) {
		self.mail().ended.get_or_insert(with);
	}

	fn mail(&self) -> MutexGuard<'_, Mail> {
		// Nothing panics while it is held.
		self.mail.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// A job on its way.
pub(crate) struct Job {
	input: Input,
	generation: Generation,
	caches: Vec<Cache>,
	kept: Kept,
	/// Of a model that returns a vector.
	pooled: Option<Pooled>,
	/// Positions that went through the layers.
	fed: usize,
	/// Chosen so far; the last is not fed yet.
	tokens: Vec<u32>,
	mailbox: Arc<Mailbox>,
}

impl Job {
	/// A job that the program accepts.
	pub(crate) fn new(model: &Model, input: &Input, generation: &Generation, kept: Kept) -> Self {
		let pooled = match model.program.head {
			Head::Vector { pooling, .. } => Some(Pooled::new(pooling, model.program.registers[0] as usize)),
			Head::Tokens { .. } => None,
		};
		Self {
			input: input.clone(),
			generation: *generation,
			caches: caches(&model.program),
			kept,
			pooled,
			fed: 0,
			tokens: Vec::new(),
			mailbox: Arc::default(),
		}
	}

	pub(crate) fn mailbox(&self) -> Arc<Mailbox> {
		self.mailbox.clone()
	}

	/// Positions of its input.
	fn input_positions(&self) -> usize {
		match &self.input {
			Input::Tokens(tokens) => tokens.len(),
			Input::Vector(_) => 1,
		}
	}

	/// Positions of the input that did not go through the layers yet.
	fn input_left(&self) -> usize {
		self.input_positions().saturating_sub(self.fed)
	}

	/// The next of its positions, so many.
	fn part(&mut self, positions: usize) -> Part<'_> {
		let source = match &self.input {
			Input::Vector(values) => Source::Vector(values),
			Input::Tokens(prompt) if self.fed < prompt.len() => Source::Tokens(&prompt[self.fed..][..positions]),
			Input::Tokens(_) => Source::Tokens(&self.tokens[self.tokens.len() - positions..]),
		};
		Part {
			source,
			first: self.fed,
			caches: &mut self.caches,
			followers: Followers {
				observer: &mut self.mailbox,
				witness: &mut self.kept,
			},
		}
	}

	/// Takes note of a token; says whether it was the last.
	fn chose(&mut self, token: u32, stop: &[u32]) -> bool {
		self.tokens.push(token);
		self.mailbox.mail().tokens.push(token);
		let ended = stop.contains(&token) && !self.generation.ignore_stop;
		ended || self.tokens.len() == self.generation.max_tokens as usize || self.mailbox.is_stopped()
	}

	/// Ends it with the tokens chosen so far.
	fn end_with_tokens(&mut self) {
		let tokens = mem::take(&mut self.tokens);
		self.end(Output::Tokens(tokens));
	}

	fn end(&mut self, output: Output) {
		let cached: usize = self.caches.iter().map(Cache::bytes).sum();
		log::debug!(
			"a job of {} positions has ended, with a cache of {cached} bytes",
			self.fed
		);
		self.mailbox.end(Ok(Ended {
			output,
			kept: mem::take(&mut self.kept),
			caches: mem::take(&mut self.caches),
		}));
	}
}

/// A job is cancelled by whoever waits for it.
impl Observer for Arc<Mailbox> {
	fn should_cancel(&mut self) -> bool {
		self.is_cancelled()
	}
}

/// Jobs that share passes over the weights of a model.
pub(crate) struct Batch {
	session: Session,
	/// In the order in which they came.
	jobs: Vec<Job>,
}

impl Batch {
	pub(crate) fn new(model: &Model) -> Self {
		Self {
			session: Session::new(&model.program),
			jobs: Vec::new(),
		}
	}

	pub(crate) fn admit(&mut self, jobs: impl IntoIterator<Item = Job>) {
		self.jobs.extend(jobs);
	}

	/// Ends all jobs so.
	pub(crate) fn abandon(self, error: RunError) {
		for job in self.jobs {
			job.mailbox.end(Err(error));
		}
	}

	/// Runs one chunk.
	pub(crate) fn step(&mut self, model: &Model, before_layer: &mut (dyn FnMut() + Send)) {
		self.jobs.retain_mut(|job| {
			let cancelled = job.mailbox.is_cancelled();
			// Between two chunks the last token is chosen and not fed: what an execution looks like that was to end with it.
			let stopped = job.mailbox.is_stopped() && !job.tokens.is_empty();
			if cancelled {
				job.mailbox.end(Err(RunError::Cancelled));
			} else if stopped {
				job.end_with_tokens();
			}
			!cancelled && !stopped
		});
		let shares = self.shares(model);
		let mut parts: Vec<_> = self
			.jobs
			.iter_mut()
			.zip(&shares)
			.filter(|(_, share)| **share > 0)
			.map(|(job, share)| job.part(*share))
			.collect();
		if parts.is_empty() || self.session.feed(model, &mut parts, before_layer).is_err() {
			// All of them are cancelled, and leave before the next chunk.
			return;
		}
		match &model.program.head {
			Head::Tokens { logits, stop, .. } => self.choose_tokens(model, &shares, *logits, stop),
			Head::Vector { output, .. } => self.pool(model, &shares, *output),
		}
	}

	/// How many positions of each job the next chunk has.
	fn shares(&self, model: &Model) -> Vec<usize> {
		let generating = self.jobs.iter().filter(|job| job.input_left() == 0).count();
		let mut room = model
			.chunk
			.saturating_sub(generating)
			.max(model.chunk.div_ceil(PROMPTS));
		let share = |job: &Job| {
			let left = job.input_left();
			if left == 0 {
				return 1;
			}
			let fits = if model.whole && left > room { 0 } else { left.min(room) };
			room -= fits;
			fits
		};
		self.jobs.iter().map(share).collect()
	}

	/// Chooses the next token of every job whose input has gone through the layers.
	fn choose_tokens(&mut self, model: &Model, shares: &[usize], logits: Register, stop: &[u32]) {
		let (mut end, mut lasts, mut choosing) = (0, Vec::new(), Vec::new());
		for (job, share) in self.jobs.iter_mut().zip(shares) {
			end += share;
			job.fed += share;
			if *share > 0 && job.input_left() == 0 {
				lasts.push(end - 1);
				choosing.push(job);
			}
		}
		if choosing.is_empty() {
			return;
		}
		self.session.keep(&lasts);
		self.session.head(model);
		let vocabulary = model.program.registers[usize::from(logits.0)] as usize;
		let tokens: Vec<u32> = self
			.session
			.values(logits)
			.par_chunks_exact(vocabulary)
			.zip(&choosing)
			.map(|(logits, job)| choose(&job.generation.sampler, logits, (job.fed - 1) as u32))
			.collect();
		for (job, token) in choosing.into_iter().zip(tokens) {
			if job.chose(token, stop) {
				job.end_with_tokens();
			}
		}
		self.jobs.retain(|job| job.input_left() > 0 || !job.tokens.is_empty());
	}

	/// Pools what went through the layers, and runs the head of every job whose input has.
	fn pool(&mut self, model: &Model, shares: &[usize], output: Register) {
		let width = model.program.registers[0] as usize;
		let mut rest = self.session.values(Register(0));
		for (job, share) in self.jobs.iter_mut().zip(shares) {
			let (rows, after) = rest.split_at(share * width);
			rest = after;
			job.fed += share;
			if let Some(pooled) = &mut job.pooled {
				pooled.add(rows);
			}
		}
		for job in self.jobs.iter_mut().filter(|job| job.input_left() == 0) {
			if let Some(pooled) = job.pooled.take() {
				self.session.set_residual(&pooled.finish());
				// A vector head reads neither tokens nor positions.
				self.session.head(model);
				job.end(Output::Vector(self.session.values(output).to_vec()));
			}
		}
		self.jobs.retain(|job| job.input_left() > 0);
	}
}
