//! Where calls wait whose hash is what a referendum decides on.

use crate::{
	currency::{MILLIUNIT, UNIT},
	governance::Root,
	AccountId, Balance, Balances, Runtime, RuntimeEvent, RuntimeHoldReason,
};
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, LinearStoragePrice},
};

parameter_types! {
	/// Held for each preimage.
	pub const BaseDeposit: Balance = UNIT;
	/// Held for each of its bytes.
	pub const ByteDeposit: Balance = MILLIUNIT;
	/// Why it is held.
	pub const DepositReason: RuntimeHoldReason = RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = Root;
	type Consideration =
		HoldConsideration<AccountId, Balances, DepositReason, LinearStoragePrice<BaseDeposit, ByteDeposit, Balance>>;
}
