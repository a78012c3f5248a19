//! Who is assigned.

use crate::{mock::*, Error, Event, InFlight};
use assay_exact::Input;
use assay_protocol::{job::JobState, Attempt, JobId};
use frame_support::assert_noop;

#[test]
fn named_operator_should_be_assigned_whatever_the_others_stake() {
	run(|| {
		offer(DECODER, BOB, 3, 8);
		bond(ALICE, 1_000_000_000);
		for _ in 0..5 {
			assert_eq!(assigned_to(a_job().named(BOB).submit(CONSUMER).unwrap()), BOB);
		}
	});
}

#[test]
fn named_operator_should_be_refused_when_it_is_not_listed() {
	run(|| {
		assert_noop!(a_job().named(BOB).submit(CONSUMER), Error::<Test>::OperatorNotListed);
	});
}

#[test]
fn named_operator_should_be_refused_when_it_is_too_dear() {
	run(|| {
		assert_noop!(
			a_job().with_fee(33).named(ALICE).submit(CONSUMER),
			Error::<Test>::OperatorTooDear
		);
		a_job().with_fee(34).named(ALICE).submit(CONSUMER).unwrap();
	});
}

#[test]
fn p19_raised_price_should_not_be_paid() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		let id = a_job().with_price(2).submit(CONSUMER).unwrap();
		// She sees that it could pay 58 a unit.
		offer(DECODER, ALICE, 58, 8);
		offer(DECODER, BOB, 3, 8);
		run_to(1 + RETRY_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }));
		offer(DECODER, BOB, 2, 8);
		run_to(1 + 2 * RETRY_PERIOD);
		assert!(matches!(
			state(id),
			JobState::Assigned {
				operator: BOB,
				price: 2,
				..
			}
		));
		assert_noop!(
			a_job().with_price(2).named(ALICE).submit(CONSUMER),
			Error::<Test>::OperatorTooDear
		);
	});
}

#[test]
fn job_should_not_go_to_an_operator_that_takes_only_smaller_ones() {
	run(|| {
		offer(DECODER, BOB, 2, 8);
		state_terms(DECODER, ALICE, FAST, 16);
		for _ in 0..8 {
			assert_eq!(assigned_to(a_submitted_job()), BOB);
		}
		assert_noop!(a_job().named(ALICE).submit(CONSUMER), Error::<Test>::OperatorTooSmall);
	});
}

#[test]
fn operator_that_is_late_with_an_answer_should_get_no_new_work() {
	use assay_protocol::dispute::Claims;
	run(|| {
		JobsPallet::late(&ALICE);
		JobsPallet::late(&ALICE);
		let id = a_submitted_job();
		JobsPallet::no_longer_late(&ALICE);
		run_to(1 + RETRY_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }), "another answer is late");
		JobsPallet::no_longer_late(&ALICE);
		run_to(1 + 2 * RETRY_PERIOD);
		assert_eq!(assigned_to(id), ALICE);
		assert_eq!(crate::LateAnswers::<Test>::iter().count(), 0);
	});
}

#[test]
fn named_operator_should_be_waited_for_when_it_is_busy() {
	run(|| {
		offer(DECODER, ALICE, 2, 1);
		offer(DECODER, BOB, 2, 8);
		let first = a_job().named(ALICE).submit(CONSUMER).unwrap();
		let second = a_job().named(ALICE).submit(CONSUMER).unwrap();
		assert!(matches!(state(second), JobState::Open { .. }));
		deliver(signed(ALICE, result(first, tokens(&[STOP])))).unwrap();
		run_to(1 + RETRY_PERIOD);
		assert_eq!(assigned_to(second), ALICE);
	});
}

#[test]
fn capacity_should_bound_the_jobs_of_a_version() {
	run(|| {
		offer(DECODER, ALICE, 2, 2);
		offer(ENCODER, ALICE, 1, 1);
		assert_eq!(assigned_to(a_submitted_job()), ALICE);
		assert_eq!(assigned_to(a_submitted_job()), ALICE);
		assert!(matches!(state(a_submitted_job()), JobState::Open { .. }));
		// Another version has its own capacity.
		assert_eq!(
			assigned_to(a_job().on(ENCODER, Input::Tokens(vec![1])).submit(CONSUMER).unwrap()),
			ALICE
		);
	});
}

#[test]
fn in_flight_should_bound_the_jobs_of_an_operator() {
	MaxInFlight::set(2);
	run(|| {
		assert_eq!(assigned_to(a_submitted_job()), ALICE);
		assert_eq!(assigned_to(a_submitted_job()), ALICE);
		assert!(matches!(state(a_submitted_job()), JobState::Open { .. }));
		assert_eq!(InFlight::<Test>::get(ALICE).len(), 2);
	});
	MaxInFlight::set(64);
}

#[test]
fn stake_should_bound_the_value_in_flight() {
	run(|| {
		bond(ALICE, 67);
		let first = a_submitted_job();
		assert_eq!(assigned_to(first), ALICE);
		assert_eq!(committed(ALICE), 34);
		let second = a_submitted_job();
		assert!(matches!(state(second), JobState::Open { .. }));
		assert_eq!(committed(ALICE), 34, "a refused commitment leaves nothing behind");
		// The stake stays committed until the window is over, not just until the result.
		deliver(signed(ALICE, result(first, tokens(&[STOP])))).unwrap();
		run_to(1 + RETRY_PERIOD);
		assert!(matches!(state(second), JobState::Open { .. }));
		run_to(1 + WINDOW + RETRY_PERIOD);
		assert_eq!(assigned_to(second), ALICE);
	});
}

#[test]
fn next_candidate_should_be_drawn_when_the_first_has_no_capacity() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		offer(DECODER, BOB, 2, 8);
		bond(ALICE, 1_000_000_000_000);
		for _ in 0..8 {
			assert_eq!(assigned_to(a_submitted_job()), BOB);
		}
	});
}

#[test]
fn draw_should_follow_the_stake() {
	run(|| {
		offer(DECODER, ALICE, 1, 1_000);
		offer(DECODER, BOB, 1, 1_000);
		MaxInFlight::set(1_000);
		bond(ALICE, 900_000);
		bond(BOB, 100_000);
		let to_bob = (0..400)
			.filter(|_| assigned_to(a_job().with_fee(20).submit(CONSUMER).unwrap()) == BOB)
			.count();
		// Binomial with mean 40 and standard deviation 6.
		assert!(
			(16..=64).contains(&to_bob),
			"{to_bob} of 400 went to a tenth of the stake"
		);
	});
	MaxInFlight::set(64);
}

#[test]
fn job_should_wait_when_there_is_no_randomness() {
	run(|| {
		RandomSeed::set(None);
		let drawn = a_submitted_job();
		assert!(matches!(state(drawn), JobState::Open { .. }));
		let named = a_job().named(ALICE).submit(CONSUMER).unwrap();
		assert_eq!(assigned_to(named), ALICE);
		RandomSeed::set(Some(7));
		run_to(1 + RETRY_PERIOD);
		assert_eq!(assigned_to(drawn), ALICE);
	});
}

#[test]
fn open_job_should_be_assigned_when_an_operator_appears() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		let id = a_submitted_job();
		run_to(1 + 2 * RETRY_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }));
		offer(DECODER, BOB, 2, 1);
		// It waits twice as long from try to try.
		run_to(4 * RETRY_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }));
		run_to(1 + 4 * RETRY_PERIOD);
		let deadline = 1 + 4 * RETRY_PERIOD + RESULT_PERIOD;
		assert_eq!(
			state(id),
			JobState::Assigned {
				operator: BOB,
				price: 2,
				deadline
			}
		);
		assert_eq!(
			last_event(),
			Event::JobAssigned {
				job: id,
				attempt: Attempt(0),
				operator: BOB,
				price: 2,
				deadline
			}
		);
	});
}

#[test]
fn open_job_should_be_assigned_when_somebody_advances_it() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		let id = a_submitted_job();
		let stranger = RuntimeOrigin::signed(OTHER_CONSUMER);
		assert_noop!(
			JobsPallet::advance(stranger.clone(), id).map_err(|e| e.error),
			Error::<Test>::NothingDue
		);
		assert_noop!(
			JobsPallet::advance(stranger.clone(), JobId(9)).map_err(|e| e.error),
			Error::<Test>::UnknownJob
		);
		offer(DECODER, BOB, 2, 1);
		JobsPallet::advance(stranger, id).unwrap();
		assert_eq!(assigned_to(id), BOB);
	});
}
