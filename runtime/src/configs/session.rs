//! Validators and their keys.
//!
//! The set of genesis stays: `SessionManager` is `()` until staking elects validators.

use crate::{currency::SESSION_KEY_DEPOSIT, AccountId, Babe, Balances, Runtime, RuntimeEvent, SessionKeys};
use frame_support::traits::{ConstU128, ConstU32};
use pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

/// The most validators the chain can have.
pub(super) type MaxAuthorities = ConstU32<100>;

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = ();
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = ConstU128<SESSION_KEY_DEPOSIT>;
}
