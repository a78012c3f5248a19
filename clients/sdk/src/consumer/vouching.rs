//! Vouchers on their way, and what follows from the chain.

use super::{
	events::{unhex, Complaint},
	lane::{Signing, Standing},
	pursuit::{ERROR, FIRST_REST, LONGEST_REST},
	Consumer, ConsumerError, Inner,
};
use assay_protocol::channel::{closing_payload, SignedVoucher};
use codec::Encode;
use hyper::{Method, StatusCode};
use sp_core::Pair;
use std::sync::Arc;
use tokio::time::{sleep, Instant};

/// How often vouchers are made anew because the endpoint has cut lanes meanwhile.
const ROUNDS: u32 = 4;

impl Inner {
	fn signing(&self, lane: u8) -> Signing<'_> {
		Signing {
			genesis: &self.subject.genesis,
			channel: self.subject.channel,
			lane,
			key: &self.key,
		}
	}

	/// Vouches for all receipts, and returns when the endpoint has the vouchers.
	pub(super) async fn vouch(&self) -> Result<(), ConsumerError> {
		let _turn = self.vouching.lock().await;
		let mut trouble = None;
		for _ in 0..ROUNDS {
			let (vouchers, commit) = {
				let mut ledger = self.ledger.lock();
				let (vouchers, changes) = ledger.vouch(|lane| self.signing(lane));
				(vouchers, self.journal.commit(changes))
			};
			commit.await?;
			if vouchers.is_empty() {
				return trouble.map_or(Ok(()), Err);
			}
			if self.send(&vouchers).await?.is_none() {
				continue;
			}
			// The response does not say which one it is about.
			for voucher in &vouchers {
				if let Some(standing) = self.send(std::slice::from_ref(voucher)).await? {
					let resynced = self.resync(voucher.voucher.lane, &standing).await;
					trouble = trouble.or(resynced.err());
				}
			}
		}
		Err(trouble.unwrap_or_else(|| ConsumerError::Unreached("the endpoint cuts lanes again and again".into())))
	}

	/// Sends vouchers; what the endpoint has of a lane instead of what one of them is for, if so.
	async fn send(&self, vouchers: &[SignedVoucher]) -> Result<Option<Standing>, ConsumerError> {
		let sent = self
			.client
			.whole(Method::POST, "/v1/vouchers", vouchers.encode(), ERROR)
			.await;
		let (status, document) = sent.map_err(|error| ConsumerError::Unreached(error.to_string()))?;
		if status == StatusCode::OK {
			self.ledger.lock().taken(vouchers);
			return Ok(None);
		}
		let complaint = self.complaint(status, &document)?;
		if complaint.code != "resync" {
			return Err(later(status, complaint));
		}
		let garbage = || super::Breach::Garbage("a resync does not decode".into());
		let base = complaint.fields.get("base").and_then(serde_json::Value::as_u64);
		let voucher = match complaint.fields.get("voucher").and_then(serde_json::Value::as_str) {
			Some(voucher) => Some(unhex(voucher).ok_or_else(garbage)?),
			None => None,
		};
		Ok(Some(Standing {
			base: base.ok_or_else(garbage)?,
			voucher,
		}))
	}

	pub(super) fn complaint(&self, status: StatusCode, document: &[u8]) -> Result<Complaint, ConsumerError> {
		let complaint = Complaint::read(document);
		complaint.ok_or_else(|| ConsumerError::Unreached(format!("the endpoint says {status}")))
	}

	async fn resync(&self, lane: u8, standing: &Standing) -> Result<(), ConsumerError> {
		let commit = {
			let mut ledger = self.ledger.lock();
			let changes = ledger.resync(standing, self.signing(lane));
			changes.map(|changes| self.journal.commit(changes))
		};
		Ok(commit
			.map_err(|reason| ConsumerError::OutOfStep { lane, reason })?
			.await?)
	}

	/// Vouches whenever there is something to vouch for, soon after it came. What fails is tried again, less and less often.
	pub(super) async fn vouch_when_due(self: Arc<Self>) {
		let mut rest = self.settings.gather;
		loop {
			if !self.ledger.lock().is_due() {
				self.due.notified().await;
			}
			sleep(rest).await;
			rest = match self.vouch().await {
				Ok(()) => self.settings.gather,
				Err(_) => (rest * 2).clamp(FIRST_REST, LONGEST_REST),
			};
		}
	}

	/// Drops what is settled, and what need not be kept any more.
	pub(super) async fn follow(self: Arc<Self>) {
		let mut now = self.now.clone();
		loop {
			let (settled, height) = {
				let now = now.borrow_and_update();
				(now.channel.settled.clone(), now.height)
			};
			let commit = {
				let mut ledger = self.ledger.lock();
				let changes = ledger.observe(&settled, height, self.keeping);
				self.journal.commit(changes)
			};
			// Where the disk takes no more, whoever has something to say is told.
			if commit.await.is_err() || now.changed().await.is_err() {
				return;
			}
		}
	}
}

/// What an endpoint says no with, told apart by whether it may help to try again.
fn later(status: StatusCode, complaint: Complaint) -> ConsumerError {
	match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
		true => ConsumerError::Unreached(complaint.message),
		false => super::refusal(status, complaint),
	}
}

impl Consumer {
	/// Vouches for all receipts that are not vouched for, and returns when the endpoint has the vouchers.
	pub async fn vouch(&self) -> Result<(), ConsumerError> {
		let since = Instant::now();
		let mut rest = FIRST_REST;
		loop {
			match self.inner.vouch().await {
				Err(ConsumerError::Unreached(_)) if since.elapsed() < self.inner.settings.patience => {}
				done => return done,
			}
			sleep(rest).await;
			rest = (rest * 2).min(LONGEST_REST);
		}
	}

	/// Vouches for everything, and asks the endpoint to settle it and close the channel. Requests that are being answered come to their end,
	/// but nobody is sure to be paid for them: wait for them first.
	pub async fn close(&self) -> Result<(), ConsumerError> {
		self.vouch().await?;
		let inner = &self.inner;
		let id = inner.subject.channel;
		let signature = inner.key.sign(&closing_payload(&id, &inner.subject.genesis));
		let path = format!("/v1/channels/{id}/close");
		let sent = inner.client.whole(Method::POST, &path, signature.encode(), ERROR).await;
		let (status, document) = sent.map_err(|error| ConsumerError::Unreached(error.to_string()))?;
		match status {
			StatusCode::ACCEPTED => Ok(()),
			status => Err(later(status, inner.complaint(status, &document)?)),
		}
	}
}
