//! How long slots and epochs last.

use crate::{
	time::{
		DEFAULT_DRAW_WINDOW, DEFAULT_EPOCH_SLOTS, DEFAULT_GUILT_PERIOD, DEFAULT_SLOT_DURATION, DEFAULT_STAKING_PERIOD,
		STAKING_PERIODS,
	},
	Runtime,
};
use frame_support::traits::{ConstU32, ConstU64};

impl pallet_assay_timing::Config for Runtime {
	type DefaultSlotDuration = ConstU64<DEFAULT_SLOT_DURATION>;
	type DefaultEpochSlots = ConstU64<DEFAULT_EPOCH_SLOTS>;
	type DefaultStakingPeriod = ConstU32<DEFAULT_STAKING_PERIOD>;
	type DefaultDrawWindow = ConstU32<DEFAULT_DRAW_WINDOW>;
	type DefaultGuiltPeriod = ConstU32<DEFAULT_GUILT_PERIOD>;
	type StakingPeriods = ConstU32<STAKING_PERIODS>;
}
