//! What endpoints answer: limits, repeated requests, and what happens when something fails.

use crate::support::{Answer, Bench, Mood, COST};
use assay_gateway::Limits;
use axum::http::header;
use futures::future::join_all;
use serde_json::{json, Value};
use std::time::Duration;

const CHATS: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
const RESPONSES: &str = "/v1/responses";
/// More than any test spends.
const PLENTY: u128 = 1_000_000;

fn prompt(prompt: &str) -> Value {
	json!({ "model": "writer", "prompt": prompt, "max_tokens": 3 })
}

/// Waits for what other tasks bring about.
async fn eventually(what: &str, condition: impl Fn() -> bool) {
	for _ in 0..500 {
		if condition() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	panic!("waited in vain for {what}");
}

#[tokio::test]
async fn an_answer_is_a_job_that_can_be_verified() {
	let bench = Bench::new(PLENTY);
	let chat = json!({ "model": "0.0", "messages": [{ "role": "user", "content": "a" }], "max_tokens": 3 });
	let answer = bench.post(CHATS, &chat).await.document();
	assert_eq!(answer["choices"][0]["message"]["content"], "a b c");
	assert_eq!(answer["choices"][0]["finish_reason"], "length");
	let verification = &answer["verification"];
	assert_eq!(
		(&verification["job"], &verification["state"]),
		(&json!(0), &json!("claimed"))
	);
	let url = verification["url"].as_str().unwrap();
	assert_eq!(bench.get(url).await.document(), *verification);
	assert_eq!(bench.get("/v1/verification/9").await.error().1, "job_not_found");
	assert_eq!(bench.account(1).reserved, COST);
}

#[tokio::test]
async fn models_are_listed_by_name_and_found_by_number_too() {
	let bench = Bench::new(PLENTY);
	let listed = bench.get("/v1/models").await.document();
	let names: Vec<_> = listed["data"]
		.as_array()
		.unwrap()
		.iter()
		.map(|model| &model["id"])
		.collect();
	assert_eq!(names, ["writer", "embedder"]);
	assert_eq!(bench.get("/v1/models/1.0").await.document()["dimensions"], 2);
	assert_eq!(
		bench.get("/v1/models/x/y").await.error(),
		(404, json!("model_not_found"), json!("model"))
	);
}

#[tokio::test]
async fn a_stream_has_its_parts_in_order_and_an_end() {
	let bench = Bench::new(PLENTY);
	let mut asked = prompt("a");
	asked["stream"] = json!(true);
	asked["stream_options"] = json!({ "include_usage": true });
	let answer = bench.post(COMPLETIONS, &asked).await;
	assert_eq!(answer.headers[header::CONTENT_TYPE], "text/event-stream");
	let data: Vec<_> = answer
		.text
		.lines()
		.filter_map(|line| line.strip_prefix("data: "))
		.collect();
	assert_eq!(data.last(), Some(&"[DONE]"));
	let parts: Vec<Value> = data[..data.len() - 1]
		.iter()
		.map(|data| serde_json::from_str(data).unwrap())
		.collect();
	let text: String = parts
		.iter()
		.filter_map(|part| part["choices"][0]["text"].as_str())
		.collect();
	assert_eq!(text, "a b c");
	assert_eq!(parts.last().unwrap()["usage"]["completion_tokens"], 3);
}

#[tokio::test]
async fn a_response_is_text_in_and_text_out() {
	let bench = Bench::new(PLENTY);
	let mut asked = json!({ "model": "writer", "instructions": "b", "input": "a", "max_output_tokens": 3 });
	let answer = bench.post(RESPONSES, &asked).await.document();
	assert_eq!(answer["output"][0]["content"][0]["text"], "a b c");
	assert_eq!(
		(&answer["status"], &answer["store"]),
		(&json!("incomplete"), &json!(false))
	);
	asked["stream"] = json!(true);
	let streamed = bench.post(RESPONSES, &asked).await;
	let mut names = streamed.text.lines().filter_map(|line| line.strip_prefix("event: "));
	assert_eq!(
		(names.next(), names.next_back()),
		(Some("response.created"), Some("response.incomplete"))
	);
	let data: Vec<Value> = streamed
		.text
		.lines()
		.filter_map(|line| line.strip_prefix("data: "))
		.map(|data| serde_json::from_str(data).unwrap())
		.collect();
	let deltas: String = data.iter().filter_map(|event| event["delta"].as_str()).collect();
	assert_eq!(deltas, "a b c");
	let last = &data.last().unwrap()["response"];
	assert_eq!((&last["output"], &last["usage"]), (&answer["output"], &answer["usage"]));
	// The same job, which is that of the same chat too.
	let chat = json!({
		"model": "writer", "max_tokens": 3,
		"messages": [{ "role": "system", "content": "b" }, { "role": "user", "content": "a" }],
	});
	assert_eq!(
		bench.post(CHATS, &chat).await.document()["verification"],
		answer["verification"]
	);
	assert_eq!(bench.chain.count(), 1);
	asked["store"] = json!(true);
	let refused = bench.post(RESPONSES, &asked).await;
	assert_eq!(refused.error(), (400, json!("unsupported_parameter"), json!("store")));
}

#[tokio::test]
async fn a_response_that_fails_after_its_stream_has_begun_ends_with_an_error() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::Waits);
	let asked = json!({ "model": "writer", "input": "a", "stream": true });
	let begun = bench.begin(RESPONSES, &asked).await;
	bench.chain.set(Mood::Refunds);
	let streamed = Answer::of(begun).await;
	assert_eq!(streamed.status, 200);
	let data = streamed.text.lines().rfind(|line| line.starts_with("data: ")).unwrap();
	let last: Value = serde_json::from_str(&data["data: ".len()..]).unwrap();
	assert_eq!(
		(&last["type"], &last["code"]),
		(&json!("error"), &json!("job_refunded"))
	);
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_an_error_with_its_own_status() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::HasNoOperator);
	let mut asked = prompt("a");
	asked["stream"] = json!(true);
	let answer = bench.post(COMPLETIONS, &asked).await;
	assert_eq!(answer.error().1, "no_operator");
	assert!(answer.status == 503 && answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn the_same_job_is_bought_once() {
	let bench = Bench::new(PLENTY);
	let asked = prompt("a");
	let answers = join_all((0..10).map(|_| bench.post(COMPLETIONS, &asked))).await;
	assert!(answers.iter().all(|answer| answer.status == 200));
	let again = bench.post(COMPLETIONS, &asked).await;
	assert_eq!(again.text, answers[0].text);
	assert_eq!((bench.chain.count(), bench.account(1).reserved), (1, COST));
	// Of another key it is another one.
	let other = bench.with_key("other", PLENTY);
	other.post(COMPLETIONS, &asked).await;
	assert_eq!((bench.chain.count(), bench.account(2).reserved), (2, COST));
}

#[tokio::test]
async fn without_a_seed_only_a_repeated_request_gets_the_job_of_before() {
	let bench = Bench::new(PLENTY);
	let mut asked = prompt("a");
	asked["temperature"] = json!(1);
	let seed = |answer: Answer| answer.document()["verification"]["seed"].clone();
	let first = seed(bench.post(COMPLETIONS, &asked).await);
	let second = seed(bench.post(COMPLETIONS, &asked).await);
	assert_ne!(first, second);
	let mut repeated = bench.request(COMPLETIONS, &asked);
	repeated
		.headers_mut()
		.insert("x-stainless-retry-count", "1".parse().unwrap());
	assert_eq!(seed(bench.send(repeated).await), second);
	assert_eq!(bench.chain.count(), 2);
	asked["seed"] = json!(7);
	bench.post(COMPLETIONS, &asked).await;
	bench.post(COMPLETIONS, &asked).await;
	assert_eq!(bench.chain.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_never_spends_more_than_its_limit_however_many_ask_at_once() {
	let bench = Bench::new(5 * COST + COST / 2);
	let asked: Vec<_> = (1..=10).map(|words| prompt(&"a ".repeat(words))).collect();
	let answers = join_all(asked.iter().map(|asked| bench.post(COMPLETIONS, asked))).await;
	let bought = answers.iter().filter(|answer| answer.status == 200).count();
	assert_eq!((bought, bench.chain.count()), (5, 5));
	for refused in answers.iter().filter(|answer| answer.status != 200) {
		assert_eq!(refused.error(), (402, json!("insufficient_quota"), Value::Null));
	}
	assert_eq!(bench.account(1).reserved, 5 * COST);
}

#[tokio::test]
async fn several_inputs_are_bought_all_or_none() {
	let bench = Bench::new(2 * COST);
	let asked = |input: Value| json!({ "model": "embedder", "input": input });
	let refused = bench.post(EMBEDDINGS, &asked(json!(["a", "b", "c"]))).await;
	assert_eq!((refused.error().0, bench.chain.count()), (402, 0));
	// The same text twice is one job.
	let answer = bench.post(EMBEDDINGS, &asked(json!(["a", "b", "a"]))).await.document();
	assert_eq!(answer["data"][2]["embedding"], json!([1.0, -0.5]));
	assert_eq!(answer["verification"]["jobs"][2], answer["verification"]["jobs"][0]);
	assert_eq!((bench.chain.count(), bench.account(1).reserved), (2, 2 * COST));
}

#[tokio::test]
async fn what_takes_too_long_is_told_with_its_job_and_found_again() {
	let limits = Limits {
		wait: Duration::from_millis(200),
		..Limits::default()
	};
	let bench = Bench::with(PLENTY, limits);
	bench.chain.set(Mood::Waits);
	let late = bench.post(COMPLETIONS, &prompt("a")).await;
	assert_eq!(late.error(), (504, json!("job_timeout"), Value::Null));
	assert_eq!(late.document()["error"]["jobs"], json!([0]));
	assert_eq!(bench.account(1).reserved, COST);
	bench.chain.set(Mood::Claims);
	let found = bench.post(COMPLETIONS, &prompt("a")).await.document();
	assert_eq!((&found["verification"]["job"], bench.chain.count()), (&json!(0), 1));
}

#[tokio::test]
async fn a_client_that_leaves_loses_neither_its_job_nor_the_account_of_it() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::Waits);
	let (asking, asked) = (bench.clone(), prompt("a"));
	let client = tokio::spawn(async move { asking.post(COMPLETIONS, &asked).await });
	eventually("the job to be submitted", || bench.chain.count() == 1).await;
	client.abort();
	bench.chain.set(Mood::Claims);
	let answer = bench.post(COMPLETIONS, &prompt("a")).await;
	assert_eq!((answer.status.as_u16(), bench.chain.count()), (200, 1));
	assert_eq!(bench.account(1).reserved, COST);
}

#[tokio::test]
async fn a_job_without_a_result_is_told_and_may_be_tried_again() {
	let bench = Bench::new(PLENTY);
	bench.chain.set(Mood::Refunds);
	let refunded = bench.post(COMPLETIONS, &prompt("a")).await;
	assert_eq!(refunded.error().1, "job_refunded");
	bench.chain.set(Mood::Claims);
	assert_eq!(
		bench.post(COMPLETIONS, &prompt("a")).await.document()["verification"]["job"],
		1
	);
}

#[tokio::test]
async fn one_too_many_is_told_when_to_come_back_before_anything_is_done() {
	for (limits, what) in [
		(
			Limits {
				requests: 1,
				..Limits::default()
			},
			"requests",
		),
		(
			Limits {
				jobs: 1,
				..Limits::default()
			},
			"jobs",
		),
	] {
		let bench = Bench::with(PLENTY, limits);
		bench.chain.set(Mood::Waits);
		let (asking, asked) = (bench.clone(), prompt("a"));
		let client = tokio::spawn(async move { asking.post(COMPLETIONS, &asked).await });
		eventually("the job to be submitted", || bench.chain.count() == 1).await;
		let refused = bench.post(COMPLETIONS, &prompt("b")).await;
		assert_eq!(
			refused.error(),
			(429, json!("rate_limit_exceeded"), Value::Null),
			"{what}"
		);
		assert_eq!(refused.headers[header::RETRY_AFTER], "2");
		assert_eq!(bench.account(1).reserved, COST);
		bench.chain.set(Mood::Claims);
		assert_eq!(client.await.unwrap().status, 200);
		assert_eq!(bench.post(COMPLETIONS, &prompt("b")).await.status, 200, "{what}");
	}
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
	let limits = Limits {
		body: 1_000,
		..Limits::default()
	};
	let bench = Bench::with(PLENTY, limits);
	let with = |name: &str, value: Value| {
		let mut asked = prompt("a");
		asked[name] = value;
		asked
	};
	for (path, asked, status, code, param) in [
		(
			COMPLETIONS,
			with("model", json!("gpt")),
			404,
			"model_not_found",
			json!("model"),
		),
		(
			COMPLETIONS,
			with("top_p", json!(0.5)),
			400,
			"unsupported_parameter",
			json!("top_p"),
		),
		(
			COMPLETIONS,
			with("top_z", json!(1)),
			400,
			"unknown_parameter",
			json!("top_z"),
		),
		(
			COMPLETIONS,
			with("prompt", json!("a ".repeat(16))),
			400,
			"context_length_exceeded",
			json!("prompt"),
		),
		(
			COMPLETIONS,
			with("model", json!("embedder")),
			422,
			"unfit_model",
			json!("model"),
		),
		(
			COMPLETIONS,
			with("user", json!("x".repeat(1_000))),
			413,
			"request_too_large",
			Value::Null,
		),
		(COMPLETIONS, json!([]), 400, "invalid_request", Value::Null),
		(
			EMBEDDINGS,
			json!({ "model": "writer", "input": "a" }),
			422,
			"unfit_model",
			json!("model"),
		),
		(
			EMBEDDINGS,
			json!({ "model": "embedder", "input": "a", "dimensions": 3 }),
			400,
			"invalid_value",
			json!("dimensions"),
		),
		("/v1/images", json!({}), 404, "unknown_url", Value::Null),
	] {
		let answer = bench.post(path, &asked).await;
		assert_eq!(answer.error(), (status, json!(code), param), "{answer:?}");
		assert!(answer.headers.contains_key("x-request-id"));
	}
	let stranger = bench.with_secret("sk-assay-0");
	assert_eq!(stranger.post(COMPLETIONS, &prompt("a")).await.error().0, 401);
	let mut plain = bench.request(COMPLETIONS, &prompt("a"));
	plain
		.headers_mut()
		.insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
	assert_eq!(bench.send(plain).await.error().0, 415);
	assert_eq!(bench.chain.count(), 0);
	// Nothing of what is counted is told to clients.
	assert_eq!(bench.get("/metrics").await.error().0, 404);
	let metrics = bench.metrics().await;
	assert!(
		metrics.contains("{endpoint=\"/v1/completions\",status=\"413\"} 1"),
		"{metrics}"
	);
}
