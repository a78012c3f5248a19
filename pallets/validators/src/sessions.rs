//! What happens when a session is planned, starts and ends.

use crate::{
	AccountIdOf, BarredValidators, Candidates, Config, ElectedStake, Event, LeaveReason, Offences, Pallet,
	SessionStarts, Works,
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use pallet_session::{historical, SessionInterface, SessionManager};
use sp_staking::{offence::OffenceSeverity, SessionIndex};

impl<T: Config> Pallet<T> {
	/// Elects the validators of a session. Nothing, and the present ones stay, if nobody can be elected.
	fn plan(session: SessionIndex) -> Option<Vec<(AccountIdOf<T>, ())>> {
		Self::forget_former_operators();
		let elected = Self::election();
		if elected.is_empty() {
			return None;
		}
		let stake = Self::sum(&elected);
		ElectedStake::<T>::put(stake);
		Self::deposit_event(Event::Elected {
			session,
			// No more than `MaxValidators`.
			validators: u32::try_from(elected.len()).unwrap_or(u32::MAX),
			stake,
		});
		// Also where they are the same as before: the session's root is made of the keys that they have now.
		Some(elected.into_iter().map(|(account, _)| (account, ())).collect())
	}

	fn start(session: SessionIndex) {
		SessionStarts::<T>::insert(session, frame_system::Pallet::<T>::block_number());
		Self::forget_session(session);
		// The session before was planned with them, and a new set is one in which nobody is disabled.
		for (offender, barred) in BarredValidators::<T>::iter().collect::<Vec<_>>() {
			if barred.until < session {
				BarredValidators::<T>::remove(&offender);
			} else {
				T::Session::report_offence(offender, OffenceSeverity(barred.severity));
			}
		}
	}

	/// Forgets the session of which offences cannot be reported any more once `session` starts.
	fn forget_session(session: SessionIndex) {
		let Some(old) = session.checked_sub(T::ReportableSessions::get()) else {
			return;
		};
		SessionStarts::<T>::remove(old);
		// An offender has one entry, and there were no more validators.
		let _ = Offences::<T>::clear_prefix(old, T::MaxValidators::get(), None);
		T::Session::prune_up_to(old.saturating_add(1));
	}

	fn end() {
		let works: Vec<_> = Works::<T>::drain().collect();
		let blocks = works
			.iter()
			.fold(0u32, |sum, (_, work)| sum.saturating_add(work.blocks));
		let validators = <T::Session as SessionInterface>::validators();
		let size = u32::try_from(validators.len()).unwrap_or(u32::MAX);
		for validator in &validators {
			let worked = works.iter().any(|(author, _)| author == validator);
			Self::note_silence(validator, blocks, size, worked);
		}
		let per_block = Self::block_reward();
		for (author, work) in works {
			Self::pay(author, work, per_block);
		}
	}

	/// Sends a validator away that has made no block while its part of the set would have made [`Config::SilenceLimit`].
	/// It loses nothing.
	fn note_silence(validator: &AccountIdOf<T>, blocks: u32, validators: u32, worked: bool) {
		let Some(mut candidate) = Candidates::<T>::get(validator) else {
			return;
		};
		candidate.silence = match worked {
			true => 0,
			false => candidate.silence.saturating_add(blocks),
		};
		Candidates::<T>::insert(validator, candidate);
		if candidate.silence >= T::SilenceLimit::get().saturating_mul(validators) {
			Self::remove_candidate(validator, LeaveReason::Silent);
		}
	}
}

impl<T: Config> SessionManager<AccountIdOf<T>> for Pallet<T> {
	fn new_session(session: SessionIndex) -> Option<Vec<AccountIdOf<T>>> {
		let elected = Self::plan(session)?;
		Some(elected.into_iter().map(|(account, ())| account).collect())
	}

	fn start_session(session: SessionIndex) {
		Self::start(session);
	}

	fn end_session(_: SessionIndex) {
		Self::end();
	}
}

impl<T: Config> historical::SessionManager<AccountIdOf<T>, ()> for Pallet<T> {
	fn new_session(session: SessionIndex) -> Option<Vec<(AccountIdOf<T>, ())>> {
		Self::plan(session)
	}

	fn start_session(session: SessionIndex) {
		Self::start(session);
	}

	fn end_session(_: SessionIndex) {
		Self::end();
	}
}
