//! Weights of `pallet_assay_audits`, estimated by hand until `scripts/weights` measures them.
//!
//! Taken high, as those of `pallet_assay_disputes`: 20 ns for each byte that is decoded and hashed in WebAssembly, 40 ns where
//! it is judged too, 60 ns with the signature over it, and for the program, the claim and the strike of a claim with its next assignment what
//! the jobs pallet needs for them.

use core::marker::PhantomData;
use frame_support::{
	traits::Get,
	weights::{constants::WEIGHT_REF_TIME_PER_MICROS, Weight},
};

/// Time as estimated; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo<T> {
	fn of(microseconds: u64, reads: u64, writes: u64) -> Weight {
		Weight::from_parts(microseconds.saturating_mul(WEIGHT_REF_TIME_PER_MICROS), 0)
			.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
	}

	fn bytes(nanoseconds: u64, b: u32) -> Weight {
		Weight::from_parts(nanoseconds.saturating_mul(1_000).saturating_mul(b.into()), 0)
	}
}

impl<T: frame_system::Config> pallet_assay_audits::WeightInfo for WeightInfo<T> {
	fn offer() -> Weight {
		Self::of(300, 70, 2)
	}
	fn withdraw() -> Weight {
		Self::of(100, 1, 1)
	}
	fn authorize_reply(b: u32) -> Weight {
		Self::of(1_200, 9, 0).saturating_add(Self::bytes(60, b))
	}
	fn reply_cell() -> Weight {
		Self::of(1_200, 9, 6)
	}
	fn reply_step(b: u32) -> Weight {
		Self::of(3_000, 160, 30).saturating_add(Self::bytes(40, b))
	}
	fn reply_digest() -> Weight {
		Self::of(700, 9, 5)
	}
	fn reply_values(b: u32) -> Weight {
		Self::of(1_000, 12, 8).saturating_add(Self::bytes(20, b))
	}
	fn advance_ask(n: u32) -> Weight {
		Self::of(800, 13, 8).saturating_add(Self::of(10, 2, 0).saturating_mul(n.into()))
	}
	fn advance_close(n: u32) -> Weight {
		Self::of(1_500, 80, 30).saturating_add(Self::of(300, 4, 4).saturating_mul(n.into()))
	}
	fn advance_ask_to_show(n: u32) -> Weight {
		Self::of(800, 10, 6).saturating_add(Self::of(20, 1, 1).saturating_mul(n.into()))
	}
	fn advance_finish(n: u32) -> Weight {
		Self::of(1_500, 80, 30).saturating_add(Self::of(300, 4, 4).saturating_mul(n.into()))
	}
	fn serve_agenda_base() -> Weight {
		Self::of(20, 1, 1)
	}
	fn serve_slot(n: u32) -> Weight {
		Self::of(20, 1, 1).saturating_add(Self::of(1, 0, 0).saturating_mul(n.into()))
	}
}
