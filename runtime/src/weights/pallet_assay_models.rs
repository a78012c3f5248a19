//! Weights of `pallet_assay_models`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 50 steps, 20 repeats. Measured on a busy machine, in several runs, with the benchmark command of
//! frame-benchmarking-cli, which is what frame-omni-bencher runs; `scripts/weights` as a whole has yet to replace them.

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
		Weight::from_parts(141_589_958, 0)
			// Standard error: 118.
			.saturating_add(Weight::from_parts(4_116, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `b` is 300 to 5727.
	fn add_version(b: u32) -> Weight {
		// Storage: `Models::Models` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::Versions` (r:0 w:1)
		// Storage: `Models::Programs` (r:0 w:1)
		Weight::from_parts(116_955_029, 0)
			// Standard error: 232.
			.saturating_add(Weight::from_parts(2_650, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `b` is 300 to 16384.
	fn refuse_program(b: u32) -> Weight {
		// Storage: `Models::NextModel` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:0)
		Weight::from_parts(77_975_409, 0)
			// Standard error: 46.
			.saturating_add(Weight::from_parts(6_540, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(2))
	}
	fn set_metadata() -> Weight {
		// Storage: `Models::Models` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		Weight::from_parts(117_750_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn retire() -> Weight {
		// Storage: `Models::Models` (r:1 w:0)
		// Storage: `Models::Versions` (r:1 w:1)
		Weight::from_parts(37_450_000, 0)
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
		Weight::from_parts(196_937_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn serve() -> Weight {
		// Storage: `Staking::Operators` (r:64 w:0)
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:1)
		// Storage: `Models::LastHeartbeat` (r:64 w:2)
		// Storage: `Models::Served` (r:2 w:2)
		Weight::from_parts(1_038_588_000, 0)
			.saturating_add(T::DbWeight::get().reads(132))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unserve() -> Weight {
		// Storage: `Models::Offers` (r:1 w:1)
		// Storage: `Models::Served` (r:1 w:1)
		// Storage: `Models::LastHeartbeat` (r:0 w:1)
		Weight::from_parts(83_356_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn prune_offer() -> Weight {
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Models::RunningJobs` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:1)
		// Storage: `Models::Served` (r:1 w:1)
		// Storage: `Models::LastHeartbeat` (r:0 w:1)
		Weight::from_parts(115_776_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn heartbeat() -> Weight {
		// Storage: `Models::LastHeartbeat` (r:0 w:1)
		Weight::from_parts(49_442_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn authorize_heartbeat() -> Weight {
		// Storage: `Models::LastHeartbeat` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(122_479_000, 0).saturating_add(T::DbWeight::get().reads(3))
	}
}
