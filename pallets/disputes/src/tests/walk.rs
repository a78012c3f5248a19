//! Whole disputes between a worker and a challenger that ran the same job: the wrong one loses, whatever the cheat.

use crate::{mock::*, Disputes, Record, Status, MOVES};
use assay_protocol::{
	dispute::{Accusation, Ruling},
	job::JobState,
	ModelVersion,
};

/// Plays a dispute about a cheat and checks that it is refuted and that the books of the job are right.
fn refuted(version: ModelVersion, cheat: Cheat, accusation: Option<Accusation>) -> Played {
	let mut played = Played::default();
	run(|| {
		let worker = Worker::new(ALICE, version, cheat);
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let accusation = accusation.or_else(|| challenger.accusation()).expect("it is found out");
		let dispute = challenger.challenge(job, accusation);
		assert_eq!(held(CHARLIE), BOND);
		check();
		played = play(dispute, &worker, &challenger);
		assert_eq!(ruling(dispute), Some(Ruling::Refuted), "{version} {cheat:?}");
		assert_eq!(stake(ALICE), STAKE - PENALTY);
		assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS + PENALTY / 2));
		assert!(
			matches!(job_state(job), JobState::Assigned { .. } | JobState::Open { .. }),
			"the next attempt begins"
		);
		assert_eq!(Record::<Test>::iter().count(), 0, "what was shown is forgotten");
	});
	assert!(played.moves <= MOVES, "{played:?}");
	// With the challenge.
	assert!(
		played.moves < 8 && played.answers <= 5 && played.largest <= 64 * 1024,
		"{played:?}"
	);
	played
}

#[test]
fn wrong_token_should_be_refuted_wherever_it_is() {
	for index in 0..5 {
		let played = refuted(DECODER, Cheat::Output(index), None);
		assert_eq!(played.moves, 2, "the head is opened and a better token proved");
	}
}

#[test]
fn wrong_vector_should_be_refuted() {
	refuted(ENCODER, Cheat::Output(3), None);
	refuted(PERCEPTRON, Cheat::Output(2), None);
}

#[test]
fn wrong_residual_should_be_refuted_wherever_it_is() {
	for (row, position) in [(0, 0), (0, 12), (1, 5), (2, 0), (2, 12)] {
		let played = refuted(DECODER, Cheat::Residual { row, position }, None);
		assert_eq!(played.moves, MOVES);
	}
	for (row, position) in [(0, 3), (1, 10), (2, 8)] {
		refuted(ENCODER, Cheat::Residual { row, position }, None);
	}
	refuted(PERCEPTRON, Cheat::Residual { row: 0, position: 0 }, None);
}

#[test]
fn wrong_cache_should_be_refuted() {
	for (version, row, position) in [(DECODER, 1, 0), (DECODER, 2, 9), (ENCODER, 1, 10), (ENCODER, 2, 0)] {
		refuted(version, Cheat::Cache { row, position }, None);
	}
}

#[test]
fn wrong_inside_of_a_head_should_be_refuted_when_it_is_opened() {
	refuted(DECODER, Cheat::Head, Some(Accusation::Head { position: 10 }));
	refuted(ENCODER, Cheat::Head, Some(Accusation::Head { position: 0 }));
	refuted(PERCEPTRON, Cheat::Head, Some(Accusation::Head { position: 0 }));
}

#[test]
fn right_claim_should_be_upheld_whatever_is_doubted() {
	for (version, head) in [(DECODER, 8), (ENCODER, 0), (PERCEPTRON, 0)] {
		for accusation in [Accusation::Trace, Accusation::Head { position: head }] {
			run(|| {
				let worker = Worker::new(ALICE, version, Cheat::Honest);
				let job = claimed(&worker);
				let challenger = Challenger::new(CHARLIE, job);
				assert_eq!(challenger.accusation(), None);
				let dispute = challenger.challenge(job, accusation);
				let played = play(dispute, &worker, &challenger);
				assert!(played.moves <= MOVES);
				assert_eq!(ruling(dispute), Some(Ruling::Upheld));
				assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS - BOND));
				assert_eq!(stake(ALICE), STAKE);
				run_to(1 + WINDOW);
				assert!(matches!(job_state(job), JobState::Final { operator: ALICE, .. }));
			});
		}
	}
}

#[test]
fn step_should_be_provable_as_soon_as_its_cell_is_open() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, Accusation::Trace);
		for _ in 0..2 {
			worker.act(dispute).unwrap();
			if Disputes::<Test>::get(dispute).unwrap().status
				== Status::Open(assay_protocol::dispute::Stage::PointAtGroup)
			{
				challenger.act(dispute).unwrap();
			}
		}
		let place = assay_trace::Place::Cell { row: 0, position: 7 };
		let proof = challenger.right_step(place);
		make(CHARLIE, dispute, assay_dispute::Move::Prove(proof)).unwrap();
		assert_eq!(ruling(dispute), Some(Ruling::Upheld));
	});
}
