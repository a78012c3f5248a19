//! Whole disputes between a worker and a challenger that ran the same job: the wrong one loses, whatever the cheat.

use super::answers::refusal;
use crate::{mock::*, Disputes, Error, Record, Status, MOVES};
use assay_dispute::Move;
use assay_protocol::{
	dispute::{Accusation, Answer, Ruling, Stage},
	job::JobState,
	DisputeId, JobId, ModelVersion,
};
use assay_trace::{fault::Target, Group, Opening, Place, Step};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::transaction_validity::InvalidTransaction;

/// Plays a dispute about a cheat, to a step that the challenger proves and again to one that the worker has to open, and
/// checks that it is refuted and that the books of the job are right.
fn refuted(version: ModelVersion, cheat: Cheat, accusation: Option<Accusation>) -> Played {
	let proved = refuted_by(version, cheat, accusation, |challenger| challenger);
	let opened = refuted_by(version, cheat, accusation, Challenger::pointing);
	assert_eq!(
		opened.moves,
		proved.moves + 1,
		"the worker opens what the challenger points at"
	);
	assert_eq!(opened.answers, proved.answers + 1);
	proved
}

fn refuted_by(
	version: ModelVersion,
	cheat: Cheat,
	accusation: Option<Accusation>,
	having_judged: impl FnOnce(Challenger) -> Challenger,
) -> Played {
	let mut played = Played::default();
	run(|| {
		let worker = Worker::new(ALICE, version, cheat);
		let job = claimed(&worker);
		let challenger = having_judged(Challenger::new(CHARLIE, job));
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
		assert_eq!(played.moves + 1, MOVES, "the longest walk has the worker open the step");
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
		let accusations = [Accusation::Trace, Accusation::Head { position: head }];
		for (accusation, points) in accusations
			.into_iter()
			.flat_map(|about| [(about, false), (about, true)])
		{
			run(|| {
				let worker = Worker::new(ALICE, version, Cheat::Honest);
				let job = claimed(&worker);
				let challenger = Challenger::new(CHARLIE, job);
				let challenger = if points { challenger.pointing() } else { challenger };
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

/// A dispute in which the worker has to open a step of its first group, and the step's cell.
fn asked_for_a_step(worker: &Worker, job: JobId) -> (DisputeId, Place) {
	let challenger = Challenger::new(CHARLIE, job);
	let dispute = challenger.challenge(job, Accusation::Trace);
	worker.act(dispute).unwrap();
	make(CHARLIE, dispute, Move::PointAtGroup(Group { row: 0, index: 0 })).unwrap();
	worker.act(dispute).unwrap();
	let (place, step) = (Place::Cell { row: 0, position: 3 }, Step::Element { op: 0, index: 5 });
	make(CHARLIE, dispute, Move::PointAtStep(place, step)).unwrap();
	assert_eq!(stage(dispute), Stage::OpenStep { place, step });
	(dispute, place)
}

#[test]
fn p12_worker_that_cannot_open_a_step_should_lose_by_its_clock() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		let (dispute, place) = asked_for_a_step(&worker, job);
		// Its weights are missing or none, so it has no opening that proves anything.
		let Answer::Step(right) = worker.answer(stage(dispute)) else {
			panic!("a step is opened")
		};
		let mut lacking = right.clone();
		lacking.items.pop();
		let mut longer = right.clone();
		longer.items.extend(right.items.first().cloned());
		let other = Stage::OpenStep {
			place,
			step: Step::Element { op: 0, index: 300 },
		};
		for opening in [Opening::default(), lacking, longer] {
			let refused = deliver(signed(ALICE, dispute, stage(dispute), Answer::Step(opening)));
			assert_eq!(refused, refusal(Error::BadOpening));
		}
		assert_eq!(
			deliver(signed(ALICE, dispute, other, Answer::Step(right))),
			Err(InvalidTransaction::Stale.into())
		);
		run_to(2 + MOVE_PERIOD);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
		assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS + PENALTY / 2));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
	});
}

#[test]
fn only_a_step_of_an_opened_cell_should_be_pointed_at_by_the_challenger_in_turn() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, Accusation::Trace);
		let (place, step) = (Place::Cell { row: 0, position: 3 }, Step::Element { op: 0, index: 5 });
		let point = |who, place, step| make(who, dispute, Move::PointAtStep(place, step));
		assert_noop!(point(CHARLIE, place, step), Error::<Test>::NotDue);
		worker.act(dispute).unwrap();
		assert_noop!(point(CHARLIE, place, step), Error::<Test>::NotDue);
		make(CHARLIE, dispute, Move::PointAtGroup(Group { row: 0, index: 0 })).unwrap();
		worker.act(dispute).unwrap();
		assert_noop!(point(DAVE, place, step), Error::<Test>::NotChallenger);
		let elsewhere = Place::Cell { row: 1, position: 3 };
		assert_noop!(point(CHARLIE, elsewhere, step), Error::<Test>::NoSuchPlace);
		for none in [
			Step::Element { op: 9, index: 0 },
			Step::Choice { rival: 1 },
			Step::Cache { head: 0 },
		] {
			assert_noop!(point(CHARLIE, place, none), Error::<Test>::NoSuchStep);
		}
		assert_ok!(point(CHARLIE, place, step));
		assert_noop!(point(CHARLIE, place, step), Error::<Test>::NotDue);
		// What holds is upheld, at once.
		worker.act(dispute).unwrap();
		assert_eq!(ruling(dispute), Some(Ruling::Upheld));
		assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS - BOND));
	});
}

#[test]
fn p01_junk_in_place_of_a_cache_leaf_should_be_lost_by_its_worker() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::JunkCache { row: 2, position: 8 });
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, challenger.accusation().expect("it is found out"));
		while !matches!(stage(dispute), Stage::Show { .. }) {
			if stage(dispute).is_workers() {
				worker.act(dispute).unwrap();
			} else {
				challenger.act(dispute).unwrap();
			}
		}
		let place = Place::Cell { row: 2, position: 8 };
		assert_eq!(
			stage(dispute),
			Stage::Show {
				place,
				target: Target::Cache
			}
		);
		assert_eq!(worker.act(dispute), refusal(Error::WrongExhibit));
		run_to(2 + MOVE_PERIOD);
		assert_eq!(ruling(dispute), Some(Ruling::WorkerSilent));
		assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS + PENALTY / 2));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
	});
}

#[test]
fn challenger_should_point_where_its_own_opening_does_not_lead_to_the_worker_s_trace() {
	run(|| {
		// Attention of an encoder sees later groups, whose residual trees only the worker knows.
		let worker = Worker::new(ALICE, ENCODER, Cheat::Sums { row: 2 });
		let job = claimed(&worker);
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, challenger.accusation().expect("it is found out"));
		while stage(dispute) != Stage::PointAtStep {
			if stage(dispute).is_workers() {
				worker.act(dispute).unwrap();
			} else {
				challenger.act(dispute).unwrap();
			}
		}
		let place = Place::Cell { row: 2, position: 0 };
		let step = Step::Attend { head: 1, group: 1 };
		assert_eq!(challenger.next_move(dispute), Move::PointAtStep(place, step));
		challenger.act(dispute).unwrap();
		assert_eq!(stage(dispute), Stage::OpenStep { place, step });
		worker.act(dispute).unwrap();
		assert_eq!(ruling(dispute), Some(Ruling::Refuted));
		assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS + PENALTY / 2));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
	});
}
