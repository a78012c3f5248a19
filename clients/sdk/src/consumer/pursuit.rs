//! A request on its way: it is sent, the very same, until it has a receipt or it is certain that it was not taken and never will be.
//!
//! **What shows that it was not taken.** The endpoint looks for a request before it says no for any reason but that it does not know the
//! channel, or that the program or the operator does not take such a request at all. So a response that says no shows it, unless an earlier
//! attempt is in doubt: one after which no response came, one that was answered with a stream that did not end with a receipt, or one that
//! was said to have `failed` (the disk may have it). While there is doubt the place is used for nothing else.
//!
//! **When nobody waits for it any more**, because the [`Answer`](super::Answer) was dropped or time was up, the connection is ended, which stops
//! the answer, and its receipt is asked for. If there is none after a while the request is sent again, and left at its first token.
//!
//! **It ends by this end's own decision**, whatever the endpoint does: when nothing has become known for long enough, or the channel is closed, no
//! receipt is taken any more. That is written down, and the lane is left. Without a receipt nothing is vouched for, so it costs nothing.

mod attempt;

use super::{
	evidence::{Answered, Evidence},
	heard::Heard,
	ledger::Ledger,
	places::Place,
	ConsumerError, Event, Inner,
};
use codec::Encode;
use std::{sync::Arc, time::Duration};
use tokio::{
	sync::mpsc::UnboundedSender,
	time::{sleep, Instant},
};

/// The first rest between attempts; each is twice as long as the one before.
pub(super) const FIRST_REST: Duration = Duration::from_millis(50);
/// The longest.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(10);
/// How often what is not wanted any more may be refused, or come in a way that is not believed.
const TRIES: u32 = 8;
/// Bytes of an error at most.
pub(super) const ERROR: usize = 64 * 1024;

/// Whoever waits for an answer.
pub(super) type Waiting = UnboundedSender<Result<Event, ConsumerError>>;

/// A request on its way.
pub(super) struct Pursuit {
	inner: Arc<Inner>,
	place: Place,
	heard: Heard,
	body: Vec<u8>,
	to: Option<Waiting>,
	/// Whether it may have been taken.
	is_in_doubt: bool,
	/// The next rest.
	rest: Duration,
	/// Since when it has not got any further, or nobody waits for it.
	since: Instant,
	/// How often it was refused, or came in a way that is not believed, since nobody waits for it.
	tries: u32,
}

/// What comes after an attempt.
enum Next {
	Answered(Box<Answered>),
	/// It was not taken and never will be.
	Free(Option<ConsumerError>),
	/// The worker has signed what is not so.
	Wrong(Box<Evidence>),
	/// Nobody will know, and the lane does not fit together.
	Lost(ConsumerError),
	/// Nobody will know, because it took too long.
	Late(ConsumerError),
	/// Whoever waits is told this; what comes of it is learnt all the same.
	Fail(ConsumerError),
	Again {
		after: Option<Duration>,
		why: String,
	},
	/// Nobody waits any more.
	Unwanted,
}

impl Pursuit {
	/// One that is not in the journal yet.
	pub(super) fn new(inner: Arc<Inner>, place: Place, heard: Heard, to: Waiting) -> Self {
		Self {
			body: (&heard.asked.signed, &heard.asked.input).encode(),
			inner,
			place,
			heard,
			to: Some(to),
			is_in_doubt: false,
			rest: FIRST_REST,
			since: Instant::now(),
			tries: 0,
		}
	}

	/// One that was in the journal when it was opened: it may have been sent, and whoever waited for it is gone.
	pub(super) fn again(inner: Arc<Inner>, place: Place, mut heard: Heard) -> Self {
		heard.is_stopped = true;
		Self {
			body: (&heard.asked.signed, &heard.asked.input).encode(),
			inner,
			place,
			heard,
			to: None,
			is_in_doubt: true,
			rest: FIRST_REST,
			since: Instant::now(),
			tries: 0,
		}
	}

	/// Writes the request down, and sees to it.
	pub(super) async fn begin(self) {
		let commit = {
			let ledger = self.inner.ledger.lock();
			self.inner
				.journal
				.commit(ledger.ask(self.place.lane, &self.heard.asked))
		};
		match commit.await {
			Ok(()) => self.run().await,
			Err(error) => {
				self.is_over();
				self.tell(Err(error.into()));
			}
		}
	}

	/// Sees to it until there is a receipt, or there will be none.
	pub(super) async fn run(mut self) {
		loop {
			let mut next = match self.to.clone() {
				Some(to) => {
					let sent = tokio::select! {
						biased;
						next = self.attempt() => Some(next),
						() = to.closed() => None,
					};
					sent.unwrap_or(Next::Unwanted)
				}
				None => self.learn().await,
			};
			if let Next::Again { after, why } = next {
				next = match self.wait(after, why).await {
					Some(end) => end,
					None => continue,
				};
			}
			match next {
				Next::Answered(answered) => return self.keep(answered).await,
				Next::Free(error) => return self.give_up(error).await,
				Next::Lost(error) => return self.lose(error).await,
				Next::Late(error) => return self.leave(error).await,
				Next::Wrong(evidence) => {
					let is_end = !matches!(*evidence, Evidence::Progress { .. });
					if let Err(error) = self.convict(&evidence).await {
						return self.lose(error).await;
					}
					if is_end {
						return self.lose(ConsumerError::Wrong(evidence)).await;
					}
					self.desert(Some(ConsumerError::Wrong(evidence)));
				}
				Next::Fail(error) => {
					self.tries += 1;
					match self.to.is_none() && self.tries >= TRIES {
						true => return self.lose(error).await,
						false => self.desert(Some(error)),
					}
				}
				Next::Unwanted | Next::Again { .. } => self.desert(None),
			}
		}
	}

	/// Rests, unless time is up: then it says what comes next.
	async fn wait(&mut self, after: Option<Duration>, why: String) -> Option<Next> {
		let settings = &self.inner.settings;
		let time = match self.to.is_some() {
			true => settings.patience,
			false => settings.learning,
		};
		let is_closed = self.inner.now.borrow().channel.closed_at.is_some();
		let waited = self.since.elapsed();
		if is_closed || waited >= time {
			let error = match is_closed {
				true => ConsumerError::Closing,
				false => ConsumerError::Impatient { waited, last: why },
			};
			return Some(match (self.is_in_doubt, self.to.is_some()) {
				(false, _) => Next::Free(Some(error)),
				(true, true) => Next::Fail(error),
				(true, false) => Next::Late(error),
			});
		}
		let rest = after.unwrap_or(self.rest).min(LONGEST_REST);
		self.rest = (self.rest * 2).min(LONGEST_REST);
		match self.to.clone() {
			Some(to) => tokio::select! {
				() = sleep(rest) => {}
				() = to.closed() => self.desert(None),
			},
			None => sleep(rest).await,
		}
		None
	}

	/// Nobody waits for it any more.
	fn desert(&mut self, error: Option<ConsumerError>) {
		if let Some(error) = error {
			self.tell(Err(error));
		}
		if self.to.take().is_some() {
			self.since = Instant::now();
		}
		self.heard.is_stopped = true;
		self.rest = FIRST_REST;
	}

	fn tell(&self, event: Result<Event, ConsumerError>) {
		if let Some(to) = &self.to {
			// Whoever does not listen any more is noticed elsewhere.
			let _ = to.send(event);
		}
	}

	/// The receipt is good: it is paid for.
	async fn keep(self, answered: Box<Answered>) {
		let lane = self.place.lane;
		if self.heard.is_cut_short {
			self.inner.subject.forgive();
		}
		let commit = {
			let mut ledger = self.inner.ledger.lock();
			let changes = ledger.answered(lane, &answered);
			changes.map(|changes| self.inner.journal.commit(changes))
		};
		let kept = match commit {
			Ok(commit) => commit.await.map_err(ConsumerError::from),
			Err(reason) => Err(ConsumerError::OutOfStep { lane, reason }),
		};
		if let Err(error) = kept {
			return self.lose(error).await;
		}
		self.is_over();
		self.inner.due.notify_one();
		let Self { place, to, .. } = self;
		place.release();
		if let Some(to) = to {
			let _ = to.send(Ok(Event::Receipt(answered)));
		}
	}

	async fn give_up(self, error: Option<ConsumerError>) {
		let commit = self.inner.journal.commit(Ledger::give_up(self.place.lane));
		let error = match commit.await {
			Ok(()) => error,
			Err(error) => return self.lose(error.into()).await,
		};
		self.is_over();
		let Self { place, to, .. } = self;
		place.release();
		if let (Some(to), Some(error)) = (to, error) {
			let _ = to.send(Err(error));
		}
	}

	/// Its lane is not used any more, not for vouchers either as long as this end runs.
	async fn lose(self, error: ConsumerError) {
		if let Some(lane) = self.inner.ledger.lock().lanes.get_mut(usize::from(self.place.lane)) {
			lane.trouble.get_or_insert_with(|| error.to_string());
		}
		self.leave(error).await;
	}

	/// Nothing more is asked in its lane, and no receipt for it is taken any more.
	async fn leave(self, error: ConsumerError) {
		let commit = {
			let mut ledger = self.inner.ledger.lock();
			let changes = ledger.leave(self.place.lane, &error.to_string());
			self.inner.journal.commit(changes)
		};
		// Where the disk takes no more, nothing more is signed.
		let _ = commit.await;
		self.is_over();
		self.tell(Err(error));
	}

	/// Nothing more comes of it than what the journal has now.
	fn is_over(&self) {
		self.inner.pending.lock().remove(&self.heard.root);
	}

	async fn convict(&self, evidence: &Evidence) -> Result<(), ConsumerError> {
		let commit = {
			let mut ledger = self.inner.ledger.lock();
			let changes = ledger.convict(self.heard.root, evidence);
			self.inner.journal.commit(changes)
		};
		Ok(commit.await?)
	}
}

fn again(why: String) -> Next {
	Next::Again { after: None, why }
}
