//! Weights of `pallet_assay_models`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-28, Intel Xeon (Sapphire Rapids), 20 steps, 10 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_models::WeightInfo for WeightInfo<T> {
	/// `b` is 300 to 5727.
	fn register(b: u32) -> Weight {
		Weight::from_parts(156_790_835, 0)
			// Standard error: 125.
			.saturating_add(Weight::from_parts(9_033, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `b` is 300 to 5727.
	fn add_version(b: u32) -> Weight {
		Weight::from_parts(95_629_453, 0)
			// Standard error: 27.
			.saturating_add(Weight::from_parts(7_280, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `b` is 300 to 16384.
	fn refuse_program(b: u32) -> Weight {
		Weight::from_parts(103_083_451, 0)
			// Standard error: 36.
			.saturating_add(Weight::from_parts(9_846, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
	}
	fn set_metadata() -> Weight {
		Weight::from_parts(88_284_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn retire() -> Weight {
		Weight::from_parts(42_370_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn remove() -> Weight {
		Weight::from_parts(210_610_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn serve() -> Weight {
		Weight::from_parts(878_528_000, 0)
			.saturating_add(T::DbWeight::get().reads(133))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unserve() -> Weight {
		Weight::from_parts(55_255_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn prune_offer() -> Weight {
		Weight::from_parts(77_908_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn heartbeat() -> Weight {
		Weight::from_parts(34_737_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn authorize_heartbeat() -> Weight {
		Weight::from_parts(92_536_000, 0).saturating_add(T::DbWeight::get().reads(4))
	}
}
