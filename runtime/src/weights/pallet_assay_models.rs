//! Weights of `pallet_assay_models`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 12 steps, 8 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_models::WeightInfo for WeightInfo<T> {
	/// `b` is 300 to 5727.
	fn register(b: u32) -> Weight {
		// Storage: `Models::NextModel` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::Versions` (r:0 w:1)
		// Storage: `Models::Programs` (r:0 w:1)
		// Storage: `Models::Models` (r:0 w:1)
		Weight::from_parts(233_564_070, 0)
			// Standard error: 109.
			.saturating_add(Weight::from_parts(3_792, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `b` is 300 to 5727.
	fn add_version(b: u32) -> Weight {
		// Storage: `Models::Models` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::Versions` (r:0 w:1)
		// Storage: `Models::Programs` (r:0 w:1)
		Weight::from_parts(155_776_856, 0)
			// Standard error: 99.
			.saturating_add(Weight::from_parts(4_632, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `b` is 300 to 16384.
	fn refuse_program(b: u32) -> Weight {
		// Storage: `Models::NextModel` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:0)
		Weight::from_parts(117_107_965, 0)
			// Standard error: 19.
			.saturating_add(Weight::from_parts(6_999, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
	}
	fn set_metadata() -> Weight {
		// Storage: `Models::Models` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		Weight::from_parts(135_663_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn retire() -> Weight {
		// Storage: `Models::Models` (r:1 w:0)
		// Storage: `Models::Versions` (r:1 w:1)
		Weight::from_parts(42_940_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn remove() -> Weight {
		// Storage: `Models::Models` (r:1 w:1)
		// Storage: `Models::Versions` (r:1 w:1)
		// Storage: `Models::RunningJobs` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::Programs` (r:0 w:1)
		Weight::from_parts(158_395_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn serve() -> Weight {
		// Storage: `Staking::Pools` (r:64 w:0)
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:1)
		// Storage: `Models::LastHeartbeat` (r:64 w:2)
		// Storage: `Models::Served` (r:2 w:2)
		Weight::from_parts(908_335_000, 0)
			.saturating_add(T::DbWeight::get().reads(132))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unserve() -> Weight {
		// Storage: `Models::Offers` (r:1 w:1)
		// Storage: `Models::Served` (r:1 w:1)
		// Storage: `Models::LastHeartbeat` (r:0 w:1)
		Weight::from_parts(63_388_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn prune_offer() -> Weight {
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Models::RunningJobs` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:1)
		// Storage: `Models::Served` (r:1 w:1)
		// Storage: `Models::LastHeartbeat` (r:0 w:1)
		Weight::from_parts(71_183_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn heartbeat() -> Weight {
		// Storage: `Models::LastHeartbeat` (r:0 w:1)
		Weight::from_parts(18_986_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn authorize_heartbeat() -> Weight {
		// Storage: `Models::LastHeartbeat` (r:1 w:0)
		// Storage: `Staking::Pools` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(82_043_000, 0).saturating_add(T::DbWeight::get().reads(4))
	}
}
