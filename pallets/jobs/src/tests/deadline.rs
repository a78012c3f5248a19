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
fn p11_job_should_never_return_to_who_missed_it() {
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
		run_to(AFTER_DEADLINE + OPEN_PERIOD);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::Unassigned,
				refunded: 1_000
			}
		);
	});
}

#[test]
fn job_should_be_refunded_when_attempts_are_used_up() {
	run(|| {
		let id = a_submitted_job();
		offer(DECODER, BOB, 2, 8);
		run_to(AFTER_DEADLINE + 1 + RESULT_PERIOD);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::AttemptsExhausted,
				refunded: 1_000
			}
		);
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS, 0));
		assert_eq!([ALICE, BOB].map(stake), [100_000 - PENALTY; 2]);
		assert_eq!([ALICE, BOB].map(committed), [0; 2]);
		assert_eq!(
			events()[4..],
			[
				Event::DeadlineMissed {
					job: id,
					attempt: Attempt(1),
					operator: BOB,
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
		offer(DECODER, ALICE, 2, 0);
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
fn p11_named_job_should_be_refunded_when_its_operator_fails() {
	run(|| {
		offer(DECODER, BOB, 2, 8);
		let id = a_job().named(ALICE).submit(CONSUMER).unwrap();
		run_to(AFTER_DEADLINE - 1);
		assert_eq!(assigned_to(id), ALICE);
		run_to(AFTER_DEADLINE);
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::OperatorFailed,
				refunded: 1_000
			}
		);
		assert_eq!(stake(ALICE), 100_000 - PENALTY, "once");
	});
}

#[test]
fn p11_clock_should_be_as_long_as_the_job_takes_at_the_stated_speed() {
	run(|| {
		// 17 units at two a second and slots of a second.
		ReferenceSpeed::set(1);
		state_terms(DECODER, ALICE, 2, 17);
		let id = a_submitted_job();
		let deadline = 1 + RESULT_PERIOD + 8;
		assert!(matches!(state(id), JobState::Assigned { deadline: last, .. } if last == deadline));
		run_to(deadline);
		assert_eq!(assigned_to(id), ALICE);
		run_to(deadline + 1);
		assert_eq!(stake(ALICE), 100_000 - PENALTY);
		ReferenceSpeed::set(FAST);
	});
}

#[test]
fn d05_clock_should_be_as_long_as_at_the_reference_speed_at_most_whatever_is_stated() {
	run(|| {
		ReferenceSpeed::set(2);
		state_terms(DECODER, ALICE, 1, 17);
		// Nobody else's statement shortens her clock, or lengthens it.
		for (operator, speed) in [(BOB, u64::MAX), (CHARLIE, 1)] {
			offer(DECODER, operator, Balance::MAX, 8);
			state_terms(DECODER, operator, speed, 17);
		}
		let id = a_submitted_job();
		let last = 1 + RESULT_PERIOD + 8;
		assert!(matches!(state(id), JobState::Assigned { operator: ALICE, deadline, .. } if deadline == last));
		ReferenceSpeed::set(FAST);
	});
}

#[test]
fn p11_missed_deadline_should_cost_no_more_than_the_job_is_worth() {
	run(|| {
		offer(DECODER, ALICE, 1, 8);
		a_submitted_job();
		run_to(AFTER_DEADLINE);
		assert_eq!(stake(ALICE), 100_000 - 17, "17 units at a price of one");
	});
}

#[test]
fn penalty_should_be_what_could_be_taken() {
	run(|| {
		let id = a_submitted_job();
		bond(ALICE, 20);
		run_to(AFTER_DEADLINE);
		assert_eq!(stake(ALICE), 0);
		let missed = Event::DeadlineMissed {
			job: id,
			attempt: Attempt(0),
			operator: ALICE,
			penalty: 20,
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
