//! Weights of `pallet_assay_jobs`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-28, Intel Xeon (Sapphire Rapids), 20 steps, 10 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_jobs::WeightInfo for WeightInfo<T> {
	/// `i` is 1 to 1024.
	/// `o` is 1 to 64.
	fn submit(o: u32, i: u32) -> Weight {
		Weight::from_parts(228_219_130, 0)
			// Standard error: 552_601.
			.saturating_add(Weight::from_parts(14_143_469, 0).saturating_mul(o.into()))
			// Standard error: 34_322.
			.saturating_add(Weight::from_parts(100_367, 0).saturating_mul(i.into()))
			.saturating_add(T::DbWeight::get().reads(43))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(o.into())))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn cancel() -> Weight {
		Weight::from_parts(263_374_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn submit_result() -> Weight {
		Weight::from_parts(184_931_000, 0)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn authorize_submit_result() -> Weight {
		Weight::from_parts(220_491_000, 0).saturating_add(T::DbWeight::get().reads(5))
	}
	/// `o` is 1 to 64.
	fn advance_assign(o: u32) -> Weight {
		Weight::from_parts(612_768_814, 0)
			// Standard error: 994_343.
			.saturating_add(Weight::from_parts(26_252_666, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().reads((6_u64).saturating_mul(o.into())))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn advance_refund() -> Weight {
		Weight::from_parts(267_197_000, 0)
			.saturating_add(T::DbWeight::get().reads(40))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `o` is 2 to 64.
	fn advance_missed(o: u32) -> Weight {
		Weight::from_parts(338_952_012, 0)
			// Standard error: 192_428.
			.saturating_add(Weight::from_parts(1_650_798, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(42))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn advance_finalise() -> Weight {
		Weight::from_parts(623_624_000, 0)
			.saturating_add(T::DbWeight::get().reads(53))
			.saturating_add(T::DbWeight::get().writes(14))
	}
	fn advance_prune() -> Weight {
		Weight::from_parts(89_649_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(5_947_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(12_533_913, 0)
			// Standard error: 155.
			.saturating_add(Weight::from_parts(8_545, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
