//! What the runtime API returns.

use crate::{mock::*, Jobs};
use assay_exact::Input;
use assay_protocol::{
	job::{JobError, JobInput, JobParameters, JobState, Quote},
	Attempt, JobId,
};
use frame_support::assert_ok;
use sp_core::Pair;
use sp_runtime::Perbill;

fn ids(page: Vec<crate::JobSummaryOf<Test>>) -> Vec<u64> {
	page.into_iter().map(|job| job.id.0).collect()
}

#[test]
fn job_should_be_shown_through_its_life() {
	run(|| {
		let id = a_submitted_job();
		let shown = JobsPallet::job_summary(id).unwrap();
		assert_eq!(shown.input, JobInput::try_from(a_job().input).unwrap());
		assert_eq!(
			(shown.consumer, shown.version, shown.max_fee, shown.submitted_at),
			(CONSUMER, DECODER, 1_000, 1)
		);
		assert_eq!(shown.artifact, artifact(DECODER));
		assert_eq!((shown.output, shown.claim), (None, None));
		let result = result(id, tokens(&[STOP]));
		assert_ok!(deliver(signed(ALICE, result.clone())));
		run_to(1 + WINDOW);
		let shown = JobsPallet::job_summary(id).unwrap();
		assert_eq!((shown.output, shown.claim), (Some(result.output), Some(result.claim)));
		assert!(matches!(shown.state, JobState::Final { .. }));
		assert_eq!(JobsPallet::job_summary(JobId(7)), None);
	});
}

#[test]
fn jobs_should_be_paged_newest_first() {
	run(|| {
		for n in 0..10 {
			a_job()
				.submit(if n % 2 == 0 { CONSUMER } else { OTHER_CONSUMER })
				.unwrap();
		}
		assert_eq!(ids(JobsPallet::jobs_page(None, None, 3)), [9, 8, 7]);
		assert_eq!(ids(JobsPallet::jobs_page(None, Some(JobId(7)), 3)), [6, 5, 4]);
		assert_eq!(ids(JobsPallet::jobs_page(None, Some(JobId(2)), 100)), [1, 0]);
		assert_eq!(ids(JobsPallet::jobs_page(None, Some(JobId(u64::MAX)), 1)), [9]);
		assert_eq!(ids(JobsPallet::jobs_page(Some(OTHER_CONSUMER), None, 2)), [9, 7]);
		assert_eq!(
			ids(JobsPallet::jobs_page(Some(OTHER_CONSUMER), Some(JobId(7)), 9)),
			[5, 3, 1]
		);
		assert!(JobsPallet::jobs_page(Some(ALICE), None, 9).is_empty());
		assert!(JobsPallet::jobs_page(None, None, 0).is_empty());
	});
}

#[test]
fn page_should_be_capped() {
	run(|| {
		offer(DECODER, ALICE, 0, 0);
		for _ in 0..101 {
			a_job().with_fee(1).submit(CONSUMER).unwrap();
		}
		assert_eq!(JobsPallet::jobs_page(None, None, u32::MAX).len(), 100);
		assert_eq!(JobsPallet::jobs_page(Some(CONSUMER), None, u32::MAX).len(), 100);
	});
}

#[test]
fn quote_should_be_what_a_job_costs_at_most() {
	run(|| {
		offer(DECODER, BOB, 5, 1);
		let quote = JobsPallet::quote(DECODER, 3, 4).unwrap();
		assert_eq!(
			quote,
			Quote {
				units: 17,
				lowest_price: Some(2),
				highest_price: Some(5),
				room: 0,
			}
		);
		let id = a_submitted_job();
		assert_eq!(Jobs::<Test>::get(id).unwrap().max_units.0, 17);
		assert_eq!(
			JobsPallet::quote(ENCODER, 5, 0),
			Ok(Quote {
				units: 1,
				lowest_price: None,
				highest_price: None,
				room: 0,
			})
		);
		assert_eq!(JobsPallet::quote(UNKNOWN, 3, 4), Err(JobError::UnknownVersion));
		assert_eq!(JobsPallet::quote(DECODER, 0, 4), Err(JobError::EmptyInput));
		assert_eq!(JobsPallet::quote(DECODER, 1_025, 4), Err(JobError::InputTooLong));
		assert_eq!(JobsPallet::quote(DECODER, 3, 0), Err(JobError::BadGeneration));
		assert_eq!(JobsPallet::quote(DECODER, 3, u32::MAX), Err(JobError::OutputTooLong));
		assert_eq!(JobsPallet::quote(DECODER, 1_000, 101), Err(JobError::TooManyPositions));
		assert_eq!(JobsPallet::quote(PERCEPTRON, 31, 0), Err(JobError::WrongInputKind));
	});
}

#[test]
fn due_should_list_what_an_operator_owes() {
	run(|| {
		offer(ENCODER, ALICE, 1, 8);
		let first = a_submitted_job();
		let second = a_job().on(ENCODER, Input::Tokens(vec![1])).submit(CONSUMER).unwrap();
		let alice = worker(ALICE).public();
		let due = JobsPallet::due(&alice);
		assert_eq!(due.iter().map(|duty| duty.job).collect::<Vec<_>>(), [first, second]);
		assert_eq!(
			(due[0].version, due[0].attempt, due[0].deadline),
			(DECODER, Attempt(0), 1 + RESULT_PERIOD)
		);
		assert_eq!(due[1].artifact, artifact(ENCODER));
		assert!(JobsPallet::due(&worker(BOB).public()).is_empty());
		assert!(JobsPallet::due(&worker(999).public()).is_empty());
		assert_ok!(deliver(signed(ALICE, result(first, tokens(&[STOP])))));
		assert_eq!(JobsPallet::due(&alice).len(), 1);
		// The block after this one would be too late.
		System::set_block_number(1 + RESULT_PERIOD);
		assert!(JobsPallet::due(&alice).is_empty());
	});
}

#[test]
fn parameters_should_be_those_of_the_runtime() {
	run(|| {
		assert_eq!(
			JobsPallet::parameters(),
			JobParameters {
				result_period: RESULT_PERIOD,
				open_period: OPEN_PERIOD,
				window: WINDOW,
				retention: RETENTION,
				max_attempts: 2,
				missed_deadline_penalty: PENALTY,
				wrong_result_penalty: Perbill::from_percent(20),
				min_wrong_result_penalty: WRONG_RESULT_PENALTY,
			}
		);
	});
}

#[test]
fn integrity_should_hold_for_the_test_runtime() {
	use frame_support::traits::Hooks;
	JobsPallet::integrity_test();
}
