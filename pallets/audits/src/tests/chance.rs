//! How probabilities fall with a clean record.

use crate::{
	chance::{by_size, falling, happens},
	mock::*,
	CleanJobs,
};
use assay_protocol::{
	audit::{AuditOutcome, Audits},
	operator::{Fault, Operators},
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

	#[test]
	fn probability_should_rise_with_the_fee_and_fall_with_the_stake(
		factor: u32,
		fee: u128,
		more_fee: u128,
		stake in 1u128..,
		more_stake: u128,
	) {
		let now = by_size(factor, fee, stake);
		prop_assert!(now <= by_size(factor, fee.saturating_add(more_fee), stake));
		prop_assert!(now >= by_size(factor, fee, stake.saturating_add(more_stake)));
	}

	#[test]
	fn probability_by_size_should_be_no_less_than_its_share_and_one_from_the_limit_on(
		factor in 1u32..,
		fee: u64,
		stake in 1u64..,
	) {
		let (fee, stake) = (u128::from(fee), u128::from(stake));
		let (parts, share) = (by_size(factor, fee, stake).deconstruct(), u128::from(factor) * fee);
		if share < stake {
			// Less than one part too much.
			prop_assert!(share * 1_000_000 <= u128::from(parts) * stake);
			prop_assert!(u128::from(parts) * stake < share * 1_000_000 + stake);
		} else {
			prop_assert_eq!(parts, 1_000_000);
		}
		prop_assert_eq!(by_size(factor, stake.div_ceil(factor.into()), stake), Permill::one());
	}

	#[test]
	fn no_fee_should_make_a_look_less_likely_than_the_record_does(jobs: u32, fee: u128) {
		new_test_ext().execute_with(|| {
			CleanJobs::<Test>::insert(ALICE, jobs);
			let (record, claim) = (AuditsPallet::rates(&ALICE), AuditsPallet::rates_of_claim(&ALICE, fee));
			prop_assert_eq!(claim.audit, record.audit.max(by_size(AuditSizeFactor::get(), fee, STAKE)));
			let spot_check = by_size(SpotCheckSizeFactor::get(), fee, STAKE);
			prop_assert_eq!(claim.spot_check, record.spot_check.max(spot_check));
			Ok(())
		})?;
	}
}

#[test]
fn probability_by_size_should_be_so_many_times_the_share_of_the_stake() {
	assert_eq!(by_size(10, 0, 1_000), Permill::zero());
	assert_eq!(by_size(10, 1, 1_000), percent(1));
	assert_eq!(by_size(10, 99, 1_000), percent(99));
	assert_eq!(by_size(10, 100, 1_000), Permill::one());
	assert_eq!(by_size(10, u128::MAX, 1), Permill::one());
	assert_eq!(by_size(0, 100, 1_000), Permill::zero());
	// What the limit allows is rounded down, and is certain all the same.
	let stake = 1_000_000_000_009;
	assert_eq!(by_size(10, percent(10).mul_floor(stake), stake), Permill::one());
	assert_eq!(by_size(10, 0, 0), Permill::one(), "nothing is at stake");
}

#[test]
fn claim_should_be_audited_by_its_size_whatever_the_record() {
	for (seed, at_the_limit) in (0..20).flat_map(|seed| [(seed, true), (seed, false)]) {
		run(|| {
			Floor::set(Permill::zero());
			Seed::set(Some(seed));
			offer(&[BOB, CHARLIE]);
			CleanJobs::<Test>::insert(ALICE, u32::MAX);
			let job = Worker::honest().claim();
			let fee = pallet_assay_jobs::Jobs::<Test>::get(job).unwrap().fee.unwrap();
			assert!(fee > 0 && 1_000_000 * fee < STAKE);
			if at_the_limit {
				StakingPallet::penalise(&ALICE, STAKE - 10 * fee, Fault::MissedDeadline, None);
				assert_eq!(stake(ALICE), 10 * fee);
			}
			blocks(2);
			assert_eq!(drawn(job).len(), if at_the_limit { 2 } else { 0 });
			Floor::set(percent(5));
		});
	}
}

#[test]
fn p15_spot_checks_and_audits_should_grow_with_the_fee_over_the_operators_own_bond() {
	run(|| {
		CleanJobs::<Test>::insert(ALICE, u32::MAX);
		let rates = |parts| {
			let rates = AuditsPallet::rates_of_claim(&ALICE, STAKE / parts);
			(rates.spot_check, rates.audit)
		};
		assert_eq!(rates(10_000), (percent(5), percent(5)), "the floors");
		assert_eq!(rates(500), (percent(20), percent(5)));
		assert_eq!(rates(100), (percent(100), percent(10)));
		assert_eq!(rates(10), (percent(100), percent(100)));

		// The stake of others is not the operator's to lose: it makes neither less likely.
		let (before, own) = (stake(ALICE), StakingPallet::own_stake(&ALICE));
		StakingPallet::delegate(RuntimeOrigin::signed(CONSUMER), ALICE, 4 * STAKE).unwrap();
		assert_eq!(
			(stake(ALICE), StakingPallet::own_stake(&ALICE)),
			(before + 4 * STAKE, own)
		);
		assert_eq!(rates(500), (percent(20), percent(5)));
		assert_eq!(rates(100), (percent(100), percent(10)));

		// What was lost does not answer for the next claim.
		StakingPallet::penalise(&ALICE, 5 * STAKE / 2, Fault::MissedDeadline, None);
		assert_eq!(StakingPallet::own_stake(&ALICE), STAKE / 2);
		assert_eq!(rates(500), (percent(40), percent(5)));
		assert_eq!(rates(100), (percent(100), percent(20)));
	});
}

#[test]
fn replies_should_be_expected_as_often_as_the_lowest_rates_draw_them() {
	use assay_protocol::audit::Audits;
	use assay_trace::size::{Answers, FRAME};
	let answers = Answers {
		cell: 1_000,
		opening: 50_000,
		values: 4_000,
		..Answers::default()
	};
	let (worker, auditors) = (51_000 + 2 * FRAME, 2 * (4_000 + 2 * FRAME));
	run(|| {
		for (floor, expected) in [
			(Permill::zero(), 0),
			(Permill::from_percent(5), (worker + auditors).div_ceil(20)),
			(Permill::one(), worker + auditors),
		] {
			Floor::set(floor);
			let bytes = AuditsPallet::expected_bytes(&answers);
			// Each of the two is rounded up.
			assert!(
				(expected..=expected + 1).contains(&bytes),
				"{bytes} instead of {expected}"
			);
		}
		Floor::set(Permill::from_percent(5));
	});
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
			AuditsPallet::finalised(JobId(0), &ALICE, NOTHING);
		}
		assert_eq!((CleanJobs::<Test>::get(ALICE), rate()), (10, percent(50)));
		AuditsPallet::struck_down(JobId(0), Attempt(0), &ALICE, NOTHING);
		assert_eq!((CleanJobs::<Test>::get(ALICE), rate()), (0, Permill::one()));
	});
}

#[test]
fn job_should_go_its_way_when_nothing_is_drawn() {
	run(|| {
		Ceiling::set(Permill::zero());
		AuditCeiling::set(Permill::zero());
		AuditSizeFactor::set(0);
		SpotCheckSizeFactor::set(0);
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
		AuditSizeFactor::set(10);
		SpotCheckSizeFactor::set(100);
	});
}
