//! Calls that the technical committee vouches for, so that a referendum on them may be quick.

use crate::{
	governance::{origins::WhitelistedCaller, Days, Root, TwoThirdsOfCommittee},
	Preimage, Runtime, RuntimeCall, RuntimeEvent, System,
};
use frame_support::traits::EitherOfDiverse;

impl pallet_whitelist::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WhitelistOrigin = EitherOfDiverse<Root, TwoThirdsOfCommittee>;
	type DispatchWhitelistedOrigin = EitherOfDiverse<Root, WhitelistedCaller>;
	type Preimages = Preimage;
	type DeferredDispatchExpiration = Days<14, 1>;
	type BlockNumberProvider = System;
	type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
}
