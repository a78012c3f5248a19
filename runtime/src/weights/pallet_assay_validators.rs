//! Weights of `pallet_assay_validators`, by hand until `scripts/weights` replaces them.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time by hand; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_validators::WeightInfo for WeightInfo<T> {
	fn validate() -> Weight {
		Weight::from_parts(100_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(6, 2))
	}
	fn stop_validating() -> Weight {
		Weight::from_parts(50_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	fn plan_session(c: u32) -> Weight {
		Weight::from_parts(50_000_000, 0).saturating_mul(c.into())
	}
	fn end_session(v: u32) -> Weight {
		Weight::from_parts(500_000_000, 0).saturating_mul(v.into())
	}
}
