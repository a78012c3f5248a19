//! Answers that come through channels, as they are generated.

use crate::support::{Answer, Bench, Mood, BESIDE, FEE, MOST};
use assay_gateway::{
	ledger::{Account, OnLine},
	Answered, Asked, Line, Lines, NoteRequest, Outcome, Part, Reply, Unanswered,
};
use assay_protocol::{job::JobOutput, ChannelId, ModelId, ModelVersion};
use assay_sdk::Balance;
use assay_trace::Hash32;
use async_trait::async_trait;
use axum::http::StatusCode;
use futures::StreamExt;
use serde_json::{json, Value};
use std::sync::{
	atomic::{AtomicUsize, Ordering},
	Arc, Mutex,
};
use tokio::sync::watch;

/// What a token costs on the line, beside one unit for the input.
const OF_TOKEN: Balance = 2;
const CHANNEL: ChannelId = ChannelId(Hash32([6; 32]));

/// What the operator does.
#[derive(Clone, PartialEq, Debug)]
enum Manner {
	/// It generates so many tokens of each answer, and waits until it may go on.
	Generates(usize),
	/// It is not there.
	IsAbsent,
	/// It refuses.
	Refuses,
	/// It goes away after the first token.
	GoesAway,
	/// It takes requests, and never says a word.
	IsSilent,
}

/// Lines that are made up: they answer `a b c a b c …`.
struct Operator {
	manner: watch::Sender<Manner>,
	asked: AtomicUsize,
	stopped: AtomicUsize,
	/// What became of requests of before.
	outcome: Mutex<Outcome>,
}

impl Operator {
	fn new(manner: Manner) -> Arc<Self> {
		Arc::new(Self {
			manner: watch::channel(manner).0,
			asked: AtomicUsize::new(0),
			stopped: AtomicUsize::new(0),
			outcome: Mutex::new(Outcome::Open),
		})
	}

	fn wires(self: &Arc<Self>) -> Wires {
		Wires(self.clone())
	}

	fn does(&self, manner: Manner) {
		self.manner.send_replace(manner);
	}

	fn asked(&self) -> usize {
		self.asked.load(Ordering::SeqCst)
	}
}

/// The lines to it.
#[derive(Clone)]
struct Wires(Arc<Operator>);

struct Wire(Arc<Operator>);

struct Stream {
	operator: Arc<Operator>,
	request: Hash32,
	max_tokens: u32,
	told: usize,
}

fn cost(tokens: usize) -> Balance {
	1 + OF_TOKEN * tokens as Balance
}

#[async_trait]
impl Lines for Wires {
	async fn find(&self, version: ModelVersion) -> Option<Arc<dyn Line>> {
		(version.model == ModelId(0)).then(|| Arc::new(Wire(self.0.clone())) as _)
	}

	async fn outcome(&self, asked: &OnLine) -> Result<Outcome, String> {
		assert_eq!(asked.channel, CHANNEL);
		Ok(*self.0.outcome.lock().unwrap())
	}

	async fn verification(&self, request: Hash32) -> Result<Option<Value>, String> {
		Ok((request == Hash32([1; 32])).then(|| json!({ "request": request })))
	}
}

#[async_trait]
impl Line for Wire {
	fn most(&self, asked: &Asked) -> Option<Balance> {
		Some(cost(asked.generation.max_tokens as usize))
	}

	async fn ask(&self, asked: Asked, note: &NoteRequest<'_>) -> Result<Box<dyn Reply>, Unanswered> {
		let manner = self.0.manner.borrow().clone();
		match manner {
			Manner::IsAbsent => return Err(Unanswered::Absent("nobody is there".into())),
			Manner::Refuses => return Err(Unanswered::Refused("it is not wanted".into())),
			Manner::Generates(_) | Manner::GoesAway | Manner::IsSilent => {}
		}
		let number = self.0.asked.fetch_add(1, Ordering::SeqCst) + 1;
		let request = Hash32([number as u8; 32]);
		note(OnLine {
			channel: CHANNEL,
			request,
		})
		.await
		.unwrap();
		if manner == Manner::IsSilent {
			std::future::pending::<()>().await;
		}
		Ok(Box::new(Stream {
			operator: self.0.clone(),
			request,
			max_tokens: asked.generation.max_tokens,
			told: 0,
		}))
	}
}

impl Stream {
	fn answered(&self) -> Answered {
		let tokens: Vec<_> = (0..self.told).map(|at| at as u32 % 3 + 1).collect();
		Answered {
			output: JobOutput::Tokens(tokens.try_into().unwrap()),
			fee: cost(self.told),
			verification: json!({ "request": self.request, "state": "answered" }),
		}
	}
}

#[async_trait]
impl Reply for Stream {
	fn request(&self) -> Hash32 {
		self.request
	}

	async fn next(&mut self) -> Result<Part, Unanswered> {
		if self.told == self.max_tokens as usize {
			return Ok(Part::End(self.answered()));
		}
		let told = self.told;
		let may_go_on = |manner: &Manner| match manner {
			Manner::Generates(count) => told < *count,
			Manner::GoesAway => true,
			_ => false,
		};
		let manner = self
			.operator
			.manner
			.subscribe()
			.wait_for(may_go_on)
			.await
			.unwrap()
			.clone();
		if manner == Manner::GoesAway && told > 0 {
			return Err(Unanswered::Interrupted("it has gone".into()));
		}
		self.told += 1;
		Ok(Part::Tokens(vec![told as u32 % 3 + 1]))
	}

	async fn stop(self: Box<Self>) -> Result<Answered, Unanswered> {
		self.operator.stopped.fetch_add(1, Ordering::SeqCst);
		Ok(self.answered())
	}
}

fn a_chat(stream: bool) -> Value {
	let messages = json!([{ "role": "user", "content": "a" }]);
	json!({ "model": "writer", "messages": messages, "max_tokens": 4, "stream": stream })
}

const CHAT: &str = "/v1/chat/completions";

/// The contents of a stream, as they come.
struct Deltas(axum::body::BodyDataStream, String);

impl Deltas {
	async fn of(bench: &Bench, document: &Value) -> Self {
		let response = bench.begin(CHAT, document).await;
		assert_eq!(response.status(), StatusCode::OK);
		Self(response.into_body().into_data_stream(), String::new())
	}

	/// The next document; nothing at the end.
	async fn next(&mut self) -> Option<Value> {
		loop {
			if let Some(end) = self.1.find("\n\n") {
				let block: String = self.1.drain(..end + 2).collect();
				match block.trim().strip_prefix("data: ") {
					Some("[DONE]") => return None,
					Some(document) => return Some(serde_json::from_str(document).unwrap()),
					None => continue,
				}
			}
			self.1
				.push_str(std::str::from_utf8(&self.0.next().await?.unwrap()).unwrap());
		}
	}

	/// The text until so much of it is there.
	async fn text(&mut self, until: &str) {
		let mut text = String::new();
		while text.trim() != until {
			let document = self.next().await.expect("the stream goes on");
			text.push_str(document["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
		}
	}

	async fn rest(mut self) -> Vec<Value> {
		let mut rest = vec![];
		while let Some(document) = self.next().await {
			rest.push(document);
		}
		rest
	}
}

async fn until(what: &str, holds: impl Fn() -> bool) {
	for _ in 0..2_000 {
		if holds() {
			return;
		}
		tokio::time::sleep(std::time::Duration::from_millis(2)).await;
	}
	panic!("in vain: {what}");
}

#[tokio::test]
async fn a_text_is_streamed_as_it_is_generated() {
	let operator = Operator::new(Manner::Generates(2));
	let bench = Bench::with_lines(1_000, operator.wires());
	let mut deltas = Deltas::of(&bench, &a_chat(true)).await;
	deltas.text("a b").await;
	assert_eq!(bench.account(1).spent, 0);
	operator.does(Manner::Generates(9));
	let rest = deltas.rest().await;
	let last = rest.last().unwrap();
	assert_eq!(last["choices"][0]["finish_reason"], "length");
	assert_eq!(last["verification"]["state"], "answered");
	let paid = Account {
		spent: cost(4),
		reserved: 0,
	};
	assert_eq!(bench.account(1), paid);
	assert_eq!((operator.asked(), bench.chain.count()), (1, 0));
	let id = last["id"].as_str().unwrap().strip_prefix("chatcmpl-").unwrap();
	let verification = bench.get(&format!("/v1/verification/{id}")).await;
	assert_eq!(verification.document()["request"], id);
	let nothing = bench.get(&format!("/v1/verification/{}", Hash32([9; 32]))).await;
	assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stop_ends_the_answer_and_what_follows_is_not_paid() {
	let operator = Operator::new(Manner::Generates(3));
	let bench = Bench::with_lines(1_000, operator.wires());
	for stream in [false, true] {
		let mut chat = a_chat(stream);
		chat["stop"] = json!([if stream { "c" } else { "b c" }]);
		let answer = bench.post(CHAT, &chat).await;
		assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
		assert!(answer.text.contains("\"finish_reason\":\"stop\""), "{answer:?}");
		let unwanted = if stream { ":\"c\"" } else { "b c" };
		assert!(!answer.text.contains(unwanted), "{answer:?}");
		assert_eq!(bench.account(1).reserved, 0);
	}
	assert_eq!(operator.stopped.load(Ordering::SeqCst), 2);
	assert_eq!(bench.account(1).spent, 2 * cost(3));
}

#[tokio::test]
async fn d13_a_client_that_goes_away_stops_the_answer() {
	let operator = Operator::new(Manner::Generates(2));
	let bench = Bench::with_lines(1_000, operator.wires());
	let mut deltas = Deltas::of(&bench, &a_chat(true)).await;
	deltas.text("a b").await;
	drop(deltas);
	until("it is paid so far", || bench.account(1).spent == cost(2)).await;
	assert_eq!(operator.stopped.load(Ordering::SeqCst), 1);
	// Whoever asks again gets the whole.
	operator.does(Manner::Generates(9));
	let again = bench.post(CHAT, &a_chat(false)).await.document();
	assert_eq!(again["usage"]["completion_tokens"], 4);
	assert_eq!(operator.asked(), 2);
}

#[tokio::test]
async fn q04_a_client_that_goes_away_is_not_waited_for_where_nothing_comes() {
	let operator = Operator::new(Manner::IsSilent);
	let bench = Bench::with_lines(1_000, operator.wires());
	let asked = tokio::spawn({
		let bench = bench.clone();
		async move { bench.post(CHAT, &a_chat(false)).await }
	});
	until("it is asked", || operator.asked() == 1).await;
	assert!(bench.metrics().await.contains("assay_gateway_jobs_in_flight 1"));
	asked.abort();
	for _ in 0..2_000 {
		if bench.metrics().await.contains("assay_gateway_jobs_in_flight 0") {
			break;
		}
		tokio::time::sleep(std::time::Duration::from_millis(2)).await;
	}
	assert!(bench.metrics().await.contains("assay_gateway_jobs_in_flight 0"));
	// No job is bought for it, and its charge waits for what became of the request.
	assert_eq!(bench.chain.count(), 0);
	bench.settle().await;
	assert_eq!(bench.account(1).reserved, cost(4));
	*operator.outcome.lock().unwrap() = Outcome::Never;
	bench.settle().await;
	assert_eq!(bench.account(1), Account::default());
}

#[tokio::test]
async fn the_same_request_shares_an_answer_that_goes_on_as_long_as_one_waits() {
	let operator = Operator::new(Manner::Generates(2));
	let bench = Bench::with_lines(1_000, operator.wires());
	let (mut one, mut other) = (
		Deltas::of(&bench, &a_chat(true)).await,
		Deltas::of(&bench, &a_chat(true)).await,
	);
	one.text("a b").await;
	other.text("a b").await;
	drop(one);
	operator.does(Manner::Generates(9));
	let rest = other.rest().await;
	assert_eq!(rest.last().unwrap()["choices"][0]["finish_reason"], "length");
	assert_eq!((operator.asked(), operator.stopped.load(Ordering::SeqCst)), (1, 0));
	assert_eq!(bench.account(1).spent, cost(4));
}

#[tokio::test]
async fn a_job_is_bought_where_the_operator_does_not_answer() {
	let bench = Bench::with_lines(1_000, Operator::new(Manner::IsAbsent).wires());
	let answer = bench.post(CHAT, &a_chat(false)).await;
	assert_eq!(answer.document()["verification"]["job"], 0);
	assert_eq!(bench.account(1).reserved, MOST.total().unwrap());
	bench.chain.set(Mood::IsFinal);
	bench.settle().await;
	assert_eq!(bench.account(1).spent, FEE + BESIDE);
}

#[tokio::test]
async fn a_version_without_a_channel_is_bought_by_jobs() {
	let operator = Operator::new(Manner::Generates(9));
	let bench = Bench::with_lines(1_000, operator.wires());
	let asked = json!({ "model": "embedder", "input": "a" });
	let answer = bench.post("/v1/embeddings", &asked).await;
	assert_eq!(answer.status, StatusCode::OK);
	assert_eq!((operator.asked(), bench.chain.count()), (0, 1));
}

#[tokio::test]
async fn what_the_operator_refuses_costs_nothing() {
	let bench = Bench::with_lines(1_000, Operator::new(Manner::Refuses).wires());
	let answer = bench.post(CHAT, &a_chat(true)).await;
	assert_eq!(answer.error().0, 400);
	assert_eq!((bench.account(1), bench.chain.count()), (Account::default(), 0));
}

#[tokio::test]
async fn what_is_more_than_the_key_has_is_not_asked_for() {
	let operator = Operator::new(Manner::Generates(9));
	let bench = Bench::with_lines(cost(4) - 1, operator.wires());
	let answer = bench.post(CHAT, &a_chat(true)).await;
	assert_eq!(answer.error().0, 402);
	assert_eq!(operator.asked(), 0);
}

#[tokio::test]
async fn an_answer_that_is_interrupted_is_settled_when_it_is_known_what_became_of_it() {
	for (outcome, spent) in [(Outcome::Answered(7), 7), (Outcome::Never, 0)] {
		let operator = Operator::new(Manner::GoesAway);
		let bench = Bench::with_lines(1_000, operator.wires());
		let answer = bench.post(CHAT, &a_chat(false)).await;
		assert_eq!(answer.error().0, 503);
		assert_eq!(answer.headers["x-should-retry"], "false");
		bench.settle().await;
		assert_eq!(bench.account(1).reserved, cost(4));
		// Another program finds it too.
		let bench = bench.killed_with(operator.wires());
		*operator.outcome.lock().unwrap() = outcome;
		bench.settle().await;
		assert_eq!(bench.account(1), Account { spent, reserved: 0 });
	}
}

#[tokio::test]
async fn an_answer_that_fails_on_its_way_ends_with_an_error() {
	let operator = Operator::new(Manner::Generates(1));
	let bench = Bench::with_lines(1_000, operator.wires());
	let response = bench.begin(CHAT, &a_chat(true)).await;
	operator.does(Manner::GoesAway);
	let answer = Answer::of(response).await;
	assert_eq!(answer.status, StatusCode::OK);
	assert!(answer.text.contains("\"code\":\"interrupted\""), "{answer:?}");
	assert!(answer.text.ends_with("data: [DONE]\n\n"), "{answer:?}");
}
