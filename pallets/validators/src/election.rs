//! Candidates, and who of them makes blocks.

use crate::{
	AccountIdOf, BalanceOf, BarredValidators, Candidate, Candidates, Config, Error, Event, LeaveReason, Pallet,
	SessionKeys,
};
use alloc::vec::Vec;
use assay_protocol::operator::Operators;
use core::cmp::Reverse;
use frame_support::{
	ensure,
	traits::{Get, ValidatorRegistration},
};
use pallet_session::SessionInterface;
use sp_runtime::{
	traits::{AtLeast32BitUnsigned, Convert, Zero},
	DispatchResult, Permill, Saturating,
};

/// Nothing but the account identifies a validator: its stake is found when it is slashed.
pub struct Unidentified;

impl<AccountId> Convert<AccountId, Option<()>> for Unidentified {
	fn convert(_: AccountId) -> Option<()> {
		Some(())
	}
}

/// How many of those with `stakes`, largest first, have seats: the first `least`, and all others that have at least `share` of the median of
/// the stakes, each counted as often as it is large.
///
/// Every seat has one vote, so a vote must not be cheap. The median is that of whoever has most of the stake: who has less than half of
/// it can neither lower it by many small stakes nor raise it by a large one. A third of the votes then costs `share / 2` of the median for
/// each seat of the others.
pub(crate) fn seats<Balance: AtLeast32BitUnsigned + Copy>(stakes: &[Balance], least: usize, share: Permill) -> usize {
	// Parts of the issuance.
	let add = |sum: Balance, stake: &Balance| sum.saturating_add(*stake);
	let all = stakes.iter().fold(Zero::zero(), add);
	let mut larger: Balance = Zero::zero();
	let median = stakes.iter().find(|stake| {
		larger = larger.saturating_add(**stake);
		larger >= all.saturating_sub(larger)
	});
	let enough = median.map_or_else(Zero::zero, |median| share.mul_ceil(*median));
	let (sure, others) = stakes.split_at(least.min(stakes.len()));
	sure.len()
		.saturating_add(others.iter().take_while(|stake| **stake >= enough).count())
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_validate(operator: &AccountIdOf<T>) -> DispatchResult {
		ensure!(T::Operators::is_active(operator), Error::<T>::NotActive);
		ensure!(
			T::Operators::own_stake(operator) >= T::MinValidatorBond::get(),
			Error::<T>::BondBelowValidators
		);
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

	/// Whom an election would choose now, with the stake behind each: of the candidates that are active operators with session
	/// keys and a validator's bond those with the most stake, as long as it is enough for a seat; of two with the same, the one that
	/// has been a candidate for longer, then the one with the lower account.
	pub fn election() -> Vec<(AccountIdOf<T>, BalanceOf<T>)> {
		let mut candidates: Vec<_> = Candidates::<T>::iter()
			.filter(|(account, _)| Self::may_be_elected(account))
			.map(|(account, candidate)| (Reverse(T::Operators::stake(&account)), candidate.since, account))
			.collect();
		candidates.sort();
		let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
		candidates.truncate(count(T::MaxValidators::get()));
		let stakes: Vec<_> = candidates.iter().map(|(Reverse(stake), ..)| *stake).collect();
		let seats = seats(&stakes, count(T::MinValidators::get()), T::SeatShare::get());
		let elected = candidates.into_iter().take(seats);
		elected.map(|(Reverse(stake), _, account)| (account, stake)).collect()
	}

	fn may_be_elected(account: &AccountIdOf<T>) -> bool {
		T::Operators::is_active(account)
			&& T::Operators::own_stake(account) >= T::MinValidatorBond::get()
			&& T::Session::is_registered(account)
	}

	/// An operator with the stake behind it.
	pub(crate) fn with_stake(account: AccountIdOf<T>) -> (AccountIdOf<T>, BalanceOf<T>) {
		let stake = T::Operators::stake(&account);
		(account, stake)
	}

	/// Forgets session keys with which nobody is to sign any more.
	pub(crate) fn do_purge_keys(operator: &AccountIdOf<T>) -> DispatchResult {
		ensure!(!Candidates::<T>::contains_key(operator), Error::<T>::StillCandidate);
		let present = <T::Session as SessionInterface>::validators();
		ensure!(
			!present.contains(operator) && !Self::planned().contains(operator),
			Error::<T>::StillValidator
		);
		T::Session::forget(operator)
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
