//! Answers that come through a channel as they are generated.

use super::{
	now,
	purchase::{Bought, Progress, Source},
	Desk, Place,
};
use crate::{
	error::ApiError,
	keys::Key,
	ledger::{Attended, Most, OnLine, Stage},
	lines::{Answered, Line, Part, Reply, Unanswered},
	metrics::Outcome,
};
use assay_sdk::Balance;
use assay_trace::Hash32;
use futures::future::{join_all, BoxFuture};
use std::sync::Arc;

/// How an answer ended.
enum Ended {
	/// It is complete, or was stopped.
	Answered {
		request: Hash32,
		answered: Answered,
		is_stopped: bool,
	},
	/// There is none.
	Not(Unanswered),
}

impl Desk {
	/// Reserves and asks, all of it or nothing; returns what cannot be answered on the line, and was not asked there.
	pub(super) async fn on_line(&self, key: &Key, places: Vec<Place>, line: &dyn Line) -> Vec<Place> {
		let most = places.iter().map(|place| Most {
			// What is beyond all money nobody can reserve, and the ledger says so.
			escrow: line.most(&place.asked).unwrap_or(Balance::MAX),
			// What settling a channel costs beside is the gateway's.
			beside: 0,
		});
		match self.reserve(key, most.collect()).await {
			Ok(charges) => {
				let asked = places.into_iter().zip(charges);
				let asked = join_all(asked.map(|(place, charge)| self.ask(place, charge, line))).await;
				asked.into_iter().flatten().collect()
			}
			Err(error) => {
				for place in places {
					self.metrics.job(Outcome::NotSubmitted);
					self.end(place, Progress::Failed(error.clone()));
				}
				vec![]
			}
		}
	}

	/// Asks, and tells what comes; returns a request that nobody takes there.
	async fn ask(&self, place: Place, charge: Attended, line: &dyn Line) -> Option<Place> {
		let number = charge.number();
		let note = |on_line: OnLine| -> BoxFuture<'_, Result<(), String>> {
			Box::pin(async move {
				let noted = self.note(number, Stage::Asked(on_line)).await;
				noted.map_err(|error| format!("{error:#}"))
			})
		};
		let asked = tokio::select! {
			asked = line.ask(place.asked.clone(), &note) => asked,
			// What may have been sent is stopped.
			() = self.is_left(&place) => Err(Unanswered::Interrupted("whoever asked has left".into())),
		};
		let ended = match asked {
			Ok(reply) => {
				self.metrics.job(Outcome::Asked);
				self.listen(&place, reply).await
			}
			Err(unanswered) => Ended::Not(unanswered),
		};
		match ended {
			Ended::Answered {
				request,
				answered,
				is_stopped,
			} => {
				self.metrics.job(if is_stopped {
					Outcome::Stopped
				} else {
					Outcome::Answered
				});
				self.settle(number, answered.fee).await;
				let bought = Bought {
					source: Source::Request(request),
					prompt: place.asked.input.len(),
					max_tokens: place.asked.generation.max_tokens,
					output: Some(answered.output),
					verification: answered.verification,
					at: now(),
				};
				self.end(place, Progress::Bought(Arc::new(bought)));
				None
			}
			Ended::Not(Unanswered::Absent(reason)) => {
				log::info!("a job is bought, because the operator of the channel does not answer: {reason}");
				self.metrics.job(Outcome::NotSubmitted);
				self.settle(number, 0).await;
				Some(place)
			}
			Ended::Not(unanswered) => {
				log::warn!("charge {}: {unanswered}", number.0);
				if let Unanswered::Refused(_) = unanswered {
					self.metrics.job(Outcome::NotSubmitted);
					self.settle(number, 0).await;
				} else {
					self.metrics.job(Outcome::Unknown);
				}
				// From here on its charge is settled by what became of the request.
				drop(charge);
				self.end(place, Progress::Failed(ApiError::unanswered(&unanswered)));
				None
			}
		}
	}

	/// Tells what comes, until it is complete or nobody wants more of it.
	async fn listen(&self, place: &Place, mut reply: Box<dyn Reply>) -> Ended {
		let request = reply.request();
		place.teller.tell(Progress::Sent(Source::Request(request)));
		let ended = |answered, is_stopped| Ended::Answered {
			request,
			answered,
			is_stopped,
		};
		loop {
			let part = tokio::select! {
				part = reply.next() => part,
				() = self.is_left(place) => {
					return match reply.stop().await {
						Ok(answered) => ended(answered, true),
						Err(unanswered) => Ended::Not(unanswered),
					};
				}
			};
			match part {
				Ok(Part::Tokens(tokens)) => place.teller.add(&tokens),
				Ok(Part::End(answered)) => return ended(answered, false),
				Err(unanswered) => return Ended::Not(unanswered),
			}
		}
	}

	/// Returns when nobody waits for it any more, and it is off the shelf.
	async fn is_left(&self, place: &Place) {
		loop {
			place.teller.is_unwanted().await;
			if self.abandon(place) {
				return;
			}
		}
	}

	/// Takes what nobody wants off the shelf, so that nobody joins it any more; not if somebody has in the meantime.
	fn abandon(&self, place: &Place) -> bool {
		let mut shelf = self.shelf.lock();
		let is_unwanted = place.teller.wanted() == 0;
		if is_unwanted {
			shelf.end(&place.identity, &place.teller, false);
		}
		is_unwanted
	}
}
