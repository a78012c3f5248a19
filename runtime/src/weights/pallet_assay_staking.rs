//! Weights of `pallet_assay_staking`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-28, Intel Xeon (Sapphire Rapids), 20 steps, 10 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_staking::WeightInfo for WeightInfo<T> {
	fn register_operator() -> Weight {
		Weight::from_parts(181_556_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(246_020_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(192_730_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn rebond() -> Weight {
		Weight::from_parts(342_421_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn withdraw_unbonded() -> Weight {
		Weight::from_parts(317_534_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(16))
	}
	fn set_worker_key() -> Weight {
		Weight::from_parts(135_741_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn delegate() -> Weight {
		Weight::from_parts(365_450_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn redelegate() -> Weight {
		Weight::from_parts(223_778_000, 0)
			.saturating_add(T::DbWeight::get().reads(20))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn claim() -> Weight {
		Weight::from_parts(301_743_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn set_compound() -> Weight {
		Weight::from_parts(27_005_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn settle() -> Weight {
		Weight::from_parts(342_736_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn set_commission() -> Weight {
		Weight::from_parts(29_567_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_identity() -> Weight {
		Weight::from_parts(22_721_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn chill() -> Weight {
		Weight::from_parts(48_962_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn unchill() -> Weight {
		Weight::from_parts(36_493_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn kick() -> Weight {
		Weight::from_parts(231_805_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	/// Not measured yet: as `set_compound`.
	fn readmit() -> Weight {
		Weight::from_parts(27_005_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// Not measured yet: as `withdraw_unbonded`.
	fn reap() -> Weight {
		Weight::from_parts(317_534_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(18))
	}
	/// Not measured yet: as `set_compound`.
	fn set_payee() -> Weight {
		Weight::from_parts(27_005_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}
