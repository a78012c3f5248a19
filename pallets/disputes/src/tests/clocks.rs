//! Clocks: who is silent loses, at every stage, and no job waits longer than the bound.

use crate::{mock::*, Error, MOVES};
use assay_protocol::{
	dispute::{Accusation, Claims, Ruling},
	job::JobState,
	DisputeId, JobId,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::transaction_validity::InvalidTransaction;

/// A dispute about a wrong residual after so many moves, and both sides.
fn after(moves: u32) -> (JobId, DisputeId, Worker, Challenger) {
	let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 1, position: 4 });
	let job = claimed(&worker);
	// The longest walk.
	let challenger = Challenger::new(CHARLIE, job).pointing();
	let dispute = challenger.challenge(job, Accusation::Trace);
	for _ in 0..moves {
		act(dispute, &worker, &challenger);
	}
	(job, dispute, worker, challenger)
}

fn act(dispute: DisputeId, worker: &Worker, challenger: &Challenger) {
	if stage(dispute).is_workers() {
		worker.act(dispute).unwrap();
	} else {
		challenger.act(dispute).unwrap();
	}
}

#[test]
fn side_that_is_silent_should_lose_at_every_stage() {
	for moves in 0..MOVES {
		for by_hand in [false, true] {
			run(|| {
				let (job, dispute, ..) = after(moves);
				let worker_is_due = moves % 2 == 0;
				assert_eq!(stage(dispute).is_workers(), worker_is_due);
				run_to(1 + MOVE_PERIOD);
				assert_eq!(ruling(dispute), None, "the deadline's own block is in time");
				assert_noop!(expire(dispute), Error::<Test>::NothingDue);
				if by_hand {
					System::set_block_number(2 + MOVE_PERIOD);
					assert_ok!(expire(dispute));
				} else {
					next_block();
				}
				if worker_is_due {
					assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
					assert_eq!((free(CHARLIE), held(CHARLIE)), (FUNDS + PENALTY / 2, 0));
					assert_eq!(stake(ALICE), STAKE - PENALTY);
					assert!(!matches!(job_state(job), JobState::Claimed { .. }));
				} else {
					assert_eq!(ruling(dispute), Some(Ruling::ChallengerSilent));
					assert_eq!((free(CHARLIE), held(CHARLIE)), (FUNDS - BOND, 0));
					assert_eq!(stake(ALICE), STAKE);
					assert!(matches!(job_state(job), JobState::Claimed { .. }));
				}
				assert_noop!(expire(dispute), Error::<Test>::NothingDue);
				// The agenda looks again without harm.
				run_to(3 + MOVE_PERIOD);
			});
		}
	}
}

#[test]
fn move_should_be_taken_in_the_last_block_and_refused_after_it() {
	for moves in 0..MOVES {
		for late in [0, 1] {
			run(|| {
				let (_, dispute, worker, challenger) = after(moves);
				// The agenda has not come yet in a block that is just set.
				System::set_block_number(1 + MOVE_PERIOD + late);
				if moves % 2 == 0 {
					let stale = InvalidTransaction::Stale.into();
					let expected = if late == 0 { Ok(()) } else { Err(stale) };
					assert_eq!(worker.act(dispute), expected);
				} else if late == 0 {
					assert_ok!(challenger.act(dispute));
				} else {
					assert_noop!(challenger.act(dispute), Error::<Test>::DeadlinePassed);
				}
			});
		}
	}
}

#[test]
fn every_move_should_start_the_clock_anew() {
	run(|| {
		let (_, dispute, worker, challenger) = after(0);
		let mut now = 1;
		for _ in 0..MOVES {
			assert_eq!(
				DisputesPallet::dispute_summary(dispute).unwrap().deadline,
				now + MOVE_PERIOD
			);
			now += MOVE_PERIOD - 1;
			run_to(now);
			act(dispute, &worker, &challenger);
		}
		assert_eq!(ruling(dispute), Some(Ruling::Refuted));
	});
}

#[test]
fn worker_without_key_should_lose_by_the_clock() {
	run(|| {
		let (_, dispute, worker, _) = after(0);
		let other = sp_core::Pair::public(&worker_key(99));
		pallet_assay_staking::Operators::<Test>::mutate(ALICE, |operator| {
			operator.as_mut().unwrap().worker_key = other.clone();
		});
		assert_eq!(worker.act(dispute), Err(InvalidTransaction::BadProof.into()));
		run_to(2 + MOVE_PERIOD);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
	});
}

/// All use their time to the last: challengers challenge in the last block of the window, and move in the last of their
/// clocks; the last is silent.
#[test]
fn payment_should_not_wait_longer_than_the_bound() {
	for silent_at_last in [false, true] {
		run(|| {
			let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
			let job = claimed(&worker);
			let closes_at = 1 + WINDOW;
			run_to(closes_at - 1);
			let challengers = [CHARLIE, DAVE].map(|who| Challenger::new(who, job).pointing());
			let disputes: Vec<_> = challengers
				.iter()
				.map(|challenger| challenger.challenge(job, Accusation::Trace))
				.collect();
			for moved in 0..MOVES {
				run_to(System::block_number() + MOVE_PERIOD);
				for (dispute, challenger) in disputes.iter().zip(&challengers) {
					// The challenger's last move, before the worker's.
					if moved + 2 < MOVES || !silent_at_last {
						act(*dispute, &worker, challenger);
					}
				}
				check();
				if !silent_at_last {
					assert!(matches!(job_state(job), JobState::Claimed { .. }), "the job waits");
				}
			}
			run_to(closes_at + DisputesPallet::longest_delay());
			assert!(matches!(job_state(job), JobState::Final { operator: ALICE, .. }));
			assert_eq!(
				pallet_assay_staking::Operators::<Test>::get(ALICE).unwrap().committed,
				0
			);
		});
	}
}

/// Blocks of guilt in the tests below.
const GUILT: u64 = 40;

/// Runs a test with a clock of guilt that is longer than that of a move.
fn run_with_guilt(test: impl FnOnce()) {
	GuiltPeriod::set(GUILT);
	run(test);
	GuiltPeriod::set(0);
}

fn is_late(operator: AccountId) -> bool {
	pallet_assay_jobs::LateAnswers::<Test>::contains_key(operator)
}

#[test]
fn p06_d03_worker_that_was_away_should_answer_all_and_lose_nothing() {
	run_with_guilt(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job).pointing();
		let dispute = challenger.challenge(job, Accusation::Trace);
		run_to(1 + MOVE_PERIOD);
		assert!(!is_late(ALICE));
		run_to(2 + MOVE_PERIOD);
		// No money moves, but there is no new work.
		assert_eq!((ruling(dispute), is_late(ALICE), stake(ALICE)), (None, true, STAKE));
		let summary = DisputesPallet::dispute_summary(dispute).unwrap();
		assert_eq!((summary.late, summary.deadline), (true, 1 + MOVE_PERIOD + GUILT));
		assert_eq!(DisputesPallet::due(&sp_core::Pair::public(&worker_key(ALICE))).len(), 1);
		run_to(GUILT);
		assert_eq!(ruling(dispute), None);
		worker.act(dispute).unwrap();
		assert!(!is_late(ALICE));
		while ruling(dispute).is_none() {
			act(dispute, &worker, &challenger);
		}
		assert_eq!(ruling(dispute), Some(Ruling::Upheld));
		assert_eq!((stake(ALICE), free(CHARLIE)), (STAKE, FUNDS - BOND));
	});
}

#[test]
fn p06_silence_after_the_clock_of_guilt_should_be_fraud() {
	run_with_guilt(|| {
		let (_, dispute, ..) = after(0);
		run_to(1 + MOVE_PERIOD + GUILT);
		assert_eq!((ruling(dispute), stake(ALICE)), (None, STAKE));
		run_to(2 + MOVE_PERIOD + GUILT);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
		assert_eq!((stake(ALICE), is_late(ALICE)), (STAKE - PENALTY, false));
	});
}

#[test]
fn d02_f04_claim_should_have_one_budget_of_lateness_and_its_challenger_as_long_as_an_answer_was_late() {
	run_with_guilt(|| {
		let (_, dispute, worker, challenger) = after(0);
		// The lie is answered for at night.
		run_to(GUILT);
		worker.act(dispute).unwrap();
		// Asked in the first block.
		let waited = GUILT - 1;
		let deadline = || DisputesPallet::dispute_summary(dispute).unwrap().deadline;
		assert_eq!(deadline(), GUILT + waited);
		run_to(deadline());
		challenger.act(dispute).unwrap();
		// Nothing was used up while it was the challenger's turn: what the night has left is for all that is asked later.
		let now = System::block_number();
		assert!(now > 1 + MOVE_PERIOD + GUILT);
		assert_eq!(deadline(), now + MOVE_PERIOD);
		let left = 1 + MOVE_PERIOD;
		run_to(now + MOVE_PERIOD + left);
		assert_eq!((ruling(dispute), is_late(ALICE)), (None, true));
		run_to(now + MOVE_PERIOD + left + 1);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
	});
}

#[test]
fn p06_clock_of_a_move_should_be_as_long_as_running_the_job_takes() {
	run(|| {
		assay_testing::ReferenceSpeed::set(1);
		let (job, dispute, ..) = after(0);
		let run = pallet_assay_jobs::Jobs::<Test>::get(job).unwrap().max_units.0;
		let deadline = DisputesPallet::dispute_summary(dispute).unwrap().deadline;
		assert_eq!(deadline, 1 + MOVE_PERIOD + run);
		assay_testing::ReferenceSpeed::set(assay_testing::FAST);
	});
}

#[test]
fn d07_clock_of_a_worker_should_count_all_that_it_is_asked() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		assay_testing::ReferenceSpeed::set(1);
		let jobs = [claimed(&worker), claimed(&worker)];
		let run = pallet_assay_jobs::Jobs::<Test>::get(jobs[0]).unwrap().max_units.0;
		let deadline = |dispute| DisputesPallet::dispute_summary(dispute).unwrap().deadline;
		let disputes = jobs.map(|job| challenge(CHARLIE, job, Accusation::Trace).unwrap());
		assert_eq!(
			disputes.map(deadline),
			[1 + MOVE_PERIOD + run, 1 + MOVE_PERIOD + 2 * run]
		);
		// What it has answered does not count, nor does what its challenger has to do.
		for dispute in disputes {
			worker.act(dispute).unwrap();
			assert_eq!(deadline(dispute), 1 + MOVE_PERIOD + run);
		}
		assert_eq!(pallet_assay_jobs::Load::<Test>::iter().count(), 0);
		// Nor does it get an endless clock from many challenges.
		assay_testing::MaxLoad::set(run + 1);
		let others = jobs.map(|job| challenge(DAVE, job, Accusation::Trace).unwrap());
		assert_eq!(others.map(deadline), [1 + MOVE_PERIOD + run, 1 + MOVE_PERIOD + run + 1]);
		// Disputes that end while it is asked leave nothing behind.
		run_to(3 + MOVE_PERIOD + run + 1);
		assert!(others.into_iter().all(|dispute| ruling(dispute).is_some()));
		assert_eq!(pallet_assay_jobs::Load::<Test>::iter().count(), 0);
		assay_testing::MaxLoad::set(1_000);
		assay_testing::ReferenceSpeed::set(assay_testing::FAST);
	});
}

#[test]
fn move_should_be_refused_when_the_worker_has_shown_something_else() {
	run(|| {
		let (_, dispute, worker, challenger) = after(0);
		let nothing = shown(dispute);
		for _ in 0..3 {
			worker.act(dispute).unwrap();
			let next = challenger.next_move(dispute);
			let seen = make_on(CHARLIE, dispute, nothing, next.clone());
			assert_eq!(seen, Err(Error::<Test>::OtherRecord.into()));
			make_on(CHARLIE, dispute, shown(dispute), next).unwrap();
		}
	});
}

#[test]
fn p06_clock_of_guilt_should_start_with_a_deadline_that_is_missed() {
	run_with_guilt(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		// Its audit holds the claim for long; then it is challenged.
		AuditIsOpen::put(true);
		JobsPallet::hold(job).unwrap();
		run_to(1 + 2 * GUILT);
		let dispute = challenge(CHARLIE, job, Accusation::Trace).unwrap();
		run_to(1 + 2 * GUILT + MOVE_PERIOD + GUILT);
		assert_eq!((ruling(dispute), stake(ALICE)), (None, STAKE));
		worker.act(dispute).unwrap();
		JobsPallet::let_go(job, Default::default());
	});
}

#[test]
fn challenger_that_is_silent_after_a_late_answer_should_lose_by_its_own_clock() {
	run_with_guilt(|| {
		let (_, dispute, worker, _) = after(0);
		run_to(3 + MOVE_PERIOD);
		worker.act(dispute).unwrap();
		let deadline = DisputesPallet::dispute_summary(dispute).unwrap().deadline;
		// As long as it waited since the first block.
		assert_eq!(deadline, 3 + MOVE_PERIOD + 2 + MOVE_PERIOD);
		run_to(deadline + 1);
		assert_eq!(ruling(dispute), Some(Ruling::ChallengerSilent));
	});
}
