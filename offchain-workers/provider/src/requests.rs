//! What is asked of this worker beside running jobs: answers to disputes about its claims, replies to the audits that it was
//! drawn for, and the moves of the challenges that it made. Prepared off the loop, delivered until they are on chain.
//!
//! Nothing is kept on disk: what is due is read from the chain, and the execution behind a claim is run again.

use crate::{
	chain::{BlockNumber, Chain, Request, RequestKey, Requested, Response, SignedResponse},
	metrics::Metrics,
	pool::{message, Execute, Failure},
};
use assay_protocol::{
	audit::{AuditReply, SignedReply},
	dispute::{DisputeAnswer, OwnedStatement, SignedAnswer, SignedMove},
};
use assay_trace::claim::ClaimRoot;
use std::{
	panic::{catch_unwind, AssertUnwindSafe},
	sync::Arc,
};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

/// Blocks after which a response that is still due is delivered, or prepared, again.
const AGAIN_AFTER: BlockNumber = 4;

const LOG: &str = "assay::provider";

/// A response, or why there is none.
#[derive(Debug)]
pub(crate) struct Prepared {
	key: RequestKey,
	requested: Requested,
	outcome: Result<Response, Failure>,
}

/// Where a response is.
enum Progress {
	Preparing,
	Ready(Box<SignedResponse>, BlockNumber),
	/// There was none at this block: an artifact may still be put in its place, so it is tried again.
	Failed(BlockNumber),
}

/// What is prepared one after the other, the most urgent first, as the clocks on chain reckon; but what is asked about the claim whose
/// execution is at hand comes before another is run, so that claims that are challenged in turns are run once for all that is asked
/// about each. What is excused waits for all that is not. Moves and answers have a lane of their own, for their clocks do not wait for
/// the audits of others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lane {
	Disputes,
	Audits,
}

impl Lane {
	fn of(request: &Request) -> Self {
		match request {
			Request::Answer(_) | Request::Move(_) => Self::Disputes,
			Request::Reply(_) => Self::Audits,
		}
	}
}

/// The responses under way.
pub(crate) struct Requests<C> {
	chain: Arc<C>,
	executor: Arc<dyn Execute>,
	responses: Vec<(RequestKey, Progress)>,
	/// What is to be prepared as soon as its lane is free.
	waiting: Vec<(RequestKey, Requested)>,
	/// Lanes in which something is prepared.
	running: Vec<Lane>,
	/// The claim that something was last prepared about in a lane.
	at_hand: Vec<(Lane, ClaimRoot)>,
	sender: UnboundedSender<Prepared>,
	metrics: Option<Metrics>,
}

impl<C: Chain> Requests<C> {
	/// With the channel on which prepared responses come back.
	pub(crate) fn new(
		chain: Arc<C>,
		executor: Arc<dyn Execute>,
		metrics: Option<Metrics>,
	) -> (Self, UnboundedReceiver<Prepared>) {
		let (sender, receiver) = unbounded_channel();
		let requests = Self {
			chain,
			executor,
			responses: Vec::new(),
			waiting: Vec::new(),
			running: Vec::new(),
			at_hand: Vec::new(),
			sender,
			metrics,
		};
		(requests, receiver)
	}

	/// Prepares responses that are newly due, delivers those that still are, and forgets the others.
	pub(crate) async fn on_best(&mut self, number: BlockNumber) {
		let due = match self.chain.requests() {
			Ok(due) => due,
			Err(error) => return log::warn!(target: LOG, "cannot read what is asked at block {number}: {error}"),
		};
		// A key hashes a whole claim.
		let due: Vec<_> = due
			.into_iter()
			.map(|requested| (requested.request.key(), requested))
			.collect();
		let is_due = |key: &RequestKey| due.iter().any(|(other, _)| other == key);
		self.responses.retain(|(key, _)| is_due(key));
		self.waiting.retain(|(key, _)| is_due(key));
		let mut again = Vec::new();
		for (key, requested) in due {
			match self.responses.iter_mut().find(|(other, _)| *other == key) {
				None => {
					log::info!(target: LOG, "{key} is due by block {}", requested.request.deadline());
					self.responses.push((key.clone(), Progress::Preparing));
					self.waiting.push((key, requested));
				}
				Some((_, Progress::Ready(response, delivered))) => {
					if number >= delivered.saturating_add(AGAIN_AFTER) {
						*delivered = number;
						again.push((key, SignedResponse::clone(response)));
					}
				}
				Some((_, progress)) => {
					let due_again =
						matches!(progress, Progress::Failed(at) if number >= at.saturating_add(AGAIN_AFTER));
					if due_again {
						*progress = Progress::Preparing;
						self.waiting.push((key, requested));
					}
				}
			}
		}
		// Not one after the other as they are read: the first would be begun whatever comes behind it.
		self.start();
		for (key, response) in again {
			self.deliver(&key, response).await;
		}
	}

	/// Prepares what is next in each lane that is free.
	fn start(&mut self) {
		for lane in [Lane::Disputes, Lane::Audits] {
			if self.running.contains(&lane) {
				continue;
			}
			let of_lane = self.waiting.iter().enumerate();
			let next = of_lane
				.filter(|(_, (_, requested))| Lane::of(&requested.request) == lane)
				.min_by_key(|(_, (key, Requested { request, .. }))| {
					let runs = !self.at_hand.contains(&(lane, key.claim()));
					(request.is_excused(), runs, request.deadline())
				});
			if let Some((index, _)) = next {
				self.running.push(lane);
				let (key, requested) = self.waiting.remove(index);
				self.spawn(key, requested);
			}
		}
	}

	fn spawn(&self, key: RequestKey, requested: Requested) {
		let (chain, executor, sender) = (self.chain.clone(), self.executor.clone(), self.sender.clone());
		tokio::task::spawn_blocking(move || {
			let claim = requested.request.claim();
			let outcome = chain
				.program(claim.version)
				.map_err(|error| Failure::Refused(error.to_string()))
				.and_then(|program| {
					let statement = OwnedStatement::new(program, claim.clone());
					catch_unwind(AssertUnwindSafe(|| executor.respond(&statement, &requested.request)))
						.unwrap_or_else(|panic| Err(Failure::Panicked(message(&*panic))))
				});
			// The service has ended if nobody receives it.
			let _ = sender.send(Prepared {
				key,
				requested,
				outcome,
			});
		});
	}

	/// Signs and delivers what was prepared.
	pub(crate) async fn on_prepared(&mut self, prepared: Prepared, number: BlockNumber) {
		let Prepared {
			key,
			requested,
			outcome,
		} = prepared;
		let lane = Lane::of(&requested.request);
		self.running.retain(|other| *other != lane);
		self.at_hand.retain(|(other, _)| *other != lane);
		if outcome.is_ok() {
			self.at_hand.push((lane, key.claim()));
		}
		self.start();
		if !self.responses.iter().any(|(other, _)| *other == key) {
			log::info!(target: LOG, "{key} is not asked any more");
			return;
		}
		let progress = match outcome.and_then(|response| self.sign(&requested, response)) {
			Ok(response) => {
				self.deliver(&key, response.clone()).await;
				Progress::Ready(Box::new(response), number)
			}
			Err(failure) => {
				log::error!(target: LOG, "{key} cannot be answered: {failure}");
				self.count(&key, "failed");
				Progress::Failed(number)
			}
		};
		if let Some((_, known)) = self.responses.iter_mut().find(|(other, _)| *other == key) {
			*known = progress;
		}
	}

	fn sign(&self, requested: &Requested, response: Response) -> Result<SignedResponse, Failure> {
		let genesis = self.chain.genesis();
		let claim = requested.request.claim().root();
		let sign = |payload: &[u8]| {
			self.chain
				.sign(&requested.worker, payload)
				.map_err(|error| Failure::Refused(error.to_string()))
		};
		let unasked = || Failure::Refused("the response is not of the kind that is asked for".into());
		match (&requested.request, response) {
			(Request::Answer(duty), Response::Answer(answer)) => {
				let answer = DisputeAnswer {
					dispute: duty.dispute,
					stage: duty.stage,
					answer,
				};
				let signature = sign(&answer.signing_payload(&claim, &genesis))?;
				Ok(SignedResponse::Answer(SignedAnswer { answer, signature }))
			}
			(Request::Reply(duty), Response::Reply(reply)) => {
				let reply = AuditReply {
					job: duty.claim.job,
					attempt: duty.claim.attempt,
					from: duty.from.clone(),
					question: duty.question,
					reply,
				};
				let signature = sign(&reply.signing_payload(&claim, &genesis))?;
				Ok(SignedResponse::Reply(SignedReply { reply, signature }))
			}
			(request, Response::Move(act)) => {
				// An auditor that finds a claim wrong challenges it instead of vouching for it.
				let challenger = match request {
					Request::Reply(duty) => duty.from.clone(),
					Request::Move(duty) => duty.challenger.clone(),
					Request::Answer(_) => return Err(unasked()),
				};
				let signature = sign(&SignedMove::signing_payload(&challenger, &act, &claim, &genesis))?;
				Ok(SignedResponse::Move(SignedMove {
					challenger,
					act,
					signature,
				}))
			}
			_ => Err(unasked()),
		}
	}

	async fn deliver(&self, key: &RequestKey, response: SignedResponse) {
		let outcome = self.chain.respond(response).await;
		self.count(key, if outcome.is_ok() { "accepted" } else { "refused" });
		match outcome {
			Ok(()) => log::info!(target: LOG, "{key}: delivered"),
			Err(error) => log::warn!(target: LOG, "{key}: {error}"),
		}
	}

	fn count(&self, key: &RequestKey, outcome: &str) {
		if let Some(metrics) = &self.metrics {
			metrics.responses.with_label_values(&[key.kind(), outcome]).inc();
		}
	}
}
