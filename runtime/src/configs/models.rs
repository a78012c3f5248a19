//! What it costs to register models and how operators show that they are alive.

use crate::{
	currency::{MODEL_DEPOSIT_BASE, MODEL_DEPOSIT_PER_BYTE},
	time::{HEARTBEAT_GRACE, HEARTBEAT_PERIOD},
	Balances, Runtime, RuntimeHoldReason, Staking,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU64},
};
use sp_runtime::{transaction_validity::TransactionPriority, Permill};

/// Bytes of an answer in a dispute or an audit at most: of the largest layers that are in use, eight times over.
pub(super) const MAX_ANSWER_BYTES: u32 = 1024 * 1024;

/// The least that an offer asks for a unit.
#[cfg(not(feature = "runtime-benchmarks"))]
type LeastPrice = crate::governance::parameters::MinUnitPrice;
/// None: the longest jobs of benchmarks cost more than there is.
#[cfg(feature = "runtime-benchmarks")]
type LeastPrice = ConstU128<0>;

parameter_types! {
	/// The largest share of the fees that a publisher may take: with the treasury's and two auditors' it fits into the fee.
	pub const MaxRoyalty: Permill = Permill::from_percent(25);
}

impl pallet_assay_models::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Operators = Staking;
	type DepositBase = ConstU128<MODEL_DEPOSIT_BASE>;
	type DepositPerByte = ConstU128<MODEL_DEPOSIT_PER_BYTE>;
	type MaxAnswerBytes = ConstU32<MAX_ANSWER_BYTES>;
	type MaxRoyalty = MaxRoyalty;
	type MinPrice = LeastPrice;
	type MaxVersions = ConstU32<32>;
	type MaxServed = ConstU32<32>;
	type HeartbeatPeriod = ConstU32<HEARTBEAT_PERIOD>;
	type HeartbeatGrace = ConstU32<HEARTBEAT_GRACE>;
	type HeartbeatPriority = ConstU64<{ TransactionPriority::MAX / 2 }>;
	type WeightInfo = crate::weights::pallet_assay_models::WeightInfo<Runtime>;
}
