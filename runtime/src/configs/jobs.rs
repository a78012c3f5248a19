//! How long the steps of a job's life take and what they cost.

use super::system::BlockWeights;
use crate::{
	currency::MISSED_DEADLINE_PENALTY,
	time::{JOB_OPEN_PERIOD, JOB_RESULT_PERIOD, JOB_RETENTION, JOB_RETRY_PERIOD, JOB_WINDOW},
	treasury::TreasuryAccount,
	Balances, Models, Runtime, RuntimeHoldReason, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	weights::Weight,
};
use sp_runtime::{Perbill, Permill};

parameter_types! {
	/// The treasury's share of every fee.
	pub const TreasuryShare: Permill = Permill::from_percent(5);
	/// What deadlines and finalisations may take of a block.
	pub AgendaWeight: Weight = Perbill::from_percent(20) * BlockWeights::get().max_block;
}

impl pallet_assay_jobs::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = Staking;
	type Models = Models;
	#[cfg(not(feature = "runtime-benchmarks"))]
	type Randomness = pallet_babe::ParentBlockRandomness<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type Randomness = crate::benchmarks::FixedRandomness;
	type Treasury = TreasuryAccount;
	type TreasuryShare = TreasuryShare;
	type ResultPeriod = ConstU32<JOB_RESULT_PERIOD>;
	type OpenPeriod = ConstU32<JOB_OPEN_PERIOD>;
	type RetryPeriod = ConstU32<JOB_RETRY_PERIOD>;
	type Window = ConstU32<JOB_WINDOW>;
	type Retention = ConstU32<JOB_RETENTION>;
	type MaxAttempts = ConstU32<3>;
	type MissedDeadlinePenalty = ConstU128<MISSED_DEADLINE_PENALTY>;
	type MaxInFlight = ConstU32<64>;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = crate::weights::pallet_assay_jobs::WeightInfo<Runtime>;
}
