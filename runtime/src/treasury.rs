//! Where the chain's own money goes: the treasury's share of fees and what penalties take.

use crate::{AccountId, Balances};
use frame_support::{parameter_types, traits::tokens::imbalance::ResolveTo, PalletId};
use sp_runtime::traits::AccountIdConversion;

parameter_types! {
	/// An account that nobody has the key of. How it is spent is for governance to say; until then it grows.
	pub TreasuryAccount: AccountId = PalletId(*b"assaytrs").into_account_truncating();
}

/// Pays into the treasury.
pub type ToTreasury = ResolveTo<TreasuryAccount, Balances>;
