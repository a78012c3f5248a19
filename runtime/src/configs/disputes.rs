//! What it costs to challenge a claim, and to lose.

use super::{models::MAX_ANSWER_BYTES, system::BlockWeights};
use crate::{
	governance::parameters::ChallengeBond,
	time::{DISPUTE_MOVE_PERIOD, DISPUTE_RETENTION},
	treasury::TreasuryAccount,
	Audits, Balances, Jobs, Models, Runtime, RuntimeHoldReason, Staking,
};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};
use sp_runtime::{Perbill, Permill};

parameter_types! {
	/// A quarter of what the operator itself loses: enough to run the largest job again for, and so little that who cheats and
	/// challenges itself loses more than it saves.
	pub const ReporterShare: Permill = Permill::from_percent(25);
	/// What ending disputes may take of a block.
	pub DisputeAgendaWeight: Weight = Perbill::from_percent(10) * BlockWeights::get().max_block;
}

impl pallet_assay_disputes::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = Staking;
	type Models = Models;
	type Claims = Jobs;
	type Audits = Audits;
	type Treasury = TreasuryAccount;
	type Bond = ChallengeBond;
	type MovePeriod = ConstU32<DISPUTE_MOVE_PERIOD>;
	type ReporterShare = ReporterShare;
	type Retention = ConstU32<DISPUTE_RETENTION>;
	type MaxAnswerBytes = ConstU32<MAX_ANSWER_BYTES>;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = DisputeAgendaWeight;
	type Privileged = super::sudo::SudoKey;
	type WeightInfo = crate::weights::pallet_assay_disputes::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::StatedClaims;
}
