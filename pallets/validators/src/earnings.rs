//! What blocks earn.

use crate::{AccountIdOf, BalanceOf, Config, CreditOf, ElectedStake, Event, Pallet, Work, Works};
use assay_protocol::operator::Rewards;
use frame_support::traits::{
	fungible::{Balanced, Inspect},
	tokens::{Fortitude, Precision, Preservation},
	Get, Imbalance,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{AccountIdConversion, CheckedMul, Zero},
	Perbill, Saturating,
};

/// Milliseconds of a year of 365.25 days.
pub(crate) const YEAR: u64 = 31_557_600_000;

impl<T: Config> pallet_authorship::EventHandler<AccountIdOf<T>, BlockNumberFor<T>> for Pallet<T> {
	fn note_author(author: AccountIdOf<T>) {
		Works::<T>::mutate(author, |work| work.blocks = work.blocks.saturating_add(1));
	}
}

impl<T: Config> Pallet<T> {
	/// The account that keeps fees until the end of the session.
	pub fn pot() -> AccountIdOf<T> {
		T::PotId::get().into_account_truncating()
	}

	/// What is issued in a year at the present stake behind validators.
	pub fn yearly_issuance() -> BalanceOf<T> {
		let issuance = T::Currency::total_issuance();
		T::Inflation::get().calculate_for_fraction_times_denominator(ElectedStake::<T>::get(), issuance)
	}

	/// What is issued for a block.
	pub fn block_reward() -> BalanceOf<T> {
		Perbill::from_rational(T::BlockTime::get(), YEAR).mul_floor(Self::yearly_issuance())
	}

	/// Pays a validator, and those behind it, for a session. What it cannot be given, for it is no operator any more, is
	/// burned.
	pub(crate) fn pay(validator: AccountIdOf<T>, work: Work<BalanceOf<T>>, per_block: BalanceOf<T>) {
		let issued = per_block.checked_mul(&work.blocks.into()).unwrap_or_default();
		let credit = T::Currency::issue(issued).merge(Self::take_fees(work.fees));
		let fees = credit.peek().saturating_sub(issued);
		if T::Operators::reward(&validator, credit).is_ok() {
			Self::deposit_event(Event::Paid {
				validator,
				blocks: work.blocks,
				issued,
				fees,
			});
		}
	}

	/// Takes fees out of the pot, which has them.
	fn take_fees(amount: BalanceOf<T>) -> CreditOf<T> {
		if amount.is_zero() {
			return CreditOf::<T>::zero();
		}
		let taken = T::Currency::withdraw(
			&Self::pot(),
			amount,
			Precision::BestEffort,
			Preservation::Preserve,
			Fortitude::Polite,
		);
		taken.unwrap_or_else(|_| CreditOf::<T>::zero())
	}
}
