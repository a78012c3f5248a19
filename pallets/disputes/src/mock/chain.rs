//! The chain a test runs on: genesis, blocks, events, balances, invariants.

use super::*;
use crate::{Disputes, Status};
use assay_protocol::{dispute::Ruling, job::JobState, DisputeId, JobId};
use frame_support::traits::fungible::InspectHold;
use std::collections::BTreeMap;

/// A consumer and challengers with funds; Alice and Bob are bonded and serve every model at price 1.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let rich = [CONSUMER, CHARLIE, DAVE].map(|who| (who, FUNDS));
	let operators = [ALICE, BOB].map(|who| (who, STAKE + EXISTENTIAL_DEPOSIT));
	let others = [POOR, PUBLISHER, TREASURY].map(|who| (who, EXISTENTIAL_DEPOSIT));
	let genesis = assay_testing::genesis::<Test>(rich.into_iter().chain(operators).chain(others));
	assay_testing::staked::<Test>(genesis, &[ALICE, BOB])
}

/// Runs a test and checks every invariant after it.
pub(crate) fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		test();
		check();
		assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
	});
}

/// The invariants of the pallet, and those that hold between it and the jobs: a job counts the open disputes about its
/// claim, and waits in the agenda only while there are none.
pub(crate) fn check() {
	DisputesPallet::do_try_state().unwrap();
	let mut open = BTreeMap::<JobId, u32>::new();
	for dispute in Disputes::<Test>::iter_values() {
		let job = pallet_assay_jobs::Jobs::<Test>::get(dispute.job);
		let stands =
			job.is_some_and(|job| matches!(job.state, JobState::Claimed { .. }) && job.attempt == dispute.attempt);
		if stands && matches!(dispute.status, Status::Open(_)) {
			*open.entry(dispute.job).or_default() += 1;
		}
	}
	for (id, job) in pallet_assay_jobs::Jobs::<Test>::iter() {
		assert_eq!(
			job.holds,
			open.get(&id).copied().unwrap_or_default(),
			"disputes of job {id}"
		);
		assert!(
			job.holds == 0 || job.booked_at.is_none(),
			"job {id} is disputed and booked"
		);
	}
}

/// Goes to the next block, where agendas are served: the jobs' first.
pub(crate) fn next_block() {
	assay_testing::next_block::<Test, AllPalletsWithSystem>();
}

/// Goes on to a block.
pub(crate) fn run_to(block: u64) {
	while System::block_number() < block {
		next_block();
	}
}

/// The pallet's events so far.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}

pub(crate) fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Bonds of challenges.
pub(crate) fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&crate::HoldReason::Bond.into(), &who)
}

pub(crate) fn stake(operator: AccountId) -> Balance {
	Balances::balance_on_hold(&pallet_assay_staking::HoldReason::Bond.into(), &operator)
}

/// How a dispute ended, if it has.
pub(crate) fn ruling(dispute: DisputeId) -> Option<Ruling> {
	DisputesPallet::dispute_summary(dispute)
		.expect("the dispute is stored")
		.ruling
}

pub(crate) fn job_state(job: JobId) -> JobState<AccountId, Balance, u64> {
	JobsPallet::job_summary(job).expect("the job is stored").state
}
