//! Weights of `pallet_assay_channels`, measured by `scripts/weights`: do not edit.
//!
//! Not measured yet: put together from what the calls of `pallet_assay_jobs` took that do the same, and signatures of 60 µs.
//! `present` takes what `reply_receipt` of `pallet_assay_audits` takes of the longest receipt, nine kilobytes, with a signature and a job that
//! is made. An authorisation tries the settlement, so it takes as much again.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_channels::WeightInfo for WeightInfo<T> {
	fn open() -> Weight {
		Weight::from_parts(300000000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn top_up() -> Weight {
		Weight::from_parts(150000000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn give_notice() -> Weight {
		Weight::from_parts(80000000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn authorize_settle(n: u32) -> Weight {
		Self::settle(n)
			.saturating_add(Weight::from_parts(150000000, 0))
			.saturating_add(Weight::from_parts(60000000, 0).saturating_mul(n.into()))
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(200000000, 0)
			.saturating_add(Weight::from_parts(300000000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(9))
			.saturating_add(T::DbWeight::get().reads((24_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((16_u64).saturating_mul(n.into())))
	}
	fn present() -> Weight {
		Weight::from_parts(1100000000, 0)
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(18))
	}
	fn accuse() -> Weight {
		Weight::from_parts(900000000, 0)
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(16))
	}
	fn announce() -> Weight {
		Weight::from_parts(60000000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn advance_close() -> Weight {
		Weight::from_parts(250000000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn advance_forget() -> Weight {
		Weight::from_parts(120000000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(10000000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(0))
	}
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(20000000, 0)
			.saturating_add(Weight::from_parts(30000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}
