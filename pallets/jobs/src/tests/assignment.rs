//! Who is assigned.

use crate::{mock::*, Error, Event, InFlight, Load, OpenClaims};
use assay_exact::Input;
use assay_protocol::{
	job::{JobState, RefundReason},
	Attempt, JobId,
};
use frame_support::{assert_noop, assert_ok};

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
		for deadline in [1, 2] {
			JobsPallet::late(JobId(99), Attempt(0), &ALICE, deadline);
		}
		let id = a_submitted_job();
		JobsPallet::caught_up(JobId(99), Attempt(0), &ALICE);
		run_to(1 + RETRY_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }), "another answer is late");
		JobsPallet::caught_up(JobId(99), Attempt(0), &ALICE);
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
fn open_claims_should_be_bounded_by_the_record() {
	MaxInFlight::set(2);
	run(|| {
		bond(ALICE, 1_000_000);
		offer(DECODER, ALICE, 2, 8);
		let first = a_claimed_job();
		let second = a_submitted_job();
		assert_eq!(
			(OpenClaims::<Test>::get(ALICE), InFlight::<Test>::get(ALICE).len()),
			(1, 1)
		);
		let third = a_submitted_job();
		assert!(matches!(state(third), JobState::Open { .. }), "two are not over");
		// One job with a record is worth one more.
		CleanJobs::set(1);
		run_to(System::block_number() + RETRY_PERIOD);
		assert_eq!(assigned_to(third), ALICE);
		CleanJobs::set(0);
		assert_ok!(deliver(signed(ALICE, result(second, tokens(&[STOP])))));
		assert_ok!(deliver(signed(ALICE, result(third, tokens(&[STOP])))));
		assert_eq!(OpenClaims::<Test>::get(ALICE), 3);
		<JobsPallet as assay_protocol::dispute::Claims<_, _, _>>::strike_down(second, None).unwrap();
		run_to(System::block_number() + WINDOW + 1);
		assert!(matches!(state(first), JobState::Final { .. }));
		assert_eq!(OpenClaims::<Test>::iter().count(), 0);
	});
	MaxInFlight::set(64);
}

#[test]
fn stake_should_bound_the_value_in_flight() {
	run(|| {
		bond(ALICE, 43);
		let first = a_submitted_job();
		assert_eq!(assigned_to(first), ALICE);
		assert_eq!(committed(ALICE), 34);
		let second = a_submitted_job();
		assert!(matches!(state(second), JobState::Open { .. }));
		assert_eq!(committed(ALICE), 34, "a refused commitment leaves nothing behind");
		// The stake stays committed until the window is over, not just until the result, for as much as was claimed.
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
		offer(DECODER, BOB, 2, 0);
		let id = a_job().named(BOB).submit(CONSUMER).unwrap();
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

#[test]
fn nobody_should_choose_the_block_that_draws_an_operator() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		let id = a_submitted_job();
		offer(DECODER, ALICE, 2, 8);
		// The agenda is late; whoever makes a block would know whom it draws.
		for late in 0..3 {
			System::set_block_number(1 + RETRY_PERIOD + late);
			assert_noop!(
				JobsPallet::advance(RuntimeOrigin::signed(ALICE), id).map_err(|e| e.error),
				Error::<Test>::NothingDue
			);
		}
		next_block();
		assert_eq!(assigned_to(id), ALICE);
	});
}

#[test]
fn job_should_be_tried_a_last_time_before_it_is_refunded() {
	run(|| {
		offer(DECODER, ALICE, 2, 0);
		let ids = [a_submitted_job(), a_submitted_job()];
		// The agenda is so late that it comes to the jobs after their end.
		System::set_block_number(1 + OPEN_PERIOD + 5);
		offer(DECODER, ALICE, 2, 1);
		next_block();
		assert_eq!(assigned_to(ids[0]), ALICE);
		assert!(matches!(
			state(ids[1]),
			JobState::Refunded {
				reason: RefundReason::Unassigned,
				..
			}
		));
	});
}

#[test]
fn d07_question_about_a_short_job_should_take_its_time_too() {
	use assay_exact::ComputeUnits;
	use assay_protocol::dispute::{Allowance, Claims};
	ReferenceSpeed::set(1);
	assay_testing::QuestionUnits::set(3);
	run(|| {
		let allowance = |run| Allowance { run, enough: true };
		assert_eq!(JobsPallet::asked(&ALICE, ComputeUnits(1)), allowance(4));
		assert_eq!(JobsPallet::asked(&ALICE, ComputeUnits(10)), allowance(17));
		JobsPallet::asked_no_more(&ALICE, ComputeUnits(1));
		assert_eq!(Load::<Test>::get(ALICE), 13);
		JobsPallet::asked_no_more(&ALICE, ComputeUnits(10));
		assert!(!Load::<Test>::contains_key(ALICE));
	});
	assay_testing::QuestionUnits::set(0);
	ReferenceSpeed::set(assay_testing::FAST);
}

#[test]
fn deadline_should_leave_time_for_what_the_operator_is_asked_about_claims() {
	use assay_protocol::dispute::Claims;
	ReferenceSpeed::set(1);
	run(|| {
		let deadline = |id| match state(id) {
			JobState::Assigned { deadline, .. } => deadline,
			other => panic!("{other:?}"),
		};
		let alone = deadline(a_submitted_job());
		JobsPallet::asked(&ALICE, assay_exact::ComputeUnits(40));
		assert_eq!(deadline(a_submitted_job()), alone + 40);
		// However much that is, the consumer does not wait for ever.
		JobsPallet::asked(&ALICE, assay_exact::ComputeUnits(1_000_000));
		assert_eq!(deadline(a_submitted_job()), alone + assay_testing::MaxLoad::get());
		JobsPallet::asked_no_more(&ALICE, assay_exact::ComputeUnits(40));
		JobsPallet::asked_no_more(&ALICE, assay_exact::ComputeUnits(1_000_000));
		assert_eq!(deadline(a_submitted_job()), alone);
	});
	ReferenceSpeed::set(assay_testing::FAST);
}
