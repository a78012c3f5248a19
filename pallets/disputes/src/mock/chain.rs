//! The chain a test runs on: genesis, blocks, events, balances, invariants.

use super::*;
use crate::{Disputes, Status};
use assay_protocol::{dispute::Ruling, job::JobState, DisputeId, JobId};
use frame_support::{
	traits::{fungible::InspectHold, OnInitialize, OnPoll},
	weights::WeightMeter,
};
use sp_core::Pair;
use sp_runtime::BuildStorage;
use std::collections::BTreeMap;

/// A consumer and challengers with funds; Alice and Bob are bonded and serve every model at price 1.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let rich = [CONSUMER, CHARLIE, DAVE].map(|who| (who, FUNDS));
	let operators = [ALICE, BOB].map(|who| (who, STAKE + EXISTENTIAL_DEPOSIT));
	let others = [POOR, PUBLISHER, TREASURY].map(|who| (who, EXISTENTIAL_DEPOSIT));
	pallet_balances::GenesisConfig::<Test> {
		balances: rich.into_iter().chain(operators).chain(others).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_assay_staking::GenesisConfig::<Test> {
		operators: [ALICE, BOB].map(|who| (who, worker_key(who).public(), STAKE)).to_vec(),
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
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
	let next = System::block_number() + 1;
	System::set_block_number(next);
	AllPalletsWithSystem::on_initialize(next);
	let mut meter = WeightMeter::new();
	<AllPalletsWithSystem as OnPoll<u64>>::on_poll(next, &mut meter);
}

/// Goes on to a block.
pub(crate) fn run_to(block: u64) {
	while System::block_number() < block {
		next_block();
	}
}

/// The pallet's events so far.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::DisputesPallet(event) => Some(event),
			_ => None,
		})
		.collect()
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
