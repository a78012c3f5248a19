//! One attempt of a request: it is sent, and what comes back is listened to, or its receipt is asked for.

use super::{again, Next, Pursuit, ERROR, FIRST_REST, TRIES};
use crate::{
	consumer::{
		client::{NoReply, Reply},
		error::Breach,
		events::{Complaint, Events, Told},
		evidence::Answered,
		heard::{Disbelief, Heard, EVENT, KEPT},
		refusal, ConsumerError, Event,
	},
	BlockNumber,
};
use assay_protocol::{channel::SignedReceipt, job::JobOutput};
use codec::DecodeAll;
use hyper::{Method, StatusCode};
use std::time::Duration;
use tokio::time::{sleep, timeout_at, Instant};

/// How often a receipt is asked for before the request is sent again.
const POLLS: u32 = 6;

impl Pursuit {
	/// Sends it.
	pub(super) async fn attempt(&mut self) -> Next {
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
		let before = before || reply.is_second;
		// Whoever took it over the connection that broke may have stopped it.
		self.heard.is_stopped |= reply.is_second;
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
		let begun = Instant::now();
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
						return Ok(Next::Answered(Box::new(answered)));
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
			let stall = self.inner.settings.stall;
			let Ok(piece) = timeout_at(self.since.max(begun) + stall, reply.piece()).await else {
				let why = format!("the answer got no further for {} s", stall.as_secs());
				return Ok(self.broken(NoReply::Broken(why)));
			};
			match piece {
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
			_ => self.refused(refusal(status, complaint)),
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
			false => self.refused(refusal(StatusCode::PAYMENT_REQUIRED, complaint)),
		}
	}

	/// Asks for the receipt of what nobody waits for any more.
	pub(super) async fn learn(&mut self) -> Next {
		if !self.is_in_doubt {
			return Next::Free(None);
		}
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
						Ok(answered) => Next::Answered(Box::new(answered)),
						Err(next) => next,
					};
				}
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
