//! Keys that may do some things for an account: so that its own key can stay where nobody reaches it.

use crate::{
	currency::{MILLIUNIT, UNIT},
	Balances, Runtime, RuntimeCall, RuntimeEvent, System,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::{ConstU128, ConstU32, InstanceFilter};
use pallet_assay_staking::Call as Stake;
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

/// What a proxy may do. There is none for "anything but money": with escrows, deposits, tips and stake nobody can say what that is.
#[derive(
	Copy,
	Clone,
	Eq,
	PartialEq,
	Ord,
	PartialOrd,
	Encode,
	Decode,
	DecodeWithMemTracking,
	Debug,
	MaxEncodedLen,
	TypeInfo,
	Default,
)]
pub enum ProxyType {
	/// Anything.
	#[default]
	Any,
	/// Stake and unstake, move stake between operators, claim rewards, offer to validate. What is earned stays the account's, and so do
	/// the keys that stake answers for: whoever sets those can have it slashed, and be paid for the report.
	Staking,
	/// Propose, vote and delegate votes.
	Governance,
	/// Refuse what another proxy announced.
	CancelProxy,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		// Calls inside a batch are filtered one by one.
		let batch = matches!(call, RuntimeCall::Utility(_));
		match self {
			Self::Any => true,
			Self::Staking => {
				match call {
					RuntimeCall::Staking(call) => {
						matches!(
							call,
							Stake::bond_extra { .. }
								| Stake::unbond { .. } | Stake::rebond { .. }
								| Stake::withdraw_unbonded { .. }
								| Stake::delegate { .. } | Stake::redelegate { .. }
								| Stake::claim { .. } | Stake::set_compound { .. }
								| Stake::settle { .. } | Stake::set_commission { .. }
								| Stake::chill { .. } | Stake::unchill { .. }
								| Stake::kick { .. }
						)
					}
					RuntimeCall::Validators(_) => true,
					_ => batch,
				}
			}
			Self::Governance => {
				batch
					|| matches!(
						call,
						RuntimeCall::ConvictionVoting(_)
							| RuntimeCall::Referenda(_)
							| RuntimeCall::Preimage(_)
							| RuntimeCall::TechnicalCommittee(_)
							| RuntimeCall::Whitelist(_)
					)
			}
			Self::CancelProxy => matches!(call, RuntimeCall::Proxy(pallet_proxy::Call::reject_announcement { .. })),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		*self == Self::Any || self == other
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = ConstU128<UNIT>;
	type ProxyDepositFactor = ConstU128<{ 100 * MILLIUNIT }>;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = ConstU128<UNIT>;
	type AnnouncementDepositFactor = ConstU128<{ 100 * MILLIUNIT }>;
	type BlockNumberProvider = System;
}
