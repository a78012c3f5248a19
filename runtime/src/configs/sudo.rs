//! One key may call anything: for development chains. Every other genesis has no `sudo.key`, and nobody can set one.

use crate::{AccountId, Runtime, RuntimeCall, RuntimeEvent};
use frame_support::traits::Contains;

/// The account with the key, if there is one.
pub struct SudoKey;

impl Contains<AccountId> for SudoKey {
	fn contains(who: &AccountId) -> bool {
		pallet_sudo::Key::<Runtime>::get().as_ref() == Some(who)
	}
}

impl pallet_sudo::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}
