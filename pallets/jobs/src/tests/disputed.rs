//! Claims as the disputes pallet sees them: held back, let go, struck down.

use crate::{mock::*, Claims, Error, Event, Jobs};
use assay_protocol::{
	dispute::Claims as Disputed,
	job::{JobState, RefundReason},
	Attempt, JobId,
};
use frame_support::{assert_noop, assert_ok};

fn advance(id: JobId) -> Result<(), sp_runtime::DispatchError> {
	match JobsPallet::advance(RuntimeOrigin::signed(CONSUMER), id) {
		Ok(_) => Ok(()),
		Err(refused) => Err(refused.error),
	}
}

#[test]
fn claim_should_be_seen_while_it_is_open() {
	run(|| {
		let id = a_submitted_job();
		assert_eq!(JobsPallet::claim(id), None);
		assert_eq!(JobsPallet::claim(JobId(9)), None);
		run_to(3);
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[9, STOP])))));
		let open = JobsPallet::claim(id).unwrap();
		assert_eq!((open.operator, open.closes_at), (ALICE, 3 + WINDOW));
		assert!(open.fee > 0);
		assert_eq!(Some(open.fee), Jobs::<Test>::get(id).unwrap().fee);
		assert_eq!(open.claim.attempt, Attempt(0));
		assert_eq!(open.claim.trace, TRACE);
		assert_eq!(Some(open.claim), JobsPallet::disputed_claim(id));
		run_to(3 + WINDOW);
		assert_eq!(JobsPallet::claim(id), None, "it is final");
		assert!(JobsPallet::disputed_claim(id).is_some());
	});
}

#[test]
fn dispute_should_hold_finality_back_until_the_last_is_closed() {
	run(|| {
		let id = a_claimed_job();
		assert_ok!(JobsPallet::hold(id));
		assert_ok!(JobsPallet::hold(id));
		check();
		run_to(10 + WINDOW);
		assert!(matches!(state(id), JobState::Claimed { .. }));
		assert_noop!(advance(id), Error::<Test>::NothingDue);
		JobsPallet::let_go(id, Attempt(0));
		check();
		run_to(12 + WINDOW);
		assert!(matches!(state(id), JobState::Claimed { .. }));
		JobsPallet::let_go(id, Attempt(0));
		check();
		assert!(matches!(state(id), JobState::Claimed { .. }));
		next_block();
		assert!(matches!(state(id), JobState::Final { operator: ALICE, .. }));
	});
}

#[test]
fn dispute_that_closes_inside_the_window_should_change_nothing() {
	run(|| {
		let id = a_claimed_job();
		assert_ok!(JobsPallet::hold(id));
		JobsPallet::let_go(id, Attempt(0));
		run_to(WINDOW);
		assert!(matches!(state(id), JobState::Claimed { .. }));
		next_block();
		assert!(matches!(state(id), JobState::Final { .. }));
	});
}

#[test]
fn only_an_open_claim_should_be_disputed() {
	run(|| {
		assert_noop!(JobsPallet::hold(JobId(9)), Error::<Test>::UnknownJob);
		assert_noop!(JobsPallet::strike_down(JobId(9), None), Error::<Test>::UnknownJob);
		let assigned = a_submitted_job();
		let finished = a_claimed_job();
		run_to(1 + WINDOW);
		for id in [assigned, finished] {
			assert_noop!(JobsPallet::hold(id), Error::<Test>::NotClaimed);
			assert_noop!(JobsPallet::strike_down(id, None), Error::<Test>::NotClaimed);
		}
	});
}

#[test]
fn struck_down_claim_should_go_to_another_operator() {
	run(|| {
		offer(DECODER, BOB, 3, 8);
		let id = a_job().submit(CONSUMER).unwrap();
		let first = assigned_to(id);
		assert_ok!(deliver(signed(first, result(id, tokens(&[9, STOP])))));
		assert_ok!(JobsPallet::hold(id));
		assert_ok!(JobsPallet::strike_down(id, None));
		assert_ne!(assigned_to(id), first);
		assert_eq!(committed(first), 0);
		assert_eq!(Claims::<Test>::get(id), None);
		assert_eq!(JobsPallet::claim(id), None);
		assert_eq!(held(CONSUMER), 1_000);
		let job = Jobs::<Test>::get(id).unwrap();
		assert_eq!((job.attempt, job.holds, job.fee), (Attempt(1), 0, None));
		assert!(events().iter().any(|event| matches!(
			event,
			Event::ClaimStruckDown { job, attempt: Attempt(0), operator, penalty }
				if *job == id && *operator == first && *penalty >= WRONG_RESULT_PENALTY
		)));
		// The dispute about the old attempt has nothing to let go any more.
		JobsPallet::let_go(id, Attempt(0));
		check();
	});
}

#[test]
fn consumer_should_have_everything_back_when_the_last_claim_is_struck_down() {
	run(|| {
		let id = a_claimed_job();
		offer(DECODER, BOB, 2, 8);
		assert_ok!(JobsPallet::strike_down(id, None));
		assert_eq!(assigned_to(id), BOB);
		assert_ok!(deliver(signed(BOB, result(id, tokens(&[8, STOP])))));
		assert_ok!(JobsPallet::strike_down(id, None));
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::AttemptsExhausted,
				refunded: 1_000
			}
		);
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS, 0));
		assert_eq!([ALICE, BOB].map(committed), [0; 2]);
		run_to(2 + RETENTION);
		assert!(!Jobs::<Test>::contains_key(id));
	});
}

#[test]
fn old_dispute_should_not_touch_the_next_attempt() {
	run(|| {
		let id = a_claimed_job();
		offer(DECODER, BOB, 2, 8);
		assert_ok!(JobsPallet::hold(id));
		assert_ok!(JobsPallet::strike_down(id, None));
		assert_ok!(deliver(signed(BOB, result(id, tokens(&[8, STOP])))));
		assert_ok!(JobsPallet::hold(id));
		JobsPallet::let_go(id, Attempt(0));
		assert_eq!(Jobs::<Test>::get(id).unwrap().holds, 1);
		JobsPallet::let_go(id, Attempt(1));
		assert_eq!(Jobs::<Test>::get(id).unwrap().holds, 0);
	});
}

#[test]
fn p06_all_questions_about_a_claim_should_share_one_budget_of_lateness() {
	run(|| {
		GuiltPeriod::set(50);
		let id = a_claimed_job();
		assert_ok!(JobsPallet::hold(id));
		let late = |attempt, deadline| JobsPallet::late(id, Attempt(attempt), &ALICE, deadline);
		let caught_up = |attempt, now| {
			System::set_block_number(now);
			JobsPallet::caught_up(id, Attempt(attempt), &ALICE);
		};
		let ends = |deadline| JobsPallet::answers_until(id, deadline);
		// Whoever was never late has all of it before it, whenever it is asked.
		assert_eq!((ends(3), ends(40)), (53, 90));
		// Two answers that are overdue at once use it up once.
		late(0, 20);
		late(0, 30);
		assert_eq!((ends(40), ends(80)), (70, 80));
		caught_up(0, 33);
		assert_eq!(ends(40), 70, "another is overdue");
		caught_up(0, 35);
		// f04: what is over is used up, and nothing runs while nothing is overdue.
		assert_eq!((ends(40), ends(1_000)), (75, 1_035));
		late(0, 1_000);
		caught_up(0, 1_034);
		assert_eq!(ends(2_000), 2_001);
		late(0, 2_000);
		caught_up(0, 2_500);
		assert_eq!(ends(3_000), 3_000);
		// The next attempt is somebody else's, and what is left of the old one is no matter of its.
		offer(DECODER, BOB, 2, 8);
		System::set_block_number(3);
		assert_ok!(JobsPallet::strike_down(id, None));
		late(0, 20);
		assert_ok!(deliver(signed(BOB, result(id, tokens(&[8, STOP])))));
		late(0, 20);
		assert_eq!(ends(40), 90);
		late(1, 20);
		caught_up(0, 30);
		assert_eq!(ends(40), 70);
		GuiltPeriod::set(0);
	});
}

#[test]
fn p20_next_attempt_should_be_assigned_by_what_is_not_known_when_a_claim_falls() {
	run(|| {
		let id = a_claimed_job();
		offer(DECODER, BOB, 2, 8);
		AssignmentDelay::set(2);
		assert_ok!(JobsPallet::strike_down(id, None));
		assert!(matches!(state(id), JobState::Open { .. }));
		run_to(2);
		assert!(matches!(state(id), JobState::Open { .. }));
		run_to(3);
		assert_eq!(assigned_to(id), BOB);
		AssignmentDelay::set(0);
	});
}

#[test]
fn p06_window_should_be_as_long_as_running_the_job_again_takes() {
	run(|| {
		// 17 units at two a second and slots of a second.
		ReferenceSpeed::set(2);
		let id = a_claimed_job();
		let open = JobsPallet::claim(id).unwrap();
		assert_eq!((open.run, open.closes_at), (8, 1 + WINDOW + 8));
		ReferenceSpeed::set(FAST);
	});
}
