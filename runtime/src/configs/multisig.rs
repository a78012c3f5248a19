//! Accounts of several keys.

use crate::{
	currency::{MILLIUNIT, UNIT},
	Balances, Runtime, RuntimeCall, RuntimeEvent, System,
};
use frame_support::traits::{ConstU128, ConstU32};

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = ConstU128<UNIT>;
	type DepositFactor = ConstU128<{ 100 * MILLIUNIT }>;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}
