//! Cancelling.

use crate::{mock::*, Error, Event};
use assay_protocol::{
	job::{JobState, RefundReason},
	JobId,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn an_open_job() -> JobId {
	offer(DECODER, ALICE, 2, 0);
	a_submitted_job()
}

#[test]
fn cancel_should_give_the_whole_escrow_back() {
	run(|| {
		let id = an_open_job();
		assert_ok!(JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id));
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS, 0));
		assert_eq!(
			state(id),
			JobState::Refunded {
				reason: RefundReason::Cancelled,
				refunded: 1_000
			}
		);
		assert_eq!(
			last_event(),
			Event::JobRefunded {
				job: id,
				reason: RefundReason::Cancelled,
				refunded: 1_000
			}
		);
		assert_noop!(
			JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id),
			Error::<Test>::NotOpen
		);
	});
}

#[test]
fn cancel_should_fail_when_the_caller_is_not_the_consumer() {
	run(|| {
		let id = an_open_job();
		assert_noop!(
			JobsPallet::cancel(RuntimeOrigin::signed(OTHER_CONSUMER), id),
			Error::<Test>::NotConsumer
		);
		assert_noop!(JobsPallet::cancel(RuntimeOrigin::root(), id), DispatchError::BadOrigin);
	});
}

#[test]
fn cancel_should_fail_when_the_job_is_unknown() {
	run(|| {
		assert_noop!(
			JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), JobId(0)),
			Error::<Test>::UnknownJob
		);
	});
}

#[test]
fn cancel_should_fail_when_the_job_is_assigned_or_claimed() {
	run(|| {
		let id = a_submitted_job();
		assert_noop!(
			JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id),
			Error::<Test>::NotOpen
		);
		let id = a_claimed_job();
		assert_noop!(
			JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id),
			Error::<Test>::NotOpen
		);
	});
}

#[test]
fn cancel_should_work_between_two_attempts() {
	run(|| {
		let id = a_submitted_job();
		offer(DECODER, ALICE, 2, 0);
		run_to(2 + RESULT_PERIOD);
		assert!(matches!(state(id), JobState::Open { .. }));
		assert_ok!(JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id));
		assert_eq!(free(CONSUMER), FUNDS);
	});
}
