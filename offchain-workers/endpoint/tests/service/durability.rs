//! Ends, planned and not.

use crate::{
	client::{receipt, tokens, Consumer, Stream},
	fake::{a_prompt, until, Consumers as _, House, PARAMETERS},
};
use hyper::StatusCode;
use std::{fs, path::Path, sync::atomic::Ordering};

/// What is on the disk at this moment, as a crash would leave it.
fn copy(from: &Path, to: &Path) {
	fs::create_dir_all(to).unwrap();
	for file in fs::read_dir(from).unwrap() {
		let file = file.unwrap();
		let target = to.join(file.file_name());
		if file.file_type().unwrap().is_dir() {
			copy(&file.path(), &target);
		} else {
			fs::copy(file.path(), target).unwrap();
		}
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_endpoint_loses_nothing_that_it_has_said() {
	let mut house = House::new().await;
	let consumer = house.a_consumer(1).await;
	// What one of them settled would be news to the next.
	house.chain.takes.store(false, Ordering::SeqCst);
	let root = house.folder.path().to_path_buf();
	let mut crashes = vec![];
	let (mut receipts, mut vouched) = (vec![], 0);
	for sequence in 0..6u64 {
		let signed = consumer.a_request(0, sequence, &a_prompt(), 40);
		let told = consumer.answer(&signed, &a_prompt()).await;
		receipts.push((signed, receipt(&told), tokens(&told)));
		if sequence % 2 == 1 {
			let all: Vec<_> = receipts.iter().map(|(_, receipt, _)| receipt.clone()).collect();
			assert_eq!(
				consumer.vouch(&[consumer.a_voucher(0, 0, &all)]).await.0,
				StatusCode::OK
			);
			vouched = all.len();
		}
		let name = format!("crash-{sequence}");
		copy(&root.join("journal"), &root.join(&name));
		crashes.push((name, receipts.clone(), vouched));
	}
	for (name, receipts, vouched) in crashes {
		house.stop().await;
		house.start(&name).await;
		let consumer = Consumer {
			place: house.place(),
			..consumer.clone()
		};
		for (signed, receipt, tokens) in &receipts {
			let (kept, output) = consumer
				.kept(&signed.request.root())
				.await
				.expect("it was said to be there");
			assert_eq!(kept, *receipt);
			assert_eq!(
				output,
				assay_protocol::job::JobOutput::Tokens(tokens.clone().try_into().unwrap())
			);
		}
		let (_, account) = consumer.account().await;
		assert_eq!(account["lanes"][0]["answered"], receipts.len());
		assert_eq!(account["lanes"][0]["vouched"], vouched);
		// And it goes on: a request that was sent before is not run again, the next one is.
		let runs = house.engine.runs.load(Ordering::SeqCst);
		let (signed, receipt_before, _) = &receipts[0];
		assert_eq!(receipt(&consumer.answer(signed, &a_prompt()).await), *receipt_before);
		assert_eq!(house.engine.runs.load(Ordering::SeqCst), runs);
		let next = consumer.a_request(0, receipts.len() as u64, &a_prompt(), 2);
		assert_eq!(tokens(&consumer.answer(&next, &a_prompt()).await).len(), 2);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_request_that_a_crash_has_cut_off_is_answered_the_same_when_it_is_sent_again() {
	let mut house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 40);
	house.engine.hold_after(20);
	let mut stream = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	let mut before = vec![];
	while tokens(&before).len() < 20 {
		before.push(stream.next().await.unwrap());
	}
	let root = house.folder.path().to_path_buf();
	copy(&root.join("journal"), &root.join("crash"));
	drop(stream);
	house.engine.let_go();
	house.stop().await;
	house.start("crash").await;
	let consumer = Consumer {
		place: house.place(),
		..consumer
	};
	assert_eq!(consumer.kept(&signed.request.root()).await, None);
	let told = consumer.answer(&signed, &a_prompt()).await;
	assert_eq!(tokens(&told).len(), 40);
	// What was signed before the crash is still true.
	let begun = |event: &&crate::client::Told| matches!(event, crate::client::Told::Progress(_));
	let progress = |told: &[crate::client::Told]| match told.iter().find(begun) {
		Some(crate::client::Told::Progress(signed)) => signed.progress.clone(),
		other => panic!("{other:?}"),
	};
	assert_eq!(progress(&told), progress(&before));
	assert!(tokens(&told).starts_with(&tokens(&before)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_was_begun_is_taken_up_after_a_crash() {
	let mut house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let mut receipts = vec![];
	let fee = |receipts: &[assay_protocol::channel::SignedReceipt]| -> u128 {
		receipts
			.iter()
			.map(|signed| crate::fake::PRICE * u128::from(signed.receipt.units))
			.sum()
	};
	while fee(&receipts) < PARAMETERS.min_batch_fee {
		let signed = consumer.a_request(0, receipts.len() as u64, &a_prompt(), 20);
		receipts.push(receipt(&consumer.answer(&signed, &a_prompt()).await));
	}
	consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
	house.chain.takes.store(false, Ordering::SeqCst);
	house.block().await;
	house.stop().await;
	house.chain.takes.store(true, Ordering::SeqCst);
	house.start("journal").await;
	assert_eq!(house.chain.batches.lock().unwrap().len(), 1);
	let batch = house.chain.batches.lock().unwrap()[0].clone();
	assert!(house.endpoint().reveal(&batch, 0).unwrap().unwrap().is_of(&batch, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_ends_stops_what_takes_too_long_and_takes_nothing_new() {
	let mut house = House::with(crate::fake::Setup {
		limits: assay_endpoint::server::Limits {
			patience: std::time::Duration::from_millis(300),
			..crate::fake::Setup::default().limits
		},
		..crate::fake::Setup::default()
	})
	.await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 500);
	house.engine.hold_after(20);
	let stream = Stream::of(consumer.ask(&signed, &a_prompt()).await);
	// Connected before, it is told what is going on.
	let mut early = crate::client::Connection::open(house.place()).await.unwrap();
	until("it runs", || house.engine.runs.load(Ordering::SeqCst) == 1).await;
	house.endpoint().refuse();
	let other = consumer.a_request(1, 0, &a_prompt(), 2);
	let refused = early
		.send(
			hyper::Method::POST,
			"/v1/requests",
			codec::Encode::encode(&(other, a_prompt())),
		)
		.await
		.unwrap();
	assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
	let (told, ()) = tokio::join!(stream.all(), house.stop());
	let ended = receipt(&told).receipt;
	assert_eq!((ended.max_tokens, tokens(&told).len()), (20, 20));
	house.start("journal").await;
	let consumer = Consumer {
		place: house.place(),
		..consumer
	};
	assert_eq!(consumer.kept(&signed.request.root()).await.unwrap().0.receipt, ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_before_is_answered_while_it_ends() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 3);
	let told = consumer.answer(&signed, &a_prompt()).await;
	house.endpoint().refuse();
	let again = consumer.answer(&signed, &a_prompt()).await;
	assert_eq!((tokens(&again), receipt(&again)), (tokens(&told), receipt(&told)));
}
