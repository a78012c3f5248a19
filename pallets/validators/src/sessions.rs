//! What happens when a session is planned, starts and ends.

use crate::{
	AccountIdOf, BalanceOf, BarredValidators, Candidates, Config, ElectedStake, EndedAt, Event, LeaveReason, Offences,
	Pallet, PlannedAt, PlannedSet, PlannedSince, SetStart, Works,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{traits::Get, BoundedVec};
use frame_system::RawOrigin;
use pallet_session::{historical, SessionInterface, SessionManager};
use sp_core::H256;
use sp_runtime::{
	traits::{BlakeTwo256, Hash},
	DispatchResult,
};
use sp_staking::{offence::OffenceSeverity, SessionIndex};

/// The keys that accounts have registered to sign blocks and votes with.
pub trait SessionKeys<AccountId> {
	/// A hash of those of `who`.
	fn hash_of(who: &AccountId) -> Option<H256>;

	/// Forgets those of `who`, as it asked, and releases their deposit.
	fn forget(who: &AccountId) -> DispatchResult;
}

impl<T: pallet_session::Config<ValidatorId = AccountIdOf<T>>> SessionKeys<AccountIdOf<T>>
	for pallet_session::Pallet<T>
{
	fn hash_of(who: &AccountIdOf<T>) -> Option<H256> {
		Self::load_keys(who).map(|keys| BlakeTwo256::hash(&keys.encode()))
	}

	fn forget(who: &AccountIdOf<T>) -> DispatchResult {
		Self::purge_keys(RawOrigin::Signed(who.clone()).into())
	}
}

impl<T: Config> Pallet<T> {
	/// Elects the validators of a session. Nothing, and the present ones stay with the keys they have, if they are the same.
	fn plan(session: SessionIndex) -> Option<Vec<(AccountIdOf<T>, ())>> {
		Self::forget_former_operators();
		let elected = Self::elect(session);
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
		Self::keep_barred(session, &elected);
		if Self::note_set(session, &elected) {
			Some(elected.into_iter().map(|(account, _)| (account, ())).collect())
		} else {
			None
		}
	}

	/// Whom the election for a session chooses, with the stake behind each: the present validators if it would choose too few.
	fn elect(session: SessionIndex) -> Vec<(AccountIdOf<T>, BalanceOf<T>)> {
		let elected = Self::election();
		let present = Self::planned();
		let least = usize::try_from(T::MinValidators::get()).unwrap_or(usize::MAX);
		if elected.len() >= least.min(present.len()) {
			return elected;
		}
		Self::deposit_event(Event::ElectionNotHeld {
			session,
			validators: u32::try_from(elected.len()).unwrap_or(u32::MAX),
		});
		present.into_iter().map(Self::with_stake).collect()
	}

	/// The validators that were planned last, or those of genesis.
	pub(crate) fn planned() -> Vec<AccountIdOf<T>> {
		let planned = PlannedSet::<T>::get();
		match planned.is_empty() {
			true => <T::Session as SessionInterface>::validators(),
			false => planned.into_iter().map(|(account, _)| account).collect(),
		}
	}

	/// Offenders that stay, for too few would be left without them, stay disabled.
	fn keep_barred(session: SessionIndex, elected: &[(AccountIdOf<T>, BalanceOf<T>)]) {
		for (account, _) in elected {
			BarredValidators::<T>::mutate_extant(account, |barred| barred.until = barred.until.max(session));
		}
	}

	/// Writes down who validates in `session`, and whether that has to be announced: they are others than before or have other keys, or
	/// it was long ago. If it has not, the session's root stays that of the session before.
	fn note_set(session: SessionIndex, elected: &[(AccountIdOf<T>, BalanceOf<T>)]) -> bool {
		let mut members: Vec<_> = elected
			.iter()
			.map(|(account, _)| (account.clone(), T::Session::hash_of(account).unwrap_or_default()))
			.collect();
		members.sort();
		let lasts = PlannedSince::<T>::get()
			.filter(|set| session.saturating_sub(set.first) < T::SetSessions::get())
			.filter(|_| PlannedSet::<T>::get().into_inner() == members);
		if let Some(set) = lasts {
			PlannedAt::<T>::insert(session, set.planned_at);
			return false;
		}
		let planned_at = frame_system::Pallet::<T>::block_number();
		PlannedSet::<T>::put(BoundedVec::truncate_from(members));
		PlannedSince::<T>::put(SetStart {
			first: session,
			planned_at,
		});
		PlannedAt::<T>::insert(session, planned_at);
		true
	}

	fn start(session: SessionIndex) {
		if let Some(ended) = session.checked_sub(1) {
			EndedAt::<T>::insert(ended, frame_system::Pallet::<T>::block_number());
		}
		Self::apply_slashes(session);
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
		PlannedAt::<T>::remove(old);
		EndedAt::<T>::remove(old);
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
