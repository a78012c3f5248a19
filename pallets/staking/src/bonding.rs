//! How stake comes: operators register and bond, others delegate, unbonding stake returns.

use crate::{
	AccountIdOf, BalanceOf, Config, Error, Event, HoldReason, Identities, Kicked, Operator, OperatorOf, Operators,
	Pallet, PoolOf, Pools, Spared, Touched, WorkerKeys,
};
use assay_protocol::operator::{possession_payload, WorkerKey, WorkerSignature};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{Bounded, Zero},
	DispatchError, DispatchResult, Saturating,
};

impl<T: Config> Pallet<T> {
	/// Checks that `proof` is the signature of `worker_key` over `who` and this chain.
	pub(crate) fn ensure_possession(
		who: &AccountIdOf<T>,
		worker_key: &WorkerKey,
		proof: &WorkerSignature,
	) -> DispatchResult {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let payload = possession_payload(who, &genesis.0);
		ensure!(worker_key.verify(&payload, proof), Error::<T>::BadProofOfPossession);
		Ok(())
	}

	/// Holds `bond` and records the operator.
	pub(crate) fn do_register(who: &AccountIdOf<T>, worker_key: WorkerKey, bond: BalanceOf<T>) -> DispatchResult {
		ensure!(!Operators::<T>::contains_key(who), Error::<T>::AlreadyOperator);
		ensure!(!WorkerKeys::<T>::contains_key(&worker_key), Error::<T>::WorkerKeyInUse);
		ensure!(bond >= T::MinBond::get(), Error::<T>::BondBelowMinimum);
		ensure!(
			Operators::<T>::count() < T::MaxOperators::get(),
			Error::<T>::TooManyOperators
		);

		// Members of an earlier life may still be in the pool.
		let mut own = Touched::<T>::load_or_new(who, who);
		own.join(bond)?;
		own.pool.chilled = false;
		T::Currency::hold(&HoldReason::Bond.into(), who, bond)?;
		WorkerKeys::<T>::insert(&worker_key, who);
		let operator = Operator {
			worker_key,
			committed: Zero::zero(),
			penalised: Zero::zero(),
			faults: Default::default(),
			commission: Default::default(),
			registered_at: Self::now(),
		};
		Operators::<T>::insert(who, operator);
		own.finish();
		Ok(())
	}

	/// Forgets an operator that has nothing bonded and nothing in flight. Delegators that stay can leave at any time.
	pub(crate) fn forget(who: &AccountIdOf<T>, operator: &OperatorOf<T>) {
		WorkerKeys::<T>::remove(&operator.worker_key);
		Identities::<T>::remove(who);
		Operators::<T>::remove(who);
		Self::deposit_event(Event::OperatorLeft { operator: who.clone() });
	}

	/// Forgets an operator whose bond has been below the minimum for an unbonding period, and gives it back what is left of it. It has had
	/// no work since, and what asked to leave before is free.
	pub(crate) fn do_reap(who: &AccountIdOf<T>) -> Result<BalanceOf<T>, DispatchError> {
		let record = Operators::<T>::get(who).ok_or(Error::<T>::NotOperator)?;
		let mut own = Touched::<T>::load_or_new(who, who);
		let since = own.pool.below_since.ok_or(Error::<T>::NotIdle)?;
		let idle = Self::now() >= Self::free_from(Self::period_of(since));
		ensure!(
			idle && own.pool.own < T::MinBond::get() && record.committed.is_zero(),
			Error::<T>::NotIdle
		);
		let waiting = Self::release_free(&mut own, who)?;
		ensure!(own.position.chunks.is_empty(), Error::<T>::NotIdle);
		let left = match own.position.amount.is_zero() {
			true => Zero::zero(),
			false => own.leave(Bounded::max_value(), Zero::zero())?,
		};
		T::Currency::release(&HoldReason::Bond.into(), who, left, Precision::Exact)?;
		own.pool.chilled = true;
		Self::forget(who, &record);
		own.finish();
		Ok(left.saturating_add(waiting))
	}

	/// Bonds `amount` of `member` behind `operator`.
	pub(crate) fn do_bond(
		operator: &AccountIdOf<T>,
		mut position: Touched<T>,
		member: &AccountIdOf<T>,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
		Self::ensure_takes_stake(operator, &position)?;
		position.join(amount)?;
		T::Currency::hold(&HoldReason::Bond.into(), member, amount)?;
		Self::ensure_enough(&position)?;
		let stake = position.position.amount;
		position.finish();
		Self::deposit_event(Event::Bonded {
			operator: operator.clone(),
			member: member.clone(),
			amount,
			stake,
		});
		Ok(())
	}

	/// Bonds again up to `amount` of what is unbonding, last asked first. What a punishment has spared, because it had asked to leave
	/// before the fault, is not bonded again: if the fault is shown to be older, that alone still answers for it.
	pub(crate) fn do_rebond(
		operator: &AccountIdOf<T>,
		member: &AccountIdOf<T>,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
		let mut position = Touched::<T>::load(operator, member)?;
		Self::ensure_takes_stake(operator, &position)?;
		let spared = Spared::<T>::get(operator);
		let amount = position.take_chunks(amount, |period| Self::end_of(period) > spared);
		ensure!(!amount.is_zero(), Error::<T>::NothingUnbonding);
		position.join_again(amount)?;
		Self::ensure_enough(&position)?;
		position.finish();
		Self::deposit_event(Event::Rebonded {
			operator: operator.clone(),
			member: member.clone(),
			amount,
		});
		Ok(())
	}

	/// Only an operator itself bonds more while it is chilled, to be able to come back, and nobody whom it has sent away.
	pub(crate) fn ensure_takes_stake(operator: &AccountIdOf<T>, position: &Touched<T>) -> DispatchResult {
		ensure!(
			!Kicked::<T>::contains_key(operator, position.member()),
			Error::<T>::SentAway
		);
		ensure!(Operators::<T>::contains_key(operator), Error::<T>::NotOperator);
		ensure!(position.is_own() || !position.pool.chilled, Error::<T>::Chilled);
		Ok(())
	}

	/// A delegation has a minimum, and all delegations together a maximum. An operator's bond has a minimum too, but one that was
	/// slashed may be filled up in steps.
	pub(crate) fn ensure_enough(position: &Touched<T>) -> DispatchResult {
		let pool = &position.pool;
		let delegated = pool.stake.balance.saturating_sub(pool.own);
		ensure!(
			position.is_own() || delegated <= Self::most_delegated(pool.own),
			Error::<T>::TooMuchDelegated
		);
		ensure!(
			position.is_own() || position.position.amount >= T::MinDelegation::get(),
			Error::<T>::DelegationBelowMinimum
		);
		Ok(())
	}

	/// Changes an operator; nothing is stored if `change` fails.
	pub(crate) fn try_mutate_operator<R>(
		who: &AccountIdOf<T>,
		change: impl FnOnce(&mut OperatorOf<T>) -> Result<R, DispatchError>,
	) -> Result<R, DispatchError> {
		Operators::<T>::try_mutate_exists(who, |operator| {
			change(operator.as_mut().ok_or(Error::<T>::NotOperator)?)
		})
	}

	/// Stops or resumes taking new work.
	pub(crate) fn set_chilled(who: &AccountIdOf<T>, chilled: bool) -> DispatchResult {
		ensure!(Operators::<T>::contains_key(who), Error::<T>::NotOperator);
		Pools::<T>::try_mutate(who, |pool| {
			let pool = pool.as_mut().ok_or(Error::<T>::NotOperator)?;
			match chilled {
				true => ensure!(!pool.chilled, Error::<T>::Chilled),
				false => {
					ensure!(pool.chilled, Error::<T>::NotChilled);
					ensure!(pool.own >= T::MinBond::get(), Error::<T>::BondBelowMinimum);
				}
			}
			pool.chilled = chilled;
			Ok(())
		})
	}

	/// Whether an operator with this pool may take new duties.
	pub(crate) fn takes_work(pool: &PoolOf<T>) -> bool {
		!pool.chilled && pool.own >= T::MinBond::get()
	}

	/// The value of work in flight that the stake of a pool covers, and the operator's own bond in it.
	pub(crate) fn commitment_limit(pool: &PoolOf<T>) -> BalanceOf<T> {
		let own = T::OwnCommitmentLimit::get().mul_floor(pool.own);
		T::CommitmentLimit::get().mul_floor(pool.stake.balance).min(own)
	}
}
