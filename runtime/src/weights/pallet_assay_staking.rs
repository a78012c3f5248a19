//! Weights of `pallet_assay_staking`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 12 steps, 8 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_staking::WeightInfo for WeightInfo<T> {
	fn register_operator() -> Weight {
		// Storage: `System::BlockHash` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Staking::WorkerKeys` (r:1 w:1)
		// Storage: `Staking::CounterForOperators` (r:1 w:1)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		Weight::from_parts(177_191_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn bond_extra() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:11 w:0)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		Weight::from_parts(233_396_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unbond() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:12 w:1)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		Weight::from_parts(186_318_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn rebond() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:11 w:7)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		Weight::from_parts(275_704_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn withdraw_unbonded() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:11 w:11)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		Weight::from_parts(363_318_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(16))
	}
	fn set_worker_key() -> Weight {
		// Storage: `Staking::WorkerKeys` (r:1 w:2)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(160_960_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn delegate() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:11 w:0)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		Weight::from_parts(361_835_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn redelegate() -> Weight {
		// Storage: `Staking::Positions` (r:2 w:2)
		// Storage: `Staking::Pools` (r:2 w:2)
		// Storage: `Staking::Leaving` (r:11 w:1)
		// Storage: `Staking::Operators` (r:2 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		Weight::from_parts(386_271_000, 0)
			.saturating_add(T::DbWeight::get().reads(20))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn claim() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:11 w:0)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `System::Account` (r:2 w:2)
		// Storage: `Balances::Holds` (r:1 w:1)
		Weight::from_parts(505_864_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn set_compound() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		Weight::from_parts(56_686_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn settle() -> Weight {
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:11 w:0)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:3 w:3)
		Weight::from_parts(584_521_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn set_commission() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		Weight::from_parts(67_236_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_identity() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `Staking::Identities` (r:0 w:1)
		Weight::from_parts(57_628_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn chill() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `Staking::Pools` (r:1 w:1)
		Weight::from_parts(57_407_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn unchill() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `Staking::Pools` (r:1 w:1)
		Weight::from_parts(33_332_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn kick() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Staking::Leaving` (r:12 w:5)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:2 w:2)
		Weight::from_parts(257_120_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(11))
	}
}
