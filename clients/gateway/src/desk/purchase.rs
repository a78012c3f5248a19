//! What is bought, as it comes.

use crate::{answer::verification::verification, error::ApiError};
use assay_protocol::{job::JobOutput, JobId};
use assay_sdk::jobs::Job;
use assay_trace::Hash32;
use serde_json::Value;
use std::{fmt, sync::Arc};
use tokio::sync::watch;

/// Where an answer comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
	/// A job on the chain.
	Job(JobId),
	/// A request in a channel, by its root.
	Request(Hash32),
}

impl Source {
	/// What it is called in identifiers and addresses.
	pub(crate) fn id(&self) -> String {
		match self {
			Self::Job(job) => job.to_string(),
			Self::Request(root) => root.to_string(),
		}
	}
}

impl fmt::Display for Source {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Job(job) => write!(f, "job {job}"),
			Self::Request(root) => write!(f, "request {root}"),
		}
	}
}

/// An answer that is complete.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Bought {
	/// Where it comes from.
	pub(crate) source: Source,
	/// Elements of its input.
	pub(crate) prompt: u32,
	/// Tokens that it has at most.
	pub(crate) max_tokens: u32,
	/// What was generated, or computed.
	pub(crate) output: Option<JobOutput>,
	/// What shows that it is right, or where that can be seen.
	pub(crate) verification: Value,
	/// When it was complete, in seconds since 1970.
	pub(crate) at: u64,
}

impl Bought {
	/// The answer of a job.
	pub(super) fn of_job(job: Job, at: u64) -> Self {
		Self {
			source: Source::Job(job.id),
			prompt: job.input.len(),
			max_tokens: job.generation.max_tokens,
			verification: verification(&job),
			output: job.output,
			at,
		}
	}
}

/// How far a purchase is.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
	/// It is being priced, reserved and submitted.
	Begun,
	/// Its job is on the chain, or its request was taken by the operator.
	Sent(Source),
	/// It is complete.
	Bought(Arc<Bought>),
	/// There is no answer.
	Failed(ApiError),
}

impl Progress {
	pub(super) fn is_over(&self) -> bool {
		matches!(self, Self::Bought(_) | Self::Failed(_))
	}
}

/// How far a purchase is, with what has come of it.
#[derive(Clone, Debug)]
pub(super) struct Standing {
	pub(super) progress: Progress,
	/// Tokens so far, of an answer that comes as it is generated.
	pub(super) tokens: Vec<u32>,
}

/// Whoever brings it about tells here.
#[derive(Debug)]
pub(super) struct Teller {
	standing: watch::Sender<Standing>,
	wanted: Arc<watch::Sender<usize>>,
}

/// A purchase as it stands on the shelf, for others to join.
#[derive(Clone, Debug)]
pub(super) struct OnShelf {
	standing: watch::Receiver<Standing>,
	wanted: Arc<watch::Sender<usize>>,
}

/// That somebody waits for a purchase.
#[derive(Debug)]
struct Interest(Arc<watch::Sender<usize>>);

impl Interest {
	fn new(wanted: &Arc<watch::Sender<usize>>) -> Self {
		wanted.send_modify(|count| *count = count.saturating_add(1));
		Self(wanted.clone())
	}
}

impl Drop for Interest {
	fn drop(&mut self) {
		self.0.send_modify(|count| *count = count.saturating_sub(1));
	}
}

/// A purchase to wait for.
#[derive(Debug)]
pub(crate) struct Purchase {
	standing: watch::Receiver<Standing>,
	interest: Option<Interest>,
	/// Tokens that were told.
	told: usize,
}

/// What comes of a purchase.
#[derive(Debug)]
pub(crate) enum More {
	/// More tokens.
	Tokens(Source, Vec<u32>),
	/// It is complete, and all its tokens were told.
	End(Arc<Bought>),
}

/// A new purchase: whom to tell, and what is put on the shelf.
pub(super) fn begin() -> (Teller, OnShelf) {
	let (sender, standing) = watch::channel(Standing {
		progress: Progress::Begun,
		tokens: vec![],
	});
	let wanted = Arc::new(watch::channel(0).0);
	let teller = Teller {
		standing: sender,
		wanted: wanted.clone(),
	};
	(teller, OnShelf { standing, wanted })
}

impl Teller {
	/// It has got so far.
	pub(super) fn tell(&self, progress: Progress) {
		self.standing.send_modify(|standing| standing.progress = progress);
	}

	/// More tokens have come.
	pub(super) fn add(&self, tokens: &[u32]) {
		self.standing.send_modify(|standing| standing.tokens.extend(tokens));
	}

	/// Returns when nobody waits for more of it.
	pub(super) async fn is_unwanted(&self) {
		// It holds the sender itself.
		let _ = self.wanted.subscribe().wait_for(|count| *count == 0).await;
	}

	/// How many wait for more of it.
	pub(super) fn wanted(&self) -> usize {
		*self.wanted.borrow()
	}

	pub(super) fn is_of(&self, shelved: &OnShelf) -> bool {
		self.standing.subscribe().same_channel(&shelved.standing)
	}
}

impl OnShelf {
	/// Joins it.
	pub(super) fn join(&self) -> Purchase {
		Purchase {
			standing: self.standing.clone(),
			interest: Some(Interest::new(&self.wanted)),
			told: 0,
		}
	}

	pub(super) fn is_begun(&self) -> bool {
		let is_begun = matches!(self.standing.borrow().progress, Progress::Begun);
		is_begun && self.is_told()
	}

	/// Whether it ended without a word.
	pub(super) fn is_interrupted(&self) -> bool {
		!self.standing.borrow().progress.is_over() && !self.is_told()
	}

	/// Whether somebody still tells of it.
	fn is_told(&self) -> bool {
		self.standing.has_changed().is_ok()
	}
}

impl Purchase {
	/// Waits until its job is on the chain or its request taken, or there will be no answer.
	pub(crate) async fn sent(&mut self) -> Result<Source, ApiError> {
		match self
			.until(|standing| !matches!(standing.progress, Progress::Begun))
			.await
		{
			Progress::Sent(source) => Ok(source),
			Progress::Bought(bought) => Ok(bought.source),
			Progress::Failed(error) => Err(error),
			Progress::Begun => Err(lost()),
		}
	}

	/// Waits until it is complete, or never will be.
	pub(crate) async fn bought(&mut self) -> Result<Arc<Bought>, ApiError> {
		match self.until(|standing| standing.progress.is_over()).await {
			Progress::Bought(bought) => Ok(bought),
			Progress::Failed(error) => Err(error),
			Progress::Begun | Progress::Sent(_) => Err(lost()),
		}
	}

	/// Waits for more of it.
	pub(crate) async fn next(&mut self) -> Result<More, ApiError> {
		let told = self.told;
		let progress = self
			.until(|standing| standing.tokens.len() > told || standing.progress.is_over())
			.await;
		let source = match &progress {
			Progress::Sent(source) => Some(*source),
			Progress::Bought(bought) => Some(bought.source),
			Progress::Begun | Progress::Failed(_) => None,
		};
		let mut tokens = self.standing.borrow().tokens.get(told..).unwrap_or_default().to_vec();
		if let Progress::Bought(bought) = &progress {
			if let Some(JobOutput::Tokens(all)) = &bought.output {
				tokens = all.get(told..).unwrap_or_default().to_vec();
			}
		}
		if let (Some(source), false) = (source, tokens.is_empty()) {
			self.told = told.saturating_add(tokens.len());
			return Ok(More::Tokens(source, tokens));
		}
		match progress {
			Progress::Bought(bought) => Ok(More::End(bought)),
			Progress::Failed(error) => Err(error),
			Progress::Begun | Progress::Sent(_) => Err(lost()),
		}
	}

	/// Wants nothing more of it than its end: what can be stopped is, if nobody else wants more.
	pub(crate) fn leave(&mut self) {
		self.interest = None;
	}

	/// Where it comes from, if that is known.
	pub(crate) fn source(&self) -> Option<Source> {
		match &self.standing.borrow().progress {
			Progress::Sent(source) => Some(*source),
			Progress::Bought(bought) => Some(bought.source),
			Progress::Begun | Progress::Failed(_) => None,
		}
	}

	async fn until(&mut self, condition: impl FnMut(&Standing) -> bool) -> Progress {
		// An error means that the purchase ended without a word; what it said last is there.
		let _ = self.standing.wait_for(condition).await;
		self.standing.borrow().progress.clone()
	}
}

fn lost() -> ApiError {
	ApiError::internal("the purchase was interrupted: its money stays reserved until it is known what became of it")
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::FutureExt;

	fn tokens(more: Result<More, ApiError>) -> Vec<u32> {
		match more {
			Ok(More::Tokens(_, tokens)) => tokens,
			other => panic!("{other:?}"),
		}
	}

	fn bought(tokens: &[u32]) -> Arc<Bought> {
		Arc::new(Bought {
			source: Source::Job(JobId(7)),
			prompt: 1,
			max_tokens: 9,
			output: Some(JobOutput::Tokens(tokens.to_vec().try_into().unwrap())),
			verification: Value::Null,
			at: 0,
		})
	}

	#[tokio::test]
	async fn tokens_are_told_once_each_however_late_somebody_joins() {
		let (teller, shelf) = begin();
		let mut early = shelf.join();
		teller.tell(Progress::Sent(Source::Job(JobId(7))));
		teller.add(&[1, 2]);
		assert_eq!(tokens(early.next().await), [1, 2]);
		assert!(early.next().now_or_never().is_none());
		teller.add(&[3]);
		assert_eq!(tokens(early.next().await), [3]);
		teller.tell(Progress::Bought(bought(&[1, 2, 3, 4])));
		assert_eq!(tokens(early.next().await), [4]);
		let mut late = shelf.join();
		assert_eq!(tokens(late.next().await), [1, 2, 3, 4]);
		for purchase in [&mut early, &mut late] {
			assert!(matches!(purchase.next().await, Ok(More::End(_))));
		}
	}

	#[tokio::test]
	async fn it_is_unwanted_when_all_have_left() {
		let (teller, shelf) = begin();
		let (mut one, other) = (shelf.join(), shelf.join());
		one.leave();
		assert!(teller.is_unwanted().now_or_never().is_none());
		drop(other);
		assert!(teller.is_unwanted().now_or_never().is_some());
		// Whoever has left still hears of the end.
		teller.tell(Progress::Bought(bought(&[])));
		assert!(matches!(one.next().await, Ok(More::End(_))));
	}

	#[tokio::test]
	async fn one_that_ends_without_a_word_is_an_error() {
		let (teller, shelf) = begin();
		let mut purchase = shelf.join();
		teller.tell(Progress::Sent(Source::Job(JobId(7))));
		drop(teller);
		assert!(shelf.is_interrupted());
		assert!(purchase.next().await.is_err());
		assert!(purchase.bought().await.is_err());
	}
}
