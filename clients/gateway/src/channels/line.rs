//! A channel as a line.

use super::{Held, Shared};
use crate::{
	chain::Asked,
	ledger::OnLine,
	lines::{Answered, Line, NoteRequest, Outcome, Part, Reply, Unanswered},
};
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
#[derive(Clone)]
pub(super) struct Wire {
	pub(super) shared: Arc<Shared>,
	pub(super) held: Arc<Held>,
}

/// An answer through it.
struct Stream {
	wire: Wire,
	answer: Answer,
	request: Hash32,
	/// What the request may cost.
	most: Balance,
	/// What came before anybody asked for it.
	first: Option<Event>,
}

#[async_trait]
impl Line for Wire {
	fn most(&self, asked: &Asked) -> Option<Balance> {
		self.consumer().most(&asked.input, asked.generation.max_tokens)
	}

	async fn ask(&self, asked: Asked, note: &NoteRequest<'_>) -> Result<Box<dyn Reply>, Unanswered> {
		let consumer = self.consumer();
		// What is more than all money no channel covers.
		let most = self.most(&asked).unwrap_or(Balance::MAX);
		if !self.shared.is_covered(consumer, most) {
			self.shared.clone().fill(consumer.clone(), most);
			return Err(Unanswered::Absent("too little is left in the channel".into()));
		}
		let prepared = consumer.prepare(asked.input, asked.generation).await;
		let prepared = prepared.map_err(|error| self.unanswered(error, None, most))?;
		let request = prepared.request();
		let on_line = OnLine {
			channel: consumer.channel(),
			request,
		};
		// If the disk does not take it, it is not sent.
		note(on_line).await.map_err(Unanswered::Interrupted)?;
		let mut answer = prepared.send();
		let first = match answer.next().await {
			Some(Ok(event)) => event,
			Some(Err(error)) => return Err(self.unanswered(error, Some(&request), most)),
			None => return Err(ended()),
		};
		Ok(Box::new(Stream {
			wire: self.clone(),
			answer,
			request,
			most,
			first: Some(first),
		}))
	}
}

impl Wire {
	fn consumer(&self) -> &Arc<Consumer> {
		&self.held.consumer
	}

	/// What an error means for whoever asked, after what it calls for was done.
	///
	/// - `request`: if it may have been sent.
	fn unanswered(&self, error: ConsumerError, request: Option<&Hash32>, most: Balance) -> Unanswered {
		self.shared.react(&self.held, &error, most);
		let is_open = |request| !matches!(outcome(self.consumer(), request), Ok(Outcome::Never));
		match (request, &error) {
			(Some(request), _) if is_open(request) => Unanswered::Interrupted(error.to_string()),
			(_, ConsumerError::Refused(_)) => Unanswered::Refused(error.to_string()),
			_ => Unanswered::Absent(error.to_string()),
		}
	}

	/// The operator answers.
	fn answered(&self, answered: consumer::Answered) -> Answered {
		*self.held.unanswered.lock() = None;
		Answered {
			fee: answered.fee,
			verification: verification(self.consumer(), &answered),
			output: answered.revealed.output,
		}
	}

	/// The same for an answer of which something was told.
	fn interrupted(&self, error: ConsumerError, most: Balance) -> Unanswered {
		self.shared.react(&self.held, &error, most);
		Unanswered::Interrupted(error.to_string())
	}
}

/// What became of a request. A receipt is kept before it stops to be pending, so that none is missed between the two looks.
pub(super) fn outcome(consumer: &Consumer, request: &Hash32) -> Result<Outcome, ConsumerError> {
	if consumer.is_pending(request) {
		return Ok(Outcome::Open);
	}
	Ok(match consumer.kept(request)? {
		Some(answered) => Outcome::Answered(answered.fee),
		None => Outcome::Never,
	})
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
					Some(Err(error)) => return Err(self.wire.interrupted(error, self.most)),
					None => return Err(ended()),
				},
			};
			match event {
				Event::Tokens(tokens) => return Ok(Part::Tokens(tokens)),
				// They come with the receipt.
				Event::Values(_) => {}
				Event::Receipt(answered) => return Ok(Part::End(self.wire.answered(*answered))),
			}
		}
	}

	async fn stop(self: Box<Self>) -> Result<Answered, Unanswered> {
		let Self { wire, answer, most, .. } = *self;
		match answer.stop().await {
			Ok(answered) => Ok(wire.answered(answered)),
			Err(error) => Err(wire.interrupted(error, most)),
		}
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
