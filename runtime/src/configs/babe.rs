//! Who authors blocks.

use super::session::MaxAuthorities;
use crate::{Historical, Offences, Runtime, Session};
use frame_support::traits::ConstU32;
use pallet_assay_timing as timing;
use pallet_babe::EquivocationReportSystem;
use sp_session::MembershipProof;

impl pallet_babe::Config for Runtime {
	type EpochDuration = timing::EpochDuration<Runtime>;
	type ExpectedBlockTime = timing::ExpectedBlockTime<Runtime>;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = ();
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = MembershipProof;
	type EquivocationReportSystem =
		EquivocationReportSystem<Runtime, Offences, Historical, timing::ReportLongevity<Runtime>>;
}
