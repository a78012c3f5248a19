//! Weights of `pallet_assay_disputes`, estimated by hand until `scripts/weights` measures them.
//!
//! Taken high: 20 ns for each byte that is decoded, hashed and judged in WebAssembly, 60 ns with the signature over it,
//! and for the program, the claim and the strike of a claim with its next assignment what the jobs pallet needs for them.

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

impl<T: frame_system::Config> pallet_assay_disputes::WeightInfo for WeightInfo<T> {
	fn challenge() -> Weight {
		Self::of(400, 12, 10)
	}
	fn answer(b: u32) -> Weight {
		Self::of(1_000, 7, 4).saturating_add(Self::bytes(20, b))
	}
	fn authorize_answer(b: u32) -> Weight {
		Self::of(1_200, 8, 0).saturating_add(Self::bytes(60, b))
	}
	fn point_at_group() -> Weight {
		Self::of(400, 6, 2)
	}
	fn point_at_target() -> Weight {
		Self::of(6_000, 7, 2)
	}
	fn prove(b: u32) -> Weight {
		Self::of(12_000, 160, 30).saturating_add(Self::bytes(50, b))
	}
	fn expire_worker_silent() -> Weight {
		Self::of(6_000, 160, 30)
	}
	fn expire_challenger_silent() -> Weight {
		Self::of(400, 45, 15)
	}
	fn expire_moot() -> Weight {
		Self::of(250, 6, 8)
	}
	fn expire_prune() -> Weight {
		Self::of(100, 6, 5)
	}
	fn rebook() -> Weight {
		Self::of(100, 34, 2)
	}
	fn serve_agenda_base() -> Weight {
		Self::of(10, 1, 1)
	}
	fn serve_slot(n: u32) -> Weight {
		Self::of(20, 1, 1).saturating_add(Weight::from_parts(20_000, 0).saturating_mul(n.into()))
	}
}
