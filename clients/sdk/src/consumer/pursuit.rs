//! A request on its way: it is sent, the very same, until it has a receipt or it is certain that it was not taken and never will be.
//!
//! **What shows that it was not taken.** The endpoint looks for a request before it says no for any reason but that it does not know the
//! channel, or that the program or the operator does not take such a request at all. So a response that says no shows it, unless an earlier
//! attempt is in doubt: one after which no response came, one that was answered with a stream that did not end with a receipt, or one that
//! was said to have `failed` (the disk may have it). While there is doubt the place is used for nothing else.
//!
//! **When nobody waits for it any more**, because the [`Answer`](super::Answer) was dropped or time was up, the connection is ended, which stops
//! the answer, and its receipt is asked for. If there is none after a while the request is sent again, and left at its first token.

use super::{
	client::{NoReply, Reply},
	error::Breach,
	events::{Complaint, Events, Told},
	evidence::{Answered, Evidence},
	heard::{Disbelief, Heard, EVENT, KEPT},
	ledger::Ledger,
	places::Place,
	ConsumerError, Event, Inner,
};
use crate::BlockNumber;
use assay_protocol::{channel::SignedReceipt, job::JobOutput};
use codec::{DecodeAll, Encode};
use hyper::{Method, StatusCode};
use std::{sync::Arc, time::Duration};
use tokio::{
	sync::mpsc::UnboundedSender,
	time::{sleep, timeout_at, Instant},
};

/// The first rest between attempts; each is twice as long as the one before.
pub(super) const FIRST_REST: Duration = Duration::from_millis(50);
/// The longest.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(10);
/// How often a receipt is asked for before the request is sent again.
const POLLS: u32 = 6;
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
	/// Since when it has not got any further.
	since: Instant,
	/// How often it was refused, or came in a way that is not believed, since nobody waits for it.
	tries: u32,
}

/// What comes after an attempt.
enum Next {
	Answered(Answered),
	/// It was not taken and never will be.
	Free(Option<ConsumerError>),
	/// The worker has signed what is not so.
	Wrong(Box<Evidence>),
	/// Nobody will know.
	Lost(ConsumerError),
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
			Err(error) => self.tell(Err(error.into())),
		}
	}

	/// Sees to it until there is a receipt, or there will be none.
	pub(super) async fn run(mut self) {
		loop {
			let next = match self.to.clone() {
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
			match next {
				Next::Answered(answered) => return self.keep(answered).await,
				Next::Free(error) => return self.give_up(error).await,
				Next::Lost(error) => return self.lose(error),
				Next::Wrong(evidence) => {
					let is_end = !matches!(*evidence, Evidence::Progress { .. });
					if let Err(error) = self.convict(&evidence).await {
						return self.lose(error);
					}
					if is_end {
						return self.lose(ConsumerError::Wrong(evidence));
					}
					self.desert(Some(ConsumerError::Wrong(evidence)));
				}
				Next::Fail(error) => {
					self.tries += 1;
					match self.to.is_none() && self.tries >= TRIES {
						true => return self.lose(error),
						false => self.desert(Some(error)),
					}
				}
				Next::Unwanted => self.desert(None),
				Next::Again { after, why } => self.wait(after, why).await,
			}
		}
	}

	/// Rests, unless time is up.
	async fn wait(&mut self, after: Option<Duration>, why: String) {
		let patience = self.inner.settings.patience;
		if self.to.is_some() && self.since.elapsed() >= patience {
			let waited = self.since.elapsed();
			return self.desert(Some(ConsumerError::Impatient { waited, last: why }));
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
	}

	/// Nobody waits for it any more.
	fn desert(&mut self, error: Option<ConsumerError>) {
		if let Some(error) = error {
			self.tell(Err(error));
		}
		self.to = None;
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
	async fn keep(self, answered: Answered) {
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
			return self.lose(error);
		}
		self.inner.due.notify_one();
		let Self { place, to, .. } = self;
		place.release();
		if let Some(to) = to {
			let _ = to.send(Ok(Event::Receipt(Box::new(answered))));
		}
	}

	async fn give_up(self, error: Option<ConsumerError>) {
		let commit = self.inner.journal.commit(Ledger::give_up(self.place.lane));
		let error = match commit.await {
			Ok(()) => error,
			Err(error) => return self.lose(error.into()),
		};
		let Self { place, to, .. } = self;
		place.release();
		if let (Some(to), Some(error)) = (to, error) {
			let _ = to.send(Err(error));
		}
	}

	/// Its lane is not used any more.
	fn lose(self, error: ConsumerError) {
		let mut ledger = self.inner.ledger.lock();
		if let Some(lane) = ledger.lanes.get_mut(usize::from(self.place.lane)) {
			lane.trouble.get_or_insert_with(|| error.to_string());
		}
		drop(ledger);
		self.tell(Err(error));
	}

	async fn convict(&self, evidence: &Evidence) -> Result<(), ConsumerError> {
		let commit = {
			let mut ledger = self.inner.ledger.lock();
			let changes = ledger.convict(self.heard.root, evidence);
			self.inner.journal.commit(changes)
		};
		Ok(commit.await?)
	}

	/// Sends it.
	async fn attempt(&mut self) -> Next {
		let inner = self.inner.clone();
		// From here on, and also if this is dropped, it may have been taken.
		let before = std::mem::replace(&mut self.is_in_doubt, true);
		let sent = inner.client.send(Method::POST, "/v1/requests", self.body.clone()).await;
		let mut reply = match sent {
			Ok(reply) => reply,
			Err(NoReply::Unsent(why)) => {
				self.is_in_doubt = before;
				return again(why);
			}
			Err(error) => return self.broken(error),
		};
		if reply.status() == StatusCode::OK {
			return match self.listen(reply, before).await {
				Ok(next) | Err(next) => next,
			};
		}
		let (status, after) = (reply.status(), reply.retry_after());
		let document = match reply.read(ERROR).await {
			Ok(document) => document,
			Err(error) => return self.broken(error),
		};
		reply.give_back();
		let Some(complaint) = Complaint::read(&document) else {
			return again(format!("the endpoint says {status}"));
		};
		self.is_in_doubt = before || complaint.code == "failed";
		self.complained(status, complaint, after).await
	}

	fn broken(&mut self, error: NoReply) -> Next {
		self.heard.is_stopped = true;
		match error {
			NoReply::Breach(breach) => Next::Fail(breach.into()),
			error => again(error.to_string()),
		}
	}

	/// Listens to the answer.
	///
	/// - `before`: whether it may have been taken before this attempt.
	async fn listen(&mut self, mut reply: Reply<'_>, before: bool) -> Result<Next, Next> {
		let mut events = Events::new(EVENT);
		self.heard.begin();
		loop {
			while let Some(told) = self.believe(events.next())? {
				match told {
					Told::Tokens(tokens) => {
						let new = self.heard.take_tokens(&self.inner.subject, &tokens);
						let new = self.believe(new)?;
						if !new.is_empty() {
							self.come(Event::Tokens(new));
						}
					}
					Told::Values(values) => {
						let new = self.heard.take_values(&self.inner.subject, values);
						if let Some(new) = self.believe(new)? {
							self.come(Event::Values(new));
						}
					}
					Told::Progress(signed) => {
						let inner = self.inner.clone();
						self.judge(|heard, now| heard.take_progress(&inner.subject, signed.clone(), now))
							.await?;
						continue;
					}
					Told::Receipt(signed) => {
						let output = self.heard.output();
						let output = self.believe(output.ok_or(Breach::NoOutput("it is too long")))?;
						let answered = self.receipt(signed, output).await?;
						// Nothing comes after it, so that the connection can be used again.
						if let Ok(None) = reply.piece().await {
							reply.give_back();
						}
						return Ok(Next::Answered(answered));
					}
					Told::Error(complaint) => {
						if ["unwanted", "absent"].contains(&complaint.code.as_str()) {
							self.is_in_doubt = before;
						}
						return Ok(self.complained(StatusCode::OK, complaint, None).await);
					}
				}
				if self.to.is_none() {
					// What it is going to be is asked for when it has ended.
					self.heard.is_stopped = true;
					return Ok(again("nobody waits for it".into()));
				}
			}
			match reply.piece().await {
				Ok(Some(piece)) => events.push(&piece),
				Ok(None) => return Ok(self.broken(NoReply::Broken("the answer ends without a receipt".into()))),
				Err(error) => return Ok(self.broken(error)),
			}
		}
	}

	/// It got further.
	fn come(&mut self, event: Event) {
		self.since = Instant::now();
		self.rest = FIRST_REST;
		self.tell(Ok(event));
	}

	fn believe<T>(&mut self, taken: Result<T, Breach>) -> Result<T, Next> {
		taken.map_err(|breach| {
			self.heard.is_stopped = true;
			Next::Fail(breach.into())
		})
	}

	async fn receipt(&mut self, signed: SignedReceipt, output: JobOutput) -> Result<Answered, Next> {
		let inner = self.inner.clone();
		self.judge(|heard, now| heard.take_receipt(&inner.subject, signed.clone(), output.clone(), now))
			.await
	}

	/// Judges something by the best block that is known; if it names one far beyond that, this end may lag behind, and waits a while.
	async fn judge<T>(
		&mut self,
		mut take: impl FnMut(&mut Heard, BlockNumber) -> Result<T, Disbelief>,
	) -> Result<T, Next> {
		let until = Instant::now() + self.inner.settings.lag;
		let mut now = self.inner.now.clone();
		loop {
			let height = now.borrow_and_update().height;
			match take(&mut self.heard, height) {
				Ok(taken) => return Ok(taken),
				Err(Disbelief::Breach(breach)) => return self.believe(Err(breach)),
				Err(Disbelief::Evidence(evidence)) => return Err(Next::Wrong(evidence)),
				Err(Disbelief::Ahead(evidence)) => match timeout_at(until, now.changed()).await {
					Ok(Ok(())) => {}
					_ => return Err(Next::Wrong(evidence)),
				},
			}
		}
	}

	/// The endpoint says no.
	async fn complained(&mut self, status: StatusCode, complaint: Complaint, after: Option<Duration>) -> Next {
		let lane = self.place.lane;
		match complaint.code.as_str() {
			"unpaid" => self.pay(complaint).await,
			"wrong_sequence" => Next::Lost(ConsumerError::OutOfStep {
				lane,
				reason: format!(
					"{}, {} is next here",
					complaint.message, self.heard.asked.signed.request.sequence
				),
			}),
			"busy" | "stopping" | "full" | "unwanted" | "timeout" | "failed" => Next::Again {
				after,
				why: complaint.message,
			},
			_ if status.is_server_error() && complaint.code != "absent" => again(complaint.message),
			_ => self.refused(super::refusal(status, complaint)),
		}
	}

	/// It was refused for a reason that does not go away.
	fn refused(&mut self, error: ConsumerError) -> Next {
		match (self.is_in_doubt, self.to.is_some()) {
			(false, _) => Next::Free(Some(error)),
			(true, true) => Next::Fail(error),
			(true, false) => {
				self.tries += 1;
				match self.tries >= TRIES {
					true => Next::Lost(error),
					false => again(error.to_string()),
				}
			}
		}
	}

	/// More would be unpaid than the operator lends.
	async fn pay(&mut self, complaint: Complaint) -> Next {
		let is_due = self.inner.ledger.lock().is_due();
		if is_due {
			return match self.inner.vouch().await {
				Ok(()) => Next::Again {
					after: Some(Duration::ZERO),
					why: complaint.message,
				},
				Err(error) => again(error.to_string()),
			};
		}
		match self.inner.places.busy() > 1 {
			// What the others may cost is counted until they have ended.
			true => again(complaint.message),
			false => self.refused(super::refusal(StatusCode::PAYMENT_REQUIRED, complaint)),
		}
	}

	/// Asks for the receipt of what nobody waits for any more.
	async fn learn(&mut self) -> Next {
		let inner = self.inner.clone();
		let path = format!("/v1/requests/{}", self.heard.root);
		for poll in 0..POLLS {
			let (status, bytes) = match inner.client.whole(Method::GET, &path, Vec::new(), KEPT).await {
				Ok(whole) => whole,
				Err(NoReply::Breach(breach)) => return Next::Fail(breach.into()),
				Err(error) => return again(error.to_string()),
			};
			match status {
				StatusCode::OK => {
					let Ok((signed, output)) = DecodeAll::decode_all(&mut &bytes[..]) else {
						return Next::Fail(Breach::Garbage("a receipt does not decode".into()).into());
					};
					return match self.receipt(signed, output).await {
						Ok(answered) => Next::Answered(answered),
						Err(next) => next,
					};
				}
				StatusCode::NOT_FOUND if !self.is_in_doubt => return Next::Free(None),
				// It may not have ended yet.
				StatusCode::NOT_FOUND => sleep(FIRST_REST * (1 << poll)).await,
				status => return again(format!("the endpoint says {status}")),
			}
		}
		match self.attempt().await {
			Next::Again { .. } if !self.is_in_doubt => Next::Free(None),
			next => next,
		}
	}
}

fn again(why: String) -> Next {
	Next::Again { after: None, why }
}
