//! People whom the holders trust to look at code: they whitelist calls and pause them, and nothing else.

use super::BlockWeights;
use crate::{
	governance::{Days, Root, RootOrAdmin, TechnicalCommitteeInstance},
	Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};
use sp_runtime::Perbill;

parameter_types! {
	/// What a motion may take of a block.
	pub MaxMotionWeight: Weight = Perbill::from_percent(20) * BlockWeights::get().max_block;
}

impl pallet_collective::Config<TechnicalCommitteeInstance> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = Days<3, 1>;
	type MaxProposals = ConstU32<32>;
	type MaxMembers = ConstU32<32>;
	type DefaultVote = pallet_collective::MoreThanMajorityThenPrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = RootOrAdmin;
	type MaxProposalWeight = MaxMotionWeight;
	type DisapproveOrigin = RootOrAdmin;
	type KillOrigin = Root;
	type Consideration = ();
}
