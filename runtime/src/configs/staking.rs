//! What operators and delegators bond.

use crate::{
	currency::{MINIMUM_BOND, MINIMUM_DELEGATION},
	time::{COMMISSION_NOTICE, STAKING_PERIOD, UNBONDING_PERIOD},
	treasury::ToTreasury,
	Balances, Runtime, RuntimeHoldReason,
};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
	PalletId,
};
use sp_runtime::Permill;

parameter_types! {
	/// A tenth: an operator that cheats on everything it has in flight loses ten times that.
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	/// Half, so that nobody delegates for nothing.
	pub const MaxCommission: Permill = Permill::from_percent(50);
	/// An account that nobody has the key of: rewards until they are claimed.
	pub const StakingPot: PalletId = PalletId(*b"assaystk");
}

impl pallet_assay_staking::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ToTreasury;
	type PotId = StakingPot;
	type MinBond = ConstU128<MINIMUM_BOND>;
	type MinDelegation = ConstU128<MINIMUM_DELEGATION>;
	type Period = ConstU32<STAKING_PERIOD>;
	type UnbondingPeriod = ConstU32<UNBONDING_PERIOD>;
	type MaxOperators = ConstU32<1_000>;
	type CommitmentLimit = CommitmentLimit;
	type MaxCommission = MaxCommission;
	type CommissionNotice = ConstU32<COMMISSION_NOTICE>;
	type WeightInfo = crate::weights::pallet_assay_staking::WeightInfo<Runtime>;
}
