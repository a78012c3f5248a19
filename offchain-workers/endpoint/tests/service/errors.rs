//! What is refused, and how.

use crate::{
	client::{json, receipt, send, tokens, whole, Connection, Place, Stream},
	fake::{a_prompt, until, Consumers as _, House, Setup, ASY, MISSING, PRICE, WRITER},
};
use assay_endpoint::desk::Credit;
use assay_protocol::{
	channel::{SignedRequest, SignedVoucher},
	job::JobInput,
	ChannelId,
};
use assay_trace::Hash32;
use codec::Encode;
use hyper::{Method, StatusCode};
use proptest::prelude::*;
use sp_core::Pair;
use std::{fs, path::Path, sync::atomic::Ordering, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_another_key_is_not_spoken_to() {
	let house = House::new().await;
	let wrong = Place {
		key_hash: Hash32([1; 32]),
		..house.place()
	};
	assert!(Connection::open(wrong).await.is_err());
	assert!(Connection::open(house.place()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_refused_with_its_reason() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let input = a_prompt();
	let good = consumer.a_request(0, 0, &input, 4);

	let other = JobInput::Tokens(vec![1].try_into().unwrap());
	let (status, error) = consumer.refused(&good, &other).await;
	assert_eq!((status, &error["code"]), (StatusCode::BAD_REQUEST, &"malformed".into()));

	let mut forged = good.clone();
	forged.request.generation.max_tokens = 5;
	let (status, error) = consumer.refused(&forged, &input).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::UNAUTHORIZED, &"bad_signature".into())
	);

	let mut stranger = consumer.clone();
	stranger.channel = ChannelId(Hash32([5; 32]));
	let (status, error) = stranger.refused(&stranger.a_request(0, 0, &input, 4), &input).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::NOT_FOUND, &"unknown_channel".into())
	);

	let (status, error) = consumer.refused(&consumer.a_request(0, 3, &input, 4), &input).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::CONFLICT, &"wrong_sequence".into())
	);
	assert_eq!(error["expected"], 0);

	// The model has no such token; nobody takes so much.
	let strange = JobInput::Tokens(vec![1_000_000].try_into().unwrap());
	let (status, error) = consumer.refused(&consumer.a_request(0, 0, &strange, 4), &strange).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::UNPROCESSABLE_ENTITY, &"refused".into())
	);
	assert!(error["message"].as_str().unwrap().contains("1000000"), "{error}");

	let missing = house.a_consumer_of(2, MISSING, 10 * ASY).await;
	let (status, error) = missing.refused(&missing.a_request(0, 0, &input, 4), &input).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::SERVICE_UNAVAILABLE, &"absent".into())
	);

	// Nobody says any more how large a request may be.
	house.chain.offers.store(false, Ordering::SeqCst);
	house.block().await;
	let (status, error) = consumer.refused(&good, &input).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::UNPROCESSABLE_ENTITY, &"refused".into())
	);
	house.chain.offers.store(true, Ordering::SeqCst);
	house.block().await;

	let path = format!("/v1/channels/{}/close", consumer.channel);
	let signature = consumer.pair.sign(b"something else").encode();
	let (status, document) = json(house.place(), Method::POST, &path, signature).await;
	assert_eq!(
		(status, &document["error"]["code"]),
		(StatusCode::UNAUTHORIZED, &"bad_signature".into())
	);
	assert_eq!(house.engine.runs.load(Ordering::SeqCst), 0, "all of it before work");
	assert_eq!(tokens(&consumer.answer(&good, &input).await).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_are_none_are_told_so() {
	let house = House::new().await;
	for (method, path, expected, code) in [
		(Method::GET, "/", 404, "not_found"),
		(Method::GET, "/v1/requests", 405, "method_not_allowed"),
		(Method::POST, "/v1/status", 405, "method_not_allowed"),
		(Method::GET, "/v1/requests/0x12", 404, "not_found"),
		(Method::GET, "/v1/channels/zz", 400, "malformed"),
		(Method::POST, "/v1/channels/zz/close", 400, "malformed"),
	] {
		let (status, document) = json(house.place(), method, path, vec![]).await;
		assert_eq!(
			(status.as_u16(), document["error"]["code"].as_str()),
			(expected, Some(code)),
			"{path}"
		);
	}
	let (status, _) = json(
		house.place(),
		Method::GET,
		&format!("/v1/requests/{}", Hash32([3; 32])),
		vec![],
	)
	.await;
	assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_owes_too_much_is_told_how_much_and_goes_on_when_it_has_vouched() {
	let house = House::with(Setup {
		credit: Credit {
			answers: 16,
			first: PRICE * 3,
			most: ASY,
		},
		..Setup::default()
	})
	.await;
	let consumer = house.a_consumer(1).await;
	let mut receipts = vec![];
	let refused = loop {
		let signed = consumer.a_request(0, receipts.len() as u64, &a_prompt(), 4);
		let response = consumer.ask(&signed, &a_prompt()).await;
		if response.status() != StatusCode::OK {
			break consumer.refused(&signed, &a_prompt()).await;
		}
		receipts.push(receipt(&Stream::of(response).all().await));
	};
	let (status, error) = refused;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::PAYMENT_REQUIRED, &"unpaid".into())
	);
	let unpaid = PRICE
		* receipts
			.iter()
			.map(|signed| u128::from(signed.receipt.units))
			.sum::<u128>();
	assert_eq!(error["unpaid"], unpaid.to_string());
	assert_eq!(error["credit"], (PRICE * 3).to_string());
	assert!(!receipts.is_empty());
	let (status, _) = consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
	assert_eq!(status, StatusCode::OK);
	let next = consumer.a_request(0, receipts.len() as u64, &a_prompt(), 4);
	assert_eq!(tokens(&consumer.answer(&next, &a_prompt()).await).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_voucher_is_answered_with_what_the_worker_has() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let mut receipts = vec![];
	for sequence in 0..3 {
		let signed = consumer.a_request(0, sequence, &a_prompt(), 2);
		receipts.push(receipt(&consumer.answer(&signed, &a_prompt()).await));
	}
	let two = consumer.a_voucher(0, 0, &receipts[..2]);
	assert_eq!(consumer.vouch(std::slice::from_ref(&two)).await.0, StatusCode::OK);
	// Less than there is, is good.
	assert_eq!(
		consumer.vouch(&[consumer.a_voucher(0, 0, &receipts[..1])]).await.0,
		StatusCode::OK
	);
	let mut other = receipts.clone();
	other[1].receipt.units += 1;
	for wrong in [consumer.a_voucher(0, 0, &other), consumer.a_voucher(0, 1, &receipts)] {
		let (status, document) = consumer.vouch(&[wrong]).await;
		let error = &document["error"];
		assert_eq!((status, &error["code"]), (StatusCode::CONFLICT, &"resync".into()));
		assert_eq!((&error["base"], &error["count"]), (&0.into(), &3.into()));
		let voucher: SignedVoucher = crate::client::unhex(error["voucher"].as_str().unwrap());
		assert_eq!(voucher, two);
	}
	// Where one is wrong, the others are taken.
	let four = consumer.a_request(1, 0, &a_prompt(), 2);
	let good = receipt(&consumer.answer(&four, &a_prompt()).await);
	let vouchers = [consumer.a_voucher(0, 0, &other), consumer.a_voucher(1, 0, &[good])];
	assert_eq!(consumer.vouch(&vouchers).await.0, StatusCode::CONFLICT);
	let (_, account) = consumer.account().await;
	assert_eq!(account["lanes"][1]["vouched"], 1);
	let mut forged = consumer.a_voucher(0, 0, &receipts);
	forged.voucher.count = 2;
	let (status, document) = consumer.vouch(&[forged]).await;
	assert_eq!(
		(status, &document["error"]["code"]),
		(StatusCode::UNAUTHORIZED, &"bad_signature".into())
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_one_too_many_is_told_when_to_come_again() {
	let house = House::with(Setup {
		at_once: 1,
		waiting: 1,
		..Setup::default()
	})
	.await;
	let consumer = house.a_consumer(1).await;
	house.engine.hold_after(1);
	let mut streams = vec![];
	for lane in 0..2 {
		let signed = consumer.a_request(lane, 0, &a_prompt(), 3);
		streams.push(Stream::of(consumer.ask(&signed, &a_prompt()).await));
	}
	let third = consumer.a_request(2, 0, &a_prompt(), 3);
	let response = consumer.ask(&third, &a_prompt()).await;
	assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
	assert_eq!(response.headers()["retry-after"], "1");
	// So is who does not wait for the answer before.
	let next = consumer.a_request(0, 1, &a_prompt(), 3);
	let (status, error) = consumer.refused(&next, &a_prompt()).await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::TOO_MANY_REQUESTS, &"busy".into())
	);
	house.engine.let_go();
	for stream in streams {
		receipt(&stream.all().await);
	}
	assert_eq!(tokens(&consumer.answer(&third, &a_prompt()).await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_model_ends_one_answer_and_leaves_the_lane_as_it_was() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 3);
	house.engine.panics.store(true, Ordering::SeqCst);
	let told = consumer.answer(&signed, &a_prompt()).await;
	assert_eq!(told, [crate::client::Told::Error("failed".into())]);
	let (_, account) = consumer.account().await;
	assert_eq!(account["unpaid"], "0");
	assert_eq!(tokens(&consumer.answer(&signed, &a_prompt()).await).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn q12f_what_nobody_signed_costs_the_endpoint_nothing() {
	let house = House::new().await;
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let one = receipt(&consumer.answer(&signed, &a_prompt()).await);
	let good = consumer.a_voucher(0, 0, &[one]);
	let mut forged = good.clone();
	forged.voucher.lane = 1;
	let journal = house.folder.path().join("journal");
	let before = bytes(&journal);
	assert_eq!(consumer.vouch(&[]).await.0, StatusCode::OK);
	for vouchers in [vec![forged.clone()], vec![forged, good.clone()]] {
		let (status, document) = consumer.vouch(&vouchers).await;
		assert_eq!(
			(status, &document["error"]["code"]),
			(StatusCode::UNAUTHORIZED, &"bad_signature".into())
		);
	}
	assert_eq!(bytes(&journal), before);
	let (_, account) = consumer.account().await;
	assert_eq!(
		account["lanes"][0]["vouched"], 0,
		"who comes after a forger is not looked at"
	);
	assert_eq!(consumer.vouch(&[good]).await.0, StatusCode::OK);
	assert!(bytes(&journal) > before);
}

/// Bytes of all files of a folder.
fn bytes(folder: &Path) -> u64 {
	let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
	entries
		.map(|entry| match entry.file_type().unwrap().is_dir() {
			true => bytes(&entry.path()),
			false => entry.metadata().unwrap().len(),
		})
		.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_takes_no_more_requests_and_still_vouchers() {
	let mut house = House::with(Setup {
		disk: 20_000,
		..Setup::default()
	})
	.await;
	let consumer = house.a_consumer(1).await;
	let mut receipts = vec![];
	let (status, error) = loop {
		let signed = consumer.a_request(0, receipts.len() as u64, &a_prompt(), 100);
		let response = consumer.ask(&signed, &a_prompt()).await;
		if response.status() != StatusCode::OK {
			break consumer.refused(&signed, &a_prompt()).await;
		}
		receipts.push(receipt(&Stream::of(response).all().await));
		consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
	};
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::SERVICE_UNAVAILABLE, &"full".into())
	);
	assert!(receipts.len() > 5);
	assert_eq!(
		consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await.0,
		StatusCode::OK
	);
	// What was answered can be had still.
	assert!(consumer.kept(&receipts[0].receipt.request).await.is_some());
	house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_long_or_do_not_arrive_are_not_waited_for() {
	let house = House::with(Setup {
		limits: assay_endpoint::server::Limits {
			arrival: Duration::from_millis(500),
			..Setup::default().limits
		},
		..Setup::default()
	})
	.await;
	let long = vec![0; house.setup.limits.request + 1];
	let (status, document) = json(house.place(), Method::POST, "/v1/requests", long).await;
	assert_eq!(
		(status, &document["error"]["code"]),
		(StatusCode::PAYLOAD_TOO_LARGE, &"too_large".into())
	);
	let consumer = house.a_consumer(1).await;
	let signed = consumer.a_request(0, 0, &a_prompt(), 3);
	let one = receipt(&consumer.answer(&signed, &a_prompt()).await);
	let many = vec![consumer.a_voucher(0, 0, &[one]); 65];
	assert_eq!(consumer.vouch(&many).await.0, StatusCode::PAYLOAD_TOO_LARGE);
	// Who connects and says nothing is sent away, before the handshake and after it.
	let mut silent = TcpStream::connect(house.place().address).await.unwrap();
	let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 16])).await;
	assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
	let mut idle = Connection::open(house.place()).await.unwrap();
	tokio::time::sleep(Duration::from_millis(1_500)).await;
	assert!(idle.send(Method::GET, "/v1/status", vec![]).await.is_err());
}

/// Bytes that are nothing, or nearly something.
fn some_bytes(signed: &SignedRequest) -> impl Strategy<Value = Vec<u8>> {
	let whole = (signed, a_prompt()).encode();
	let length = whole.len();
	let nearly = (0..length, any::<u8>(), 0..=length).prop_map(move |(at, byte, until)| {
		let mut bytes = whole.clone();
		bytes[at] ^= byte;
		bytes.truncate(until);
		bytes
	});
	prop_oneof![prop::collection::vec(any::<u8>(), 0..300), nearly]
}

#[test]
fn hostile_bytes_are_refused_and_nothing_breaks() {
	let runtime = tokio::runtime::Runtime::new().unwrap();
	let house = runtime.block_on(House::new());
	let consumer = runtime.block_on(house.a_consumer(1));
	let signed = consumer.a_request(0, 0, &a_prompt(), 2);
	let close = format!("/v1/channels/{}/close", consumer.channel);
	let paths = ["/v1/requests", "/v1/vouchers", close.as_str()];
	let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(96));
	let strategy = (some_bytes(&signed), 0..paths.len());
	let ran = runner.run(&strategy, |(bytes, path)| {
		// The whole request, unchanged, is none of them.
		prop_assume!(bytes != (&signed, a_prompt()).encode());
		let (status, _) = runtime.block_on(whole(house.place(), Method::POST, paths[path], bytes.clone()));
		let is_good = path == 1 && status == StatusCode::OK;
		prop_assert!(
			status.is_client_error() || is_good,
			"{}: {} for {:?}",
			paths[path],
			status,
			bytes
		);
		Ok(())
	});
	ran.unwrap();
	// Neither do those who do not even speak TLS, or break off.
	runtime.block_on(async {
		for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff, 1], &[0; 3]] {
			let mut stream = TcpStream::connect(house.place().address).await.unwrap();
			stream.write_all(bytes).await.unwrap();
		}
		let response = send(house.place(), Method::GET, "/v1/status", vec![]).await;
		assert_eq!(response.status(), StatusCode::OK);
		assert_eq!(house.engine.runs.load(Ordering::SeqCst), 0);
		assert_eq!(tokens(&consumer.answer(&signed, &a_prompt()).await).len(), 2);
		until("nothing runs", || house.endpoint().in_flight() == 0).await;
	});
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_is_too_small_is_no_credit() {
	let house = House::new().await;
	let consumer = house.a_consumer_of(1, WRITER, PRICE).await;
	let (status, error) = consumer
		.refused(&consumer.a_request(0, 0, &a_prompt(), 4), &a_prompt())
		.await;
	assert_eq!(
		(status, &error["code"]),
		(StatusCode::PAYMENT_REQUIRED, &"unpaid".into())
	);
	assert_eq!(
		error["credit"],
		(PRICE - crate::fake::PARAMETERS.batch_price).to_string()
	);
}
