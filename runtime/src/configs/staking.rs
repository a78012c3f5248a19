//! What operators and delegators bond.

use crate::{
	governance::parameters::{MinBond, MinDelegation},
	time::STAKE_SETTLING_PERIOD,
	treasury::ToTreasury,
	Balances, Runtime, RuntimeHoldReason,
};
use frame_support::{parameter_types, traits::ConstU32, PalletId};
use pallet_assay_timing as timing;
use sp_runtime::Permill;

/// Nine times: with its own, an operator answers with at most ten times its bond, and has a tenth of what a fault takes to lose itself.
type MaxLeverage = ConstU32<9>;
/// Operators at most.
pub(super) type MaxOperators = ConstU32<1_000>;

parameter_types! {
	/// A tenth: an operator that cheats on everything it has in flight loses ten times that.
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	/// A quarter: who is certain to be caught loses more than that of its own bond, also when it reports itself.
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(25);
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
	type MinBond = MinBond;
	type MinDelegation = MinDelegation;
	type Period = timing::PeriodOfStaking<Runtime>;
	type UnbondingPeriod = timing::UnbondingPeriod<Runtime>;
	type SettlingPeriod = ConstU32<STAKE_SETTLING_PERIOD>;
	type MaxLeverage = MaxLeverage;
	type MaxOperators = MaxOperators;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = OwnCommitmentLimit;
	type MaxCommission = MaxCommission;
	type CommissionNotice = timing::CommissionNotice<Runtime>;
	type WeightInfo = crate::weights::pallet_assay_staking::WeightInfo<Runtime>;
}
