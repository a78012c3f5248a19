//! When what a referendum decided is done.

use super::BlockWeights;
use crate::{governance::Root, OriginCaller, Preimage, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, System};
use core::cmp::Ordering;
use frame_support::{
	parameter_types,
	traits::{ConstU32, PrivilegeCmp},
	weights::Weight,
};
use sp_runtime::Perbill;

parameter_types! {
	/// What scheduled calls may take of a block. A call that takes more is never made: a new runtime is authorised by its hash, and
	/// applied by a transaction.
	pub MaximumSchedulerWeight: Weight = Perbill::from_percent(20) * BlockWeights::get().max_block;
}

/// Root is above all, and nothing else is above another.
pub struct RootAboveAll;

impl PrivilegeCmp<OriginCaller> for RootAboveAll {
	fn cmp_privilege(left: &OriginCaller, right: &OriginCaller) -> Option<Ordering> {
		let root = OriginCaller::system(frame_system::RawOrigin::Root);
		match (left, right) {
			(left, right) if left == right => Some(Ordering::Equal),
			(left, _) if *left == root => Some(Ordering::Greater),
			(_, right) if *right == root => Some(Ordering::Less),
			_ => None,
		}
	}
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumSchedulerWeight;
	type ScheduleOrigin = Root;
	type OriginPrivilegeCmp = RootAboveAll;
	type MaxScheduledPerBlock = ConstU32<64>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}
