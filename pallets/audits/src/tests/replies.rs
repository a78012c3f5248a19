//! Replies that are refused before they reach a block.

use crate::{mock::*, Error};
use assay_protocol::{
	audit::{AuditPhase, AuditReply, Question, Reply, SignedReply},
	Attempt, JobId,
};
use assay_trace::{cell::CellRoots, Hash32, Opening};
use codec::Encode;
use frame_support::pallet_prelude::InvalidTransaction;
use sp_core::Pair;
use sp_runtime::transaction_validity::TransactionValidityError;

fn refused(reply: SignedReply<AccountId>, expected: InvalidTransaction) {
	assert_eq!(deliver(reply), Err(TransactionValidityError::Invalid(expected)));
}

fn custom(error: Error<Test>) -> InvalidTransaction {
	InvalidTransaction::Custom(error.encode()[0])
}

/// A job at whose first questions the test begins.
fn scene(test: impl FnOnce(Worker, JobId)) {
	run(|| {
		offer(&[BOB, CHARLIE]);
		let worker = Worker::honest();
		let job = worker.claim();
		blocks(2);
		test(worker, job);
	});
}

#[test]
fn reply_should_be_refused_when_somebody_else_signed_it() {
	scene(|worker, job| {
		let question = asked(ALICE, job).unwrap();
		let reply = AuditReply {
			job,
			attempt: Attempt(0),
			from: ALICE,
			question,
			reply: worker.reply(ALICE, job, question),
		};
		let signature = worker_key(BOB).sign(&reply.signing_payload(&claim_of(job), &genesis()));
		refused(SignedReply { reply, signature }, InvalidTransaction::BadProof);
	});
}

#[test]
fn reply_should_be_refused_when_it_was_signed_for_another_chain() {
	scene(|worker, job| {
		let question = asked(BOB, job).unwrap();
		let mut signed = signed(BOB, job, question, worker.reply(BOB, job, question));
		signed.signature = worker_key(BOB).sign(&signed.reply.signing_payload(&claim_of(job), &[1; 32]));
		refused(signed, InvalidTransaction::BadProof);
	});
}

#[test]
fn p22_reply_should_be_refused_when_it_was_signed_for_another_claim() {
	scene(|worker, job| {
		let question = asked(BOB, job).unwrap();
		let mut signed = signed(BOB, job, question, worker.reply(BOB, job, question));
		let other = assay_trace::claim::ClaimRoot(NOTHING);
		signed.signature = worker_key(BOB).sign(&signed.reply.signing_payload(&other, &genesis()));
		refused(signed, InvalidTransaction::BadProof);
	});
}

#[test]
fn reply_should_be_refused_when_it_is_not_asked_for() {
	scene(|worker, job| {
		let question = asked(BOB, job).unwrap();
		let reply = worker.reply(BOB, job, question);
		refused(signed(DAVE, job, question, reply.clone()), InvalidTransaction::Stale);
		refused(signed(ALICE, job, question, reply.clone()), InvalidTransaction::Stale);
		refused(
			signed(BOB, JobId(9), question, reply.clone()),
			InvalidTransaction::Stale,
		);
		let mut other = signed(BOB, job, question, reply);
		other.reply.attempt = Attempt(1);
		refused(other, InvalidTransaction::Stale);
	});
}

#[test]
fn p10_shorter_replies_should_come_first() {
	use frame_support::pallet_prelude::TransactionSource;
	scene(|worker, job| {
		let priority = |who| {
			let question = asked(who, job).unwrap();
			let signed = signed(who, job, question, worker.reply(who, job, question));
			let (valid, _) = AuditsPallet::authorize_reply(TransactionSource::External, &signed).unwrap();
			(valid.priority, signed.encoded_size() as u64)
		};
		// Alice shows the roots of a cell, Bob a digest.
		let ((of_alice, long), (of_bob, short)) = (priority(ALICE), priority(BOB));
		assert!(long > short);
		assert_eq!(of_bob - of_alice, long - short);
	});
}

#[test]
fn d02_late_reply_should_use_up_time_of_guilt_before_the_agenda_notices() {
	const GUILT: u64 = 60;
	assay_testing::GuiltPeriod::set(GUILT);
	scene(|worker, job| {
		let deadline = match phase(job) {
			AuditPhase::Commit { deadline } => deadline,
			other => panic!("{other:?}"),
		};
		// The agenda has not looked at it yet.
		System::set_block_number(deadline + 3);
		worker.answer(ALICE, job).unwrap();
		let job = pallet_assay_jobs::Jobs::<Test>::get(job).unwrap();
		assert_eq!(
			(job.lateness.used, job.lateness.since, job.lateness.overdue),
			(3, None, 0)
		);
	});
	assay_testing::GuiltPeriod::set(0);
}

#[test]
fn reply_should_be_taken_once_and_in_time() {
	scene(|worker, job| {
		let question = asked(BOB, job).unwrap();
		let reply = signed(BOB, job, question, worker.reply(BOB, job, question));
		deliver(reply.clone()).unwrap();
		refused(reply, InvalidTransaction::Stale);
		let late = signed(
			CHARLIE,
			job,
			Question::Digest,
			worker.reply(CHARLIE, job, Question::Digest),
		);
		blocks(PERIOD + 1);
		refused(late, InvalidTransaction::Stale);
	});
}

#[test]
fn reply_should_be_refused_when_it_is_of_another_kind() {
	scene(|_, job| {
		let question = asked(ALICE, job).unwrap();
		refused(
			signed(ALICE, job, question, Reply::Digest(NOTHING)),
			custom(Error::WrongReplyKind),
		);
	});
}

#[test]
fn inside_of_a_cell_should_be_refused_when_it_does_not_lead_to_the_claim() {
	scene(|worker, job| {
		let question = asked(ALICE, job).unwrap();
		let Reply::Cell { roots, path } = worker.reply(ALICE, job, question) else {
			panic!("a cell is asked for")
		};
		let mut fewer = roots.clone();
		fewer.vectors.pop();
		let mut wrong = vec![(CellRoots::default(), path.clone()), (fewer, path.clone())];
		// A head has no path to be left out.
		if path.is_some() {
			wrong.push((roots, None));
		}
		for (roots, path) in wrong {
			refused(
				signed(ALICE, job, question, Reply::Cell { roots, path }),
				custom(Error::WrongCell),
			);
		}
	});
}

#[test]
fn step_should_be_refused_when_its_opening_is_not_what_was_committed_to() {
	scene(|worker, job| {
		for who in [ALICE, BOB, CHARLIE] {
			worker.answer(who, job).unwrap();
		}
		blocks(2);
		let question = asked(ALICE, job).unwrap();
		let Reply::Step(opening) = worker.reply(ALICE, job, question) else {
			panic!("a step is asked for")
		};
		let mut fewer = opening.clone();
		fewer.items.pop();
		for opening in [Opening::default(), fewer] {
			refused(
				signed(ALICE, job, question, Reply::Step(opening)),
				custom(Error::BadOpening),
			);
		}
		deliver(signed(ALICE, job, question, Reply::Step(opening))).unwrap();
	});
}

#[test]
fn copied_digest_should_be_worth_nothing() {
	scene(|worker, job| {
		worker.answer(ALICE, job).unwrap();
		worker.answer(BOB, job).unwrap();
		// Charlie sends what Bob has sent.
		let copied = worker.reply(BOB, job, Question::Digest);
		deliver(signed(CHARLIE, job, Question::Digest, copied)).unwrap();
		blocks(2);
		let question = asked(CHARLIE, job).unwrap();
		for values in [worker.reply(BOB, job, question), worker.reply(CHARLIE, job, question)] {
			refused(signed(CHARLIE, job, question, values), custom(Error::WrongValues));
		}
	});
}

#[test]
fn blind_digest_should_be_worth_nothing_even_to_who_learns_the_values() {
	scene(|worker, job| {
		worker.answer(ALICE, job).unwrap();
		worker.answer(BOB, job).unwrap();
		deliver(signed(CHARLIE, job, Question::Digest, Reply::Digest(Hash32([3; 32])))).unwrap();
		blocks(2);
		worker.answer(BOB, job).unwrap();
		let question = asked(CHARLIE, job).unwrap();
		let values = worker.reply(CHARLIE, job, question);
		refused(signed(CHARLIE, job, question, values), custom(Error::WrongValues));
	});
}

#[test]
fn reply_should_be_refused_when_it_is_too_long() {
	scene(|worker, job| {
		let question = asked(BOB, job).unwrap();
		let reply = signed(BOB, job, question, worker.reply(BOB, job, question));
		MaxReplyBytes::set(10);
		refused(reply, custom(Error::ReplyTooLong));
		MaxReplyBytes::set(1024 * 1024);
	});
}
