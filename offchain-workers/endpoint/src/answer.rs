//! An answer as it comes, for all who listen to it.
//!
//! The engine writes into it and waits for nobody: what it holds is bounded by the length of the answer, and a listener that reads slowly
//! gets more at a time. When nobody listens any more it is stopped.

use crate::{
	chain::{BlockNumber, Chain},
	kept::Kept,
	problem::Problem,
};
use assay_engine::Observer;
use assay_protocol::{
	channel::{Content, Progress, SignedProgress, SignedReceipt, PROGRESS_TOKENS},
	job::JobOutput,
	operator::WorkerKey,
	ChannelId,
};
use assay_trace::merkle::Hash32;
use parking_lot::Mutex;
use std::{
	sync::{
		atomic::{AtomicBool, AtomicUsize, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::sync::watch;

/// [`PROGRESS_TOKENS`], to count tokens with.
const STRIDE: usize = PROGRESS_TOKENS as usize;

/// What a listener is told, in this order: tokens with the progress after each [`PROGRESS_TOKENS`] of them, or the values of a vector; then
/// the receipt, or why there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
	/// The next tokens.
	Tokens(Vec<u32>),
	/// All values.
	Values(Vec<i32>),
	/// How far the answer has come.
	Progress(SignedProgress),
	/// The answer is complete.
	Receipt(SignedReceipt),
	/// There is no answer.
	Error(Problem),
}

/// For which request an answer is, and who signs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Subject {
	pub(crate) channel: ChannelId,
	pub(crate) request: Hash32,
	pub(crate) worker: WorkerKey,
	/// What its progress names: a recent block of the chain.
	pub(crate) block: BlockNumber,
}

#[derive(Default)]
struct State {
	tokens: Vec<u32>,
	/// After the first [`PROGRESS_TOKENS`], after twice as many, and so on, as far as somebody was told.
	progress: Vec<SignedProgress>,
	/// Until the first token.
	first: Option<Duration>,
	end: Option<Result<Arc<Kept>, Problem>>,
}

/// An answer.
pub(crate) struct Answer {
	subject: Subject,
	state: Mutex<State>,
	/// There is more of it.
	more: watch::Sender<()>,
	listeners: AtomicUsize,
	is_stopped: AtomicBool,
	is_cancelled: AtomicBool,
	/// When it was asked for.
	asked_at: Instant,
}

impl Answer {
	/// One that has not begun.
	pub(crate) fn new(subject: Subject) -> Arc<Self> {
		Self::with(subject, State::default())
	}

	/// One that is complete.
	pub(crate) fn complete(subject: Subject, kept: Kept) -> Arc<Self> {
		let tokens = match &kept.output {
			JobOutput::Tokens(tokens) => tokens.to_vec(),
			JobOutput::Vector(_) => Vec::new(),
		};
		let state = State {
			tokens,
			end: Some(Ok(Arc::new(kept))),
			..State::default()
		};
		Self::with(subject, state)
	}

	fn with(subject: Subject, state: State) -> Arc<Self> {
		Arc::new(Self {
			subject,
			state: Mutex::new(state),
			more: watch::channel(()).0,
			listeners: AtomicUsize::new(0),
			is_stopped: AtomicBool::new(false),
			is_cancelled: AtomicBool::new(false),
			asked_at: Instant::now(),
		})
	}

	/// Somebody who is told everything from the beginning on.
	pub(crate) fn listen(self: &Arc<Self>) -> Listener {
		self.listeners.fetch_add(1, Ordering::SeqCst);
		Listener {
			more: self.more.subscribe(),
			answer: self.clone(),
			told: 0,
			is_progress_due: false,
			is_over: false,
		}
	}

	/// It is to end with the tokens that it has, or with its first, whoever listens.
	pub(crate) fn stop(&self) {
		self.is_stopped.store(true, Ordering::SeqCst);
	}

	/// Whether somebody listens.
	pub(crate) fn is_wanted(&self) -> bool {
		self.listeners.load(Ordering::SeqCst) > 0
	}

	/// Nobody would pay for it.
	pub(crate) fn cancel(&self) {
		self.is_cancelled.store(true, Ordering::SeqCst);
	}

	pub(crate) fn is_cancelled(&self) -> bool {
		self.is_cancelled.load(Ordering::SeqCst)
	}

	/// Tokens so far.
	pub(crate) fn len(&self) -> usize {
		self.state.lock().tokens.len()
	}

	/// How long its first token took, waiting for its turn included.
	pub(crate) fn first_token(&self) -> Option<Duration> {
		self.state.lock().first
	}

	/// It is over.
	pub(crate) fn end(&self, with: Result<Arc<Kept>, Problem>) {
		self.state.lock().end.get_or_insert(with);
		self.more.send_replace(());
	}

	/// How far it has come after so many tokens.
	fn progress(&self, tokens: &[u32]) -> Progress {
		Progress {
			channel: self.subject.channel,
			request: self.subject.request,
			tokens: u32::try_from(tokens.len()).unwrap_or(u32::MAX),
			root: Content::tokens(tokens).root,
			block: self.subject.block,
		}
	}

	/// The same, signed, once for all who listen.
	fn signed_progress(&self, tokens: usize, chain: &dyn Chain) -> Result<SignedProgress, Problem> {
		let index = tokens / STRIDE - 1;
		let progress = {
			let state = self.state.lock();
			if let Some(signed) = state.progress.get(index) {
				return Ok(signed.clone());
			}
			self.progress(state.tokens.get(..tokens).unwrap_or_default())
		};
		let payload = progress.signing_payload(&chain.genesis());
		let signature = chain
			.sign(&self.subject.worker, &payload)
			.map_err(|error| Problem::Failed(error.to_string()))?;
		let signed = SignedProgress { progress, signature };
		let mut state = self.state.lock();
		if state.progress.len() == index {
			state.progress.push(signed.clone());
		}
		Ok(signed)
	}
}

/// What the engine shows an answer to.
pub(crate) struct Writing<'a>(pub(crate) &'a Answer);

impl Observer for Writing<'_> {
	fn on_token(&mut self, token: u32) {
		let mut state = self.0.state.lock();
		state.first.get_or_insert_with(|| self.0.asked_at.elapsed());
		state.tokens.push(token);
		drop(state);
		self.0.more.send_replace(());
	}

	fn should_cancel(&mut self) -> bool {
		self.0.is_cancelled()
	}

	fn should_stop(&mut self) -> bool {
		self.0.is_stopped.load(Ordering::SeqCst) || !self.0.is_wanted()
	}
}

/// Somebody who listens to an answer. When nobody does any more, the answer is stopped.
pub struct Listener {
	answer: Arc<Answer>,
	more: watch::Receiver<()>,
	/// Tokens that it was told.
	told: usize,
	is_progress_due: bool,
	is_over: bool,
}

enum Next {
	Event(Box<Event>),
	Progress(usize),
	Wait,
}

impl Listener {
	/// What comes next; none after the end.
	pub async fn next(&mut self, chain: &Arc<dyn Chain>) -> Option<Event> {
		while !self.is_over {
			match self.look() {
				Next::Event(event) => return Some(*event),
				Next::Progress(tokens) => {
					let (answer, chain) = (self.answer.clone(), chain.clone());
					// A keystore may read a file.
					let signed = tokio::task::spawn_blocking(move || answer.signed_progress(tokens, &*chain)).await;
					let signed = signed.unwrap_or_else(|error| Err(Problem::Failed(error.to_string())));
					self.is_over = signed.is_err();
					return Some(signed.map_or_else(Event::Error, Event::Progress));
				}
				Next::Wait => {
					if self.more.changed().await.is_err() {
						// The answer holds the sender.
						return None;
					}
				}
			}
		}
		None
	}

	fn look(&mut self) -> Next {
		// Before the state is looked at, so that nothing that comes after it is missed.
		self.more.borrow_and_update();
		if std::mem::take(&mut self.is_progress_due) {
			return Next::Progress(self.told);
		}
		let state = self.answer.state.lock();
		if self.told < state.tokens.len() {
			let stride = (self.told / STRIDE + 1) * STRIDE;
			let until = stride.min(state.tokens.len());
			let tokens = state.tokens[self.told..until].to_vec();
			self.is_progress_due = until == stride;
			self.told = until;
			return Next::Event(Box::new(Event::Tokens(tokens)));
		}
		match &state.end {
			None => Next::Wait,
			Some(Err(problem)) => {
				self.is_over = true;
				Next::Event(Box::new(Event::Error(problem.clone())))
			}
			Some(Ok(kept)) => match &kept.output {
				JobOutput::Vector(values) if self.told == 0 => {
					// As if they were tokens, so that they come once.
					self.told = values.len().max(1);
					Next::Event(Box::new(Event::Values(values.to_vec())))
				}
				_ => {
					self.is_over = true;
					Next::Event(Box::new(Event::Receipt(kept.receipt.clone())))
				}
			},
		}
	}
}

impl Drop for Listener {
	fn drop(&mut self) {
		self.answer.listeners.fetch_sub(1, Ordering::SeqCst);
	}
}
