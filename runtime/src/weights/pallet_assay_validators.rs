//! Weights of `pallet_assay_validators`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-28, Intel Xeon (Sapphire Rapids), 20 steps, 10 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_validators::WeightInfo for WeightInfo<T> {
	fn validate() -> Weight {
		Weight::from_parts(57_280_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn stop_validating() -> Weight {
		Weight::from_parts(23_563_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// Not measured yet: of the size of `validate`, with the session's writes.
	fn purge_keys() -> Weight {
		Weight::from_parts(80_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	/// Not measured yet.
	fn cancel_slash() -> Weight {
		Weight::from_parts(25_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `c` is 1 to 500.
	fn plan_session(c: u32) -> Weight {
		Weight::from_parts(78_430_000, 0)
			// Standard error: 345_860.
			.saturating_add(Weight::from_parts(30_151_274, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().reads((4_u64).saturating_mul(c.into())))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `v` is 1 to 100.
	fn end_session(v: u32) -> Weight {
		Weight::from_parts(960_080_259, 0)
			// Standard error: 1_784_312.
			.saturating_add(Weight::from_parts(81_062_838, 0).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().reads((5_u64).saturating_mul(v.into())))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(v.into())))
	}
	/// `v` is 1 to 100. Not measured yet: each as much as `settle` of the staking pallet, and the sums of nine periods.
	fn apply_slashes(v: u32) -> Weight {
		Weight::from_parts(100_000_000, 0)
			.saturating_add(Weight::from_parts(400_000_000, 0).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads((30_u64).saturating_mul(v.into())))
			.saturating_add(T::DbWeight::get().writes((18_u64).saturating_mul(v.into())))
	}
}
