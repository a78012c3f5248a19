//! Weights of `pallet_assay_staking`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 50 steps, 20 repeats. Measured on a busy machine, in several runs, with the benchmark command of
//! frame-benchmarking-cli, which is what frame-omni-bencher runs; `scripts/weights` as a whole has yet to replace them.

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
		// Storage: `Balances::Holds` (r:1 w:1)
		Weight::from_parts(181_609_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn bond_extra() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		Weight::from_parts(100_127_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn unbond() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		Weight::from_parts(41_828_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn rebond() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		Weight::from_parts(41_447_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_unbonded() -> Weight {
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Staking::CounterForOperators` (r:1 w:1)
		// Storage: `Staking::WorkerKeys` (r:0 w:1)
		Weight::from_parts(123_180_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn set_worker_key() -> Weight {
		// Storage: `Staking::WorkerKeys` (r:1 w:2)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(162_663_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
}
