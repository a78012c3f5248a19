//! What faults take: from everything that stands behind an operator, in proportion, whatever the number of members.

use crate::{
	AccountIdOf, BalanceOf, Config, CreditOf, Event, Extent, Leaving, Operators, Pallet, Period, Pools, Reach, Shares,
	Spared, Touched,
};
use alloc::vec::Vec;
use assay_protocol::operator::{Fault, Reporter};
use frame_support::{
	defensive,
	traits::{fungible::Balanced, DefensiveSaturating, Imbalance, OnUnbalanced},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{UniqueSaturatedFrom, UniqueSaturatedInto, Zero},
	Rounding, Saturating,
};

use crate::shares::proportion;

impl<T: Config> Pallet<T> {
	/// Takes `extent` of what stands behind `operator` for a fault, and returns what was taken.
	///
	/// It reaches the bonded stake and what asked to leave and is not free, in the same proportion, as far as `reach` says. What is
	/// spared cannot be bonded again: if the fault turns out to have become possible earlier, it answers by itself.
	///
	/// The operator pays its part at once, delegators when their positions are next touched. The reporter is paid its share of
	/// the operator's part: were it a share of the whole, an operator with delegated stake could report itself and have
	/// back all that it lost.
	pub fn slash(
		operator: &AccountIdOf<T>,
		extent: Extent<BalanceOf<T>>,
		fault: Fault,
		reach: Reach<BlockNumberFor<T>>,
		reporter: Option<Reporter<'_, AccountIdOf<T>>>,
	) -> BalanceOf<T> {
		let Some(mut record) = Operators::<T>::get(operator) else {
			return Zero::zero();
		};
		let Some(mut pool) = Pools::<T>::get(operator) else {
			defensive!("an operator has a pool");
			return Zero::zero();
		};
		let leaving: Vec<_> = Self::leaving(operator, reach).collect();
		let bonded = match reach.reached {
			Some(_) => Zero::zero(),
			None => pool.stake.balance,
		};
		let total = Self::sum(bonded, &leaving);
		let amount = match extent {
			Extent::Amount(amount) => amount.min(total),
			Extent::Share(share) => share.mul_ceil(total),
		};

		let mut rest = amount;
		for (period, mut shares) in leaving {
			let part = Self::part(shares.balance, amount, total);
			shares.cut(part);
			rest = rest.saturating_sub(part);
			Leaving::<T>::insert(operator, period, shares);
		}
		// A few units more than its proportion, which rounding down left over, but not more than there is.
		let part = rest.min(bonded);
		rest = rest.saturating_sub(part);
		let before = pool.stake.balance;
		pool.cut(part, reach.done);
		let stake = pool.stake.balance;
		pool.settled = Self::changed(pool.settled, before, stake);
		Pools::<T>::insert(operator, pool);
		let amount = amount.saturating_sub(rest);

		if reach.reached.is_none() {
			Self::note_spared(operator, reach.since);
		}
		record.penalised = record.penalised.defensive_saturating_add(amount);
		record.faults.record(fault);
		Operators::<T>::insert(operator, record);
		Self::deposit_event(Event::Penalised {
			operator: operator.clone(),
			fault,
			amount,
			stake,
		});
		let credit = Touched::<T>::load(operator, operator).map_or_else(|_| CreditOf::<T>::zero(), Touched::store);
		let credit = match reporter {
			Some(reporter) => Self::pay_reporter(reporter, credit),
			None => credit,
		};
		T::Slashed::on_unbalanced(credit);
		amount
	}

	/// All that a fault of `operator` can reach: what is bonded, and what asked to leave, is not free and is in `reach`.
	pub(crate) fn reachable(operator: &AccountIdOf<T>, reach: Reach<BlockNumberFor<T>>) -> BalanceOf<T> {
		let bonded = Pools::<T>::get(operator).map_or_else(Zero::zero, |pool| pool.stake.balance);
		Self::sum(bonded, &Self::leaving(operator, reach).collect::<Vec<_>>())
	}

	/// Writes down that a punishment has spared what asked to leave in periods that had ended by `since`, if anything has.
	fn note_spared(operator: &AccountIdOf<T>, since: BlockNumberFor<T>) {
		let before = Reach {
			reached: Some(since),
			..Reach::default()
		};
		if Self::leaving(operator, before).next().is_some() {
			Spared::<T>::mutate(operator, |spared| *spared = (*spared).max(since));
		}
	}

	/// All of it is part of the issuance.
	fn sum(bonded: BalanceOf<T>, leaving: &[(Period, Shares<BalanceOf<T>>)]) -> BalanceOf<T> {
		let balances = leaving.iter().map(|(_, shares)| shares.balance);
		balances.fold(bonded, |sum, balance| sum.saturating_add(balance))
	}

	/// The part of `amount` out of `total` that `balance` bears, rounded down.
	fn part(balance: BalanceOf<T>, amount: BalanceOf<T>, total: BalanceOf<T>) -> BalanceOf<T> {
		BalanceOf::<T>::unique_saturated_from(proportion(
			amount.unique_saturated_into(),
			balance.unique_saturated_into(),
			total.unique_saturated_into(),
			Rounding::Down,
		))
	}

	/// Pays a reporter its share of `taken`, if its account can take it, and returns the rest.
	fn pay_reporter(reporter: Reporter<'_, AccountIdOf<T>>, taken: CreditOf<T>) -> CreditOf<T> {
		let share = reporter.share.mul_floor(taken.peek());
		let (share, rest) = taken.split(share);
		match <T::Currency as Balanced<AccountIdOf<T>>>::resolve(reporter.account, share) {
			Ok(()) => rest,
			Err(share) => rest.merge(share),
		}
	}
}
