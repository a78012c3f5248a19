//! What keys may ask in a minute.

use crate::support::{Answer, Bench};
use assay_gateway::keys::Terms;
use axum::http::header;
use serde_json::{json, Value};
use std::num::NonZeroU32;

const COMPLETIONS: &str = "/v1/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
/// More than any test spends.
const PLENTY: u128 = 1_000_000;

/// Three tokens to generate after those of a text.
fn prompt(prompt: &str) -> Value {
	json!({ "model": "writer", "prompt": prompt, "max_tokens": 3 })
}

fn requests(requests: u32) -> Terms {
	Terms {
		requests_per_minute: NonZeroU32::new(requests),
		..Terms::default()
	}
}

fn tokens(tokens: u32) -> Terms {
	Terms {
		tokens_per_minute: NonZeroU32::new(tokens),
		..Terms::default()
	}
}

/// What an answer says of a measure: limit and what is left.
fn told(answer: &Answer, measure: &str) -> (u32, u32) {
	let read = |of: &str| {
		let header = &answer.headers[format!("x-ratelimit-{of}-{measure}")];
		header.to_str().unwrap().parse().unwrap()
	};
	assert!(answer.headers.contains_key(format!("x-ratelimit-reset-{measure}")));
	(read("limit"), read("remaining"))
}

/// Whether an answer says that a key has asked for too much, and when to ask again.
fn is_refused(answer: &Answer, measure: &str) -> bool {
	let (status, code, _) = answer.error();
	assert_eq!((status, code), (429, json!("rate_limit_exceeded")), "{answer:?}");
	let seconds = answer.headers[header::RETRY_AFTER]
		.to_str()
		.unwrap()
		.parse::<u64>()
		.unwrap();
	let milliseconds = answer.headers["retry-after-ms"]
		.to_str()
		.unwrap()
		.parse::<u64>()
		.unwrap();
	assert!(
		(1..=60).contains(&seconds) && milliseconds <= seconds * 1_000,
		"{answer:?}"
	);
	answer.document()["error"]["type"] == measure
}

#[tokio::test]
async fn every_answer_tells_what_its_key_has_left() {
	let bench = Bench::new(PLENTY);
	let usual = bench.with_key("other", PLENTY).get("/v1/models").await;
	assert_eq!((told(&usual, "requests").0, told(&usual, "tokens").0), (600, 300_000));
	// So few that seconds pass before one is back.
	bench.change(requests(5));
	bench.change(tokens(10));
	let answer = bench.post(COMPLETIONS, &prompt("a b")).await;
	assert_eq!((told(&answer, "requests"), told(&answer, "tokens")), ((5, 4), (10, 5)));
	let answer = bench.get("/v1/models").await;
	assert_eq!((told(&answer, "requests"), told(&answer, "tokens")), ((5, 3), (10, 5)));
	// So does one that says no, but not to somebody without a key.
	let refused = bench.post(COMPLETIONS, &json!({})).await;
	assert_eq!((refused.status.as_u16(), told(&refused, "requests")), (400, (5, 2)));
	let stranger = bench.with_secret("sk-assay-0").get("/v1/models").await;
	assert!(stranger
		.headers
		.keys()
		.all(|name| !name.as_str().starts_with("x-ratelimit")));
}

#[tokio::test]
async fn a_key_that_sends_too_many_requests_is_refused_before_anything_is_done() {
	let bench = Bench::new(PLENTY);
	let other = bench.with_key("other", PLENTY);
	bench.change(requests(2));
	assert_eq!(told(&bench.post(COMPLETIONS, &prompt("a")).await, "requests"), (2, 1));
	assert_eq!(told(&bench.post(COMPLETIONS, &prompt("b")).await, "requests"), (2, 0));
	let refused = bench.post(COMPLETIONS, &prompt("c")).await;
	assert!(is_refused(&refused, "requests"));
	assert_eq!((told(&refused, "requests"), bench.chain.count()), ((2, 0), 2));
	// What is read only is a request too; another key has its own.
	assert!(is_refused(&bench.get("/v1/models").await, "requests"));
	assert_eq!(other.post(COMPLETIONS, &prompt("c")).await.status, 200);
	assert_eq!(bench.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_key_that_asks_for_too_many_tokens_is_refused_before_anything_is_bought() {
	let bench = Bench::new(PLENTY);
	bench.change(tokens(10));
	let answer = bench.post(COMPLETIONS, &prompt("a b c")).await;
	assert_eq!(told(&answer, "tokens"), (10, 4));
	let refused = bench.post(COMPLETIONS, &prompt("a a")).await;
	assert!(is_refused(&refused, "tokens"));
	assert_eq!((told(&refused, "tokens").1, bench.chain.count()), (4, 1));
	assert_eq!(bench.post(COMPLETIONS, &prompt("a")).await.status, 200);
	let texts = json!({ "model": "embedder", "input": ["a b", "c"] });
	assert!(is_refused(&bench.post(EMBEDDINGS, &texts).await, "tokens"));
	assert_eq!(bench.chain.count(), 2);
}

#[tokio::test]
async fn what_no_minute_has_is_refused_for_good() {
	let bench = Bench::new(PLENTY);
	bench.change(tokens(10));
	let refused = bench.post(COMPLETIONS, &prompt(&"a ".repeat(8))).await;
	assert_eq!(refused.error(), (429, json!("rate_limit_exceeded"), Value::Null));
	assert_eq!(refused.headers["x-should-retry"], "false");
	assert!(!refused.headers.contains_key(header::RETRY_AFTER));
	assert_eq!((told(&refused, "tokens"), bench.chain.count()), ((10, 10), 0));
}
