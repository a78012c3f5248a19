//! What is settled, and what is shown of it.

use crate::{
	client::{json, receipt, tokens, Consumer, Stream},
	fake::{a_prompt, until, Consumers as _, House, ASY, PARAMETERS, PRICE},
};
use assay_protocol::channel::{closing_payload, SignedReceipt};
use codec::Encode;
use hyper::{Method, StatusCode};
use sp_core::Pair;
use std::sync::atomic::Ordering;

/// Asks, from one sequence on, until the fees are so much.
pub(crate) async fn spend(consumer: &Consumer, lane: u8, from: u64, fees: u128) -> Vec<SignedReceipt> {
	let mut receipts: Vec<SignedReceipt> = vec![];
	let fee = |receipts: &[SignedReceipt]| -> u128 {
		receipts
			.iter()
			.map(|signed| PRICE * u128::from(signed.receipt.units))
			.sum()
	};
	while fee(&receipts) < fees {
		let signed = consumer.a_request(lane, from + receipts.len() as u64, &a_prompt(), 20);
		receipts.push(receipt(&consumer.answer(&signed, &a_prompt()).await));
	}
	receipts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_vouched_for_is_settled_and_any_unit_of_it_shown() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let receipts = spend(&consumer, 0, 0, PARAMETERS.min_batch_fee).await;
	house.block().await;
	assert_eq!(house.chain.settlements.load(Ordering::SeqCst), 0, "nobody has vouched");
	consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
	house.block().await;
	let batch = house.chain.batches.lock().unwrap()[0].clone();
	assert_eq!(batch.count as usize, receipts.len());
	for unit in [0, batch.tree.units / 2, batch.tree.units - 1] {
		let shown = house.endpoint().reveal(&batch, unit).unwrap().unwrap();
		assert!(shown.is_of(&batch, unit));
	}
	assert_eq!(house.endpoint().reveal(&batch, batch.tree.units).unwrap(), None);
	// Nothing is settled twice, and what comes after is vouched for after it.
	house.block().await;
	assert_eq!(house.chain.settlements.load(Ordering::SeqCst), 1);
	let base = u64::from(batch.count);
	let signed = consumer.a_request(0, base, &a_prompt(), 2);
	let next = receipt(&consumer.answer(&signed, &a_prompt()).await);
	let all = [&receipts[..], std::slice::from_ref(&next)].concat();
	let (status, document) = consumer.vouch(&[consumer.a_voucher(0, 0, &all)]).await;
	assert_eq!(status, StatusCode::CONFLICT);
	assert_eq!(
		(&document["error"]["base"], &document["error"]["count"]),
		(&base.into(), &1.into())
	);
	assert_eq!(
		consumer.vouch(&[consumer.a_voucher(0, base, &[next])]).await.0,
		StatusCode::OK
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_pool_does_not_take_is_sent_again_after_some_blocks() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let receipts = spend(&consumer, 0, 0, PARAMETERS.min_batch_fee).await;
	consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
	house.chain.takes.store(false, Ordering::SeqCst);
	house.block().await;
	house.block().await;
	assert_eq!(
		house.chain.settlements.load(Ordering::SeqCst),
		1,
		"not with every block"
	);
	house.chain.takes.store(true, Ordering::SeqCst);
	for _ in 0..4 {
		house.block().await;
	}
	assert_eq!(house.chain.settlements.load(Ordering::SeqCst), 2);
	assert_eq!(house.chain.batches.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_its_consumer_closes_is_settled_and_closed() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let one = receipt(&consumer.answer(&signed, &a_prompt()).await);
	consumer
		.vouch(&[consumer.a_voucher(0, 0, std::slice::from_ref(&one))])
		.await;
	house.engine.hold_after(1);
	let running = consumer.a_request(1, 0, &a_prompt(), 3);
	let stream = Stream::of(consumer.ask(&running, &a_prompt()).await);
	let payload = closing_payload(&consumer.channel, &crate::client::GENESIS);
	let path = format!("/v1/channels/{}/close", consumer.channel);
	let (status, _) = json(
		house.place(),
		Method::POST,
		&path,
		consumer.pair.sign(&payload).encode(),
	)
	.await;
	assert_eq!(status, StatusCode::ACCEPTED);
	let (status, error) = consumer
		.refused(&consumer.a_request(2, 0, &a_prompt(), 2), &a_prompt())
		.await;
	assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &"closing".into()));
	house.block().await;
	assert_eq!(
		house.chain.settlements.load(Ordering::SeqCst),
		0,
		"what is being answered is waited for"
	);
	house.engine.let_go();
	assert_eq!(tokens(&stream.all().await).len(), 3);
	house.block().await;
	assert!(house.chain.channels.lock().unwrap()[&consumer.channel]
		.closed_at
		.is_some());
	let fee = PRICE * u128::from(one.receipt.units);
	assert!(fee < PARAMETERS.min_batch_fee);
	assert_eq!(house.chain.batches.lock().unwrap()[0].count, 1);
	house.block().await;
	assert_eq!(consumer.account().await.0, StatusCode::NOT_FOUND);
	// What was answered can be had for as long as it can be asked about.
	assert!(consumer.kept(&one.receipt.request).await.is_some());
	house.chain.block.fetch_add(PARAMETERS.answerable + 1, Ordering::SeqCst);
	house.block().await;
	until("it is forgotten", || {
		house.endpoint().kept(&one.receipt.request).unwrap().is_none()
	})
	.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_pays_for_what_is_being_answered_in_a_channel_that_is_gone() {
	let house = House::new().await;
	let consumer = house.a_consumer_of(1, crate::fake::WRITER, 10 * ASY).await;
	house.engine.hold_after(2);
	let signed = consumer.a_request(0, 0, &a_prompt(), 20);
	let stream = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	until("it runs", || house.engine.runs.load(Ordering::SeqCst) == 1).await;
	house.chain.channels.lock().unwrap().clear();
	house.block().await;
	let told = stream.all().await;
	assert_eq!(told.last(), Some(&crate::client::Told::Error("unwanted".into())));
	assert_eq!(house.endpoint().in_flight(), 0);
}
