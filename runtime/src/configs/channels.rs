//! What a channel takes, and how long its ends have.

use super::{disputes::ReporterShare, system::BlockWeights};
use crate::{
	currency::{BATCH_PRICE, MIN_BATCH_FEE, MIN_CHANNEL_DEPOSIT},
	Audits, Balance, BlockNumber, Jobs, Models, Runtime, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, Get},
	weights::Weight,
};
use pallet_assay_timing::{PeriodOfGuilt, UnbondingPeriod};
use sp_runtime::Perbill;

parameter_types! {
	/// What closing and forgetting channels may take of a block.
	pub ChannelAgendaWeight: Weight = Perbill::from_percent(5) * BlockWeights::get().max_block;
	/// What the job of a receipt makes the chain do later: to end it, and to forget it.
	pub ReceiptWeight: Weight = Jobs::end_weight();
	/// The same of a batch, with what its audit is expected to take.
	pub BatchWeight: Weight = Jobs::end_weight().saturating_add(Audits::expected_batch_weight());
}

/// Blocks for which a receipt can be challenged: a third of what stake waits that asks to leave. A dispute takes the rest.
pub struct Answerable;
impl Get<BlockNumber> for Answerable {
	fn get() -> BlockNumber {
		<UnbondingPeriod<Runtime> as Get<BlockNumber>>::get() / 3
	}
}

/// Blocks between a notice and the end: four times as long as a worker may be away, longer than audits can keep its capacity.
pub struct Notice;
impl Get<BlockNumber> for Notice {
	fn get() -> BlockNumber {
		<PeriodOfGuilt<Runtime> as Get<BlockNumber>>::get().saturating_mul(4)
	}
}

impl pallet_assay_channels::Config for Runtime {
	type Balance = Balance;
	type Operators = Staking;
	type Models = Models;
	type Batches = Jobs;
	type MinDeposit = ConstU128<MIN_CHANNEL_DEPOSIT>;
	type MinBatchFee = ConstU128<MIN_BATCH_FEE>;
	type BatchPrice = ConstU128<BATCH_PRICE>;
	type NoticePeriod = Notice;
	type Answerable = Answerable;
	type ReporterShare = ReporterShare;
	type BatchWeight = BatchWeight;
	type ReceiptWeight = ReceiptWeight;
	type AgendaSize = ConstU32<256>;
	type AgendaWeight = ChannelAgendaWeight;
	type WeightInfo = crate::weights::pallet_assay_channels::WeightInfo<Runtime>;
}
