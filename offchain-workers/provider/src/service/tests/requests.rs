//! What is asked beside results: answered once, again while it is due, and anew when it is something else.

use super::*;
use assay_protocol::{
	audit::AuditDuty,
	dispute::{DisputeRecord, MoveDuty},
};
use sp_core::H256;

fn an_answer_due(dispute: u64, stage: Stage) -> Requested {
	let Assignment { worker, duty } = an_assignment(7);
	let claim = DisputedClaim {
		job: duty.job,
		attempt: duty.attempt,
		version: duty.version,
		artifact: duty.artifact,
		input: duty.input,
		generation: duty.generation,
		output: JobOutput::Tokens(vec![7].try_into().unwrap()),
		trace: TRACE,
	};
	Requested {
		worker,
		request: Request::Answer(AnswerDuty {
			dispute: DisputeId(dispute),
			stage,
			deadline: 50,
			claim,
		}),
	}
}

/// An audit by one of the operators of this worker.
fn an_audit_due(operator: u8, deadline: BlockNumber, excused: bool, claim: DisputedClaim) -> Requested {
	Requested {
		worker: worker().public(),
		request: Request::Reply(AuditDuty {
			from: AccountId32::new([operator; 32]),
			question: Question::Digest,
			deadline,
			excused,
			claim,
		}),
	}
}

/// The disputes that were answered, in order.
fn disputes_answered(chain: &FakeChain) -> Vec<u64> {
	let answered = chain.answered.lock();
	answered.iter().map(|answer| answer.answer.dispute.0).collect()
}

#[tokio::test]
async fn a_dispute_is_answered_once_and_again_while_it_stays_due() {
	let (chain, engine, folder) = setup();
	let running = Running::start(&chain, &engine, folder.path());
	let due = an_answer_due(3, Stage::ListGroups);
	*chain.requests.lock() = vec![due.clone()];
	running.best(&chain, 1);
	eventually(|| chain.answered.lock().len() == 1).await;
	running.best(&chain, 2);
	running.best(&chain, 1 + 4);
	eventually(|| chain.answered.lock().len() == 2).await;
	running.finish().await;
	let answered = chain.answered.lock();
	for SignedAnswer { answer, signature } in answered.iter() {
		assert_eq!(answer.answer, Answer::Groups(vec![due.request.claim().artifact]));
		assert!(WorkerPair::verify(
			signature,
			answer.signing_payload(&due.request.claim().root(), &GENESIS),
			&due.worker
		));
	}
}

/// Another claim of the same job under the same numbers, as after a reorganisation.
fn about_another_claim(mut requested: Requested) -> Requested {
	let Request::Answer(duty) = &mut requested.request else {
		panic!("it is an answer")
	};
	duty.claim.artifact = Hash32([77; 32]);
	requested
}

#[tokio::test]
async fn answer_is_prepared_anew_when_its_dispute_is_about_another_claim() {
	let (chain, engine, folder) = setup();
	let running = Running::start(&chain, &engine, folder.path());
	let due = an_answer_due(3, Stage::ListGroups);
	*chain.requests.lock() = vec![due.clone()];
	running.best(&chain, 1);
	eventually(|| chain.answered.lock().len() == 1).await;
	let other = about_another_claim(due.clone());
	*chain.requests.lock() = vec![other.clone()];
	running.best(&chain, 2);
	eventually(|| chain.answered.lock().len() == 2).await;
	running.finish().await;
	let answered = chain.answered.lock();
	for (SignedAnswer { answer, signature }, due) in answered.iter().zip([due, other]) {
		let claim = due.request.claim();
		assert_eq!(answer.answer, Answer::Groups(vec![claim.artifact]));
		let payload = answer.signing_payload(&claim.root(), &GENESIS);
		assert!(WorkerPair::verify(signature, payload, &due.worker));
	}
}

#[tokio::test]
async fn all_that_is_asked_about_a_claim_is_answered_before_another_is_run() {
	let (chain, engine, folder) = setup();
	let running = Running::start(&chain, &engine, folder.path());
	// Somebody challenges two claims in turns.
	let mut due: Vec<_> = (0..6)
		.map(|dispute| an_answer_due(dispute, Stage::ListGroups))
		.collect();
	for (index, requested) in due.iter_mut().enumerate() {
		if index % 2 == 1 {
			*requested = about_another_claim(requested.clone());
		}
		let Request::Answer(duty) = &mut requested.request else {
			panic!("it is an answer")
		};
		duty.deadline += index as BlockNumber;
	}
	*chain.requests.lock() = due;
	running.best(&chain, 1);
	eventually(|| chain.answered.lock().len() == 6).await;
	running.finish().await;
	assert_eq!(disputes_answered(&chain), [0, 2, 4, 1, 3, 5]);
}

/// Neither because it is due first, nor because it is read first, nor because its execution is at hand.
#[tokio::test]
async fn n01_what_is_excused_is_answered_after_all_that_is_not() {
	let (chain, engine, folder) = setup();
	let running = Running::start(&chain, &engine, folder.path());
	let due = an_answer_due(3, Stage::ListGroups);
	let other = about_another_claim(due.clone()).request.claim().clone();
	let claim = due.request.claim().clone();
	*chain.requests.lock() = vec![
		an_audit_due(1, 10, true, claim.clone()),
		an_audit_due(2, 50, false, claim),
		an_audit_due(3, 90, false, other),
	];
	running.best(&chain, 1);
	eventually(|| chain.replied.lock().len() == 3).await;
	running.finish().await;
	let replied = chain.replied.lock();
	let order = replied.iter().map(|signed| signed.reply.from.clone());
	assert_eq!(
		order.collect::<Vec<_>>(),
		[2, 3, 1].map(|operator| AccountId32::new([operator; 32]))
	);
}

#[test]
fn move_on_another_record_is_another_move() {
	let claim = an_answer_due(3, Stage::ListGroups).request.claim().clone();
	let key = |hash| {
		let duty = MoveDuty {
			challenger: AccountId32::new([4; 32]),
			dispute: DisputeId(3),
			stage: Stage::PointAtTarget,
			deadline: 50,
			record: DisputeRecord {
				hash,
				..DisputeRecord::default()
			},
			claim: claim.clone(),
		};
		Request::Move(Box::new(duty)).key()
	};
	assert_eq!(key(H256::repeat_byte(1)), key(H256::repeat_byte(1)));
	assert_ne!(key(H256::repeat_byte(1)), key(H256::repeat_byte(2)));
}

#[tokio::test]
async fn a_panic_while_answering_leaves_the_other_disputes_alone() {
	let (chain, engine, folder) = setup();
	let running = Running::start(&chain, &engine, folder.path());
	*chain.requests.lock() = vec![
		an_answer_due(3, Stage::OpenHead { position: 0 }),
		an_answer_due(4, Stage::ListGroups),
	];
	running.best(&chain, 1);
	eventually(|| !chain.answered.lock().is_empty()).await;
	running.finish().await;
	assert_eq!(disputes_answered(&chain), [4]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_given_is_tried_again() {
	let (chain, engine, folder) = setup();
	*engine.cannot_answer.lock() = true;
	let running = Running::start(&chain, &engine, folder.path());
	*chain.requests.lock() = vec![an_answer_due(3, Stage::ListGroups)];
	running.best(&chain, 1);
	eventually(|| !*engine.cannot_answer.lock()).await;
	// Later blocks come until the failure is known and its rest is over.
	let mut number = 1;
	while chain.answered.lock().is_empty() {
		number += 1;
		assert!(number < 10_000, "it is never tried again");
		running.best(&chain, number);
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
	running.finish().await;
	assert_eq!(chain.answered.lock()[0].answer.dispute.0, 3);
}
