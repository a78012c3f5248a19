//! Candidates, and who of them makes blocks.

use crate::{
	AccountIdOf, BalanceOf, BarredValidators, Candidate, Candidates, Config, Error, Event, LeaveReason, Pallet,
};
use alloc::vec::Vec;
use assay_protocol::operator::Operators;
use core::cmp::Reverse;
use frame_support::{
	ensure,
	traits::{Get, ValidatorRegistration},
};
use sp_runtime::{
	traits::{Convert, Zero},
	DispatchResult, Saturating,
};

/// Nothing but the account identifies a validator: its stake is found when it is slashed.
pub struct Unidentified;

impl<AccountId> Convert<AccountId, Option<()>> for Unidentified {
	fn convert(_: AccountId) -> Option<()> {
		Some(())
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_validate(operator: &AccountIdOf<T>) -> DispatchResult {
		ensure!(T::Operators::is_active(operator), Error::<T>::NotActive);
		ensure!(T::Session::is_registered(operator), Error::<T>::NoSessionKeys);
		ensure!(!Candidates::<T>::contains_key(operator), Error::<T>::AlreadyCandidate);
		ensure!(!BarredValidators::<T>::contains_key(operator), Error::<T>::StillBarred);
		ensure!(
			Candidates::<T>::count() < T::MaxCandidates::get(),
			Error::<T>::TooManyCandidates
		);
		let candidate = Candidate {
			since: frame_system::Pallet::<T>::block_number(),
			silence: 0,
		};
		Candidates::<T>::insert(operator, candidate);
		Ok(())
	}

	/// Takes an operator off the list if it is on it.
	pub(crate) fn remove_candidate(operator: &AccountIdOf<T>, reason: LeaveReason) {
		if Candidates::<T>::take(operator).is_some() {
			Self::deposit_event(Event::CandidateLeft {
				operator: operator.clone(),
				reason,
			});
		}
	}

	/// Whom an election would choose now, with the stake behind each: the candidates that are active operators with session
	/// keys, by stake; of two with the same, the one that has been a candidate for longer, then the one with the lower
	/// account.
	pub fn election() -> Vec<(AccountIdOf<T>, BalanceOf<T>)> {
		let mut candidates: Vec<_> = Candidates::<T>::iter()
			.filter(|(account, _)| T::Operators::is_active(account) && T::Session::is_registered(account))
			.map(|(account, candidate)| (Reverse(T::Operators::stake(&account)), candidate.since, account))
			.collect();
		candidates.sort();
		let count = usize::try_from(T::MaxValidators::get()).unwrap_or(usize::MAX);
		let elected = candidates.into_iter().take(count);
		elected.map(|(Reverse(stake), _, account)| (account, stake)).collect()
	}

	/// Forgets the candidates that are operators no more.
	pub(crate) fn forget_former_operators() {
		let gone: Vec<_> = Candidates::<T>::iter_keys()
			.filter(|account| T::Operators::worker_key(account).is_none())
			.collect();
		for account in gone {
			Self::remove_candidate(&account, LeaveReason::NoOperator);
		}
	}

	/// Stakes together are part of the issuance.
	pub(crate) fn sum(elected: &[(AccountIdOf<T>, BalanceOf<T>)]) -> BalanceOf<T> {
		elected
			.iter()
			.fold(Zero::zero(), |sum: BalanceOf<T>, (_, stake)| sum.saturating_add(*stake))
	}
}
