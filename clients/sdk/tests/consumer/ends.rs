//! A request comes to its end by this end's own decision, whatever the endpoint does.

use crate::{
	hostile::{not_found, stream, Hostile, Said},
	setting::{failure, settings, tokens, until, Setting},
};
use assay_endpoint_testing::{a_prompt, House};
use assay_sdk::consumer::{ConsumerError, Settings};
use std::time::Duration;

/// Of no patience.
fn hasty() -> Settings {
	Settings {
		patience: Duration::from_millis(300),
		silence: Duration::from_secs(60),
		stall: Duration::from_millis(300),
		learning: Duration::from_millis(600),
		..settings()
	}
}

/// An endpoint that takes requests, and says what is of no use.
async fn idler(said: Said) -> Hostile {
	Hostile::new(move |came, _| match came.is_request() {
		true => said.clone(),
		false => not_found(),
	})
	.await
}

#[tokio::test(flavor = "multi_thread")]
async fn q04_comments_are_no_progress_and_what_is_not_learnt_is_given_up_for_good() {
	let setting = Setting::new(House::new().await).await;
	let comments = Said::Endless(stream(&[]), b": still here\n\n".to_vec());
	let hostile = idler(comments).await;
	setting.at(hostile.place);
	let consumer = setting.open_with(hasty()).await;
	let answer = consumer.ask(a_prompt(), tokens(5)).await.unwrap();
	let request = answer.request();
	let error = failure(answer).await;
	assert!(matches!(error, ConsumerError::Impatient { .. }), "{error}");
	// What comes of it is learnt for a while, and then not any more.
	until("it is given up", async || !consumer.is_pending(&request)).await;
	assert!(consumer.is_idle() && consumer.kept(&request).unwrap().is_none());
	drop(consumer);

	// The lane is left for good: another request takes the next one, and a receipt for the first is not asked for.
	let consumer = setting.open_with(hasty()).await;
	assert!(consumer.is_idle());
	failure(consumer.ask(a_prompt(), tokens(5)).await.unwrap()).await;
	let lanes: Vec<_> = hostile.requests().iter().map(|request| request.lane).collect();
	assert_eq!((lanes.first(), lanes.last()), (Some(&0), Some(&1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn q04_a_request_waits_for_a_lane_as_long_as_there_is_patience() {
	let setting = Setting::new(House::new().await).await;
	let hostile = idler(Said::Silence(stream(&[]))).await;
	setting.at(hostile.place);
	let long = Settings {
		stall: Duration::from_secs(600),
		learning: Duration::from_secs(600),
		..hasty()
	};
	let consumer = setting.open_with(long).await;
	let mut all = vec![];
	for _ in 0..16 {
		all.push(consumer.ask(a_prompt(), tokens(5)).await.unwrap());
	}
	let seventeenth = consumer.ask(a_prompt(), tokens(5)).await;
	assert!(matches!(seventeenth.err(), Some(ConsumerError::Impatient { .. })));
	// Whoever stops one does not wait for ever either.
	let stopped = all.remove(0).stop().await;
	assert!(matches!(stopped, Err(ConsumerError::Impatient { .. })), "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn q04_a_channel_that_is_closed_ends_what_nobody_waits_for() {
	let setting = Setting::new(House::new().await).await;
	let hostile = idler(Said::Bytes(stream(&[]))).await;
	setting.at(hostile.place);
	let long = Settings {
		learning: Duration::from_secs(600),
		..hasty()
	};
	let consumer = setting.open_with(long).await;
	failure(consumer.ask(a_prompt(), tokens(5)).await.unwrap()).await;
	assert!(consumer.is_open() && !consumer.is_idle());
	setting.now.send_modify(|now| now.channel.closed_at = Some(9));
	assert!(!consumer.is_open());
	until("it is given up", async || consumer.is_idle()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q12b_what_is_prepared_is_sent_when_that_is_said_and_not_before() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let dropped = consumer.prepare(a_prompt(), tokens(3)).await.unwrap();
	assert!(!consumer.is_pending(&dropped.request()));
	drop(dropped);
	// Whoever was killed here finds nothing to take up.
	let (crashed, _folder) = setting.crash().await;
	assert!(crashed.is_idle());
	let prepared = consumer.prepare(a_prompt(), tokens(3)).await.unwrap();
	let request = prepared.request();
	let answered = prepared.send().receipt().await.unwrap();
	assert_eq!(answered.revealed.receipt.request, request);
	// The place of the first is not lost.
	let revealed = &answered.revealed.request;
	assert_eq!((revealed.lane, revealed.sequence), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_what_is_left_is_what_the_chain_has_less_what_is_owed() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let deposit = consumer.deposit();
	assert_eq!(consumer.left(), deposit);
	let mut owed = 0;
	for _ in 0..3 {
		owed += crate::setting::an_answer(&consumer, 20).await.fee;
	}
	assert_eq!(consumer.left().0, deposit.0 - owed);
	// What the chain has settled is taken from the deposit, and owed no more.
	let mut channel = setting.now.borrow().channel.clone();
	channel.settled[0] = 3;
	assert_eq!(consumer.left_in(&channel).0, channel.deposit);
}
