//! How stake goes: it asks to leave, waits while it still answers for faults, and is free.

use crate::{AccountIdOf, BalanceOf, Config, Error, Event, Exposure, HoldReason, Operators, Pallet, Touched};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use sp_runtime::{
	traits::{Bounded, CheckedAdd, Zero},
	ArithmeticError, DispatchResult,
};

/// What a move of stake from one operator to another is about.
pub(crate) struct Redelegation<T: Config> {
	pub(crate) member: AccountIdOf<T>,
	pub(crate) from: AccountIdOf<T>,
	pub(crate) to: AccountIdOf<T>,
	pub(crate) amount: BalanceOf<T>,
}

impl<T: Config> Pallet<T> {
	/// Starts to unbond up to `amount`.
	pub(crate) fn do_unbond(
		operator: &AccountIdOf<T>,
		member: &AccountIdOf<T>,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		let mut position = Touched::<T>::load(operator, member)?;
		let minimum = if position.is_own() {
			T::MinBond::get()
		} else {
			T::MinDelegation::get()
		};
		let amount = position.leave(amount, minimum)?;
		if position.is_own() {
			Self::ensure_bond_may_leave(operator, &position)?;
		}
		let now = Self::now();
		let period = Self::period_of(now);
		if position.position.chunks.is_full() {
			Self::release_free(&mut position, member)?;
		}
		position.begin_unbonding(amount, period)?;
		position.finish();
		Self::deposit_event(Event::UnbondingStarted {
			operator: operator.clone(),
			member: member.clone(),
			amount,
			free_from: Self::free_from(period),
		});
		Ok(())
	}

	/// An operator's own bond stays while it covers work, whoever else stands behind the operator. Delegations may go:
	/// what leaves answers for faults until long after the work that is in flight.
	fn ensure_bond_may_leave(operator: &AccountIdOf<T>, position: &Touched<T>) -> DispatchResult {
		let Some(record) = Operators::<T>::get(operator) else {
			return Ok(());
		};
		if position.position.amount < T::MinBond::get() {
			ensure!(position.pool.chilled, Error::<T>::NotChilled);
			ensure!(record.committed.is_zero(), Error::<T>::WorkInFlight);
		}
		ensure!(
			record.committed <= Self::commitment_limit(&position.pool),
			Error::<T>::WorkInFlight
		);
		Ok(())
	}

	/// Gives back what is free.
	pub(crate) fn do_withdraw(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> DispatchResult {
		let record = Operators::<T>::get(operator).filter(|_| operator == member);
		// An operator that lost everything has no position any more.
		let mut position = match record {
			Some(_) => Touched::<T>::load_or_new(operator, member),
			None => Touched::<T>::load(operator, member)?,
		};
		let waiting = !position.position.chunks.is_empty();
		let amount = Self::release_free(&mut position, member)?;
		match record {
			Some(record) if position.position.is_without_stake() && position.pool.chilled => {
				ensure!(record.committed.is_zero(), Error::<T>::WorkInFlight);
				Self::forget(operator, &record);
			}
			_ if amount.is_zero() && waiting => return Err(Error::<T>::StillUnbonding.into()),
			_ if amount.is_zero() => return Err(Error::<T>::NothingUnbonding.into()),
			_ => (),
		}
		position.finish();
		Self::deposit_event(Event::Withdrawn {
			operator: operator.clone(),
			member: member.clone(),
			amount,
		});
		Ok(())
	}

	pub(crate) fn release_free(
		position: &mut Touched<T>,
		member: &AccountIdOf<T>,
	) -> Result<BalanceOf<T>, sp_runtime::DispatchError> {
		let now = Self::now();
		let amount = position.take_chunks(Bounded::max_value(), |period| Self::is_free(period, now));
		if !amount.is_zero() {
			T::Currency::release(&HoldReason::Bond.into(), member, amount, Precision::Exact)?;
		}
		Ok(amount)
	}

	/// Moves stake to another operator. It goes on answering for the faults of the old one as if it were unbonding there.
	pub(crate) fn do_redelegate(redelegation: Redelegation<T>) -> DispatchResult {
		let Redelegation {
			member,
			from,
			to,
			amount,
		} = redelegation;
		ensure!(from != to, Error::<T>::SameOperator);
		ensure!(member != from && member != to, Error::<T>::OwnBond);

		let mut old = Touched::<T>::load(&from, &member)?;
		let amount = old.leave(amount, T::MinDelegation::get())?;
		old.finish();
		let period = Self::period_of(Self::now());
		let points = Self::join_leaving(&from, period, amount)?;

		let mut new = Touched::<T>::load_or_new(&to, &member);
		Self::ensure_takes_stake(&to, &new)?;
		let here = new.join(amount)?;
		Self::ensure_enough(&new)?;
		let exposures = &mut new.position.exposures;
		let earlier = exposures
			.iter_mut()
			.find(|exposure| exposure.operator == from && exposure.period == period);
		match earlier {
			Some(exposure) => {
				exposure.points = exposure.points.checked_add(points).ok_or(ArithmeticError::Overflow)?;
				exposure.amount = exposure.amount.checked_add(&amount).ok_or(ArithmeticError::Overflow)?;
				exposure.here = exposure.here.checked_add(here).ok_or(ArithmeticError::Overflow)?;
			}
			None => exposures
				.try_push(Exposure {
					operator: from.clone(),
					period,
					points,
					amount,
					here,
				})
				.map_err(|_| Error::<T>::TooManyRedelegations)?,
		}
		new.finish();
		Self::deposit_event(Event::Redelegated {
			member,
			from,
			to,
			amount,
			exposed_until: Self::free_from(period),
		});
		Ok(())
	}
}
