//! The test chain: by default slots of 3,000 ms, epochs of 50 slots, periods of 20 blocks of which stake waits six.

use super::*;
use crate as pallet_assay_timing;
use frame_support::{
	derive_impl,
	traits::{ConstU32, ConstU64},
};
use sp_runtime::BuildStorage;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(RuntimeCall, RuntimeEvent, RuntimeError, RuntimeOrigin, RuntimeTask)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timing = pallet_assay_timing;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

impl Config for Test {
	type DefaultSlotDuration = ConstU64<3_000>;
	type DefaultEpochSlots = ConstU64<50>;
	type DefaultStakingPeriod = ConstU64<20>;
	type DefaultDrawWindow = ConstU64<32>;
	type DefaultGuiltPeriod = ConstU64<100>;
	type DefaultGovernanceDay = ConstU64<28_800>;
	type LongestJudgement = ConstU64<100>;
	type SessionsOfSet = ConstU32<2>;
	type StakingPeriods = ConstU32<6>;
}

fn chain(genesis: GenesisConfig<Test>) -> sp_io::TestExternalities {
	genesis.build_storage().expect("the durations are valid").into()
}

#[test]
fn chain_should_have_the_default_durations_unless_genesis_says_otherwise() {
	for mut chain in [chain(GenesisConfig::default()), sp_io::TestExternalities::new_empty()] {
		chain.execute_with(|| {
			assert_eq!(SlotDuration::<Test>::get(), 3_000);
			assert_eq!(EpochSlots::<Test>::get(), 50);
			assert_eq!(StakingPeriod::<Test>::get(), 20);
			assert_eq!(DrawWindow::<Test>::get(), 32);
			assert_eq!(GuiltPeriod::<Test>::get(), 100);
			assert_eq!(GovernanceDay::<Test>::get(), 28_800);
		});
	}
}

#[test]
fn durations_should_follow_from_those_of_genesis() {
	let genesis = GenesisConfig {
		slot_duration_ms: 1_000,
		epoch_slots: 7,
		staking_period: 5,
		draw_window: 3,
		guilt_period: 9,
		governance_day: 11,
		stake_may_escape: true,
	};
	chain(genesis).execute_with(|| {
		assert_eq!(MinimumPeriod::<Test>::get(), 500);
		assert_eq!(ExpectedBlockTime::<Test>::get(), 1_000);
		assert_eq!(EpochDuration::<Test>::get(), 7);
		assert_eq!(PeriodOfStaking::<Test>::get(), 5);
		assert_eq!(WindowOfDraws::<Test>::get(), 3);
		assert_eq!(PeriodOfGuilt::<Test>::get(), 9);
		assert_eq!(GovernanceDay::<Test>::get(), 11);
		assert_eq!(UnbondingPeriod::<Test>::get(), 30);
		assert_eq!(ReportLongevity::<Test>::get(), 30);
		assert_eq!(CommissionNotice::<Test>::get(), 40);
		// Of four in thirty blocks, one is there to plan a set, which may last for two.
		assert_eq!(<ReportableSessions<Test> as Get<u32>>::get(), 2);
		assert_eq!(<ReportableSessions<Test> as Get<u64>>::get(), 2);
		assert_eq!(SlashDeferral::<Test>::get(), 0);
	});
}

#[test]
#[should_panic(expected = "slot_duration_ms is 0")]
fn slots_of_no_length_should_be_refused() {
	chain(GenesisConfig {
		slot_duration_ms: 0,
		..Default::default()
	});
}

#[test]
#[should_panic(expected = "slot_duration_ms is 1001")]
fn odd_slots_should_be_refused() {
	chain(GenesisConfig {
		slot_duration_ms: 1_001,
		..Default::default()
	});
}

#[test]
#[should_panic(expected = "epoch_slots must not be zero")]
fn epochs_without_slots_should_be_refused() {
	chain(GenesisConfig {
		epoch_slots: 0,
		..Default::default()
	});
}

#[test]
#[should_panic(expected = "staking_period must not be zero")]
fn staking_periods_without_blocks_should_be_refused() {
	chain(GenesisConfig {
		staking_period: 0,
		..Default::default()
	});
}

#[test]
#[should_panic(expected = "draw_window must not be zero")]
fn windows_of_draws_without_blocks_should_be_refused() {
	chain(GenesisConfig {
		draw_window: 0,
		..Default::default()
	});
}

#[test]
#[should_panic(expected = "staking_period is too short")]
fn c12_stake_that_leaves_before_faults_are_judged_should_be_refused() {
	chain(GenesisConfig {
		// Six of them are waited for.
		staking_period: 16,
		..Default::default()
	});
}

#[test]
fn c12_stake_that_leaves_after_faults_are_judged_should_be_taken() {
	chain(GenesisConfig {
		staking_period: 17,
		..Default::default()
	});
}
