//! Answers as they come, and what is paid for them.

use crate::setting::{all, an_answer, next, settings, tokens, until, Setting, Wire};
use assay_endpoint::{desk::Credit, engine::Engine};
use assay_endpoint_testing::{a_prompt, House, Setup, ASY, EMBEDDER, PRICE, WRITER};
use assay_exact::{Input, Output};
use assay_protocol::job::JobOutput;
use assay_sdk::consumer::{ConsumerError, Event};
use std::sync::atomic::Ordering;

/// What the model says.
fn said(setting: &Setting, max_tokens: u32) -> Vec<u32> {
	struct Nobody;
	impl assay_engine::Observer for Nobody {}
	let artifact = setting.house.chain.version(WRITER).artifact;
	let ran = setting
		.house
		.engine
		.run(&artifact, &Input::from(a_prompt()), &tokens(max_tokens), &mut Nobody);
	match ran.unwrap().0 {
		Output::Tokens(tokens) => tokens,
		Output::Vector(_) => panic!("no tokens"),
	}
}

fn told(events: &[Event]) -> Vec<u32> {
	let of = |event: &Event| match event {
		Event::Tokens(tokens) => tokens.clone(),
		_ => vec![],
	};
	events.iter().flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_with_its_receipt_and_is_paid_in_the_background() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let (events, error) = all(consumer.ask(a_prompt(), tokens(40)).await.unwrap()).await;
	assert!(error.is_none(), "{error:?}");
	assert_eq!(told(&events), said(&setting, 40));
	let Some(Event::Receipt(answered)) = events.last() else {
		panic!("no receipt: {events:?}")
	};
	assert!(answered.revealed.is_whole());
	assert_eq!(answered.fee, PRICE * u128::from(answered.revealed.receipt.units));
	assert_eq!(
		consumer.kept(&answered.revealed.receipt.request).unwrap().as_ref(),
		Some(&**answered)
	);
	until("it is vouched for", async || {
		let account = consumer.account().await.unwrap();
		let said = account.lanes[0].said.unwrap();
		(said.answered, said.vouched, account.lanes[0].vouched) == (1, 1, 1)
	})
	.await;
	assert_eq!(consumer.account().await.unwrap().unpaid.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vector_comes_whole() {
	let setting = Setting::of(House::new().await, EMBEDDER, 100 * ASY).await;
	let consumer = setting.open().await;
	let (events, error) = all(consumer.ask(a_prompt(), tokens(0)).await.unwrap()).await;
	assert!(error.is_none(), "{error:?}");
	let [Event::Values(values), Event::Receipt(answered)] = &events[..] else {
		panic!("{events:?}")
	};
	assert_eq!(
		answered.revealed.output,
		JobOutput::Vector(values.clone().try_into().unwrap())
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_lanes_and_than_turns_are_all_answered() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let asked = (0..20).map(|_| {
		let consumer = consumer.clone();
		tokio::spawn(async move { consumer.ask(a_prompt(), tokens(3)).await.unwrap().receipt().await })
	});
	let asked: Vec<_> = asked.collect();
	let mut roots = std::collections::BTreeSet::new();
	for asked in asked {
		roots.insert(asked.await.unwrap().unwrap().revealed.receipt.request.0);
	}
	assert_eq!(roots.len(), 20);
	consumer.vouch().await.unwrap();
	let account = consumer.account().await.unwrap();
	assert_eq!(account.unpaid.0, 0);
	let answered: u64 = account.lanes.iter().map(|lane| lane.said.unwrap().vouched).sum();
	assert_eq!(answered, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_answer_is_stopped_and_what_came_is_learnt_and_paid() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	setting.house.engine.hold_after(5);
	let mut answer = consumer.ask(a_prompt(), tokens(400)).await.unwrap();
	assert!(matches!(next(&mut answer).await, Event::Tokens(_)));
	drop(answer);
	until("it is paid for", async || {
		let account = consumer.account().await.unwrap();
		account
			.lanes
			.first()
			.is_some_and(|lane| lane.vouched == 1 && lane.said.is_some_and(|said| said.vouched == 1))
	})
	.await;
	setting.house.engine.let_go();
	assert_eq!(setting.house.engine.runs.load(Ordering::SeqCst), 1);
	// The lane goes on, and the answer before it was short.
	let answered = an_answer(&consumer, 2).await;
	assert_eq!(
		(answered.revealed.request.lane, answered.revealed.request.sequence),
		(0, 1)
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_is_replaced_and_nothing_comes_twice() {
	let setting = Setting::new(House::new().await).await;
	let wire = Wire::to(setting.house.place()).await;
	setting.at(wire.place);
	let consumer = setting.open().await;
	setting.house.engine.hold_after(20);
	let mut answer = consumer.ask(a_prompt(), tokens(40)).await.unwrap();
	let mut events = vec![];
	while told(&events).len() < 20 {
		events.push(next(&mut answer).await);
	}
	// Somebody else listens, so that the answer goes on.
	wire.cut();
	until("it has connected again", async || *wire.count.lock().unwrap() > 1).await;
	setting.house.engine.let_go();
	let (rest, error) = all(answer).await;
	assert!(error.is_none(), "{error:?}");
	events.extend(rest);
	let Some(Event::Receipt(answered)) = events.last() else {
		panic!("no receipt")
	};
	let JobOutput::Tokens(output) = &answered.revealed.output else {
		panic!("no tokens")
	};
	let came = told(&events);
	assert_eq!(came, output.to_vec());
	assert_eq!(came, said(&setting, 40)[..came.len()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_used_again() {
	let setting = Setting::new(House::new().await).await;
	let wire = Wire::to(setting.house.place()).await;
	setting.at(wire.place);
	let consumer = setting.open().await;
	for _ in 0..5 {
		an_answer(&consumer, 2).await;
		consumer.vouch().await.unwrap();
	}
	assert!(
		*wire.count.lock().unwrap() <= 2,
		"{} connections",
		wire.count.lock().unwrap()
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unpaid_is_vouched_for_at_once_when_the_endpoint_wants_it() {
	let setup = Setup {
		credit: Credit {
			answers: 2,
			..Setup::default().credit
		},
		..Setup::default()
	};
	let setting = Setting::new(House::with(setup).await).await;
	// Receipts would be gathered for longer than this test waits.
	let consumer = setting
		.open_with(assay_sdk::consumer::Settings {
			gather: std::time::Duration::from_secs(600),
			..settings()
		})
		.await;
	for _ in 0..7 {
		an_answer(&consumer, 3).await;
	}
	let account = consumer.account().await.unwrap();
	assert_eq!(account.lanes[0].answered, 7);
	assert!(account.lanes[0].said.unwrap().vouched >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_very_same_request_gets_its_receipt() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	an_answer(&consumer, 3).await;
	consumer.vouch().await.unwrap();
	setting.house.engine.hold_after(5);
	let mut answer = consumer.ask(a_prompt(), tokens(300)).await.unwrap();
	next(&mut answer).await;
	let (again, _folder) = setting.crash().await;
	drop(answer);
	drop(consumer);
	until("it is paid for", async || {
		let account = again.account().await.unwrap();
		let lane = account.lanes[0].clone();
		(lane.answered, lane.said.unwrap().answered, lane.said.unwrap().vouched) == (2, 2, 2)
	})
	.await;
	setting.house.engine.let_go();
	let answered = an_answer(&again, 2).await;
	assert_eq!(
		(answered.revealed.request.lane, answered.revealed.request.sequence),
		(0, 2)
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_closed_when_everything_is_paid() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	an_answer(&consumer, 20).await;
	consumer.close().await.unwrap();
	let error = consumer
		.ask(a_prompt(), tokens(3))
		.await
		.unwrap()
		.receipt()
		.await
		.unwrap_err();
	assert!(matches!(error, ConsumerError::Closing), "{error}");
	setting.block().await;
	let batches = setting.house.chain.batches.lock().unwrap().clone();
	assert_eq!((batches.len(), batches[0].count), (1, 1));
	assert!(setting.house.chain.channels.lock().unwrap()[&setting.opened.channel]
		.closed_at
		.is_some());
}
