//! The invariants of the README.

use crate::{BalanceOf, BarredValidators, Candidates, Config, EndedAt, Offences, Pallet, PlannedAt, Works};
use frame_support::{
	ensure,
	traits::{fungible::Inspect, Get, ValidatorRegistration, ValidatorSet},
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
			PlannedAt::<T>::iter_keys()
				.all(|of| of <= session.saturating_add(1) && forgotten.is_none_or(|last| of > last)),
			"the planning of a session is known in which offences cannot be reported"
		);
		ensure!(
			EndedAt::<T>::iter_keys().all(|of| of < session && forgotten.is_none_or(|last| of > last)),
			"the end of a session is known that has not ended, or in which offences cannot be reported"
		);
		for (of, _, offence) in Offences::<T>::iter() {
			ensure!(
				forgotten.is_none_or(|last| of > last),
				"an offence is remembered longer than its session"
			);
			ensure!(!offence.share.is_zero(), "an offence costs nothing");
			ensure!(
				offence.settled <= offence.share,
				"an offence has cost more than it should"
			);
			ensure!(
				offence.settled == offence.share || Self::due(of) > session,
				"an offence is due and was not paid for"
			);
		}
		for account in Self::planned() {
			ensure!(T::Session::is_registered(&account), "a validator has no session keys");
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
