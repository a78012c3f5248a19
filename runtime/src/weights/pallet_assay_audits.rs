//! Weights of `pallet_assay_audits`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-28, Intel Xeon (Sapphire Rapids), 20 steps, 10 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_audits::WeightInfo for WeightInfo<T> {
	fn offer() -> Weight {
		Weight::from_parts(609_882_000, 0)
			.saturating_add(T::DbWeight::get().reads(67))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(62_641_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `b` is 1024 to 163839.
	fn authorize_reply(b: u32) -> Weight {
		Weight::from_parts(698_940_643, 0)
			// Standard error: 1_214.
			.saturating_add(Weight::from_parts(16_277, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(10))
	}
	fn reply_cell() -> Weight {
		Weight::from_parts(269_959_000, 0)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `b` is 1024 to 163839.
	fn reply_step(b: u32) -> Weight {
		Weight::from_parts(482_797_741, 0)
			// Standard error: 696.
			.saturating_add(Weight::from_parts(14_444, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(17))
	}
	fn reply_digest() -> Weight {
		Weight::from_parts(229_510_000, 0)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `b` is 1024 to 1000000.
	fn reply_values(b: u32) -> Weight {
		Weight::from_parts(232_085_393, 0)
			// Standard error: 1_102.
			.saturating_add(Weight::from_parts(22_236, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(14))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	/// `b` is 1024 to 16384.
	fn reply_receipt(b: u32) -> Weight {
		Weight::from_parts(482_797_741, 0)
			.saturating_add(Weight::from_parts(44_472, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(17))
	}
	fn advance_pass() -> Weight {
		Weight::from_parts(179_116_000, 0)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `n` is 1 to 64.
	fn advance_ask(n: u32) -> Weight {
		Weight::from_parts(339_700_149, 0)
			// Standard error: 433_220.
			.saturating_add(Weight::from_parts(13_076_374, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(16))
	}
	/// `n` is 1 to 10.
	fn advance_close(n: u32) -> Weight {
		Weight::from_parts(676_043_503, 0)
			// Standard error: 9_357_592.
			.saturating_add(Weight::from_parts(168_430_656, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().reads((12_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(19))
			.saturating_add(T::DbWeight::get().writes((8_u64).saturating_mul(n.into())))
	}
	/// `n` is 1 to 10.
	fn advance_ask_to_show(n: u32) -> Weight {
		Weight::from_parts(202_953_957, 0)
			// Standard error: 606_682.
			.saturating_add(Weight::from_parts(11_656_374, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes((2_u64).saturating_mul(n.into())))
	}
	/// `n` is 1 to 10.
	fn advance_finish(n: u32) -> Weight {
		Weight::from_parts(752_822_517, 0)
			// Standard error: 9_920_244.
			.saturating_add(Weight::from_parts(147_544_118, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().reads((12_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(19))
			.saturating_add(T::DbWeight::get().writes((8_u64).saturating_mul(n.into())))
	}
	fn serve_agenda_base() -> Weight {
		Weight::from_parts(4_131_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		Weight::from_parts(14_014_835, 0)
			// Standard error: 77.
			.saturating_add(Weight::from_parts(10_234, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
