//! Votes by holders. What is held, stake above all, votes like what is free: the lock of a vote lies over both.

use crate::{governance::Days, AccountId, Balances, Referenda, Runtime, RuntimeEvent, System};
use frame_support::traits::{tokens::currency::ActiveIssuanceOf, ConstU32};

impl pallet_conviction_voting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type Polls = Referenda;
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<256>;
	type VoteLockingPeriod = Days<7, 1>;
	type BlockNumberProvider = System;
	type VotingHooks = ();
}
