//! Weights of `pallet_assay_jobs`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 50 steps, 20 repeats. Measured on a busy machine, in several runs, with the benchmark command of
//! frame-benchmarking-cli, which is what frame-omni-bencher runs; `scripts/weights` as a whole has yet to replace them.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_jobs::WeightInfo for WeightInfo<T> {
	/// `o` is 1 to 64.
	/// `i` is 1 to 1024.
	fn submit(o: u32, i: u32) -> Weight {
		// Storage: `Models::Models` (r:1 w:0)
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Jobs::NextJobId` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::RunningJobs` (r:1 w:1)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Staking::Operators` (r:64 w:1)
		// Storage: `Jobs::InFlight` (r:64 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:33 w:1)
		// Storage: `Jobs::Jobs` (r:0 w:1)
		// Storage: `Jobs::JobsOf` (r:0 w:1)
		// Storage: `Jobs::Inputs` (r:0 w:1)
		Weight::from_parts(296_293_000, 0)
			// Standard error: 412_869.
			.saturating_add(Weight::from_parts(29_997_316, 0).saturating_mul(o.into()))
			// Standard error: 25_792.
			.saturating_add(Weight::from_parts(297_476, 0).saturating_mul(i.into()))
			.saturating_add(T::DbWeight::get().reads(42))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(o.into())))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	fn cancel() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::RunningJobs` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(217_877_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn submit_result() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:0 w:1)
		Weight::from_parts(601_322_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn authorize_submit_result() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(416_537_000, 0).saturating_add(T::DbWeight::get().reads(5))
	}
	/// `o` is 1 to 64.
	fn advance_assign(o: u32) -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Staking::Operators` (r:64 w:1)
		// Storage: `Jobs::InFlight` (r:64 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(572_960_208, 0)
			// Standard error: 593_827.
			.saturating_add(Weight::from_parts(21_664_197, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(37))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(o.into())))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn advance_refund() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Models::RunningJobs` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(217_526_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	/// `o` is 2 to 64.
	fn advance_missed(o: u32) -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Staking::Operators` (r:64 w:2)
		// Storage: `Jobs::InFlight` (r:64 w:2)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:2 w:2)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(290_806_679, 0)
			// Standard error: 130_445.
			.saturating_add(Weight::from_parts(20_645_161, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(40))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(o.into())))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn advance_finalise() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Models::Models` (r:1 w:0)
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:4 w:4)
		// Storage: `Models::RunningJobs` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(425_704_000, 0)
			.saturating_add(T::DbWeight::get().reads(45))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn advance_prune() -> Weight {
		// Storage: `Jobs::Jobs` (r:2 w:1)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Jobs::OldestJobId` (r:1 w:1)
		// Storage: `Jobs::NextJobId` (r:1 w:0)
		// Storage: `Jobs::JobsOf` (r:0 w:1)
		// Storage: `Jobs::Claims` (r:0 w:1)
		// Storage: `Jobs::Inputs` (r:0 w:1)
		Weight::from_parts(100_638_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn serve_agenda_base() -> Weight {
		// Storage: `Jobs::AgendaCursor` (r:1 w:1)
		Weight::from_parts(8_266_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		// Storage: `Jobs::Agenda` (r:1 w:1)
		Weight::from_parts(14_840_939, 0)
			// Standard error: 212.
			.saturating_add(Weight::from_parts(14_545, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}
