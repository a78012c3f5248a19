//! Who authors blocks.

use super::session::MaxAuthorities;
use crate::{timing, Runtime, Session};
use frame_support::traits::ConstU32;

impl pallet_babe::Config for Runtime {
	type EpochDuration = timing::EpochDuration<Runtime>;
	type ExpectedBlockTime = timing::ExpectedBlockTime<Runtime>;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = ();
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	// Equivocations are reported once there is stake to slash.
	type KeyOwnerProof = sp_core::Void;
	type EquivocationReportSystem = ();
}
