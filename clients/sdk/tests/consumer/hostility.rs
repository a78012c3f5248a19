//! What a consumer makes of an endpoint that is up to no good.

use crate::{
	hostile::{event, head, hex_of, json, not_found, stream, Came, Hostile, Said, Worker},
	setting::{all, an_answer, failure, settings, tokens, until, Setting},
};
use assay_endpoint_testing::{a_prompt, House};
use assay_protocol::channel::{Contradiction, Receipt, Request};
use assay_sdk::consumer::{Breach, Consumer, ConsumerError, Event, Evidence, Falsehood, Settings};
use std::{sync::Arc, time::Duration};

const TOKENS: [u32; 20] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

/// A consumer whose operator has a hostile endpoint.
async fn against(
	script: impl Fn(&Worker, &Came, usize) -> Said + Send + Sync + 'static,
) -> (Setting, Hostile, Arc<Consumer>) {
	let setting = Setting::new(House::new().await).await;
	let worker = Worker {
		worker: setting.house.chain.worker.clone(),
		program: setting.facts.program.clone(),
		block: 8,
	};
	let hostile = Hostile::new(move |came, before| match came.is_vouchers() {
		true => json("200 OK", "{}"),
		false => script(&worker, came, before),
	})
	.await;
	setting.at(hostile.place);
	let consumer = setting
		.open_with(Settings {
			patience: Duration::from_millis(300),
			silence: Duration::from_millis(500),
			..settings()
		})
		.await;
	(setting, hostile, consumer)
}

/// How an answer ends whose receipt is changed before it is signed.
async fn with_receipt(
	change: impl Fn(&mut Receipt) + Send + Sync + 'static,
) -> (ConsumerError, Hostile, Arc<Consumer>) {
	let (_setting, hostile, consumer) = against(move |worker, came, _| {
		if !came.is_request() {
			return not_found();
		}
		let request = came.asked().0.request;
		let receipt = worker.receipt(&request, &TOKENS, &change);
		worker.answer(&request, &TOKENS, &receipt)
	})
	.await;
	let error = failure(consumer.ask(a_prompt(), tokens(20)).await.unwrap()).await;
	(error, hostile, consumer)
}

fn falsehood(error: &ConsumerError) -> Falsehood {
	let ConsumerError::Wrong(evidence) = error else {
		panic!("{error:?}")
	};
	match &**evidence {
		Evidence::Receipt { falsehood, .. } | Evidence::Progress { falsehood, .. } => *falsehood,
		other => panic!("{other:?}"),
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_script_is_believed_so_that_the_others_fail_for_their_lies() {
	let (_setting, hostile, consumer) = against(|worker, came, _| {
		let request = came.asked().0.request;
		worker.answer(&request, &TOKENS, &worker.receipt(&request, &TOKENS, |_| ()))
	})
	.await;
	let answered = an_answer(&consumer, 20).await;
	assert_eq!(answered.revealed.receipt.output.length, 20);
	until("it is vouched for", async || hostile.vouchers().len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_states_what_is_not_so_is_kept_and_never_paid() {
	let (error, hostile, consumer) = with_receipt(|receipt| receipt.units += 1).await;
	assert!(
		matches!(falsehood(&error), Falsehood::Units { stated, counted } if stated == counted + 1),
		"{error}"
	);
	assert_eq!(consumer.evidence().len(), 1);
	// Its lane is not used any more, others are.
	let _ = consumer.ask(a_prompt(), tokens(20)).await.unwrap().receipt().await;
	let lanes: Vec<u8> = hostile.requests().iter().map(|request| request.lane).collect();
	assert_eq!(lanes, [0, 1]);
	assert!(hostile.vouchers().is_empty());

	let (error, ..) = with_receipt(|receipt| receipt.block = 400).await;
	assert!(
		matches!(falsehood(&error), Falsehood::Block { stated: 400, .. }),
		"{error}"
	);
	// Before the channel was opened.
	let (error, ..) = with_receipt(|receipt| receipt.block = 0).await;
	assert!(
		matches!(
			falsehood(&error),
			Falsehood::Block {
				stated: 0,
				earliest: 1,
				..
			}
		),
		"{error}"
	);
	let (error, ..) = with_receipt(|receipt| receipt.max_tokens = 21).await;
	assert!(
		matches!(
			falsehood(&error),
			Falsehood::End {
				stated: 21,
				asked: 20,
				come: 20
			}
		),
		"{error}"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn q01_a_block_that_is_ahead_is_waited_for_and_not_believed() {
	let (setting, _hostile, consumer) = against(|worker, came, _| {
		let request = came.asked().0.request;
		let receipt = worker.receipt(&request, &TOKENS, |receipt| receipt.block = 150);
		worker.answer(&request, &TOKENS, &receipt)
	})
	.await;
	let answer = consumer.ask(a_prompt(), tokens(20)).await.unwrap();
	tokio::time::sleep(Duration::from_millis(100)).await;
	setting.now.send_modify(|now| now.height = 149);
	tokio::time::sleep(Duration::from_millis(100)).await;
	assert!(consumer.evidence().is_empty());
	setting.now.send_modify(|now| now.height = 150);
	answer.receipt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_by_the_worker_or_about_something_else_proves_nothing_and_is_not_paid() {
	let (error, hostile, _consumer) = with_receipt(|receipt| receipt.request.0[0] ^= 1).await;
	assert!(
		matches!(error, ConsumerError::Breach(Breach::OtherRequest("receipt"))),
		"{error}"
	);
	assert!(hostile.vouchers().is_empty());
	let (error, ..) = with_receipt(|receipt| receipt.output.root.0[0] ^= 1).await;
	assert!(matches!(error, ConsumerError::Breach(Breach::OtherOutput)), "{error}");

	let (_setting, hostile, consumer) = against(|worker, came, _| {
		if !came.is_request() {
			return not_found();
		}
		let request = came.asked().0.request;
		let mut receipt = worker.receipt(&request, &TOKENS, |_| ());
		receipt.receipt.units += 1;
		worker.answer(&request, &TOKENS, &receipt)
	})
	.await;
	let error = failure(consumer.ask(a_prompt(), tokens(20)).await.unwrap()).await;
	assert!(
		matches!(error, ConsumerError::Breach(Breach::BadSignature("receipt"))),
		"{error}"
	);
	assert!(hostile.vouchers().is_empty() && consumer.evidence().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_sixteen_tokens_come_only_with_the_workers_signature() {
	let (_setting, _hostile, consumer) = against(|_, came, _| match came.is_request() {
		true => Said::Silence(stream(&[event("tokens", &format!("{{\"tokens\":{TOKENS:?}}}"))])),
		false => not_found(),
	})
	.await;
	let (events, error) = all(consumer.ask(a_prompt(), tokens(20)).await.unwrap()).await;
	assert!(events.is_empty(), "{events:?}");
	assert!(
		matches!(error, Some(ConsumerError::Breach(Breach::NoProgress { after: 16 }))),
		"{error:?}"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_progress_under_other_tokens_is_kept() {
	let (_setting, _hostile, consumer) = against(|worker, came, _| {
		if !came.is_request() {
			return not_found();
		}
		let request = came.asked().0.request;
		let progress = worker.progress(&request, &TOKENS[..16], |progress| progress.root.0[0] ^= 1);
		let tokens = event("tokens", &format!("{{\"tokens\":{:?}}}", &TOKENS[..16]));
		Said::Silence(stream(&[tokens, event("progress", &hex_of(&progress))]))
	})
	.await;
	let (events, error) = all(consumer.ask(a_prompt(), tokens(20)).await.unwrap()).await;
	assert_eq!(events, [Event::Tokens(TOKENS[..16].to_vec())]);
	assert_eq!(falsehood(&error.unwrap()), Falsehood::Tokens(16));
	assert!(matches!(consumer.evidence()[..], [Evidence::Progress { .. }]));
}

/// What a worker says of which at most one is true, once with some tokens and once with others.
async fn contradiction(
	first: impl Fn(&Worker, &Request) -> Said + Send + Sync + 'static,
	kept: impl Fn(&Worker, &Request) -> Said + Send + Sync + 'static,
) -> (Contradiction, Setting) {
	let asked = std::sync::Mutex::new(None);
	let (setting, _hostile, consumer) = against(move |worker, came, _| {
		if came.is_request() {
			let request = came.asked().0.request;
			*asked.lock().unwrap() = Some(request.clone());
			return first(worker, &request);
		}
		kept(worker, asked.lock().unwrap().as_ref().unwrap())
	})
	.await;
	drop(all(consumer.ask(a_prompt(), tokens(20)).await.unwrap()).await);
	until("there is evidence", async || {
		consumer
			.evidence()
			.iter()
			.any(|evidence| matches!(evidence, Evidence::Contradiction(_)))
	})
	.await;
	let Some(Evidence::Contradiction(contradiction)) = consumer.evidence().pop() else {
		panic!("no contradiction")
	};
	assert!(contradiction.holds());
	(*contradiction, setting)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_for_another_answer_than_came_is_a_contradiction() {
	let other: [u32; 20] = std::array::from_fn(|index| 30 + index as u32);
	let (contradiction, _setting) = contradiction(
		// After the progress the connection breaks until nobody waits any more.
		|worker, request| Said::Bytes(stream(&worker.tokens(request, &TOKENS))),
		move |worker, request| worker.kept(&worker.receipt(request, &other, |_| ()), &other),
	)
	.await;
	assert!(
		matches!(contradiction, Contradiction::Answer { .. }),
		"{contradiction:?}"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_one_place_are_a_contradiction() {
	let asked = std::sync::atomic::AtomicUsize::new(0);
	let (contradiction, _setting) = contradiction(
		move |worker, request| {
			let time = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
			let progress = worker.progress(request, &TOKENS[..16], |progress| {
				if time > 0 {
					progress.root.0[0] ^= 1;
				}
			});
			let tokens = event("tokens", &format!("{{\"tokens\":{:?}}}", &TOKENS[..16]));
			Said::Bytes(stream(&[tokens, event("progress", &hex_of(&progress))]))
		},
		|_, _| not_found(),
	)
	.await;
	assert!(
		matches!(contradiction, Contradiction::Progress(..)),
		"{contradiction:?}"
	);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_endless_too_long_silent_or_garbage_ends() {
	let sse = || head("200 OK", "text/event-stream");
	type Script = fn(Vec<u8>) -> Said;
	let scripts: [(&str, Script, fn(&ConsumerError) -> bool); 7] = [
		(
			"an event without an end",
			|head| Said::Endless(head, vec![b'x'; 4096]),
			|error| matches!(error, ConsumerError::Breach(Breach::TooLong { .. })),
		),
		(
			"tokens without an end",
			|head| Said::Endless(head, event("tokens", "{\"tokens\":[1]}").into_bytes()),
			|error| matches!(error, ConsumerError::Breach(Breach::NoProgress { .. })),
		),
		(
			"a token that there is not",
			|head| Said::Silence([head, event("tokens", "{\"tokens\":[4000000000]}").into_bytes()].concat()),
			|error| matches!(error, ConsumerError::Breach(Breach::NoToken(4_000_000_000))),
		),
		(
			"garbage",
			|head| Said::Silence([head, event("receipt", "0x1234").into_bytes()].concat()),
			|error| matches!(error, ConsumerError::Breach(Breach::Garbage(_))),
		),
		(
			"nothing",
			|_| Said::Silence(vec![]),
			|error| matches!(error, ConsumerError::Impatient { .. }),
		),
		("nothing more", Said::Silence, |error| {
			matches!(error, ConsumerError::Impatient { .. })
		}),
		(
			"a head without an end",
			|_| Said::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".to_vec()),
			|error| matches!(error, ConsumerError::Impatient { .. }),
		),
	];
	for (name, script, is_expected) in scripts {
		let head = sse();
		let (_setting, hostile, consumer) = against(move |_, came, _| match came.is_request() {
			true => script(head.clone()),
			false => not_found(),
		})
		.await;
		let error = failure(consumer.ask(a_prompt(), tokens(20)).await.unwrap()).await;
		assert!(is_expected(&error), "{name}: {error:?}");
		// The very same request, and no other, as often as it is sent.
		tokio::time::sleep(Duration::from_millis(100)).await;
		let requests = hostile.requests();
		assert!(requests.iter().all(|request| *request == requests[0]), "{name}");
		assert!(hostile.vouchers().is_empty(), "{name}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_talks_a_lane_to_where_nothing_was_signed() {
	let setting = Setting::new(House::new().await).await;
	let worker = Worker {
		worker: setting.house.chain.worker.clone(),
		program: setting.facts.program.clone(),
		block: 8,
	};
	let hostile = Hostile::new(move |came, _| {
		if came.is_vouchers() {
			return json(
				"409 Conflict",
				r#"{"error":{"code":"resync","message":"no","base":7,"count":0,"voucher":null}}"#,
			);
		}
		let request = came.asked().0.request;
		worker.answer(&request, &TOKENS, &worker.receipt(&request, &TOKENS, |_| ()))
	})
	.await;
	setting.at(hostile.place);
	let consumer = setting.open().await;
	an_answer(&consumer, 20).await;
	let refused = consumer.vouch().await.unwrap_err();
	assert!(matches!(refused, ConsumerError::OutOfStep { lane: 0, .. }), "{refused}");
	let signed = hostile.vouchers();
	assert!(signed
		.iter()
		.all(|signed| (signed.voucher.base, signed.voucher.count) == (0, 1)));
}
