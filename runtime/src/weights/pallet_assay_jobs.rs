//! Weights of `pallet_assay_jobs`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 12 steps, 8 repeats.

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
		// Storage: `Staking::Pools` (r:64 w:0)
		// Storage: `Jobs::InFlight` (r:64 w:1)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:33 w:1)
		// Storage: `Jobs::Jobs` (r:0 w:1)
		// Storage: `Jobs::JobsOf` (r:0 w:1)
		// Storage: `Jobs::Inputs` (r:0 w:1)
		Weight::from_parts(209_940_669, 0)
			// Standard error: 1_469_212.
			.saturating_add(Weight::from_parts(25_081_972, 0).saturating_mul(o.into()))
			// Standard error: 91_097.
			.saturating_add(Weight::from_parts(103_735, 0).saturating_mul(i.into()))
			.saturating_add(T::DbWeight::get().reads(43))
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
		Weight::from_parts(228_035_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn submit_result() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Audits::AgendaCursor` (r:1 w:1)
		// Storage: `Audits::Agenda` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:0 w:1)
		// Storage: `Audits::Audits` (r:0 w:1)
		Weight::from_parts(235_579_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn authorize_submit_result() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(251_329_000, 0).saturating_add(T::DbWeight::get().reads(5))
	}
	/// `o` is 1 to 64.
	fn advance_assign(o: u32) -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:63 w:0)
		// Storage: `Staking::Pools` (r:63 w:0)
		// Storage: `Jobs::InFlight` (r:63 w:1)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(217_378_246, 0)
			// Standard error: 783_336.
			.saturating_add(Weight::from_parts(21_439_640, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(38))
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
		Weight::from_parts(252_320_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	/// `o` is 2 to 64.
	fn advance_missed(o: u32) -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Staking::Operators` (r:2 w:2)
		// Storage: `Jobs::InFlight` (r:64 w:2)
		// Storage: `Staking::Pools` (r:64 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Staking::Leaving` (r:3 w:0)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:2 w:2)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(460_719_135, 0)
			// Standard error: 872_108.
			.saturating_add(Weight::from_parts(22_661_556, 0).saturating_mul(o.into()))
			.saturating_add(T::DbWeight::get().reads(47))
			.saturating_add(T::DbWeight::get().reads((3_u64).saturating_mul(o.into())))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn advance_finalise() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Staking::Operators` (r:1 w:1)
		// Storage: `Models::Models` (r:1 w:0)
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Audits::CleanJobs` (r:1 w:1)
		// Storage: `Audits::Audits` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:5 w:5)
		// Storage: `Staking::Pools` (r:1 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Models::RunningJobs` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:34 w:2)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		Weight::from_parts(664_360_000, 0)
			.saturating_add(T::DbWeight::get().reads(50))
			.saturating_add(T::DbWeight::get().writes(13))
	}
	fn advance_prune() -> Weight {
		// Storage: `Jobs::Jobs` (r:2 w:1)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Audits::Agenda` (r:1 w:1)
		// Storage: `Jobs::OldestJobId` (r:1 w:1)
		// Storage: `Jobs::NextJobId` (r:1 w:0)
		// Storage: `Jobs::JobsOf` (r:0 w:1)
		// Storage: `Jobs::Claims` (r:0 w:1)
		// Storage: `Jobs::Inputs` (r:0 w:1)
		// Storage: `Audits::Due` (r:0 w:1)
		// Storage: `Audits::Insides` (r:0 w:1)
		Weight::from_parts(123_881_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn serve_agenda_base() -> Weight {
		// Storage: `Jobs::AgendaCursor` (r:1 w:1)
		Weight::from_parts(7_474_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		// Storage: `Jobs::AgendaCursor` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		Weight::from_parts(19_204_942, 0)
			// Standard error: 139.
			.saturating_add(Weight::from_parts(14_871, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
