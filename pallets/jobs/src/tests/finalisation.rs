//! The end of the window, and of the retention.

use crate::{mock::*, Claims, Error, Event, Inputs, Jobs, JobsOf, OldestJobId};
use assay_protocol::{job::JobState, JobId};
use frame_support::{assert_noop, assert_ok};

#[test]
fn job_should_be_paid_when_the_window_is_over() {
	run(|| {
		let id = a_claimed_job();
		run_to(WINDOW);
		assert!(matches!(state(id), JobState::Claimed { final_at, .. } if final_at == 1 + WINDOW));
		assert_eq!((held(CONSUMER), free(ALICE)), (1_000, EXISTENTIAL_DEPOSIT));
		run_to(1 + WINDOW);
		// 34: a tenth for the treasury and a twentieth for the publisher, both rounded down.
		let (paid, royalty, treasury, refunded) = (30, 1, 3, 966);
		assert_eq!(
			state(id),
			JobState::Final {
				operator: ALICE,
				paid,
				royalty,
				treasury,
				audits: 0,
				refunded
			}
		);
		assert_eq!(
			last_event(),
			Event::JobFinalised {
				job: id,
				operator: ALICE,
				paid,
				royalty,
				treasury,
				audits: 0,
				refunded
			}
		);
		assert_eq!(free(ALICE), EXISTENTIAL_DEPOSIT + paid);
		assert_eq!(free(PUBLISHER), EXISTENTIAL_DEPOSIT + royalty);
		assert_eq!(free(TREASURY), EXISTENTIAL_DEPOSIT + treasury);
		assert_eq!((free(CONSUMER), held(CONSUMER)), (FUNDS - 34, 0));
		assert_eq!(committed(ALICE), 0);
	});
}

#[test]
fn job_should_not_be_paid_before_the_window_is_over_whoever_asks() {
	run(|| {
		let id = a_claimed_job();
		System::set_block_number(WINDOW);
		let anybody = RuntimeOrigin::signed(ALICE);
		assert_noop!(
			JobsPallet::advance(anybody.clone(), id).map_err(|e| e.error),
			Error::<Test>::NothingDue
		);
		System::set_block_number(1 + WINDOW);
		assert_ok!(JobsPallet::advance(anybody.clone(), id));
		assert!(matches!(state(id), JobState::Final { .. }));
		assert_noop!(
			JobsPallet::advance(anybody, id).map_err(|e| e.error),
			Error::<Test>::NothingDue
		);
	});
}

#[test]
fn job_should_be_paid_by_its_use() {
	run(|| {
		let id = a_submitted_job();
		assert_ok!(deliver(signed(ALICE, result(id, tokens(&[STOP])))));
		run_to(1 + WINDOW);
		// One token takes five units.
		assert!(matches!(
			state(id),
			JobState::Final {
				paid: 9,
				royalty: 0,
				treasury: 1,
				refunded: 990,
				..
			}
		));
	});
}

#[test]
fn job_should_be_readable_until_its_retention_ends() {
	run(|| {
		let id = a_claimed_job();
		run_to(WINDOW + RETENTION);
		assert!(Jobs::<Test>::contains_key(id));
		run_to(1 + WINDOW + RETENTION);
		assert!(!Jobs::<Test>::contains_key(id));
		assert!(!Inputs::<Test>::contains_key(id));
		assert!(!Claims::<Test>::contains_key(id));
		assert!(!JobsOf::<Test>::contains_key(CONSUMER, id));
		assert_eq!(last_event(), Event::JobPruned { job: id });
		assert_eq!(OldestJobId::<Test>::get(), JobId(1));
	});
}

#[test]
fn oldest_job_should_follow_when_jobs_are_pruned_out_of_order() {
	run(|| {
		let first = a_submitted_job();
		offer(DECODER, ALICE, 0, 0);
		for _ in 0..6 {
			let id = a_submitted_job();
			assert_ok!(JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id));
		}
		assert_ok!(deliver(signed(ALICE, result(first, tokens(&[STOP])))));
		run_to(1 + RETENTION);
		assert_eq!(Jobs::<Test>::iter().count(), 1);
		assert_eq!(OldestJobId::<Test>::get(), JobId(0));
		run_to(1 + WINDOW + RETENTION);
		assert_eq!(Jobs::<Test>::iter().count(), 0);
		assert_eq!(OldestJobId::<Test>::get(), JobId(2));
		// Every pruned job makes up for two gaps.
		for _ in 0..6 {
			let id = a_submitted_job();
			assert_ok!(JobsPallet::cancel(RuntimeOrigin::signed(CONSUMER), id));
		}
		run_to(1 + WINDOW + 2 * RETENTION);
		assert_eq!(OldestJobId::<Test>::get(), JobId(13));
	});
}
