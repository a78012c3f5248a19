//! Missed deadlines.

use crate::{mock::*, Error, Event, InFlight};
use assay_protocol::{
	job::{JobState, RefundReason},
	Attempt,
};
use frame_support::{assert_noop, assert_ok};

const AFTER_DEADLINE: u64 = 2 + RESULT_PERIOD;

#[test]
fn missed_deadline_should_cost_stake_and_move_the_job() {
	run(|| {
		let id = a_submitted_job();
		offer(DECODER, BOB, 3, 8);
		run_to(AFTER_DEADLINE - 1);
		assert_eq!(assigned_to(id), ALICE);
		assert_eq!(stake(ALICE), 100_000);
		run_to(AFTER_DEADLINE);
		assert_eq!(stake(ALICE), 100_000 - PENALTY);
		assert_eq!((committed(ALICE), committed(BOB)), (0, 51));
		let deadline = AFTER_DEADLINE + RESULT_PERIOD;
		assert_eq!(
			state(id),
			JobState::Assigned {
				operator: BOB,
				price: 3,
				deadline
			}
		);
		assert!(InFlight::<Test>::get(ALICE).is_empty());
		assert_eq!(
			events()[2..],
			[
				Event::DeadlineMissed {
					job: id,
					attempt: Attempt(0),
					operator: ALICE,
					penalty: PENALTY
				},
				Event::JobAssigned {
					job: id,
					attempt: Attempt(1),
					operator: BOB,
					price: 3,
					deadline
				},
			]
		);
		assert_eq!(held(CONSUMER), 1_000);
	});
}

#[test]
fn job_should_not_return_to_who_missed_it_while_others_are_listed() {
	run(|| {
		let id = a_submitted_job();
		// Bob is listed but busy.
		offer(DECODER, BOB, 2, 0);
		run_to(AFTER_DEADLINE);
		assert_eq!(
			state(id),
			JobState::Open {
				expires: AFTER_DEADLINE + OPEN_PERIOD
			}
		);
		run_to(AFTER_DEADLINE + RETRY_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }));
		// A job of its own Alice does get.
		assert_eq!(assigned_to(a_submitted_job()), ALICE);
		withdraw_offer(DECODER, BOB);
		run_to(AFTER_DEADLINE + 2 * RETRY_PERIOD);
		assert_eq!(assigned_to(id), ALICE);
	});
}

#[test]
fn job_should_be_refunded_when_attempts_are_used_up() {
	run(|| {
		let id = a_submitted_job();
		run_to(AFTER_DEADLINE + 1 + RESULT_PERIOD);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::AttemptsExhausted,
				refunded: 1_000
			}
		);
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS, 0));
		assert_eq!(stake(ALICE), 100_000 - 2 * PENALTY);
		assert_eq!(committed(ALICE), 0);
		assert_eq!(
			events()[4..],
			[
				Event::DeadlineMissed {
					job: id,
					attempt: Attempt(1),
					operator: ALICE,
					penalty: PENALTY
				},
				Event::JobRefunded {
					job: id,
					reason: RefundReason::AttemptsExhausted,
					refunded: 1_000
				},
			]
		);
	});
}

#[test]
fn open_job_should_be_refunded_when_nobody_takes_it() {
	run(|| {
		withdraw_offer(DECODER, ALICE);
		let id = a_submitted_job();
		run_to(OPEN_PERIOD);
		assert_eq!(
			state(id),
			JobState::Open {
				expires: 1 + OPEN_PERIOD
			}
		);
		run_to(1 + OPEN_PERIOD);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::Unassigned,
				refunded: 1_000
			}
		);
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS, 0));
	});
}

#[test]
fn named_job_should_stay_with_its_operator() {
	run(|| {
		offer(DECODER, BOB, 2, 8);
		let id = a_job().named(ALICE).submit(CONSUMER).unwrap();
		run_to(AFTER_DEADLINE);
		assert_eq!(assigned_to(id), ALICE);
		withdraw_offer(DECODER, ALICE);
		run_to(AFTER_DEADLINE + 1 + RESULT_PERIOD);
		assert!(matches!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::AttemptsExhausted,
				..
			}
		));
	});
}

#[test]
fn penalty_should_be_what_could_be_taken() {
	run(|| {
		let id = a_submitted_job();
		bond(ALICE, 40);
		run_to(AFTER_DEADLINE);
		assert_eq!(stake(ALICE), 0);
		let missed = Event::DeadlineMissed {
			job: id,
			attempt: Attempt(0),
			operator: ALICE,
			penalty: 40,
		};
		assert!(events().contains(&missed));
	});
}

#[test]
fn anybody_may_report_a_missed_deadline() {
	run(|| {
		let id = a_submitted_job();
		System::set_block_number(AFTER_DEADLINE - 1);
		let anybody = RuntimeOrigin::signed(OTHER_CONSUMER);
		assert_noop!(
			JobsPallet::advance(anybody.clone(), id).map_err(|e| e.error),
			Error::<Test>::NothingDue
		);
		System::set_block_number(AFTER_DEADLINE);
		assert_ok!(JobsPallet::advance(anybody.clone(), id));
		assert_eq!(stake(ALICE), 100_000 - PENALTY);
		// The agenda does not punish again what was dealt with already.
		System::set_block_number(AFTER_DEADLINE - 1);
		run_to(AFTER_DEADLINE);
		assert_eq!(stake(ALICE), 100_000 - PENALTY);
		assert_noop!(
			JobsPallet::advance(anybody, id).map_err(|e| e.error),
			Error::<Test>::NothingDue
		);
	});
}
