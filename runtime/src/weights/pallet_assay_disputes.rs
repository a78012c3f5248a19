//! Weights of `pallet_assay_disputes`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 12 steps, 8 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_disputes::WeightInfo for WeightInfo<T> {
	fn challenge() -> Weight {
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Disputes::Challenges` (r:1 w:1)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Disputes::NextDisputeId` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Audits::Audits` (r:1 w:0)
		// Storage: `Disputes::AgendaCursor` (r:1 w:1)
		// Storage: `Disputes::Agenda` (r:33 w:1)
		// Storage: `Disputes::DisputesOf` (r:0 w:1)
		// Storage: `Disputes::Due` (r:0 w:1)
		// Storage: `Disputes::Disputes` (r:0 w:1)
		Weight::from_parts(357_677_000, 0)
			.saturating_add(T::DbWeight::get().reads(43))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	/// `b` is 1024 to 131584.
	fn answer(b: u32) -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Disputes::Due` (r:0 w:2)
		// Storage: `Disputes::Record` (r:0 w:1)
		Weight::from_parts(432_578_000, 0)
			// Standard error: 1_278.
			.saturating_add(Weight::from_parts(87_477, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `b` is 1024 to 131584.
	fn authorize_answer(b: u32) -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:0)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `System::BlockHash` (r:1 w:0)
		Weight::from_parts(199_849_498, 0)
			// Standard error: 1_899.
			.saturating_add(Weight::from_parts(99_403, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(7))
	}
	fn point_at_group() -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Disputes::Due` (r:0 w:2)
		Weight::from_parts(165_860_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn point_at_target() -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Disputes::Record` (r:1 w:0)
		// Storage: `Disputes::Due` (r:0 w:2)
		Weight::from_parts(711_338_000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `b` is 1024 to 163840.
	fn prove(b: u32) -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:1 w:1)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Disputes::Record` (r:1 w:3)
		// Storage: `Balances::Holds` (r:2 w:2)
		// Storage: `Staking::Pools` (r:64 w:1)
		// Storage: `Staking::Leaving` (r:1 w:0)
		// Storage: `Staking::Operators` (r:2 w:2)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `System::Account` (r:2 w:2)
		// Storage: `Audits::Audits` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Disputes::Due` (r:0 w:2)
		// Storage: `Disputes::Challenges` (r:0 w:1)
		// Storage: `Audits::CleanJobs` (r:0 w:1)
		Weight::from_parts(2_521_640_343, 0)
			// Standard error: 844.
			.saturating_add(Weight::from_parts(29_289, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(147))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn expire_worker_silent() -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:1 w:1)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Balances::Holds` (r:2 w:2)
		// Storage: `Staking::Pools` (r:64 w:1)
		// Storage: `Staking::Leaving` (r:1 w:0)
		// Storage: `Staking::Operators` (r:2 w:2)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `System::Account` (r:2 w:2)
		// Storage: `Audits::Audits` (r:1 w:0)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Disputes::Due` (r:0 w:2)
		// Storage: `Disputes::Challenges` (r:0 w:1)
		// Storage: `Disputes::Record` (r:0 w:3)
		// Storage: `Audits::CleanJobs` (r:0 w:1)
		Weight::from_parts(1_523_824_000, 0)
			.saturating_add(T::DbWeight::get().reads(145))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn expire_challenger_silent() -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Disputes::Due` (r:0 w:2)
		// Storage: `Disputes::Challenges` (r:0 w:1)
		// Storage: `Disputes::Record` (r:0 w:3)
		Weight::from_parts(203_821_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	fn expire_moot() -> Weight {
		// Storage: `Disputes::Disputes` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `Disputes::Due` (r:0 w:2)
		// Storage: `Disputes::Challenges` (r:0 w:1)
		// Storage: `Disputes::Record` (r:0 w:3)
		Weight::from_parts(186_849_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn expire_prune() -> Weight {
		// Storage: `Disputes::Disputes` (r:2 w:1)
		// Storage: `Disputes::Agenda` (r:1 w:1)
		// Storage: `Disputes::OldestDisputeId` (r:1 w:1)
		// Storage: `Disputes::NextDisputeId` (r:1 w:0)
		// Storage: `Disputes::DisputesOf` (r:0 w:1)
		Weight::from_parts(68_778_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn rebook() -> Weight {
		// Storage: `Disputes::AgendaCursor` (r:1 w:0)
		// Storage: `Disputes::Agenda` (r:33 w:1)
		// Storage: `Disputes::Disputes` (r:0 w:1)
		Weight::from_parts(142_316_000, 0)
			.saturating_add(T::DbWeight::get().reads(34))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn serve_agenda_base() -> Weight {
		// Storage: `Disputes::AgendaCursor` (r:1 w:1)
		Weight::from_parts(5_049_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		// Storage: `Disputes::AgendaCursor` (r:1 w:1)
		// Storage: `Disputes::Agenda` (r:1 w:1)
		Weight::from_parts(12_349_200, 0)
			// Standard error: 202.
			.saturating_add(Weight::from_parts(9_024, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
