//! A node that does not know the present.

use crate::{
	client::{receipt, tokens, Consumer},
	fake::{a_prompt, Consumers as _, House, ASY, PARAMETERS, WRITER},
	settlement::spend,
};
use hyper::StatusCode;
use std::{mem::take, sync::atomic::Ordering, time::Duration};

/// The endpoint says that it is behind: consumers ask again.
async fn is_behind(consumer: &Consumer) -> bool {
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let (status, error) = consumer.refused(&signed, &a_prompt()).await;
	(status, &error["code"]) == (StatusCode::SERVICE_UNAVAILABLE, &"behind".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn q02_a_node_whose_database_is_new_forgets_nothing() {
	// It may know that it is behind, or not.
	for age in [Duration::from_secs(1_000_000), Duration::ZERO] {
		let mut house = House::new().await;
		let consumer = house.a_consumer(1).await;
		let receipts = spend(&consumer, 0, 0, PARAMETERS.min_batch_fee).await;
		consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
		house.block().await;
		let batch = house.chain.batches.lock().unwrap()[0].clone();
		let signed = consumer.a_request(0, batch.count.into(), &a_prompt(), 2);
		let next = receipt(&consumer.answer(&signed, &a_prompt()).await);
		let voucher = consumer.a_voucher(0, batch.count.into(), &[next]);
		assert_eq!(consumer.vouch(&[voucher]).await.0, StatusCode::OK);
		house.stop().await;

		let (channels, now) = (
			take(&mut *house.chain.channels.lock().unwrap()),
			house.chain.block.load(Ordering::SeqCst),
		);
		house.chain.block.store(0, Ordering::SeqCst);
		*house.chain.age.lock().unwrap() = age;
		house.start("journal").await;

		*house.chain.channels.lock().unwrap() = channels;
		*house.chain.age.lock().unwrap() = Duration::ZERO;
		house
			.chain
			.block
			.store(now.max(PARAMETERS.answerable + 2), Ordering::SeqCst);
		house.endpoint().look().await;
		let shown = house.endpoint().reveal(&batch, 0).unwrap().expect("it is kept");
		assert!(shown.is_of(&batch, 0));
		let consumer = Consumer {
			place: house.place(),
			..consumer
		};
		let (_, account) = consumer.account().await;
		assert_eq!(account["lanes"][0]["vouched"], batch.count + 1);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn q02_a_channel_is_there_while_its_key_is_not() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let one = receipt(&consumer.answer(&signed, &a_prompt()).await);
	house.chain.has_key.store(false, Ordering::SeqCst);
	house.block().await;
	house.chain.block.fetch_add(PARAMETERS.answerable + 1, Ordering::SeqCst);
	house.block().await;
	house.chain.has_key.store(true, Ordering::SeqCst);
	house.block().await;
	let voucher = consumer.a_voucher(0, 0, &[one]);
	assert_eq!(consumer.vouch(&[voucher]).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn q03_no_request_is_answered_while_the_node_is_behind() {
	let mut house = House::new().await;
	let consumer = house.a_consumer_of(1, WRITER, 100 * ASY).await;
	house.stop().await;
	// It was down for longer than consumers look back, and has no peers yet that would tell it.
	let now = house.chain.block.fetch_add(200, Ordering::SeqCst) + 200;
	house.chain.block.store(now - 200, Ordering::SeqCst);
	*house.chain.age.lock().unwrap() = Duration::from_secs(600);
	house.start("journal").await;
	let consumer = Consumer {
		place: house.place(),
		..consumer
	};
	assert!(is_behind(&consumer).await);
	// Nor is the channel said to be unknown.
	let (status, account) = consumer.account().await;
	assert_eq!(
		(status, &account["error"]["code"]),
		(StatusCode::SERVICE_UNAVAILABLE, &"behind".into())
	);
	// It has caught up, but not with its channels.
	house.chain.block.store(now, Ordering::SeqCst);
	*house.chain.age.lock().unwrap() = Duration::from_secs(3);
	assert!(is_behind(&consumer).await);
	house.endpoint().look().await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let told = consumer.answer(&signed, &a_prompt()).await;
	assert_eq!(tokens(&told).len(), 2);
	assert!(receipt(&told).receipt.block >= now - 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn q03_no_request_is_answered_on_blocks_that_do_not_become_final() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	house.chain.block.fetch_add(100, Ordering::SeqCst);
	house.chain.unfinal.store(51, Ordering::SeqCst);
	house.block().await;
	assert!(is_behind(&consumer).await);
	house.chain.unfinal.store(50, Ordering::SeqCst);
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let one = receipt(&consumer.answer(&signed, &a_prompt()).await);
	// What was answered before is vouched for and settled all the same.
	house.chain.unfinal.store(60, Ordering::SeqCst);
	house.block().await;
	let voucher = consumer.a_voucher(0, 0, &[one]);
	assert_eq!(consumer.vouch(&[voucher]).await.0, StatusCode::OK);
	assert!(is_behind(&consumer).await);
}
