//! The invariants of the README.

use crate::{BalanceOf, BarredValidators, Candidates, Config, Offences, Pallet, SessionStarts, Works};
use frame_support::{
	ensure,
	traits::{fungible::Inspect, Get, ValidatorSet},
};
use sp_runtime::{traits::Zero, Saturating, TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// Checks the invariants.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			Candidates::<T>::count() <= T::MaxCandidates::get(),
			"there are more candidates than there may be"
		);
		let fees =
			Works::<T>::iter_values().fold(Zero::zero(), |sum: BalanceOf<T>, work| sum.saturating_add(work.fees));
		ensure!(
			T::Currency::balance(&Self::pot()) >= fees.saturating_add(T::Currency::minimum_balance()),
			"the pot does not cover the fees of this session"
		);
		let session = T::Session::session_index();
		let forgotten = session.checked_sub(T::ReportableSessions::get());
		ensure!(
			SessionStarts::<T>::iter_keys().all(|of| of <= session && forgotten.is_none_or(|last| of > last)),
			"the start of a session is known in which offences cannot be reported"
		);
		for (of, _, share) in Offences::<T>::iter() {
			ensure!(
				SessionStarts::<T>::contains_key(of),
				"an offence is remembered longer than its session"
			);
			ensure!(!share.is_zero(), "an offence has cost nothing");
		}
		for (offender, barred) in BarredValidators::<T>::iter() {
			ensure!(barred.until >= session, "an offender is barred for too long");
			ensure!(
				!Candidates::<T>::contains_key(&offender),
				"a candidate is barred from making blocks"
			);
		}
		Ok(())
	}
}
