//! How often claims are audited, and what it costs to miss an audit or to vouch for what is wrong.

use super::{jobs::AuditorShare, models::MAX_ANSWER_BYTES, system::BlockWeights};
use crate::{
	currency::{FALSE_AUDIT_PENALTY, MISSED_AUDIT_PENALTY},
	time::{AUDIT_PERIOD, MAX_AUDIT_LOAD},
	AccountId, Balance, Jobs, Models, Runtime, Staking,
};
use assay_protocol::operator::{Fault, Operators, Reporter, WorkerKey};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	weights::Weight,
};
use sp_runtime::{DispatchResult, Perbill, Permill};

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
	pub AuditAgendaWeight: Weight = Perbill::from_percent(10) * BlockWeights::get().max_block;
}

#[cfg(not(feature = "runtime-benchmarks"))]
type Randomness = crate::Beacon;
/// A constant: benchmarks have no blocks.
#[cfg(feature = "runtime-benchmarks")]
type Randomness = crate::benchmarks::FixedRandomness;

/// Operators as auditors: a fault costs them a share of their stake, and no less than the amount that the pallet asks for.
pub struct AuditingOperators;

impl AuditingOperators {
	/// What a fault costs at least of all that stands behind an operator.
	fn share(fault: Fault) -> Perbill {
		match fault {
			Fault::FalseAudit => FalseAuditShare::get(),
			Fault::MissedAudit => MissedAuditShare::get(),
			Fault::MissedDeadline | Fault::WrongResult | Fault::Equivocation => Perbill::zero(),
		}
	}
}

impl Operators<AccountId, Balance> for AuditingOperators {
	fn is_active(who: &AccountId) -> bool {
		Staking::is_active(who)
	}

	fn worker_key(who: &AccountId) -> Option<WorkerKey> {
		<Staking as Operators<_, _>>::worker_key(who)
	}

	fn of_worker_key(key: &WorkerKey) -> Option<AccountId> {
		Staking::of_worker_key(key)
	}

	fn stake(who: &AccountId) -> Balance {
		Staking::stake(who)
	}

	fn own_stake(who: &AccountId) -> Balance {
		Staking::own_stake(who)
	}

	fn commit(who: &AccountId, value: Balance) -> DispatchResult {
		Staking::commit(who, value)
	}

	fn release(who: &AccountId, value: Balance) {
		Staking::release(who, value);
	}

	fn penalise(who: &AccountId, amount: Balance, fault: Fault, reporter: Option<Reporter<'_, AccountId>>) -> Balance {
		let amount = amount.max(Self::share(fault).mul_ceil(Self::stake(who)));
		Staking::penalise(who, amount, fault, reporter)
	}

	fn at_risk(who: &AccountId, age: u32) -> Balance {
		Staking::at_risk(who, age)
	}

	fn penalise_recent(
		who: &AccountId,
		amount: Balance,
		fault: Fault,
		age: u32,
		reporter: Option<Reporter<'_, AccountId>>,
	) -> Balance {
		let amount = amount.max(Self::share(fault).mul_ceil(Self::at_risk(who, age)));
		Staking::penalise_recent(who, amount, fault, age, reporter)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, key: WorkerKey) {
		Staking::bond_for_benchmark(who, key);
	}
}

impl pallet_assay_audits::Config for Runtime {
	type Balance = Balance;
	type Operators = AuditingOperators;
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
	type MaxLoad = ConstU32<MAX_AUDIT_LOAD>;
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
