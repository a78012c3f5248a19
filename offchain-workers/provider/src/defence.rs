//! Answers to disputes about this worker's claims: prepared off the loop, delivered until they are on chain.
//!
//! Nothing is kept on disk: what is due is read from the chain, and the execution behind a claim is run again.

use crate::{
	chain::{AnswerAssignment, BlockNumber, Chain},
	pool::{message, Execute, Failure},
};
use assay_protocol::{
	dispute::{Answer, DisputeAnswer, OwnedStatement, SignedAnswer, Stage},
	DisputeId,
};
use std::{
	panic::{catch_unwind, AssertUnwindSafe},
	sync::Arc,
};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

/// Blocks after which an answer that is still due is delivered, or prepared, again.
const AGAIN_AFTER: BlockNumber = 4;

const LOG: &str = "assay::provider";

/// An answer, or why there is none.
#[derive(Debug)]
pub(crate) struct Prepared {
	assignment: AnswerAssignment,
	outcome: Result<Answer, Failure>,
}

/// Where an answer is.
enum Progress {
	Preparing,
	Ready(Box<SignedAnswer>, BlockNumber),
	/// There was none at this block: an artifact may still be put in its place, so it is tried again.
	Failed(BlockNumber),
}

/// The answers under way.
pub(crate) struct Defence<C> {
	chain: Arc<C>,
	executor: Arc<dyn Execute>,
	answers: Vec<(DisputeId, Stage, Progress)>,
	sender: UnboundedSender<Prepared>,
}

impl<C: Chain> Defence<C> {
	/// With the channel on which prepared answers come back.
	pub(crate) fn new(chain: Arc<C>, executor: Arc<dyn Execute>) -> (Self, UnboundedReceiver<Prepared>) {
		let (sender, receiver) = unbounded_channel();
		let defence = Self {
			chain,
			executor,
			answers: Vec::new(),
			sender,
		};
		(defence, receiver)
	}

	/// Prepares answers that are newly due, delivers those that still are, and forgets the others.
	pub(crate) async fn on_best(&mut self, number: BlockNumber) {
		let due = match self.chain.answers_due() {
			Ok(due) => due,
			Err(error) => return log::warn!(target: LOG, "cannot read disputes at block {number}: {error}"),
		};
		self.answers.retain(|(dispute, stage, _)| {
			due.iter()
				.any(|assignment| assignment.duty.dispute == *dispute && assignment.duty.stage == *stage)
		});
		for assignment in due {
			let (dispute, stage) = (assignment.duty.dispute, assignment.duty.stage);
			let known = self
				.answers
				.iter_mut()
				.find(|(other, other_stage, _)| *other == dispute && *other_stage == stage);
			match known {
				None => {
					log::info!(target: LOG, "dispute {dispute} about job {}: {stage:?} is due by block {}", assignment.duty.claim.job, assignment.duty.deadline);
					self.answers.push((dispute, stage, Progress::Preparing));
					self.prepare(assignment);
				}
				Some((_, _, Progress::Ready(answer, delivered))) => {
					if number >= delivered.saturating_add(AGAIN_AFTER) {
						*delivered = number;
						let answer = SignedAnswer::clone(answer);
						self.deliver(answer).await;
					}
				}
				Some((_, _, progress)) => {
					let due_again =
						matches!(progress, Progress::Failed(at) if number >= at.saturating_add(AGAIN_AFTER));
					if due_again {
						*progress = Progress::Preparing;
						self.prepare(assignment);
					}
				}
			}
		}
	}

	fn prepare(&self, assignment: AnswerAssignment) {
		let (chain, executor, sender) = (self.chain.clone(), self.executor.clone(), self.sender.clone());
		tokio::task::spawn_blocking(move || {
			let duty = &assignment.duty;
			let outcome = chain
				.program(duty.claim.version)
				.map_err(|error| Failure::Refused(error.to_string()))
				.and_then(|program| {
					let statement = OwnedStatement::new(program, duty.claim.clone());
					catch_unwind(AssertUnwindSafe(|| executor.answer(&statement, duty.stage)))
						.unwrap_or_else(|panic| Err(Failure::Panicked(message(&*panic))))
				});
			// The service has ended if nobody receives it.
			let _ = sender.send(Prepared { assignment, outcome });
		});
	}

	/// Signs and delivers what was prepared.
	pub(crate) async fn on_prepared(&mut self, prepared: Prepared, number: BlockNumber) {
		let Prepared { assignment, outcome } = prepared;
		let (dispute, stage) = (assignment.duty.dispute, assignment.duty.stage);
		let signed = outcome.and_then(|answer| {
			let answer = DisputeAnswer { dispute, stage, answer };
			let payload = answer.signing_payload(&self.chain.genesis());
			match self.chain.sign(&assignment.worker, &payload) {
				Ok(signature) => Ok(SignedAnswer { answer, signature }),
				Err(error) => Err(Failure::Refused(error.to_string())),
			}
		});
		let progress = match signed {
			Ok(answer) => {
				self.deliver(answer.clone()).await;
				Progress::Ready(Box::new(answer), number)
			}
			Err(failure) => {
				log::error!(target: LOG, "dispute {dispute}: {stage:?} cannot be answered: {failure}");
				Progress::Failed(number)
			}
		};
		let known = self
			.answers
			.iter_mut()
			.find(|(other, other_stage, _)| *other == dispute && *other_stage == stage);
		if let Some((_, _, known)) = known {
			*known = progress;
		}
	}

	async fn deliver(&self, answer: SignedAnswer) {
		let (dispute, stage) = (answer.answer.dispute, answer.answer.stage);
		match self.chain.deliver_answer(answer).await {
			Ok(()) => log::info!(target: LOG, "dispute {dispute}: {stage:?} answered"),
			Err(error) => log::warn!(target: LOG, "{error}"),
		}
	}
}
