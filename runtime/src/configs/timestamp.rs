//! The time, set by the author of each block.

use crate::{time::Milliseconds, Babe, Runtime};
use pallet_assay_timing::MinimumPeriod;

impl pallet_timestamp::Config for Runtime {
	type Moment = Milliseconds;
	type OnTimestampSet = Babe;
	type MinimumPeriod = MinimumPeriod<Runtime>;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}
