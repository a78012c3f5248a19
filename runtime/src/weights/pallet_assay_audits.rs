//! Weights of `pallet_assay_audits`, measured by `scripts/weights`: do not edit.
//!
//! 2026-11-21, AMD EPYC, 12 steps, 8 repeats.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time as measured; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_audits::WeightInfo for WeightInfo<T> {
	fn offer() -> Weight {
		// Storage: `Staking::Pools` (r:64 w:0)
		// Storage: `Models::Models` (r:1 w:0)
		// Storage: `Models::Versions` (r:1 w:0)
		// Storage: `Audits::Auditors` (r:1 w:1)
		Weight::from_parts(378_807_000, 0)
			.saturating_add(T::DbWeight::get().reads(67))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw() -> Weight {
		// Storage: `Audits::Auditors` (r:1 w:1)
		Weight::from_parts(63_278_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `b` is 1024 to 163840.
	fn authorize_reply(b: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:0)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Staking::Operators` (r:1 w:0)
		// Storage: `System::BlockHash` (r:1 w:0)
		// Storage: `Audits::Insides` (r:1 w:0)
		Weight::from_parts(384_732_821, 0)
			// Standard error: 910.
			.saturating_add(Weight::from_parts(27_364, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(8))
	}
	fn reply_cell() -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Audits::AgendaCursor` (r:1 w:0)
		// Storage: `Audits::Agenda` (r:1 w:1)
		// Storage: `Audits::Due` (r:0 w:1)
		// Storage: `Audits::Insides` (r:0 w:1)
		Weight::from_parts(253_143_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	/// `b` is 1024 to 163840.
	fn reply_step(b: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:1 w:1)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Audits::Insides` (r:1 w:1)
		// Storage: `Staking::Pools` (r:64 w:1)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Staking::Leaving` (r:1 w:0)
		// Storage: `Staking::Operators` (r:2 w:2)
		// Storage: `Staking::Positions` (r:1 w:1)
		// Storage: `Balances::Holds` (r:1 w:1)
		// Storage: `System::Account` (r:2 w:2)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Audits::Due` (r:0 w:1)
		// Storage: `Audits::CleanJobs` (r:0 w:1)
		Weight::from_parts(1_531_093_170, 0)
			// Standard error: 1_512.
			.saturating_add(Weight::from_parts(30_108, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(146))
			.saturating_add(T::DbWeight::get().writes(15))
	}
	fn reply_digest() -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Audits::AgendaCursor` (r:1 w:0)
		// Storage: `Audits::Agenda` (r:1 w:1)
		// Storage: `Audits::Due` (r:0 w:1)
		Weight::from_parts(206_826_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `b` is 1024 to 1000000.
	fn reply_values(b: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Audits::Due` (r:0 w:2)
		// Storage: `Audits::Insides` (r:0 w:1)
		Weight::from_parts(1_223_920_064, 0)
			// Standard error: 980.
			.saturating_add(Weight::from_parts(46_395, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn advance_pass() -> Weight {
		Weight::from_parts(332_440_833, 0)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is 1 to 64.
	fn advance_ask(n: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Audits::CleanJobs` (r:1 w:0)
		// Storage: `Staking::Pools` (r:64 w:0)
		// Storage: `Audits::Auditors` (r:1 w:0)
		// Storage: `Audits::AgendaCursor` (r:1 w:0)
		// Storage: `Audits::Agenda` (r:1 w:1)
		// Storage: `Audits::Due` (r:0 w:3)
		Weight::from_parts(332_440_833, 0)
			// Standard error: 511_749.
			.saturating_add(Weight::from_parts(9_251_722, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `n` is 1 to 2.
	fn advance_close(n: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Staking::Operators` (r:4 w:4)
		// Storage: `Staking::Pools` (r:66 w:3)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Staking::Leaving` (r:6 w:0)
		// Storage: `Staking::Positions` (r:3 w:3)
		// Storage: `Balances::Holds` (r:3 w:3)
		// Storage: `System::Account` (r:4 w:4)
		// Storage: `Audits::Auditors` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:0 w:1)
		// Storage: `Audits::Due` (r:0 w:3)
		// Storage: `Audits::Insides` (r:0 w:1)
		// Storage: `Audits::CleanJobs` (r:0 w:1)
		Weight::from_parts(977_943_409, 0)
			// Standard error: 114_011_472.
			.saturating_add(Weight::from_parts(528_000_045, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(144))
			.saturating_add(T::DbWeight::get().reads((7_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(16))
			.saturating_add(T::DbWeight::get().writes((6_u64).saturating_mul(n.into())))
	}
	/// `n` is 1 to 2.
	fn advance_ask_to_show(n: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:0)
		// Storage: `Jobs::Claims` (r:1 w:0)
		// Storage: `Jobs::Inputs` (r:1 w:0)
		// Storage: `Models::Programs` (r:1 w:0)
		// Storage: `Audits::AgendaCursor` (r:1 w:0)
		// Storage: `Audits::Agenda` (r:1 w:1)
		// Storage: `Audits::Due` (r:0 w:3)
		Weight::from_parts(115_951_954, 0)
			// Standard error: 11_870_948.
			.saturating_add(Weight::from_parts(50_695_522, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(3))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
	}
	/// `n` is 1 to 2.
	fn advance_finish(n: u32) -> Weight {
		// Storage: `Audits::Audits` (r:1 w:1)
		// Storage: `Staking::Operators` (r:4 w:4)
		// Storage: `Staking::Pools` (r:66 w:3)
		// Storage: `Timing::StakingPeriod` (r:1 w:0)
		// Storage: `Staking::Leaving` (r:6 w:0)
		// Storage: `Staking::Positions` (r:3 w:3)
		// Storage: `Balances::Holds` (r:3 w:3)
		// Storage: `System::Account` (r:4 w:4)
		// Storage: `Audits::Auditors` (r:1 w:1)
		// Storage: `Jobs::Jobs` (r:1 w:1)
		// Storage: `Models::Offers` (r:1 w:0)
		// Storage: `Models::LastHeartbeat` (r:64 w:0)
		// Storage: `Jobs::InFlight` (r:1 w:1)
		// Storage: `Jobs::AgendaCursor` (r:1 w:0)
		// Storage: `Jobs::Agenda` (r:1 w:1)
		// Storage: `Jobs::Claims` (r:0 w:1)
		// Storage: `Audits::Due` (r:0 w:3)
		// Storage: `Audits::Insides` (r:0 w:1)
		// Storage: `Audits::CleanJobs` (r:0 w:1)
		Weight::from_parts(1_160_489_886, 0)
			// Standard error: 39_996_060.
			.saturating_add(Weight::from_parts(145_963_931, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(144))
			.saturating_add(T::DbWeight::get().reads((7_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(16))
			.saturating_add(T::DbWeight::get().writes((6_u64).saturating_mul(n.into())))
	}
	fn serve_agenda_base() -> Weight {
		// Storage: `Audits::AgendaCursor` (r:1 w:1)
		Weight::from_parts(5_941_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is 1 to 256.
	fn serve_slot(n: u32) -> Weight {
		// Storage: `Audits::AgendaCursor` (r:1 w:1)
		// Storage: `Audits::Agenda` (r:1 w:1)
		Weight::from_parts(18_165_979, 0)
			// Standard error: 163.
			.saturating_add(Weight::from_parts(13_022, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}
