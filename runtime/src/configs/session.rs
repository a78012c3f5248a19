//! Validators and their keys.

use crate::{currency::SESSION_KEY_DEPOSIT, AccountId, Babe, Balances, Runtime, RuntimeEvent, SessionKeys, Validators};
use frame_support::traits::{ConstU128, ConstU32};
use pallet_assay_validators::Unidentified;
use pallet_session::{disabling::UpToLimitWithReEnablingDisablingStrategy, historical};
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

/// The most validators the chain can have.
pub(super) type MaxAuthorities = ConstU32<100>;

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = historical::NoteHistoricalRoot<Runtime, Validators>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = ConstU128<SESSION_KEY_DEPOSIT>;
}

impl historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = Unidentified;
}
