//! What becomes of the fees of transactions.

use crate::{Config, CreditOf, Pallet, Works};
use core::marker::PhantomData;
use frame_support::traits::{fungible::Balanced, Get, Imbalance, OnUnbalanced};
use sp_runtime::Saturating;

/// Takes a transaction's fee and then, perhaps, its tip: a part of the fee and the whole tip are its author's, the rest of
/// the fee is burned.
pub struct Fees<T>(PhantomData<T>);

impl<T: Config> OnUnbalanced<CreditOf<T>> for Fees<T> {
	fn on_unbalanceds(mut fee_then_tip: impl Iterator<Item = CreditOf<T>>) {
		let Some(fee) = fee_then_tip.next() else {
			return;
		};
		let share = T::AuthorFeeShare::get().mul_floor(fee.peek());
		// What is dropped is burned.
		let (mut earned, _) = fee.split(share);
		if let Some(tip) = fee_then_tip.next() {
			earned.subsume(tip);
		}
		Self::on_nonzero_unbalanced(earned);
	}

	/// Keeps what the author of this block has earned; burns it if there is none.
	fn on_nonzero_unbalanced(earned: CreditOf<T>) {
		let Some(author) = T::Author::get() else {
			return;
		};
		let amount = earned.peek();
		if T::Currency::resolve(&Pallet::<T>::pot(), earned).is_ok() {
			Works::<T>::mutate(author, |work| work.fees = work.fees.saturating_add(amount));
		}
	}
}
