//! Weights of `pallet_assay_disputes`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-28, Intel Xeon (Sapphire Rapids), 20 steps, 10 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_disputes::WeightInfo for WeightInfo<T> {
	fn challenge() -> Weight {
		Weight::from_parts(505_897_000, 0)
			.saturating_add(T::DbWeight::get().reads(46))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	/// `b` is 1024 to 131584.
	fn answer(b: u32) -> Weight {
		Weight::from_parts(41_038_077, 0)
			// Standard error: 2_333.
			.saturating_add(Weight::from_parts(67_783, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	/// `b` is 1024 to 131584.
	fn authorize_answer(b: u32) -> Weight {
		Weight::from_parts(155_107_602, 0)
			// Standard error: 3_396.
			.saturating_add(Weight::from_parts(94_380, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(9))
	}
	fn point_at_group() -> Weight {
		Weight::from_parts(221_210_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn point_at_target() -> Weight {
		Weight::from_parts(785_204_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `b` is 1024 to 163839.
	fn prove(b: u32) -> Weight {
		Weight::from_parts(1_643_069_409, 0)
			// Standard error: 1_272.
			.saturating_add(Weight::from_parts(11_863, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(23))
	}
	fn expire_worker_silent() -> Weight {
		Weight::from_parts(547_182_000, 0)
			.saturating_add(T::DbWeight::get().reads(25))
			.saturating_add(T::DbWeight::get().writes(23))
	}
	fn expire_challenger_silent() -> Weight {
		Weight::from_parts(319_083_000, 0)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn expire_moot() -> Weight {
		Weight::from_parts(145_104_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn expire_prune() -> Weight {
		Weight::from_parts(66_386_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn rebook() -> Weight {
		Weight::from_parts(150_692_000, 0)
			.saturating_add(T::DbWeight::get().reads(34))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(4_004_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(11_374_577, 0)
			// Standard error: 149.
			.saturating_add(Weight::from_parts(8_174, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
