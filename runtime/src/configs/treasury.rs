//! How the chain's own money is spent.

use crate::{
	governance::{origins::Spender, Days, RootOrAdmin},
	treasury::TreasuryId,
	AccountId, Balances, Runtime, RuntimeEvent, System,
};
use frame_support::{
	parameter_types,
	traits::{
		tokens::{PayFromAccount, UnityAssetBalanceConversion},
		ConstU32,
	},
};
use sp_runtime::{traits::IdentityLookup, Permill};

parameter_types! {
	/// Nothing: what is not spent stays.
	pub const Burn: Permill = Permill::zero();
}

impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	type RejectOrigin = RootOrAdmin;
	type RuntimeEvent = RuntimeEvent;
	type SpendPeriod = Days<1, 1>;
	type Burn = Burn;
	type PalletId = TreasuryId;
	type BurnDestination = ();
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
	type SpendFunds = ();
	type MaxApprovals = ConstU32<100>;
	type SpendOrigin = Spender;
	type AssetKind = ();
	type Beneficiary = AccountId;
	type BeneficiaryLookup = IdentityLookup<AccountId>;
	type Paymaster = PayFromAccount<Balances, crate::treasury::TreasuryAccount>;
	type BalanceConverter = UnityAssetBalanceConversion;
	type PayoutPeriod = Days<30, 1>;
	type BlockNumberProvider = System;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Beneficiaries;
}
