//! How probabilities fall with a clean record.

use crate::{
	chance::{falling, happens},
	mock::*,
	CleanJobs,
};
use assay_protocol::{
	audit::{AuditOutcome, Audits},
	Attempt, JobId,
};
use proptest::prelude::*;
use sp_runtime::Permill;

const fn percent(percent: u32) -> Permill {
	Permill::from_percent(percent)
}

#[test]
fn probability_should_begin_at_the_ceiling_halve_and_end_at_the_floor() {
	let at = |jobs| falling(percent(100), percent(5), 10, jobs);
	assert_eq!(at(0), percent(100));
	assert_eq!(at(10), percent(50));
	assert_eq!(at(90), percent(10));
	assert_eq!(at(190), percent(5));
	assert_eq!(at(u32::MAX), percent(5));
}

proptest! {
	#[test]
	fn probability_should_never_rise_with_the_record(ceiling in 0u32..=1_000_000, floor in 0u32..=1_000_000, halving in 1u32.., jobs: u32) {
		let (floor, ceiling) = (Permill::from_parts(floor.min(ceiling)), Permill::from_parts(ceiling));
		let now = falling(ceiling, floor, halving, jobs);
		prop_assert!(floor <= now && now <= ceiling);
		prop_assert!(falling(ceiling, floor, halving, jobs.saturating_add(1)) <= now);
	}
}

#[test]
fn draws_should_follow_the_probability() {
	let number = |n: u64| sp_io::hashing::blake2_256(&n.to_le_bytes());
	let count = |probability| (0..10_000).filter(|n| happens(probability, number(*n))).count();
	assert_eq!(count(Permill::zero()), 0);
	assert_eq!(count(Permill::one()), 10_000);
	// Six standard deviations of 10,000 draws at a fifth: 240.
	assert!(count(percent(20)).abs_diff(2_000) < 240, "{}", count(percent(20)));
}

#[test]
fn record_should_grow_with_final_jobs_and_end_with_a_fault() {
	run(|| {
		let rate = || AuditsPallet::rates(&ALICE).spot_check;
		assert_eq!(rate(), Permill::one());
		for _ in 0..10 {
			AuditsPallet::finalised(JobId(0), &ALICE);
		}
		assert_eq!((CleanJobs::<Test>::get(ALICE), rate()), (10, percent(50)));
		AuditsPallet::struck_down(JobId(0), Attempt(0), &ALICE, false);
		assert_eq!((CleanJobs::<Test>::get(ALICE), rate()), (0, Permill::one()));
	});
}

#[test]
fn job_should_go_its_way_when_nothing_is_drawn() {
	run(|| {
		Ceiling::set(Permill::zero());
		AuditCeiling::set(Permill::zero());
		Floor::set(Permill::zero());
		offer(&[BOB, CHARLIE]);
		let job = Worker::honest().claim();
		blocks(2);
		assert_eq!(outcome(job), Some(AuditOutcome::NotDrawn));
		blocks(WINDOW);
		assert!(matches!(
			job_state(job),
			assay_protocol::job::JobState::Final { audits: 0, .. }
		));
		Floor::set(percent(5));
	});
}
