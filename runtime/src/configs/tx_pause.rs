//! Stops single calls in an emergency.

use crate::{
	governance::{origins::GeneralAdmin, pauses::NeverPaused, HalfOfCommittee, Root, TwoThirdsOfCommittee},
	Runtime, RuntimeCall, RuntimeEvent,
};
use frame_support::traits::{ConstU32, EitherOfDiverse};

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PauseOrigin = EitherOfDiverse<Root, TwoThirdsOfCommittee>;
	type UnpauseOrigin = EitherOfDiverse<EitherOfDiverse<Root, GeneralAdmin>, HalfOfCommittee>;
	type WhitelistedCalls = NeverPaused;
	type MaxNameLen = ConstU32<64>;
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}
