//! Endpoints that are not there, or say no.

use crate::setting::{an_answer, failure, record, settings, tokens, Setting};
use assay_endpoint_testing::{a_prompt, House, Place, ASY, MISSING};
use assay_sdk::consumer::{ConsumerError, Settings};
use assay_trace::Hash32;
use sp_core::{sr25519, Pair};
use std::time::Duration;

fn impatient() -> Settings {
	Settings {
		patience: Duration::from_millis(400),
		..settings()
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_spoken_to_who_has_another_key_and_the_record_may_change() {
	let setting = Setting::new(House::new().await).await;
	let right = setting.house.place();
	setting.at(Place {
		key_hash: Hash32([1; 32]),
		..right
	});
	let consumer = setting.open_with(impatient()).await;
	let error = failure(consumer.ask(a_prompt(), tokens(3)).await.unwrap()).await;
	assert!(matches!(error, ConsumerError::Impatient { .. }), "{error}");
	assert_eq!(setting.house.engine.runs.load(std::sync::atomic::Ordering::SeqCst), 0);
	setting.at(right);
	let answered = an_answer(&consumer, 3).await;
	assert_eq!(answered.revealed.request.channel, setting.opened.channel);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_comes_back_in_time_answers() {
	let mut setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	setting.house.stop().await;
	let answer = consumer.ask(a_prompt(), tokens(3)).await.unwrap();
	tokio::time::sleep(Duration::from_millis(300)).await;
	setting.house.start("journal").await;
	setting
		.now
		.send_modify(|now| now.endpoint = record(setting.house.place()));
	answer.receipt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_or_the_program_does_not_take_is_refused_and_its_place_is_free() {
	let setting = Setting::new(House::new().await).await;
	let consumer = setting.open().await;
	let refused = consumer.ask(a_prompt(), tokens(100_000)).await;
	assert!(matches!(refused.err(), Some(ConsumerError::Refused(_))));
	setting
		.house
		.chain
		.offers
		.store(false, std::sync::atomic::Ordering::SeqCst);
	setting.block().await;
	let error = failure(consumer.ask(a_prompt(), tokens(3)).await.unwrap()).await;
	assert!(matches!(error, ConsumerError::Refused(_)), "{error}");
	setting
		.house
		.chain
		.offers
		.store(true, std::sync::atomic::Ordering::SeqCst);
	setting.block().await;
	let answered = an_answer(&consumer, 3).await;
	assert_eq!(
		(answered.revealed.request.lane, answered.revealed.request.sequence),
		(0, 0)
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_there_and_a_channel_that_is_too_small_are_told_apart() {
	let setting = Setting::of(House::new().await, MISSING, 100 * ASY).await;
	let consumer = setting.open().await;
	let absent = failure(consumer.ask(a_prompt(), tokens(3)).await.unwrap()).await;
	assert!(matches!(absent, ConsumerError::Absent(_)), "{absent}");

	let setting = Setting::of(House::new().await, assay_endpoint_testing::WRITER, ASY / 1_000).await;
	let consumer = setting.open().await;
	let unpaid = failure(consumer.ask(a_prompt(), tokens(3)).await.unwrap()).await;
	assert!(matches!(unpaid, ConsumerError::Unpaid { .. }), "{unpaid}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_the_endpoint_does_not_know_is_an_error() {
	let setting = Setting::new(House::new().await).await;
	setting.house.chain.channels.lock().unwrap().clear();
	setting.house.endpoint().look().await;
	let consumer = setting.open().await;
	let unknown = failure(consumer.ask(a_prompt(), tokens(3)).await.unwrap()).await;
	assert!(matches!(unknown, ConsumerError::UnknownChannel), "{unknown}");
	assert!(matches!(consumer.account().await, Err(ConsumerError::UnknownChannel)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_has_one_consumer_and_a_channel_one_key() {
	let mut setting = Setting::new(House::new().await).await;
	let _consumer = setting.open().await;
	assert!(matches!(
		setting.try_open(settings()).await,
		Err(ConsumerError::Journal(_))
	));
	setting.opened.pair = sr25519::Pair::from_seed(&[3; 32]);
	assert!(matches!(
		setting.try_open(settings()).await,
		Err(ConsumerError::OtherChannel { .. })
	));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_endpoint_cuts_short_is_paid_for_only_if_that_is_allowed() {
	for (cut_short, is_good) in [(1, true), (0, false)] {
		let mut setup = assay_endpoint_testing::Setup::default();
		setup.limits.patience = Duration::from_millis(50);
		let mut setting = Setting::new(House::with(setup).await).await;
		let consumer = setting
			.open_with(Settings {
				cut_short,
				..settings()
			})
			.await;
		setting.house.engine.hold_after(5);
		let mut answer = consumer.ask(a_prompt(), tokens(30)).await.unwrap();
		crate::setting::next(&mut answer).await;
		setting.house.stop().await;
		let ended = answer.receipt().await;
		assert_eq!(ended.is_ok(), is_good, "{ended:?}");
		assert_eq!(consumer.evidence().len(), usize::from(!is_good));
	}
}
