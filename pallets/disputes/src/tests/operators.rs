//! Challenges by auditors, signed by their worker keys and free of fees.

use crate::{mock::*, Error, Event, NextDisputeId};
use assay_protocol::{
	dispute::{Accusation, Move, Proof, Ruling, SignedMove, Stage},
	Attempt, DisputeId, JobId,
};
use assay_trace::{claim::ClaimRoot, Hash32};
use codec::Encode;
use frame_support::pallet_prelude::{InvalidTransaction, TransactionSource};
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
		assert_eq!((free(BOB), held(BOB)), (before, 0), "its stake stands for a bond");
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
fn f07_auditor_that_had_challenged_before_it_was_drawn_should_owe_nothing_more() {
	scene(|_, job, _| {
		Drawn::kill();
		assert_eq!(challenge(BOB, job, Accusation::Trace), Ok(DisputeId(0)));
		Drawn::put(vec![BOB]);
		let before = (free(BOB), held(BOB));
		send(sign(BOB, a_challenge(job, Accusation::Trace))).unwrap();
		// Its bond stands, nothing new is opened, and nothing is asked of it any more.
		assert_eq!((free(BOB), held(BOB)), before);
		assert!(Drawn::get().is_empty() && !crate::Disputes::<Test>::contains_key(DisputeId(1)));
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
fn d07_turn_of_a_drawn_auditor_should_count_in_its_load() {
	use pallet_assay_jobs::Load;
	scene(|worker, job, challenger| {
		assay_testing::ReferenceSpeed::set(1);
		let run = pallet_assay_jobs::Jobs::<Test>::get(job).unwrap().units().0;
		send(sign(BOB, a_challenge(job, Accusation::Trace))).unwrap();
		let dispute = DisputeId(0);
		assert_eq!((Load::<Test>::get(ALICE), Load::<Test>::get(BOB)), (run, 0));
		// Something else that Bob is asked about.
		<JobsPallet as assay_protocol::dispute::Claims<_, _, _>>::asked(&BOB, assay_exact::ComputeUnits(30));
		worker.act(dispute).unwrap();
		assert_eq!((Load::<Test>::get(ALICE), Load::<Test>::get(BOB)), (0, run + 30));
		let deadline = DisputesPallet::dispute_summary(dispute).unwrap().deadline;
		assert_eq!(deadline, System::block_number() + MOVE_PERIOD + run + 30);
		let next = challenger.next_move(dispute).in_dispute(dispute, shown(dispute));
		send(sign(BOB, next)).unwrap();
		assert_eq!((Load::<Test>::get(ALICE), Load::<Test>::get(BOB)), (run, 30));
		assay_testing::ReferenceSpeed::set(assay_testing::FAST);
	});
}

#[test]
fn p10_shorter_moves_should_come_first() {
	scene(|worker, job, challenger| {
		let priority = |act: Move| {
			let signed = sign(BOB, act);
			let bytes = signed.encoded_size() as u64;
			let (valid, _) = DisputesPallet::authorize_move(TransactionSource::External, &signed).unwrap();
			(valid.priority, bytes)
		};
		let challenge = a_challenge(job, challenger.accusation().expect("the claim is wrong"));
		let (first, short) = priority(challenge.clone());
		send(sign(BOB, challenge)).unwrap();
		let dispute = DisputeId(0);
		loop {
			if stage(dispute).is_workers() {
				worker.act(dispute).unwrap();
				continue;
			}
			let next = challenger.next_move(dispute).in_dispute(dispute, shown(dispute));
			if matches!(next, Move::Prove { .. }) {
				let (last, long) = priority(next);
				assert!(long > short);
				assert_eq!(first - last, long - short);
				return;
			}
			send(sign(BOB, next)).unwrap();
		}
	});
}

#[test]
fn drawn_auditor_without_free_money_should_challenge_as_many_claims_as_it_is_drawn_for() {
	run(|| {
		Drawn::put(vec![BOB]);
		let before = (free(BOB), stake(BOB));
		assert!(free(BOB) < BOND);
		for _ in 0..3 {
			let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 1, position: 4 });
			let job = claimed(&worker);
			let challenger = Challenger::new(BOB, job);
			let dispute = NextDisputeId::<Test>::get();
			send(sign(
				BOB,
				a_challenge(job, challenger.accusation().expect("the claim is wrong")),
			))
			.unwrap();
			assert_eq!(held(BOB), 0);
			while ruling(dispute).is_none() {
				if stage(dispute).is_workers() {
					worker.act(dispute).unwrap();
				} else {
					let next = challenger.next_move(dispute).in_dispute(dispute, shown(dispute));
					send(sign(BOB, next)).unwrap();
				}
			}
			assert_eq!(ruling(dispute), Some(Ruling::Refuted));
			Drawn::put(vec![BOB]);
		}
		assert!(free(BOB) > before.0);
		assert_eq!(stake(BOB), before.1);
	});
}

#[test]
fn stake_of_an_auditor_should_stand_for_as_many_bonds_as_it_covers() {
	use crate::AtStake;
	run(|| {
		StakingPallet::unbond(RuntimeOrigin::signed(BOB), BOB, stake(BOB) - 2 * BOND - BOND / 2).unwrap();
		Drawn::put(vec![BOB; 3]);
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let jobs = [0; 3].map(|_| claimed(&worker));
		let again = |job| {
			Drawn::put(vec![BOB]);
			send(sign(BOB, a_challenge(job, Accusation::Trace)))
		};
		again(jobs[0]).unwrap();
		again(jobs[1]).unwrap();
		assert_eq!(AtStake::<Test>::get(BOB), 2);
		assert_eq!(again(jobs[2]), STALE, "a third could not be paid");
		// Lost ones are paid and stand no more.
		for dispute in [DisputeId(0), DisputeId(1)] {
			worker.act(dispute).unwrap();
		}
		run_to(System::block_number() + MOVE_PERIOD + 1);
		assert_eq!(AtStake::<Test>::iter().count(), 0);
		assert_eq!(stake(BOB), STAKE - 2 * BOND);
	});
}

#[test]
fn drawn_auditor_that_loses_its_challenge_should_pay_a_bond_of_its_stake() {
	run(|| {
		Drawn::put(vec![BOB]);
		let (worker, treasury) = (stake(ALICE), free(TREASURY));
		let (bob, alice) = (stake(BOB), free(ALICE));
		let job = claimed(&Worker::new(ALICE, DECODER, Cheat::Honest));
		send(sign(BOB, a_challenge(job, Accusation::Trace))).unwrap();
		Worker::new(ALICE, DECODER, Cheat::Honest).act(DisputeId(0)).unwrap();
		run_to(System::block_number() + MOVE_PERIOD + 1);
		assert_eq!(ruling(DisputeId(0)), Some(Ruling::ChallengerSilent));
		assert_eq!(stake(BOB), bob - BOND);
		assert_eq!(stake(ALICE), worker);
		// Half pays for the room that the answers took, as with any bond.
		assert_eq!(free(ALICE), alice + BOND / 2);
		assert_eq!(free(TREASURY), treasury + BOND / 2);
		let faults = StakingPallet::operator_summary(&BOB).unwrap().faults;
		assert_eq!(faults.lost_challenges, 1);
		assert!(events().contains(&Event::StakeForfeited {
			dispute: DisputeId(0),
			amount: BOND,
		}));
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
