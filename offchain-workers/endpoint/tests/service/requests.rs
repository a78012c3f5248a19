//! Requests and their answers.

use crate::{
	client::{assert_progress, assert_signed, json, receipt, tokens, Consumer, Stream, Told},
	fake::{a_prompt, until, Consumers as _, House, EMBEDDER, PRICE, WRITER},
};
use assay_exact::Input;
use assay_protocol::{
	channel::{Content, Revealed, SignedRequest},
	job::{JobInput, JobOutput},
};
use hyper::{Method, StatusCode};
use std::sync::atomic::Ordering;

/// Checks an answer against the engine that is called directly.
fn assert_is_what_the_model_says(house: &House, signed: &SignedRequest, input: &JobInput, told: &[Told]) {
	let signed_receipt = receipt(told);
	assert_signed(&signed_receipt, &house.chain.worker_key());
	let output = JobOutput::Tokens(tokens(told).try_into().unwrap());
	let revealed = Revealed {
		request: signed.request.clone(),
		receipt: signed_receipt.receipt.clone(),
		input: input.clone(),
		output: output.clone(),
	};
	assert!(revealed.is_whole());
	let version = house.chain.version(WRITER);
	let (expected, trace) = assay_endpoint::engine::Engine::run(
		&*house.engine,
		&version.artifact,
		&Input::from(input.clone()),
		&revealed.generation(),
		&mut (),
	)
	.unwrap();
	assert_eq!(JobOutput::try_from(expected).unwrap(), output);
	assert_eq!(revealed.receipt.trace, trace);
	let units = version.program.units(input.len(), tokens(told).len() as u32);
	assert_eq!(revealed.receipt.units, units.0);
	assert_eq!(revealed.receipt.block, house.chain.block.load(Ordering::SeqCst) - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_streamed_with_its_progress_and_ends_with_a_receipt() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let (signed, input) = (consumer.a_request(0, 0, &a_prompt(), 40), a_prompt());
	let told = consumer.answer(&signed, &input).await;
	assert_eq!(tokens(&told).len(), 40);
	assert_eq!(assert_progress(&told, &signed, &house.chain.worker_key()), 2);
	assert_is_what_the_model_says(&house, &signed, &input, &told);
	assert_eq!(receipt(&told).receipt.max_tokens, 40);

	let (kept, output) = consumer.kept(&signed.request.root()).await.unwrap();
	assert_eq!(kept, receipt(&told));
	assert_eq!(Content::of_output(&output), kept.receipt.output);
	let (_, account) = consumer.account().await;
	let fee = PRICE * u128::from(kept.receipt.units);
	assert_eq!(account["unpaid"], fee.to_string());
	assert_eq!(account["lanes"][0]["answered"], 1);
	assert_eq!(account["lanes"][0]["vouched"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_as_they_are_generated() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 40);
	house.engine.hold_after(5);
	let mut stream = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	let mut seen = vec![];
	while seen.len() < 5 {
		seen.push(stream.next().await.unwrap());
		if tokens(&seen).len() == 5 {
			break;
		}
	}
	assert_eq!(tokens(&seen).len(), 5);
	// While nothing comes, somebody is there.
	let more = tokio::time::timeout(std::time::Duration::from_millis(300), stream.next()).await;
	assert!(more.is_err(), "{more:?}");
	assert!(stream.comments > 1);
	house.engine.let_go();
	seen.extend(stream.all().await);
	assert_is_what_the_model_says(&house, &signed, &a_prompt(), &seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_returns_a_vector_answers_with_its_values() {
	let house = House::new().await;
	let consumer = house.a_consumer_of(1, EMBEDDER, 100 * PRICE).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 0);
	let told = consumer.answer(&signed, &a_prompt()).await;
	let [Told::Values(values), Told::Receipt(signed_receipt)] = &told[..] else {
		panic!("{told:?}");
	};
	assert_signed(signed_receipt, &house.chain.worker_key());
	assert_eq!(signed_receipt.receipt.output, Content::vector(values));
	assert!(!values.is_empty());
	assert_eq!(consumer.answer(&signed, &a_prompt()).await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_again_gets_the_same_and_is_run_and_paid_once() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 40);
	house.engine.hold_after(20);
	let first = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	let second = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	house.engine.let_go();
	let (first, second) = tokio::join!(first.all(), second.all());
	let third = consumer.answer(&signed, &a_prompt()).await;
	for other in [&second, &third] {
		assert_eq!(tokens(other), tokens(&first));
		assert_eq!(receipt(other), receipt(&first));
		assert_eq!(assert_progress(other, &signed, &house.chain.worker_key()), 2);
	}
	assert_eq!(house.engine.runs.load(Ordering::SeqCst), 1);
	let (_, account) = consumer.account().await;
	let fee = PRICE * u128::from(receipt(&first).receipt.units);
	assert_eq!(account["unpaid"], fee.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn d13_a_consumer_that_goes_away_stops_the_answer_and_owes_what_it_got() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 500);
	house.engine.hold_after(20);
	let mut stream = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	let mut seen = vec![];
	while tokens(&seen).len() < 20 {
		seen.push(stream.next().await.unwrap());
	}
	drop(stream);
	until("it is stopped", || house.endpoint().in_flight() == 0).await;
	let told = consumer.answer(&signed, &a_prompt()).await;
	let receipt = receipt(&told).receipt;
	assert_eq!((receipt.max_tokens, receipt.output.length), (20, 20));
	assert_eq!(tokens(&told), tokens(&seen));
	house.engine.let_go();
	assert_is_what_the_model_says(&house, &signed, &a_prompt(), &told);
	// The next in the lane is answered as if nothing had been.
	let next = consumer.a_request(0, 1, &a_prompt(), 3);
	assert_eq!(tokens(&consumer.answer(&next, &a_prompt()).await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_still_listens_keeps_the_answer_going() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 60);
	house.engine.hold_after(20);
	let first = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	let second = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	drop(first);
	tokio::time::sleep(std::time::Duration::from_millis(200)).await;
	house.engine.let_go();
	assert_eq!(tokens(&second.all().await).len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_while_it_waits_for_its_turn_is_answered() {
	let house = House::with(crate::fake::Setup {
		at_once: 1,
		..crate::fake::Setup::default()
	})
	.await;
	let consumer = house.a_consumer(1).await;
	house.engine.hold_after(1);
	let first = consumer.a_request(0, 0, &a_prompt(), 3);
	let running = Stream::of(consumer.ask(&first, &a_prompt()).await);
	let signed = consumer.a_request(1, 0, &a_prompt(), 3);
	drop(Stream::of(consumer.ask(&signed, &a_prompt()).await));
	tokio::time::sleep(std::time::Duration::from_millis(100)).await;
	let again = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	house.engine.let_go();
	receipt(&running.all().await);
	assert_eq!(tokens(&again.all().await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_turn_and_is_not_wanted_costs_nothing() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	house.engine.hold_after(1);
	let mut streams = vec![];
	for lane in 0..4 {
		let signed = consumer.a_request(lane, 0, &a_prompt(), 3);
		streams.push(Stream::of(consumer.ask(&signed, &a_prompt()).await));
	}
	until("four run", || house.engine.runs.load(Ordering::SeqCst) == 4).await;
	let waiting = consumer.a_request(4, 0, &a_prompt(), 3);
	let stream = Stream::of(consumer.ask(&waiting, &a_prompt()).await);
	let (_, before) = consumer.account().await;
	drop(stream);
	tokio::time::sleep(std::time::Duration::from_millis(100)).await;
	house.engine.let_go();
	for stream in streams {
		receipt(&stream.all().await);
	}
	until("nothing runs", || house.endpoint().in_flight() == 0).await;
	assert_eq!(house.engine.runs.load(Ordering::SeqCst), 4);
	assert_eq!(consumer.kept(&waiting.request.root()).await, None);
	let (_, after) = consumer.account().await;
	assert_ne!(before["unpaid"], after["unpaid"]);
	assert_eq!(after["lanes"].as_array().unwrap().len(), 4);
	// It can be asked for again.
	assert_eq!(tokens(&consumer.answer(&waiting, &a_prompt()).await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_are_answered_side_by_side() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	house.engine.hold_after(1);
	let ask = |lane| {
		let consumer: Consumer = consumer.clone();
		async move {
			let signed = consumer.a_request(lane, 0, &a_prompt(), 3);
			let stream = Stream::of(consumer.ask(&signed, &a_prompt()).await);
			(signed, stream)
		}
	};
	let mut streams = vec![];
	for lane in 0..4 {
		streams.push(ask(lane).await);
	}
	until("all of them run", || house.engine.runs.load(Ordering::SeqCst) == 4).await;
	house.engine.let_go();
	for (signed, stream) in streams {
		assert_is_what_the_model_says(&house, &signed, &a_prompt(), &stream.all().await);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_what_is_served() {
	let house = House::new().await;
	let (status, document) = json(house.place(), Method::GET, "/v1/status", vec![]).await;
	assert_eq!(status, StatusCode::OK);
	assert_eq!(document["genesis"], format!("0x{}", "09".repeat(32)));
	assert_eq!((&document["block"], &document["finalized"]), (&10.into(), &8.into()));
	let operator = &document["operators"][0];
	assert_eq!(operator["operator"], crate::fake::OPERATOR.to_string());
	assert_eq!(operator["versions"][0]["version"], "0.0");
	assert_eq!(operator["versions"][0]["price"], PRICE.to_string());
	assert_eq!(operator["versions"][0]["largest"], crate::fake::LARGEST);
	assert_eq!(document["limits"]["unpaid_answers"], 16);
}
