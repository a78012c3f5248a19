//! Several disputes about one claim: one wins, the others are moot; one loses, the others go on.

use crate::{mock::*, Error};
use assay_protocol::{
	dispute::{Accusation, Ruling},
	job::JobState,
	Attempt,
};
use frame_support::{assert_noop, assert_ok};

/// Disputes of Charlie and of Dave about a wrong residual.
fn two() -> (Worker, [Challenger; 2], [assay_protocol::DisputeId; 2]) {
	let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 2, position: 6 });
	let job = claimed(&worker);
	let challengers = [CHARLIE, DAVE].map(|who| Challenger::new(who, job));
	let disputes = challengers
		.each_ref()
		.map(|challenger| challenger.challenge(job, Accusation::Trace));
	(worker, challengers, disputes)
}

#[test]
fn second_dispute_should_be_moot_when_the_first_is_won() {
	for by in 0..3 {
		run(|| {
			let (worker, challengers, [first, second]) = two();
			worker.act(second).unwrap();
			play(first, &worker, &challengers[0]);
			check();
			assert_eq!(ruling(second), None, "it is settled when somebody touches it");
			assert_eq!(held(DAVE), BOND);
			match by {
				0 => {
					assert_ok!(expire(second));
				}
				// Its next move ends it, and nothing else.
				1 => {
					let group = assay_trace::Group { row: 0, index: 0 };
					assert_ok!(make(DAVE, second, assay_dispute::Move::PointAtGroup(group)));
				}
				_ => run_to(2 + MOVE_PERIOD),
			}
			assert_eq!(ruling(second), Some(Ruling::Moot));
			assert_eq!((free(DAVE), held(DAVE)), (FUNDS, 0));
			assert_eq!(stake(ALICE), STAKE - PENALTY, "she is punished once");
			assert_noop!(expire(second), Error::<Test>::NothingDue);
		});
	}
}

#[test]
fn second_dispute_should_go_on_when_the_first_is_lost() {
	run(|| {
		let (worker, challengers, [first, second]) = two();
		let job = DisputesPallet::dispute_summary(first).unwrap().job;
		worker.act(first).unwrap();
		worker.act(second).unwrap();
		next_block();
		challengers[1].act(second).unwrap();
		// Charlie has a step judged that is right, for the cell before the wrong one.
		let group = assay_trace::Group { row: 0, index: 0 };
		make(CHARLIE, first, assay_dispute::Move::PointAtGroup(group)).unwrap();
		worker.act(first).unwrap();
		let proof = right_step_of(&worker);
		make(CHARLIE, first, assay_dispute::Move::Prove(proof)).unwrap();
		assert_eq!(ruling(first), Some(Ruling::Upheld));
		assert!(matches!(job_state(job), JobState::Claimed { .. }));
		check();
		play(second, &worker, &challengers[1]);
		assert_eq!(ruling(second), Some(Ruling::Refuted));
		assert_eq!((free(CHARLIE), free(DAVE)), (FUNDS - BOND, FUNDS + PENALTY / 2));
	});
}

/// A step of the first cell, which is right, shown as the claim commits to it.
fn right_step_of(worker: &Worker) -> assay_protocol::dispute::Proof {
	worker.right_step(assay_trace::Place::Cell { row: 0, position: 0 })
}

#[test]
fn next_attempt_should_be_disputed_apart_from_the_last() {
	run(|| {
		let (worker, challengers, [first, second]) = two();
		let job = DisputesPallet::dispute_summary(first).unwrap().job;
		play(first, &worker, &challengers[0]);
		assert!(matches!(job_state(job), JobState::Assigned { operator: BOB, .. }));
		let honest = Worker::new(BOB, DECODER, Cheat::Honest);
		deliver_result(result(BOB, honest.statement(), job)).unwrap();
		// Dave's old dispute is about an attempt that is over; he may challenge the new one.
		let third = challenge(DAVE, job, Accusation::Trace).unwrap();
		assert_eq!(DisputesPallet::dispute_summary(third).unwrap().attempt, Attempt(1));
		check();
		assert_ok!(expire(second));
		assert_eq!(ruling(second), Some(Ruling::Moot));
		assert!(
			matches!(job_state(job), JobState::Claimed { .. }),
			"the new claim stands"
		);
		check();
		play(third, &honest, &Challenger::new(DAVE, job));
		assert_eq!(ruling(third), Some(Ruling::Upheld));
		assert_eq!((free(DAVE), held(DAVE)), (FUNDS - BOND, 0));
	});
}

#[test]
fn moot_dispute_should_be_moot_even_if_its_challenger_was_silent() {
	run(|| {
		let (worker, challengers, [first, second]) = two();
		worker.act(second).unwrap();
		System::set_block_number(2 + MOVE_PERIOD);
		// Charlie's dispute was never answered.
		let _ = (&worker, &challengers);
		assert_ok!(expire(first));
		assert_eq!(ruling(first), Some(Ruling::WorkerSilent));
		assert_ok!(expire(second));
		assert_eq!(ruling(second), Some(Ruling::Moot));
		assert_eq!(free(DAVE), FUNDS);
	});
}
