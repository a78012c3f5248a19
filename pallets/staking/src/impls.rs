//! What other pallets, the runtime API and the calls build on.

use crate::{
	BalanceOf, Config, CreditOf, Error, Event, HoldReason, Operator, OperatorOf, Operators, Pallet, WorkerKeys,
};
use assay_protocol::operator::{possession_payload, Fault, OperatorSummary, Reporter, WorkerKey, WorkerSignature};
use frame_support::{
	ensure,
	traits::{
		fungible::{Balanced, BalancedHold, MutateHold},
		Defensive, DefensiveSaturating, Get, Imbalance, OnUnbalanced,
	},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{CheckedAdd, CheckedSub, Zero},
	DispatchError, DispatchResult,
};

impl<T: Config> Pallet<T> {
	/// An operator as clients see it.
	pub fn operator_summary(
		account: &T::AccountId,
	) -> Option<OperatorSummary<T::AccountId, BalanceOf<T>, BlockNumberFor<T>>> {
		let operator = Operators::<T>::get(account)?;
		Some(OperatorSummary {
			account: account.clone(),
			worker_key: operator.worker_key,
			bond: operator.bond,
			committed: operator.committed,
			leaves_at: operator.leaves_at,
			faults: operator.faults,
		})
	}

	/// Checks that `proof` is the signature of `worker_key` over `who` and this chain.
	pub(crate) fn ensure_possession(
		who: &T::AccountId,
		worker_key: &WorkerKey,
		proof: &WorkerSignature,
	) -> DispatchResult {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		let payload = possession_payload(who, &genesis.0);
		ensure!(worker_key.verify(&payload, proof), Error::<T>::BadProofOfPossession);
		Ok(())
	}

	/// Holds `bond` and records the operator.
	pub(crate) fn do_register(who: &T::AccountId, worker_key: WorkerKey, bond: BalanceOf<T>) -> DispatchResult {
		ensure!(!Operators::<T>::contains_key(who), Error::<T>::AlreadyOperator);
		ensure!(!WorkerKeys::<T>::contains_key(&worker_key), Error::<T>::WorkerKeyInUse);
		ensure!(bond >= T::MinBond::get(), Error::<T>::BondBelowMinimum);
		ensure!(
			Operators::<T>::count() < T::MaxOperators::get(),
			Error::<T>::TooManyOperators
		);

		T::Currency::hold(&HoldReason::Bond.into(), who, bond)?;
		WorkerKeys::<T>::insert(&worker_key, who);
		let operator = Operator {
			worker_key,
			bond,
			committed: Zero::zero(),
			penalised: Zero::zero(),
			faults: Default::default(),
			leaves_at: None,
		};
		Operators::<T>::insert(who, operator);
		Ok(())
	}

	/// Changes an operator; nothing is stored if `change` fails.
	pub(crate) fn try_mutate_operator<R>(
		who: &T::AccountId,
		change: impl FnOnce(&mut OperatorOf<T>) -> Result<R, DispatchError>,
	) -> Result<R, DispatchError> {
		Operators::<T>::try_mutate_exists(who, |operator| {
			change(operator.as_mut().ok_or(Error::<T>::NotOperator)?)
		})
	}

	/// The value of work in flight that a bond covers.
	fn commitment_limit(bond: BalanceOf<T>) -> BalanceOf<T> {
		T::CommitmentLimit::get().mul_floor(bond)
	}

	/// Pays a reporter's share of what was taken, as far as its account can take it, and returns the rest.
	fn reward(reporter: Reporter<'_, T::AccountId>, taken: CreditOf<T>) -> CreditOf<T> {
		let share = reporter.share.mul_floor(taken.peek());
		let (share, rest) = taken.split(share);
		match <T::Currency as Balanced<T::AccountId>>::resolve(reporter.account, share) {
			Ok(()) => rest,
			Err(share) => rest.merge(share),
		}
	}

	fn takes_work(operator: &OperatorOf<T>) -> bool {
		operator.leaves_at.is_none() && operator.bond >= T::MinBond::get()
	}

	/// Checks the invariants of the README.
	#[cfg(any(feature = "try-runtime", test))]
	pub(crate) fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::traits::fungible::InspectHold;

		for (account, operator) in Operators::<T>::iter() {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), &account) == operator.bond,
				"an operator's bond is not what is held for it"
			);
			ensure!(
				WorkerKeys::<T>::get(&operator.worker_key).as_ref() == Some(&account),
				"an operator's worker key does not lead to it"
			);
			// A penalty lowers the bond under work that was covered when it was committed.
			let bonded = operator
				.bond
				.checked_add(&operator.penalised)
				.ok_or("bond and penalties overflow")?;
			ensure!(
				operator.committed <= Self::commitment_limit(bonded),
				"an operator's work in flight is worth more than its bond covers"
			);
		}
		let operators = Operators::<T>::iter_keys().count();
		ensure!(
			usize::try_from(Operators::<T>::count()) == Ok(operators),
			"the count of operators is wrong"
		);
		ensure!(
			WorkerKeys::<T>::iter_keys().count() == operators,
			"there are worker keys without an operator"
		);
		ensure!(
			Operators::<T>::count() <= T::MaxOperators::get(),
			"there are too many operators"
		);
		Ok(())
	}
}

impl<T: Config> assay_protocol::operator::Operators<T::AccountId, BalanceOf<T>> for Pallet<T> {
	fn is_active(who: &T::AccountId) -> bool {
		Operators::<T>::get(who).is_some_and(|operator| Self::takes_work(&operator))
	}

	fn worker_key(who: &T::AccountId) -> Option<WorkerKey> {
		Operators::<T>::get(who).map(|operator| operator.worker_key)
	}

	fn of_worker_key(key: &WorkerKey) -> Option<T::AccountId> {
		WorkerKeys::<T>::get(key)
	}

	fn stake(who: &T::AccountId) -> BalanceOf<T> {
		Operators::<T>::get(who).map_or_else(Zero::zero, |operator| operator.bond)
	}

	fn commit(who: &T::AccountId, value: BalanceOf<T>) -> DispatchResult {
		Self::try_mutate_operator(who, |operator| {
			ensure!(Self::takes_work(operator), Error::<T>::NotActive);
			let committed = operator
				.committed
				.checked_add(&value)
				.filter(|committed| *committed <= Self::commitment_limit(operator.bond))
				.ok_or(Error::<T>::CommitmentLimitReached)?;
			operator.committed = committed;
			Ok(())
		})
	}

	fn release(who: &T::AccountId, value: BalanceOf<T>) {
		// Nothing in flight keeps nobody: the operator may have left.
		if value.is_zero() {
			return;
		}
		// Neither can fail while callers release what they committed: an operator with work in
		// flight cannot withdraw.
		let released = Self::try_mutate_operator(who, |operator| {
			operator.committed = operator
				.committed
				.checked_sub(&value)
				.defensive_proof("only committed value is released")
				.unwrap_or_default();
			Ok(())
		});
		let _ = released.defensive_proof("an operator with work in flight is kept");
	}

	fn penalise(
		who: &T::AccountId,
		amount: BalanceOf<T>,
		fault: Fault,
		reporter: Option<Reporter<'_, T::AccountId>>,
	) -> BalanceOf<T> {
		let Some(mut operator) = Operators::<T>::get(who) else {
			return Zero::zero();
		};
		let (credit, _) = <T::Currency as BalancedHold<T::AccountId>>::slash(
			&HoldReason::Bond.into(),
			who,
			amount.min(operator.bond),
		);
		let taken = CreditOf::<T>::peek(&credit);
		let rest = match reporter {
			Some(reporter) => Self::reward(reporter, credit),
			None => credit,
		};
		T::Slashed::on_unbalanced(rest);

		operator.bond = operator.bond.defensive_saturating_sub(taken);
		operator.penalised = operator.penalised.defensive_saturating_add(taken);
		operator.faults.record(fault);
		Self::deposit_event(Event::Penalised {
			operator: who.clone(),
			fault,
			amount: taken,
			bond: operator.bond,
		});
		Operators::<T>::insert(who, operator);
		taken
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &T::AccountId, key: WorkerKey) {
		use frame_support::traits::fungible::{Inspect, Mutate};
		use sp_runtime::Saturating;

		if Operators::<T>::contains_key(who) {
			return;
		}
		let bond = T::MinBond::get().saturating_mul(1_000_000u32.into());
		let funds = bond.saturating_add(T::Currency::minimum_balance().saturating_mul(2u32.into()));
		T::Currency::mint_into(who, funds).expect("benchmark accounts can be funded");
		Self::do_register(who, key, bond).expect("a funded account with a fresh key can register");
	}
}
