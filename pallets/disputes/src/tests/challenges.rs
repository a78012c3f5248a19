//! Challenges, pointing and proving, and the attacks on them.

use crate::{mock::*, Error, Event};
use assay_dispute::Move;
use assay_protocol::{
	dispute::{Accusation, Claims, Proof, Ruling, Stage},
	job::JobState,
	DisputeId, JobId,
};
use assay_trace::{fault::Target, Group, Opening, Place, Step};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

const TRACE: Accusation = Accusation::Trace;

fn honest() -> (JobId, Worker) {
	let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
	(claimed(&worker), worker)
}

#[test]
fn challenge_should_be_refused_when_it_is_of_another_claim() {
	use assay_trace::{claim::ClaimRoot, Hash32};
	run(|| {
		let job = claimed(&Worker::new(ALICE, DECODER, Cheat::Honest));
		let origin = RuntimeOrigin::signed(CHARLIE);
		let other = ClaimRoot(Hash32([1; 32]));
		assert_noop!(
			DisputesPallet::challenge(origin.clone(), job, other, TRACE),
			Error::<Test>::OtherClaim
		);
		assert_eq!(held(CHARLIE), 0);
		assert_ok!(DisputesPallet::challenge(origin, job, claim_of(job), TRACE));
	});
}

#[test]
fn challenge_should_hold_a_bond_and_start_the_worker_s_clock() {
	run(|| {
		let (job, _) = honest();
		run_to(3);
		let dispute = challenge(CHARLIE, job, TRACE).unwrap();
		assert_eq!((free(CHARLIE), held(CHARLIE)), (FUNDS - BOND, BOND));
		assert_eq!(stage(dispute), Stage::ListGroups);
		assert_eq!(
			events(),
			[Event::DisputeOpened {
				dispute,
				job,
				attempt: Default::default(),
				challenger: CHARLIE,
				operator: ALICE,
				accusation: TRACE,
				deadline: 3 + MOVE_PERIOD,
			}]
		);
	});
}

#[test]
fn challenge_should_be_taken_inside_the_window_only() {
	run(|| {
		let (first, _) = honest();
		System::set_block_number(WINDOW);
		assert_ok!(challenge(CHARLIE, first, TRACE));
		System::set_block_number(1 + WINDOW);
		assert_noop!(challenge(DAVE, first, TRACE), Error::<Test>::WindowClosed);
		// Also while an older dispute keeps the claim open.
		next_block();
		assert_noop!(challenge(DAVE, first, TRACE), Error::<Test>::WindowClosed);
	});
}

#[test]
fn challenge_should_be_refused_when_there_is_no_claim() {
	run(|| {
		assert_noop!(challenge(CHARLIE, JobId(7), TRACE), Error::<Test>::NoOpenClaim);
		let assigned = submit(ALICE, DECODER);
		assert_noop!(challenge(CHARLIE, assigned, TRACE), Error::<Test>::NoOpenClaim);
		let (finished, _) = honest();
		run_to(1 + WINDOW);
		assert_noop!(challenge(CHARLIE, finished, TRACE), Error::<Test>::NoOpenClaim);
	});
}

#[test]
fn challenge_should_be_refused_when_the_same_is_open() {
	run(|| {
		let (job, worker) = honest();
		let dispute = challenge(CHARLIE, job, TRACE).unwrap();
		assert_noop!(challenge(CHARLIE, job, TRACE), Error::<Test>::AlreadyChallenged);
		assert_ok!(challenge(DAVE, job, TRACE));
		assert_ok!(challenge(CHARLIE, job, Accusation::Head { position: 8 }));
		assert_ok!(challenge(CHARLIE, job, Accusation::Head { position: 9 }));
		assert_eq!(held(CHARLIE), 3 * BOND);
		// Whoever has lost may try again, for another bond.
		play(dispute, &worker, &Challenger::new(CHARLIE, job));
		assert_ok!(challenge(CHARLIE, job, TRACE));
		assert_eq!((free(CHARLIE), held(CHARLIE)), (FUNDS - 4 * BOND, 3 * BOND));
	});
}

#[test]
fn challenge_should_be_refused_when_the_head_does_not_exist() {
	run(|| {
		let (job, _) = honest();
		for position in [0, 7, 13, u32::MAX] {
			let accusation = Accusation::Head { position };
			assert_noop!(challenge(CHARLIE, job, accusation), Error::<Test>::NoSuchPlace);
		}
	});
}

#[test]
fn challenge_should_be_refused_without_money() {
	run(|| {
		let (job, _) = honest();
		let refused = DispatchError::Token(TokenError::FundsUnavailable);
		assert_noop!(challenge(POOR, job, TRACE), refused);
	});
}

#[test]
fn only_the_challenger_should_move() {
	run(|| {
		let (job, worker) = honest();
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, TRACE);
		let place = Place::Cell { row: 0, position: 0 };
		let refused = |dispute, next: Move, error: Error<Test>| {
			assert_noop!(make(DAVE, dispute, next), error);
		};
		let moves = || {
			[
				Move::PointAtGroup(Group { row: 0, index: 0 }),
				Move::PointAtTarget(place, Target::Vector(0)),
				Move::Prove(challenger.right_step(place)),
			]
		};
		for next in moves() {
			refused(DisputeId(7), next, Error::UnknownDispute);
		}
		while ruling(dispute).is_none() {
			for next in moves() {
				refused(dispute, next, Error::NotChallenger);
			}
			if stage(dispute).is_workers() {
				worker.act(dispute).unwrap();
			} else {
				challenger.act(dispute).unwrap();
			}
		}
		for next in moves() {
			refused(dispute, next, Error::DisputeOver);
		}
	});
}

#[test]
fn challenger_should_make_only_the_move_that_is_due() {
	run(|| {
		let (job, worker) = honest();
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, TRACE);
		let place = Place::Cell { row: 0, position: 0 };
		while ruling(dispute).is_none() {
			let stage = stage(dispute);
			let moves = [
				(
					Move::PointAtGroup(Group { row: 0, index: 0 }),
					matches!(stage, Stage::PointAtGroup),
				),
				(
					Move::PointAtTarget(place, Target::Vector(0)),
					matches!(stage, Stage::PointAtTarget),
				),
				(
					Move::Prove(challenger.right_step(place)),
					matches!(stage, Stage::PointAtTarget | Stage::PointAtStep),
				),
			];
			for (next, allowed) in moves {
				if !allowed {
					assert_noop!(make(CHARLIE, dispute, next), Error::<Test>::NotDue);
				}
			}
			if stage.is_workers() {
				worker.act(dispute).unwrap();
			} else {
				challenger.act(dispute).unwrap();
			}
		}
	});
}

#[test]
fn pointing_should_be_refused_where_there_is_nothing() {
	run(|| {
		let (job, worker) = honest();
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, TRACE);
		worker.act(dispute).unwrap();
		for (row, index) in [(3, 0), (0, 2), (u16::MAX, u32::MAX)] {
			let next = Move::PointAtGroup(Group { row, index });
			assert_noop!(make(CHARLIE, dispute, next), Error::<Test>::NoSuchPlace);
		}
		let group = Group { row: 0, index: 1 };
		make(CHARLIE, dispute, Move::PointAtGroup(group)).unwrap();
		worker.act(dispute).unwrap();
		// The group has positions 8 to 12 of row 0.
		for (row, position) in [(0, 7), (0, 13), (1, 8), (0, u32::MAX)] {
			let next = Move::PointAtTarget(Place::Cell { row, position }, Target::Vector(0));
			assert_noop!(make(CHARLIE, dispute, next), Error::<Test>::NoSuchPlace);
		}
		let head = Place::Head { position: 8 };
		assert_noop!(
			make(CHARLIE, dispute, Move::PointAtTarget(head, Target::Vector(0))),
			Error::<Test>::NoSuchPlace
		);
		let place = Place::Cell { row: 0, position: 8 };
		for target in [Target::Vector(1), Target::Cache, Target::Work, Target::Pooled] {
			let next = Move::PointAtTarget(place, target);
			assert_noop!(make(CHARLIE, dispute, next), Error::<Test>::NoSuchTarget);
		}
		assert_ok!(make(CHARLIE, dispute, Move::PointAtTarget(place, Target::Vector(0))));
	});
}

#[test]
fn proof_that_proves_nothing_should_change_nothing() {
	run(|| {
		let (job, worker) = honest();
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, TRACE);
		worker.act(dispute).unwrap();
		challenger.act(dispute).unwrap();
		worker.act(dispute).unwrap();
		let place = Place::Cell { row: 0, position: 2 };
		let right = challenger.right_step(place);
		let attempt = |proof: Proof, error: Error<Test>| {
			assert_noop!(make(CHARLIE, dispute, Move::Prove(proof)), error);
		};
		let mut lacking = right.clone();
		lacking.opening.items.pop();
		let mut longer = right.clone();
		longer.opening.items.extend(right.opening.items.first().cloned());
		for opening in [Opening::default(), lacking.opening, longer.opening] {
			attempt(
				Proof {
					opening,
					..right.clone()
				},
				Error::BadOpening,
			);
		}
		let elsewhere = Place::Cell { row: 0, position: 9 };
		attempt(challenger.right_step(elsewhere), Error::NoSuchPlace);
		for step in [Step::Element { op: 9, index: 0 }, Step::Choice { rival: 1 }] {
			attempt(Proof { step, ..right.clone() }, Error::NoSuchStep);
		}
		MaxAnswerBytes::set(codec::Encode::encoded_size(&right) as u32 - 1);
		attempt(right.clone(), Error::ProofTooLong);
		MaxAnswerBytes::set(1024 * 1024);
		assert_eq!((free(CHARLIE), held(CHARLIE)), (FUNDS - BOND, BOND));
		assert_ok!(make(CHARLIE, dispute, Move::Prove(right)));
	});
}

#[test]
fn p17_claim_should_be_challenged_as_long_as_its_audit_holds_it_back() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Residual { row: 1, position: 4 });
		let job = claimed(&worker);
		AuditIsOpen::put(true);
		assert_ok!(<JobsPallet as Claims<_, _, _>>::hold(job));
		run_to(1 + 3 * WINDOW);
		assert!(
			matches!(job_state(job), JobState::Claimed { .. }),
			"the audit holds the job back"
		);
		// Who needed longer than the window finds the lie.
		let challenger = Challenger::new(CHARLIE, job);
		let dispute = challenger.challenge(job, challenger.accusation().unwrap());
		assert_eq!(held(CHARLIE), BOND);
		play(dispute, &worker, &challenger);
		assert_eq!(ruling(dispute), Some(Ruling::Refuted));
		assert_eq!((held(CHARLIE), free(CHARLIE)), (0, FUNDS + PENALTY / 2));
		assert_eq!(stake(ALICE), STAKE - PENALTY);
	});
}

#[test]
fn claim_should_not_be_challenged_when_window_and_audit_are_over() {
	run(|| {
		let worker = Worker::new(ALICE, DECODER, Cheat::Honest);
		let job = claimed(&worker);
		let attempt = JobsPallet::disputed_claim(job).unwrap().attempt;
		assert_ok!(<JobsPallet as Claims<_, _, _>>::hold(job));
		run_to(1 + WINDOW);
		assert_noop!(challenge(CHARLIE, job, TRACE), Error::<Test>::WindowClosed);
		<JobsPallet as Claims<_, _, _>>::let_go(job, attempt);
		next_block();
		assert!(matches!(job_state(job), JobState::Final { operator: ALICE, .. }));
	});
}
