//! Challenges by auditors, signed by their worker keys and free of fees.

use crate::{mock::*, Error};
use assay_protocol::{
	dispute::{Accusation, Move, Proof, Ruling, SignedMove, Stage},
	Attempt, DisputeId, JobId,
};
use assay_trace::{claim::ClaimRoot, Hash32};
use codec::Encode;
use frame_support::pallet_prelude::InvalidTransaction;
use sp_core::Pair;
use sp_runtime::transaction_validity::TransactionValidityError;

fn sign(challenger: AccountId, act: Move) -> SignedMove<AccountId> {
	let claim = match &act {
		Move::Challenge { job, .. } => claim_of(*job),
		Move::PointAtGroup { dispute, .. }
		| Move::PointAtTarget { dispute, .. }
		| Move::PointAtStep { dispute, .. }
		| Move::Prove { dispute, .. } => claim_in(*dispute),
	};
	sign_about(challenger, act, claim)
}

fn sign_about(challenger: AccountId, act: Move, claim: ClaimRoot) -> SignedMove<AccountId> {
	let payload = SignedMove::signing_payload(&challenger, &act, &claim, &genesis());
	SignedMove {
		signature: worker_key(challenger).sign(&payload),
		challenger,
		act,
	}
}

/// Puts a move into the present block, through the pool's checks.
fn send(signed: SignedMove<AccountId>) -> Result<(), TransactionValidityError> {
	apply(&DisputesPallet::move_transaction(signed))
}

const STALE: Result<(), TransactionValidityError> = Err(TransactionValidityError::Invalid(InvalidTransaction::Stale));

fn a_challenge(job: JobId, accusation: Accusation) -> Move {
	Move::Challenge {
		job,
		attempt: Attempt(0),
		accusation,
	}
}

/// Bob, an operator with means, was drawn to audit a claim of Alice's that is wrong.
fn scene(test: impl FnOnce(Worker, JobId, Challenger)) {
	run(|| {
		use frame_support::traits::{fungible::Mutate, tokens::Preservation};
		Balances::transfer(&CHARLIE, &BOB, 10 * BOND, Preservation::Preserve).unwrap();
		Drawn::put(vec![BOB]);
		let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 1, position: 4 });
		let job = claimed(&worker);
		test(worker, job, Challenger::new(BOB, job));
	});
}

#[test]
fn auditor_should_walk_a_dispute_by_its_worker_key_alone() {
	scene(|worker, job, challenger| {
		let before = free(BOB);
		let accusation = challenger.accusation().expect("the claim is wrong");
		send(sign(BOB, a_challenge(job, accusation))).unwrap();
		let dispute = DisputeId(0);
		assert_eq!((free(BOB), held(BOB)), (before - BOND, BOND));
		while ruling(dispute).is_none() {
			if stage(dispute).is_workers() {
				assert!(DisputesPallet::moves_due(&worker_key(BOB).public()).is_empty());
				worker.act(dispute).unwrap();
			} else {
				let due = DisputesPallet::moves_due(&worker_key(BOB).public());
				assert_eq!((due.len(), due[0].dispute, due[0].stage), (1, dispute, stage(dispute)));
				send(sign(
					BOB,
					challenger.next_move(dispute).in_dispute(dispute, shown(dispute)),
				))
				.unwrap();
			}
		}
		assert_eq!(ruling(dispute), Some(Ruling::Refuted));
		assert_eq!((free(BOB), held(BOB)), (before + PENALTY / 2, 0));
	});
}

#[test]
fn only_a_drawn_auditor_should_challenge_by_its_worker_key_and_once() {
	scene(|_, job, _| {
		Drawn::kill();
		assert_eq!(send(sign(BOB, a_challenge(job, Accusation::Trace))), STALE);
		Drawn::put(vec![BOB]);
		let signed = sign(BOB, a_challenge(job, Accusation::Trace));
		send(signed.clone()).unwrap();
		// Whoever sees the transaction cannot make Bob challenge again.
		assert_eq!(send(signed), STALE);
		let other = Accusation::Head { position: 8 };
		assert_eq!(send(sign(BOB, a_challenge(job, other))), STALE);
	});
}

#[test]
fn p21_auditor_should_send_proofs_as_long_as_anybody_else_may() {
	scene(|worker, job, challenger| {
		let accusation = challenger.accusation().expect("the claim is wrong");
		send(sign(BOB, a_challenge(job, accusation))).unwrap();
		let dispute = DisputeId(0);
		let (record, mut proof) = loop {
			if stage(dispute).is_workers() {
				worker.act(dispute).unwrap();
				continue;
			}
			match challenger.next_move(dispute).in_dispute(dispute, shown(dispute)) {
				Move::Prove { record, proof, .. } => break (record, proof),
				next => send(sign(BOB, next)).unwrap(),
			}
		};
		// As much as fits into the limit with it, which is more than what the worker has shown.
		proof
			.opening
			.items
			.extend(proof.opening.items.clone().into_iter().cycle().take(50));
		let length = proof.encoded_size() as u32;
		let by_bob = |proof: &Proof| {
			send(sign(
				BOB,
				Move::Prove {
					dispute,
					record,
					proof: proof.clone(),
				},
			))
		};
		// What a move says beside its proof does not count: this one is only wrong.
		MaxAnswerBytes::set(length);
		assert_eq!(by_bob(&proof), STALE);
		MaxAnswerBytes::set(length - 1);
		let refused = Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources));
		assert_eq!(by_bob(&proof), refused);
		let too_long = DisputesPallet::prove(RuntimeOrigin::signed(BOB), dispute, record, proof);
		assert_eq!(too_long, Err(Error::<Test>::ProofTooLong.into()));
		MaxAnswerBytes::set(1024 * 1024);
	});
}

#[test]
fn move_should_be_refused_when_somebody_else_signed_it() {
	scene(|_, job, _| {
		let mut signed = sign(BOB, a_challenge(job, Accusation::Trace));
		signed.signature = sign(ALICE, signed.act.clone()).signature;
		let refused = Err(TransactionValidityError::Invalid(InvalidTransaction::BadProof));
		assert_eq!(send(signed.clone()), refused);
		signed.challenger = CHARLIE;
		let nobody = Err(TransactionValidityError::Invalid(InvalidTransaction::BadSigner));
		assert_eq!(send(signed), nobody);
	});
}

#[test]
fn move_that_does_not_lead_on_should_not_reach_a_block() {
	scene(|worker, job, challenger| {
		send(sign(BOB, a_challenge(job, Accusation::Trace))).unwrap();
		let dispute = DisputeId(0);
		let nowhere = Move::PointAtGroup {
			dispute,
			record: shown(dispute),
			group: assay_trace::Group { row: 99, index: 0 },
		};
		assert_eq!(send(sign(BOB, nowhere.clone())), STALE, "it is not his turn");
		worker.act(dispute).unwrap();
		assert_eq!(send(sign(BOB, nowhere)), STALE, "there is no such group");
		assert_eq!(stage(dispute), Stage::PointAtGroup);
		let next = challenger.next_move(dispute).in_dispute(dispute, shown(dispute));
		assert_eq!(send(sign(ALICE, next.clone())), STALE, "it is not her dispute");
		send(sign(BOB, next)).unwrap();
	});
}

#[test]
fn challenge_should_fail_without_the_means_for_a_bond() {
	run(|| {
		Drawn::put(vec![BOB]);
		let job = claimed(&Worker::new(ALICE, DECODER, Cheat::Root));
		assert_eq!(send(sign(BOB, a_challenge(job, Accusation::Trace))), STALE);
		assert_eq!(held(BOB), 0);
	});
}

#[test]
fn drawn_auditor_should_challenge_also_after_the_window() {
	use assay_protocol::dispute::Claims;
	scene(|worker, job, _| {
		// The audit holds the job back.
		JobsPallet::hold(job).unwrap();
		run_to(2 + WINDOW);
		let late = challenge(CHARLIE, job, Accusation::Trace);
		assert_eq!(late, Err(Error::<Test>::WindowClosed.into()));
		send(sign(BOB, a_challenge(job, Accusation::Trace))).unwrap();
		worker.act(DisputeId(0)).unwrap();
		// What the mock's own check counts.
		JobsPallet::let_go(job, Attempt(0));
	});
}

#[test]
fn p22_signature_should_be_of_no_use_for_another_claim() {
	scene(|worker, job, challenger| {
		let other = ClaimRoot(Hash32([3; 32]));
		let refused = Err(TransactionValidityError::Invalid(InvalidTransaction::BadProof));
		let challenge = a_challenge(job, Accusation::Trace);
		assert_eq!(send(sign_about(BOB, challenge.clone(), other)), refused);
		send(sign(BOB, challenge)).unwrap();
		let dispute = DisputeId(0);
		let answer = assay_protocol::dispute::DisputeAnswer {
			dispute,
			stage: stage(dispute),
			answer: worker.answer(stage(dispute)),
		};
		let signature = worker_key(ALICE).sign(&answer.signing_payload(&other, &genesis()));
		assert_eq!(
			deliver(assay_protocol::dispute::SignedAnswer { answer, signature }),
			refused
		);
		worker.act(dispute).unwrap();
		let next = challenger.next_move(dispute).in_dispute(dispute, shown(dispute));
		assert_eq!(send(sign_about(BOB, next, other)), refused);
	});
}
