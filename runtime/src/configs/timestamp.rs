//! The time, set by the author of each block.

use crate::{time::Milliseconds, timing::MinimumPeriod, Babe, Runtime};

impl pallet_timestamp::Config for Runtime {
	type Moment = Milliseconds;
	type OnTimestampSet = Babe;
	type MinimumPeriod = MinimumPeriod<Runtime>;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}
