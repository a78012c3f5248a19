//! What was drawn of settled batches is revealed.

use crate::{
	chain::{BlockNumber, ChainError, RevealDuty, State},
	endpoint::{blocking, SEND_AGAIN_AFTER},
	Endpoint, Problem,
};
use assay_protocol::{
	audit::{AuditReply, Question, Reply, SignedReply},
	channel::{Batch, RevealedUnit},
	operator::WorkerKey,
};
use assay_trace::merkle::Hash32;
use codec::Encode;
use sp_core::crypto::AccountId32;
use std::sync::Arc;

const LOG: &str = "assay::endpoint";

/// A signed reply, and what tells it from others.
type Ready = (Hash32, RevealDuty, Result<SignedReply<AccountId32>, Problem>);

impl Endpoint {
	/// The receipt of a settled batch that did a unit of computation, with its content.
	pub fn reveal(&self, batch: &Batch, unit: u64) -> Result<Option<RevealedUnit>, Problem> {
		let Some((request, path)) = self.find_unit(batch, unit) else {
			return Ok(None);
		};
		let kept = self.kept(&request)?;
		let kept = kept.ok_or_else(|| Problem::Failed(format!("the content of request {request} was lost")))?;
		Ok(Some(RevealedUnit {
			revealed: kept.reveal(),
			path,
		}))
	}

	/// Reveals what is due, unless it was sent a moment ago. Silence is guilt.
	pub(crate) async fn reveal_due(self: &Arc<Self>) {
		let endpoint = self.clone();
		let (now, ready) = match blocking(move || endpoint.prepare_reveals()).await {
			Ok(Ok(ready)) => ready,
			Ok(Err(error)) => return log::warn!(target: LOG, "what is to be revealed cannot be read: {error}"),
			Err(problem) => return log::error!(target: LOG, "{problem}"),
		};
		for (key, RevealDuty { job, deadline, .. }, reply) in ready {
			let reply = match reply {
				Ok(reply) => reply,
				Err(problem) => {
					log::error!(target: LOG, "job {job}: a receipt is to be revealed by block {deadline}, and cannot be: {problem}");
					self.count(|metrics| metrics.reveals.with_label_values(&["failed"]).inc());
					continue;
				}
			};
			let sent = self.chain.reveal(reply).await;
			self.revealed.lock().insert(key, now);
			self.count(|metrics| {
				let outcome = if sent.is_ok() { "accepted" } else { "refused" };
				metrics.reveals.with_label_values(&[outcome]).inc();
			});
			match sent {
				Ok(()) => log::info!(target: LOG, "job {job}: the receipt that was drawn is revealed"),
				Err(error) => log::warn!(target: LOG, "job {job}: {error}"),
			}
		}
	}

	fn prepare_reveals(&self) -> Result<(BlockNumber, Vec<Ready>), ChainError> {
		let now = self.chain.height(State::Best);
		if self.chain.is_syncing() {
			return Ok((now, Vec::new()));
		}
		let due = self.chain.reveals_due()?;
		let due: Vec<_> = due
			.into_iter()
			.map(|(worker, duty)| (Hash32::of(&[&(&worker, &duty).encode()]), worker, duty))
			.collect();
		let mut revealed = self.revealed.lock();
		revealed.retain(|key, _| due.iter().any(|(other, ..)| other == key));
		let is_sent = |key: &Hash32| {
			let sent = revealed.get(key);
			sent.is_some_and(|at| now < at.saturating_add(SEND_AGAIN_AFTER))
		};
		let due: Vec<_> = due.into_iter().filter(|(key, ..)| !is_sent(key)).collect();
		drop(revealed);
		let ready = due.into_iter().map(|(key, worker, duty)| {
			let reply = self.sign_reveal(&worker, &duty);
			(key, duty, reply)
		});
		Ok((now, ready.collect()))
	}

	fn sign_reveal(&self, worker: &WorkerKey, duty: &RevealDuty) -> Result<SignedReply<AccountId32>, Problem> {
		let revealed = self.reveal(&duty.batch, duty.unit)?;
		let revealed = revealed.ok_or_else(|| Problem::Failed("the journal has no such batch".into()))?;
		let reply = AuditReply {
			job: duty.job,
			attempt: duty.attempt,
			from: duty.from.clone(),
			question: Question::Receipt { unit: duty.unit },
			reply: Reply::Receipt(Box::new(revealed)),
		};
		let payload = reply.signing_payload(&duty.root, &self.chain.genesis());
		let signature = self.chain.sign(worker, &payload);
		let signature = signature.map_err(|error| Problem::Failed(error.to_string()))?;
		Ok(SignedReply { reply, signature })
	}
}
