//! What it costs to challenge a claim, and to lose.

use super::system::BlockWeights;
use crate::{
	currency::{CHALLENGE_BOND, MIN_WRONG_RESULT_PENALTY},
	time::{DISPUTE_MOVE_PERIOD, DISPUTE_RETENTION},
	treasury::TreasuryAccount,
	Balances, Jobs, Models, Runtime, RuntimeHoldReason, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	weights::Weight,
};
use sp_runtime::{Perbill, Permill};

parameter_types! {
	/// A fifth of its stake: twice what an operator may have in flight.
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(20);
	/// Half, so that who cheats and challenges itself loses as much as it saves.
	pub const ReporterShare: Permill = Permill::from_percent(50);
	/// What ending disputes may take of a block.
	pub DisputeAgendaWeight: Weight = Perbill::from_percent(10) * BlockWeights::get().max_block;
}

impl pallet_assay_disputes::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = Staking;
	type Models = Models;
	type Claims = Jobs;
	type Treasury = TreasuryAccount;
	type Bond = ConstU128<CHALLENGE_BOND>;
	type MovePeriod = ConstU32<DISPUTE_MOVE_PERIOD>;
	type WrongResultPenalty = WrongResultPenalty;
	type MinWrongResultPenalty = ConstU128<MIN_WRONG_RESULT_PENALTY>;
	type ReporterShare = ReporterShare;
	type Retention = ConstU32<DISPUTE_RETENTION>;
	// Of the largest layers that are in use, eight times over.
	type MaxAnswerBytes = ConstU32<{ 1024 * 1024 }>;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = DisputeAgendaWeight;
	type WeightInfo = crate::weights::pallet_assay_disputes::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::StatedClaims;
}
