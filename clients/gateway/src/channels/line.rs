//! A channel as a line.

use super::Shared;
use crate::{
	chain::Asked,
	ledger::OnLine,
	lines::{Answered, Line, NoteRequest, Part, Reply, Unanswered},
};
use assay_protocol::ModelVersion;
use assay_sdk::{
	consumer::{self, Answer, Consumer, ConsumerError, Event},
	jobs::Sampler,
	Amount, Balance,
};
use assay_trace::Hash32;
use async_trait::async_trait;
use codec::Encode;
use serde_json::{json, Value};
use std::sync::Arc;

/// A channel that is open.
pub(super) struct Wire {
	pub(super) shared: Arc<Shared>,
	pub(super) version: ModelVersion,
	pub(super) consumer: Arc<Consumer>,
}

/// An answer through it.
struct Stream {
	consumer: Arc<Consumer>,
	answer: Answer,
	request: Hash32,
	/// What came before anybody asked for it.
	first: Option<Event>,
}

#[async_trait]
impl Line for Wire {
	fn most(&self, asked: &Asked) -> Option<Balance> {
		self.consumer.most(&asked.input, asked.generation.max_tokens)
	}

	async fn ask(&self, asked: Asked, note: &NoteRequest<'_>) -> Result<Box<dyn Reply>, Unanswered> {
		let answer = self.consumer.ask(asked.input, asked.generation).await;
		let mut answer = answer.map_err(|error| self.unanswered(error, None))?;
		let request = answer.request();
		let on_line = OnLine {
			channel: self.consumer.channel(),
			request,
		};
		// If the disk does not take it, the answer is dropped, and so stopped.
		note(on_line).await.map_err(Unanswered::Interrupted)?;
		let first = match answer.next().await {
			Some(Ok(event)) => event,
			Some(Err(error)) => return Err(self.unanswered(error, Some(&request))),
			None => return Err(ended()),
		};
		Ok(Box::new(Stream {
			consumer: self.consumer.clone(),
			answer,
			request,
			first: Some(first),
		}))
	}
}

impl Wire {
	/// What an error means for whoever asked.
	///
	/// - `request`: if it may have been sent.
	fn unanswered(&self, error: ConsumerError, request: Option<&Hash32>) -> Unanswered {
		self.react(&error);
		match (request, &error) {
			(Some(request), _) if is_open(&self.consumer, request) => Unanswered::Interrupted(error.to_string()),
			(_, ConsumerError::Refused(_)) => Unanswered::Refused(error.to_string()),
			_ => Unanswered::Absent(error.to_string()),
		}
	}

	/// Does what an error calls for.
	fn react(&self, error: &ConsumerError) {
		let id = self.consumer.channel();
		match error {
			ConsumerError::Unpaid { .. } => {
				log::warn!("channel {id}: {error}");
				tokio::spawn(self.shared.clone().fill(id));
			}
			ConsumerError::Closing | ConsumerError::UnknownChannel | ConsumerError::NoLane => {
				log::warn!("channel {id} is not used any more: {error}");
				self.shared.hang_up(self.version, id);
			}
			ConsumerError::Wrong(evidence) => {
				log::error!(
					"channel {id} is not used any more: {evidence}; it is kept, and can be brought to the chain"
				);
				self.shared.hang_up(self.version, id);
			}
			_ => {}
		}
	}
}

/// Whether a request may have to be paid yet.
fn is_open(consumer: &Consumer, request: &Hash32) -> bool {
	consumer.is_pending(request) || consumer.kept(request).is_ok_and(|kept| kept.is_some())
}

fn ended() -> Unanswered {
	Unanswered::Interrupted("the gateway ends".into())
}

#[async_trait]
impl Reply for Stream {
	fn request(&self) -> Hash32 {
		self.request
	}

	async fn next(&mut self) -> Result<Part, Unanswered> {
		loop {
			let event = match self.first.take() {
				Some(event) => event,
				None => match self.answer.next().await {
					Some(Ok(event)) => event,
					Some(Err(error)) => return Err(Unanswered::Interrupted(error.to_string())),
					None => return Err(ended()),
				},
			};
			match event {
				Event::Tokens(tokens) => return Ok(Part::Tokens(tokens)),
				// They come with the receipt.
				Event::Values(_) => {}
				Event::Receipt(answered) => return Ok(Part::End(of(&self.consumer, *answered))),
			}
		}
	}

	async fn stop(self: Box<Self>) -> Result<Answered, Unanswered> {
		let Self { consumer, answer, .. } = *self;
		match answer.stop().await {
			Ok(answered) => Ok(of(&consumer, answered)),
			Err(error) => Err(Unanswered::Interrupted(error.to_string())),
		}
	}
}

fn of(consumer: &Consumer, answered: consumer::Answered) -> Answered {
	Answered {
		fee: answered.fee,
		verification: verification(consumer, &answered),
		output: answered.revealed.output,
	}
}

/// What shows where an answer comes from, and that its operator answers for it.
fn verification(consumer: &Consumer, answered: &consumer::Answered) -> Value {
	let (request, receipt) = (&answered.revealed.request, &answered.revealed.receipt);
	let terms = consumer.terms();
	let mut document = json!({
		"channel": receipt.channel,
		"request": receipt.request,
		"model": terms.version.to_string(),
		"operator": terms.operator.to_string(),
		"state": "answered",
		"units": receipt.units,
		"fee": Amount(answered.fee),
		"trace": receipt.trace.0,
		"block": receipt.block,
		"url": format!("/v1/verification/{}", receipt.request),
	});
	if let Sampler::Gumbel { seed, .. } = request.generation.sampler {
		document["seed"] = format!("0x{}", hex::encode(seed)).into();
	}
	document
}

/// The same with what is presented to the chain if it is wrong.
pub(super) fn whole(consumer: &Consumer, answered: &consumer::Answered) -> Value {
	let hex_of = |bytes: Vec<u8>| format!("0x{}", hex::encode(bytes));
	let mut document = verification(consumer, answered);
	document["revealed"] = hex_of(answered.revealed.encode()).into();
	document["signature"] = hex_of(answered.signature.encode()).into();
	document
}
