//! How long the steps of a job's life take and what they cost.

use super::system::BlockWeights;
use crate::{
	currency::MIN_WRONG_RESULT_PENALTY,
	governance::parameters::{BytePrice, MissedDeadlinePenalty, TreasuryShare},
	time::{
		ASSIGNMENT_DELAY, JOB_OPEN_PERIOD, JOB_RESULT_PERIOD, JOB_RETENTION, JOB_RETRY_PERIOD, JOB_WINDOW, LONGEST_RUN,
		MAX_LOAD, QUESTION_UNITS, REFERENCE_SPEED,
	},
	treasury::TreasuryAccount,
	Audits, Balances, BlockNumber, Models, Runtime, RuntimeHoldReason, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU64, Get},
	weights::Weight,
};
use pallet_assay_timing::{ExpectedBlockTime, PeriodOfGuilt, UnbondingPeriod};
use sp_runtime::{Perbill, Permill};

parameter_types! {
	/// A good third of the fee for each auditor: running a job again is one prefill, less than a third of generating.
	pub const AuditorShare: Permill = Permill::from_percent(34);
	/// A fifth of what an operator earns by a job: stake answers for the work, the operator does it.
	pub const StakersShare: Permill = Permill::from_percent(20);
	/// So much of its stake that three quarters of it, what is left of its own part when a cheat reports itself, are a quarter
	/// of its own bond, what it may have in flight; and that the other quarter pays a challenger.
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(35);
	/// What assignments, deadlines and finalisations may take of a block: as much as follows from as many submissions as there is
	/// room for beside it.
	pub AgendaWeight: Weight = Perbill::from_percent(30) * BlockWeights::get().max_block;
	/// What an audit is expected to take.
	pub AuditWeight: Weight = Audits::expected_weight();
}

/// How late a worker may be with answers about a receipt that was presented: a fifth of what stake waits. A core makes in
/// four days what it runs again in less.
pub struct PresentedGuilt;
impl Get<BlockNumber> for PresentedGuilt {
	fn get() -> BlockNumber {
		<UnbondingPeriod<Runtime> as Get<BlockNumber>>::get() / 5
	}
}

/// The VRF output of the block before.
#[cfg(not(feature = "runtime-benchmarks"))]
pub(super) type BlockRandomness = pallet_babe::ParentBlockRandomness<Runtime>;
/// A constant: benchmarks have no blocks.
#[cfg(feature = "runtime-benchmarks")]
pub(super) type BlockRandomness = crate::benchmarks::FixedRandomness;

impl pallet_assay_jobs::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = Staking;
	type Models = Models;
	type Audits = Audits;
	type Randomness = BlockRandomness;
	type Treasury = TreasuryAccount;
	type TreasuryShare = TreasuryShare;
	type AuditorShare = AuditorShare;
	type BytePrice = BytePrice;
	type AuditWeight = AuditWeight;
	type StakersShare = StakersShare;
	type ResultPeriod = ConstU32<JOB_RESULT_PERIOD>;
	type AssignmentDelay = ConstU32<ASSIGNMENT_DELAY>;
	type SlotDuration = ExpectedBlockTime<Runtime>;
	type ReferenceSpeed = ConstU64<REFERENCE_SPEED>;
	type LongestRun = ConstU32<LONGEST_RUN>;
	type MaxLoad = ConstU32<MAX_LOAD>;
	type QuestionUnits = ConstU64<QUESTION_UNITS>;
	type GuiltPeriod = PeriodOfGuilt<Runtime>;
	type PresentedGuiltPeriod = PresentedGuilt;
	type OpenPeriod = ConstU32<JOB_OPEN_PERIOD>;
	type RetryPeriod = ConstU32<JOB_RETRY_PERIOD>;
	type Window = ConstU32<JOB_WINDOW>;
	type Retention = ConstU32<JOB_RETENTION>;
	type MaxAttempts = ConstU32<3>;
	type MissedDeadlinePenalty = MissedDeadlinePenalty;
	type WrongResultPenalty = WrongResultPenalty;
	type MinWrongResultPenalty = ConstU128<MIN_WRONG_RESULT_PENALTY>;
	type MaxInFlight = ConstU32<64>;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = crate::weights::pallet_assay_jobs::WeightInfo<Runtime>;
}
