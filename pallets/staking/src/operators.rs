//! Operators as the other pallets see them.

use crate::{AccountIdOf, BalanceOf, Config, Error, Extent, Operators, Pallet, Pools, Reach, Settled, WorkerKeys};
use assay_protocol::operator::{Fault, Reporter, WorkerKey};
use frame_support::{
	ensure,
	traits::{Defensive, Get},
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedDiv, CheckedSub, UniqueSaturatedInto, Zero},
	DispatchResult, Perbill, Saturating,
};

impl<T: Config> assay_protocol::operator::Operators<AccountIdOf<T>, BalanceOf<T>> for Pallet<T> {
	fn is_active(who: &AccountIdOf<T>) -> bool {
		Pools::<T>::get(who).is_some_and(|pool| Self::takes_work(&pool))
	}

	fn worker_key(who: &AccountIdOf<T>) -> Option<WorkerKey> {
		Operators::<T>::get(who).map(|operator| operator.worker_key)
	}

	fn of_worker_key(key: &WorkerKey) -> Option<AccountIdOf<T>> {
		WorkerKeys::<T>::get(key)
	}

	fn stake(who: &AccountIdOf<T>) -> BalanceOf<T> {
		Pools::<T>::get(who).map_or_else(Zero::zero, |pool| Self::counted(pool.stake.balance, pool.own))
	}

	fn own_stake(who: &AccountIdOf<T>) -> BalanceOf<T> {
		Pools::<T>::get(who).map_or_else(Zero::zero, |pool| pool.own)
	}

	fn settled_stake(who: &AccountIdOf<T>) -> BalanceOf<T> {
		Pools::<T>::get(who).map_or_else(Zero::zero, |pool| {
			let own = Self::settled(pool.settled_own, pool.own);
			Self::counted(Self::settled(pool.settled, pool.stake.balance), own)
		})
	}

	fn settled_own_stake(who: &AccountIdOf<T>) -> BalanceOf<T> {
		Pools::<T>::get(who).map_or_else(Zero::zero, |pool| Self::settled(pool.settled_own, pool.own))
	}

	fn at_risk(who: &AccountIdOf<T>, age: u32) -> BalanceOf<T> {
		Self::reachable(who, Reach::since(Self::blocks_ago(age)))
	}

	fn commit(who: &AccountIdOf<T>, value: BalanceOf<T>) -> DispatchResult {
		ensure!(Pools::<T>::contains_key(who), Error::<T>::NotOperator);
		ensure!(Self::is_active(who), Error::<T>::NotActive);
		Self::commit_done(who, value)
	}

	fn commit_done(who: &AccountIdOf<T>, value: BalanceOf<T>) -> DispatchResult {
		Self::try_mutate_operator(who, |operator| {
			let pool = Pools::<T>::get(who).ok_or(Error::<T>::NotOperator)?;
			operator.committed = operator
				.committed
				.checked_add(&value)
				.filter(|committed| *committed <= Self::commitment_limit(&pool))
				.ok_or(Error::<T>::CommitmentLimitReached)?;
			Ok(())
		})
	}

	fn release(who: &AccountIdOf<T>, value: BalanceOf<T>) {
		// Nothing in flight keeps nobody: the operator may have left.
		if value.is_zero() {
			return;
		}
		// Neither can fail while callers release what they committed: an operator with work in flight cannot leave.
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
		who: &AccountIdOf<T>,
		amount: BalanceOf<T>,
		fault: Fault,
		reporter: Option<Reporter<'_, AccountIdOf<T>>>,
	) -> BalanceOf<T> {
		Self::slash(who, Extent::Amount(amount), fault, Reach::default(), reporter)
	}

	fn penalise_recent(
		who: &AccountIdOf<T>,
		amount: BalanceOf<T>,
		fault: Fault,
		age: u32,
		reporter: Option<Reporter<'_, AccountIdOf<T>>>,
	) -> BalanceOf<T> {
		let reach = Reach::since(Self::blocks_ago(age));
		Self::slash(who, Extent::Amount(amount), fault, reach, reporter)
	}

	fn penalise_done(
		who: &AccountIdOf<T>,
		amount: BalanceOf<T>,
		fault: Fault,
		age: u32,
		done: u32,
		reporter: Option<Reporter<'_, AccountIdOf<T>>>,
	) -> BalanceOf<T> {
		let reach = Reach {
			done: Some(Self::blocks_ago(done)),
			..Reach::since(Self::blocks_ago(age))
		};
		Self::slash(who, Extent::Amount(amount), fault, reach, reporter)
	}

	fn penalise_spared(
		who: &AccountIdOf<T>,
		share: Perbill,
		fault: Fault,
		age: u32,
		reached: u32,
		reporter: Option<Reporter<'_, AccountIdOf<T>>>,
	) -> BalanceOf<T> {
		let reach = Reach {
			since: Self::blocks_ago(age),
			reached: Some(Self::blocks_ago(reached)),
			done: None,
		};
		// Nothing, and no fault, if nothing was spared.
		if Self::leaving(who, reach).next().is_none() {
			return Zero::zero();
		}
		Self::slash(who, Extent::Share(share), fault, reach, reporter)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountIdOf<T>, key: WorkerKey) {
		use frame_support::traits::{
			fungible::{Inspect, Mutate},
			Get,
		};
		if Operators::<T>::contains_key(who) {
			return;
		}
		let bond = T::MinBond::get().saturating_mul(1_000_000u32.into());
		let funds = bond.saturating_add(T::Currency::minimum_balance().saturating_mul(2u32.into()));
		T::Currency::mint_into(who, funds).expect("benchmark accounts can be funded");
		Self::do_register(who, key, bond).expect("a funded account with a fresh key can register");
	}
}

impl<T: Config> Pallet<T> {
	/// The most that may stand behind an operator beside its own bond.
	pub(crate) fn most_delegated(own: BalanceOf<T>) -> BalanceOf<T> {
		own.saturating_mul(T::MaxLeverage::get().into())
	}

	/// What counts of stake in elections and draws: no more than may stand beside the bond in it.
	fn counted(stake: BalanceOf<T>, own: BalanceOf<T>) -> BalanceOf<T> {
		stake.min(own.saturating_add(Self::most_delegated(own)))
	}

	/// The window of blocks that it is; none if stake settles at once.
	fn window() -> Option<u32> {
		let window = Self::now().checked_div(&T::SettlingPeriod::get())?;
		Some(window.unique_saturated_into())
	}

	/// What is settled of an amount of stake that has become another. What there is from genesis on has always been there.
	pub(crate) fn changed(
		settled: Settled<BalanceOf<T>>,
		from: BalanceOf<T>,
		to: BalanceOf<T>,
	) -> Settled<BalanceOf<T>> {
		match Self::window() {
			Some(window) if !Self::now().is_zero() => settled.changed(from, to, window),
			_ => Settled::ever(to),
		}
	}

	fn settled(settled: Settled<BalanceOf<T>>, amount: BalanceOf<T>) -> BalanceOf<T> {
		Self::window().map_or(amount, |window| settled.of(amount, window))
	}
}
