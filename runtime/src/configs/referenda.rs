//! What is put to the vote.

use crate::{
	currency::UNIT,
	governance::{
		origins::{ReferendumCanceller, ReferendumKiller},
		tracks::Tracks,
		Days, Root,
	},
	treasury::FromDeposits,
	Balance, Balances, Preimage, Runtime, RuntimeCall, RuntimeEvent, Scheduler, System,
};
use frame_support::traits::{ConstU128, ConstU32, EitherOfDiverse};
use frame_system::EnsureSigned;
use pallet_conviction_voting::TallyOf;

impl pallet_referenda::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
	type Scheduler = Scheduler;
	type Currency = Balances;
	type SubmitOrigin = EnsureSigned<Self::AccountId>;
	type CancelOrigin = EitherOfDiverse<Root, ReferendumCanceller>;
	type KillOrigin = EitherOfDiverse<Root, ReferendumKiller>;
	type Slash = FromDeposits;
	type Votes = Balance;
	type Tally = TallyOf<Runtime>;
	type SubmissionDeposit = ConstU128<{ 10 * UNIT }>;
	type MaxQueued = ConstU32<100>;
	type UndecidingTimeout = Days<14, 1>;
	type AlarmInterval = ConstU32<1>;
	type Tracks = Tracks;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}
