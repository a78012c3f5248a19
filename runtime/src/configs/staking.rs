//! What operators bond.

use crate::{
	currency::MINIMUM_BOND, time::UNBONDING_PERIOD, treasury::ToTreasury, Balances, Runtime, RuntimeHoldReason,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
};
use sp_runtime::Permill;

parameter_types! {
	/// A tenth: an operator that cheats on everything it has in flight loses ten times that.
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
}

impl pallet_assay_staking::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ToTreasury;
	type MinBond = ConstU128<MINIMUM_BOND>;
	type UnbondingPeriod = ConstU32<UNBONDING_PERIOD>;
	type MaxOperators = ConstU32<1_000>;
	type CommitmentLimit = CommitmentLimit;
	type WeightInfo = crate::weights::pallet_assay_staking::WeightInfo<Runtime>;
}
