//! Weights of `pallet_assay_validators`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 12 steps, 8 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_validators::WeightInfo for WeightInfo<T> {
	fn validate() -> Weight {
		// Storage: `Staking::Pools` (r:1 w:0)
		// Storage: `Session::NextKeys` (r:1 w:0)
		// Storage: `Validators::Candidates` (r:1 w:1)
		// Storage: `Validators::BarredValidators` (r:1 w:0)
		// Storage: `Validators::CounterForCandidates` (r:1 w:1)
		Weight::from_parts(93_896_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn stop_validating() -> Weight {
		// Storage: `Validators::Candidates` (r:1 w:1)
		// Storage: `Validators::CounterForCandidates` (r:1 w:1)
		Weight::from_parts(57_708_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// `c` is 1 to 500.
	fn plan_session(c: u32) -> Weight {
		// Storage: `Validators::Candidates` (r:502 w:0)
		// Storage: `Staking::Operators` (r:501 w:0)
		// Storage: `Staking::Pools` (r:501 w:0)
		// Storage: `Session::NextKeys` (r:501 w:0)
		// Storage: `Validators::ElectedStake` (r:0 w:1)
		Weight::from_parts(797_201_801, 0)
			// Standard error: 1_710_116.
			.saturating_add(Weight::from_parts(40_229_300, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `v` is 1 to 100.
	fn end_session(v: u32) -> Weight {
		// Storage: `Validators::Works` (r:101 w:100)
		// Storage: `Session::Validators` (r:1 w:0)
		// Storage: `Validators::Candidates` (r:100 w:100)
		// Storage: `Timing::SlotDuration` (r:1 w:0)
		// Storage: `Validators::ElectedStake` (r:1 w:0)
		// Storage: `System::Account` (r:102 w:2)
		// Storage: `Staking::Operators` (r:100 w:0)
		// Storage: `Staking::Pools` (r:100 w:100)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		Weight::from_parts(92_832_844, 0)
			// Standard error: 8_078_887.
			.saturating_add(Weight::from_parts(107_425_043, 0).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(v.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(v.into())))
	}
}
