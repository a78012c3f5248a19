use super::*;
use assay_exact::{program::Program, Generation, Sampler};
use assay_protocol::{
	channel::{Content, Request},
	ChannelId,
};
use assay_samples::programs::bigram;
use assay_trace::TraceRoot;
use sp_core::sr25519;
use std::sync::atomic::AtomicU32;

const STOP: u32 = 9;
const NOW: BlockNumber = 200;

fn worker() -> WorkerPair {
	WorkerPair::from_string("//Worker", None).unwrap()
}

fn program() -> Program {
	bigram(40, 8, 100, STOP)
}

fn subject(forgiven: u32) -> Subject {
	Subject {
		genesis: [9; 32],
		channel: ChannelId(Hash32([4; 32])),
		program: program(),
		worker: worker().public(),
		price: 2,
		opened_at: 150,
		forgiven: AtomicU32::new(forgiven),
	}
}

fn heard(subject: &Subject, max_tokens: u32, ignore_stop: bool) -> Heard {
	let input = JobInput::Tokens(vec![1, 2, 3].try_into().unwrap());
	let request = Request {
		channel: subject.channel,
		lane: 0,
		sequence: 0,
		input: Content::of_input(&input),
		generation: Generation {
			sampler: Sampler::Greedy,
			max_tokens,
			ignore_stop,
		},
	};
	let signature = sr25519::Pair::from_seed(&[1; 32]).sign(&request.signing_payload(&subject.genesis));
	Heard::new(Asked {
		signed: SignedRequest { request, signature },
		input,
		at: 190,
	})
}

/// What becomes of an answer of these tokens that is said to end after so many.
fn ends(heard: &mut Heard, subject: &Subject, tokens: &[u32], max_tokens: u32) -> Result<Answered, Disbelief> {
	let request = &heard.asked.signed.request;
	let receipt = Receipt {
		channel: request.channel,
		request: request.root(),
		max_tokens,
		output: Content::tokens(tokens),
		trace: TraceRoot(Hash32([5; 32])),
		units: subject.program.units(3, tokens.len() as u32).0,
		block: 195,
	};
	let signature = worker().sign(&receipt.signing_payload(&subject.genesis));
	let output = JobOutput::Tokens(tokens.to_vec().try_into().unwrap());
	heard.take_receipt(subject, SignedReceipt { receipt, signature }, output, NOW)
}

fn falsehood(disbelief: Result<Answered, Disbelief>) -> Option<Falsehood> {
	match disbelief.err()? {
		Disbelief::Evidence(evidence) => match *evidence {
			Evidence::Receipt { falsehood, .. } => Some(falsehood),
			other => panic!("{other:?}"),
		},
		other => panic!("{other:?}"),
	}
}

#[test]
fn an_answer_ends_at_its_last_token_or_with_a_stop_token() {
	let subject = subject(0);
	let full = ends(&mut heard(&subject, 4, false), &subject, &[1, 2, 3, 4], 4).unwrap();
	assert_eq!(full.fee, 2 * u128::from(subject.program.units(3, 4).0));
	assert!(ends(&mut heard(&subject, 4, false), &subject, &[1, STOP], 4).is_ok());
	let cut = falsehood(ends(&mut heard(&subject, 4, true), &subject, &[1, STOP], 2));
	assert_eq!(cut, Some(Falsehood::CutShort { asked: 4, come: 2 }));
	for (tokens, stated) in [
		// After a stop token there is nothing.
		(&[1, STOP, 2, 3][..], 4),
		// A program does not end before so many without one.
		(&[1, 2], 3),
		(&[1, 2, 3], 2),
		(&[1, 2, 3, 4], 5),
		(&[], 0),
	] {
		let end = falsehood(ends(&mut heard(&subject, 4, false), &subject, tokens, stated));
		let (asked, come) = (4, tokens.len() as u32);
		assert_eq!(end, Some(Falsehood::End { stated, asked, come }), "{tokens:?}");
	}
}

#[test]
fn an_early_end_is_good_where_this_end_has_stopped_it_or_forgives_it() {
	let strict = subject(0);
	let mut stopped = heard(&strict, 4, false);
	stopped.is_stopped = true;
	assert!(ends(&mut stopped, &strict, &[1, 2], 2).is_ok());
	assert!(!stopped.is_cut_short);
	let lenient = subject(1);
	let mut cut = heard(&lenient, 4, false);
	assert!(ends(&mut cut, &lenient, &[1, 2], 2).is_ok());
	assert!(cut.is_cut_short);
	lenient.forgive();
	lenient.forgive();
	assert!(!lenient.forgives());
}

#[test]
fn two_receipts_for_one_request_are_a_contradiction() {
	let subject = subject(0);
	let mut heard = heard(&subject, 2, false);
	assert!(ends(&mut heard, &subject, &[1, 2], 2).is_ok());
	assert!(ends(&mut heard, &subject, &[1, 2], 2).is_ok());
	let Err(Disbelief::Evidence(evidence)) = ends(&mut heard, &subject, &[1, 3], 2) else {
		panic!("it is believed")
	};
	let Evidence::Contradiction(contradiction) = *evidence else {
		panic!("{evidence:?}")
	};
	assert!(matches!(*contradiction, Contradiction::Receipts(..)));
}

#[test]
fn what_came_comes_again_the_same_and_no_more_than_was_asked_for() {
	let subject = subject(0);
	let mut heard = heard(&subject, 4, false);
	assert_eq!(heard.take_tokens(&subject, &[1, 2]), Ok(vec![1, 2]));
	heard.begin();
	assert_eq!(heard.take_tokens(&subject, &[1]), Ok(vec![]));
	assert_eq!(heard.take_tokens(&subject, &[2, 3]), Ok(vec![3]));
	heard.begin();
	assert_eq!(heard.take_tokens(&subject, &[1, 5]), Err(Breach::Changed { at: 1 }));
	heard.begin();
	assert_eq!(
		heard.take_tokens(&subject, &[1, 2, 3, 4, 5]),
		Err(Breach::TooManyTokens { most: 4 })
	);
	assert_eq!(heard.take_values(&subject, vec![1]).err().map(|_| ()), Some(()));
}

#[test]
fn a_block_is_recent_if_it_was_when_the_request_was_sent() {
	let subject = subject(0);
	let mut heard = heard(&subject, 2, false);
	heard.asked.at = 270;
	// Received long after.
	for (block, is_good) in [(169, false), (170, true), (1_000, true), (1_001, false)] {
		let come = heard.is_recent(&subject, block, 1_000, |falsehood| Evidence::Progress {
			falsehood,
			progress: SignedProgress {
				progress: assay_protocol::channel::Progress {
					channel: subject.channel,
					request: heard.root,
					tokens: 16,
					root: Hash32([0; 32]),
					block,
				},
				signature: worker().sign(b"nothing"),
			},
		});
		assert_eq!(come.is_ok(), is_good, "{block}");
	}
}
