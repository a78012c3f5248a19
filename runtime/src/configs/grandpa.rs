//! Who finalises blocks.

use super::session::MaxAuthorities;
use crate::{Historical, Offences, Runtime, RuntimeEvent};
use frame_support::traits::ConstU32;
use pallet_assay_timing as timing;
use pallet_grandpa::EquivocationReportSystem;
use sp_session::MembershipProof;

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = timing::ReportableSessions<Runtime>;
	type KeyOwnerProof = MembershipProof;
	type EquivocationReportSystem =
		EquivocationReportSystem<Runtime, Offences, Historical, timing::ReportLongevity<Runtime>>;
}
