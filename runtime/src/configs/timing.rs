//! How long slots and epochs last.

use crate::{
	time::{
		DEFAULT_DRAW_WINDOW, DEFAULT_EPOCH_SLOTS, DEFAULT_GOVERNANCE_DAY, DEFAULT_GUILT_PERIOD, DEFAULT_SLOT_DURATION,
		DEFAULT_STAKING_PERIOD, JOB_WINDOW, LONGEST_RUN, MAX_LOAD, SESSIONS_OF_SET, STAKING_PERIODS,
	},
	BlockNumber, Runtime,
};
use frame_support::traits::{ConstU32, ConstU64, Get};

/// A receipt is presented at the last moment and disputed to the end, by a worker that is late wherever it may be.
pub struct LongestJudgement;
impl Get<BlockNumber> for LongestJudgement {
	fn get() -> BlockNumber {
		let answerable = <Runtime as pallet_assay_channels::Config>::Answerable::get();
		let dispute = pallet_assay_disputes::Pallet::<Runtime>::longest_delay()
			.saturating_add(pallet_assay_disputes::MOVES.saturating_mul(MAX_LOAD));
		// The worker may be late for longer than about other claims, and its challenger then has as long.
		let presented: BlockNumber = <Runtime as pallet_assay_jobs::Config>::PresentedGuiltPeriod::get();
		let late = presented.saturating_sub(<Runtime as pallet_assay_jobs::Config>::GuiltPeriod::get());
		[JOB_WINDOW, LONGEST_RUN, dispute, late, late]
			.into_iter()
			.fold(answerable, BlockNumber::saturating_add)
	}
}

impl pallet_assay_timing::Config for Runtime {
	type DefaultSlotDuration = ConstU64<DEFAULT_SLOT_DURATION>;
	type DefaultEpochSlots = ConstU64<DEFAULT_EPOCH_SLOTS>;
	type DefaultStakingPeriod = ConstU32<DEFAULT_STAKING_PERIOD>;
	type DefaultDrawWindow = ConstU32<DEFAULT_DRAW_WINDOW>;
	type DefaultGuiltPeriod = ConstU32<DEFAULT_GUILT_PERIOD>;
	type DefaultGovernanceDay = ConstU32<DEFAULT_GOVERNANCE_DAY>;
	type LongestJudgement = LongestJudgement;
	type SessionsOfSet = ConstU32<SESSIONS_OF_SET>;
	type StakingPeriods = ConstU32<STAKING_PERIODS>;
}
