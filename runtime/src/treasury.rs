//! Where the chain's own money goes: the treasury's share of fees and what penalties take.

use crate::{AccountId, Balances};
use frame_support::{
	parameter_types,
	traits::{tokens::imbalance::ResolveTo, Currency, OnUnbalanced},
	PalletId,
};
use sp_runtime::traits::AccountIdConversion;

parameter_types! {
	/// From which the account follows.
	pub const TreasuryId: PalletId = PalletId(*b"assaytrs");
	/// An account that nobody has the key of: referenda spend it.
	pub TreasuryAccount: AccountId = TreasuryId::get().into_account_truncating();
}

/// Pays into the treasury.
pub type ToTreasury = ResolveTo<TreasuryAccount, Balances>;

/// Pays deposits that were forfeited into the treasury.
pub struct FromDeposits;

type Deposit = <Balances as Currency<AccountId>>::NegativeImbalance;

impl OnUnbalanced<Deposit> for FromDeposits {
	fn on_nonzero_unbalanced(deposit: Deposit) {
		Balances::resolve_creating(&TreasuryAccount::get(), deposit);
	}
}
