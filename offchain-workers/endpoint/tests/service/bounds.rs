//! Many at a time.

use crate::{
	client::{receipt, tokens, Stream},
	fake::{a_prompt, Consumers as _, House, Setup, ASY, WRITER},
};
use futures::future::join_all;
use hyper::StatusCode;
use std::{sync::atomic::Ordering, time::Duration};

/// Bytes of memory that this process has.
fn resident() -> usize {
	let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
	let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
	pages * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_streams_at_a_time_are_answered_or_told_to_come_again() {
	let house = House::with(Setup {
		at_once: 8,
		waiting: 120,
		..Setup::default()
	})
	.await;
	let consumers = (0..20).map(|number| house.open(number, WRITER, 100 * ASY));
	let consumers: Vec<_> = consumers.collect();
	house.endpoint().look().await;
	// Once, so that the model is loaded.
	let warm = house.a_consumer(99).await;
	receipt(&warm.answer(&warm.a_request(0, 0, &a_prompt(), 2), &a_prompt()).await);
	house.engine.hold_after(1);
	let before = resident();
	let ask = |consumer: crate::client::Consumer, lane: u8| async move {
		let signed = consumer.a_request(lane, 0, &a_prompt(), 200);
		let response = consumer.ask(&signed, &a_prompt()).await;
		match response.status() {
			StatusCode::OK => {
				let told = Stream::of(response).all().await;
				assert_eq!(tokens(&told).len(), 200);
				Some(receipt(&told))
			}
			StatusCode::TOO_MANY_REQUESTS => None,
			other => panic!("{other}"),
		}
	};
	let asked: Vec<_> = (0..200u8)
		.map(|number| ask(consumers[usize::from(number) / 10].clone(), number % 10))
		.map(tokio::spawn)
		.collect();
	let engine = house.engine.clone();
	tokio::spawn(async move {
		// All of them are there by then.
		tokio::time::sleep(Duration::from_secs(3)).await;
		engine.let_go();
	});
	let told = join_all(asked).await;
	let answered = told.iter().filter(|told| told.as_ref().unwrap().is_some()).count();
	// As many as may run or wait, and those whose place became free meanwhile.
	assert!((128..=200).contains(&answered), "{answered}");
	assert_eq!(house.engine.runs.load(Ordering::SeqCst), answered + 1);
	assert_eq!(house.endpoint().in_flight(), 0);
	let more = resident().saturating_sub(before);
	assert!(more < 200 << 20, "{} MiB more", more >> 20);
	for consumer in &consumers {
		let (_, account) = consumer.account().await;
		let lanes = account["lanes"].as_array().unwrap();
		assert!(lanes.iter().all(|lane| lane["answered"] == 1));
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_keeps_nobody_waiting() {
	let house = House::new().await;
	let slow = house.a_consumer(1).await;
	let signed = slow.a_request(0, 0, &a_prompt(), 500);
	// Its stream is open and not read.
	let unread = slow.ask(&signed, &a_prompt()).await;
	let other = house.a_consumer(2).await;
	let told = other
		.answer(&other.a_request(0, 0, &a_prompt(), 500), &a_prompt())
		.await;
	assert_eq!(tokens(&told).len(), 500);
	assert_eq!(tokens(&Stream::of(unread).all().await).len(), 500);
}
