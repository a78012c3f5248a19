//! How often claims are audited, and what it costs to miss an audit.

use super::{jobs::AuditorShare, models::MAX_ANSWER_BYTES, system::BlockWeights};
use crate::{
	currency::{FALSE_AUDIT_PENALTY, MISSED_AUDIT_PENALTY},
	time::AUDIT_PERIOD,
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
	/// in twenty times.
	pub const SpotCheckSizeFactor: u32 = 100;
	/// Ten: with half of a fifth of the stake to lose, a cheat that is audited as often as this gains nothing, and a job at
	/// the limit of a tenth is always audited.
	pub const AuditSizeFactor: u32 = 10;
	/// What draws and clocks may take of a block.
	pub AuditAgendaWeight: Weight = Perbill::from_percent(10) * BlockWeights::get().max_block;
}

impl pallet_assay_audits::Config for Runtime {
	type Balance = Balance;
	type Operators = Staking;
	type Models = Models;
	type Claims = Jobs;
	type Randomness = super::jobs::BlockRandomness;
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
	type AuditorShare = AuditorShare;
	type MissedAuditPenalty = ConstU128<MISSED_AUDIT_PENALTY>;
	type FalseAuditPenalty = ConstU128<FALSE_AUDIT_PENALTY>;
	type MaxReplyBytes = ConstU32<MAX_ANSWER_BYTES>;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = AuditAgendaWeight;
	type WeightInfo = crate::weights::pallet_assay_audits::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::StatedClaims;
}
