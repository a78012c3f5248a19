//! How often claims are audited, and what it costs to miss an audit or to vouch for what is wrong.

use super::{jobs::AuditorShare, models::MAX_ANSWER_BYTES, system::BlockWeights};
use crate::{
	currency::{FALSE_AUDIT_PENALTY, MISSED_AUDIT_PENALTY},
	time::{AUDIT_PERIOD, STAKE_SETTLING_PERIOD},
	Balance, Jobs, Models, Runtime, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	weights::Weight,
};
use sp_runtime::{Perbill, Permill};

parameter_types! {
	/// Every claim of an operator without a record.
	pub const Ceiling: Permill = Permill::one();
	/// One claim in fifty, however long the record.
	pub const SpotCheckFloor: Permill = Permill::from_percent(2);
	/// One claim in twenty, however long the record.
	pub const AuditFloor: Permill = Permill::from_percent(5);
	/// A hundred: a step of one rule is drawn, and who skips a layer breaks one of some twenty, so a spot-check finds it once
	/// in twenty times. With a quarter of its bond to lose, a cheat that is looked at as often as this gains nothing, without
	/// any auditor, up to a job of a hundredth of its bond. Larger ones need auditors.
	pub const SpotCheckSizeFactor: u32 = 100;
	/// Ten: with a quarter of its bond to lose, a cheat that is audited as often as this loses more than twice what it gains,
	/// and a job at the limit of a tenth is always audited.
	pub const AuditSizeFactor: u32 = 10;
	/// A quarter of its stake: two auditors of a quarter of the stake behind the worker, or more, lose more by vouching than
	/// any job in flight could pay them.
	pub const FalseAuditShare: Perbill = Perbill::from_percent(25);
	/// A hundredth of its stake.
	pub const MissedAuditShare: Perbill = Perbill::from_percent(1);
	/// What draws and clocks may take of a block.
	pub AuditAgendaWeight: Weight = Perbill::from_percent(15) * BlockWeights::get().max_block;
}

#[cfg(not(feature = "runtime-benchmarks"))]
type Randomness = crate::Beacon;
/// A constant: benchmarks have no blocks.
#[cfg(feature = "runtime-benchmarks")]
type Randomness = crate::benchmarks::FixedRandomness;

impl pallet_assay_audits::Config for Runtime {
	type Balance = Balance;
	type Operators = Staking;
	type Models = Models;
	type Claims = Jobs;
	type Beacon = Randomness;
	type SpotCheckCeiling = Ceiling;
	type SpotCheckFloor = SpotCheckFloor;
	type AuditCeiling = Ceiling;
	type AuditFloor = AuditFloor;
	type Halving = ConstU32<10>;
	type SpotCheckSizeFactor = SpotCheckSizeFactor;
	type AuditSizeFactor = AuditSizeFactor;
	type MaxDrawn = ConstU32<2>;
	type MaxAuditors = ConstU32<64>;
	type Period = ConstU32<AUDIT_PERIOD>;
	type DrawDelay = ConstU32<STAKE_SETTLING_PERIOD>;
	type AuditorShare = AuditorShare;
	type MissedAuditShare = MissedAuditShare;
	type MissedAuditPenalty = ConstU128<MISSED_AUDIT_PENALTY>;
	type FalseAuditShare = FalseAuditShare;
	type FalseAuditPenalty = ConstU128<FALSE_AUDIT_PENALTY>;
	type MaxReplyBytes = ConstU32<MAX_ANSWER_BYTES>;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = AuditAgendaWeight;
	type WeightInfo = crate::weights::pallet_assay_audits::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::StatedClaims;
}
