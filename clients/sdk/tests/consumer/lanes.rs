//! Lanes that the endpoint cuts, and vouchers that follow.

use crate::setting::{an_answer, until, Setting};
use assay_endpoint_testing::House;
use std::sync::Arc;

async fn ask(consumer: &Arc<assay_sdk::consumer::Consumer>, times: u32) {
	for _ in 0..times {
		an_answer(consumer, 20).await;
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_goes_on_where_it_was_cut_and_everything_is_paid_once() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	for round in 1..4u64 {
		ask(&consumer, 4).await;
		consumer.vouch().await.unwrap();
		// What was vouched for is worth to be settled.
		setting.block().await;
		ask(&consumer, 1).await;
		consumer.vouch().await.unwrap();
		let lane = consumer.account().await.unwrap().lanes[0].clone();
		assert_eq!((lane.answered, lane.vouched), (5 * round, 5 * round));
		assert_eq!(lane.base, lane.said.unwrap().base);
		assert_eq!(lane.trouble, None);
	}
	setting.block().await;
	setting.block().await;
	let batches = setting.house.chain.batches.lock().unwrap().clone();
	let mut settled = 0;
	for batch in &batches {
		assert_eq!(batch.base, settled);
		settled += u64::from(batch.count);
	}
	assert!(batches.len() > 1 && settled >= 14, "{batches:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_settled_is_dropped_and_a_reopened_journal_goes_on() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let mut asked = 0;
	// As long as it is not worth it nothing is settled.
	while setting.now.borrow().channel.settled[0] == 0 {
		assert!(asked < 100, "nothing is settled");
		ask(&consumer, 4).await;
		asked += 4;
		consumer.vouch().await.unwrap();
		setting.block().await;
	}
	assert_eq!(setting.now.borrow().channel.settled[0], asked);
	until("the base follows the chain", async || {
		consumer.account().await.unwrap().lanes[0].base == asked
	})
	.await;
	drop(consumer);
	let consumer = setting.open().await;
	ask(&consumer, 1).await;
	consumer.vouch().await.unwrap();
	let lane = consumer.account().await.unwrap().lanes[0].clone();
	assert_eq!((lane.answered, lane.vouched, lane.base), (asked + 1, asked + 1, asked));
	assert_eq!(lane.said.unwrap().vouched, asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_is_kept_as_long_as_it_can_be_challenged() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let answered = an_answer(&consumer, 20).await;
	let request = answered.revealed.receipt.request;
	for _ in 0..20 {
		setting.block().await;
	}
	assert!(consumer.kept(&request).unwrap().is_some());
	for _ in 0..40 {
		setting.block().await;
	}
	until("it is dropped", async || consumer.kept(&request).unwrap().is_none()).await;
}
