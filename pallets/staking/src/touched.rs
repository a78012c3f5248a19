//! A position in hand: loaded, brought up to date with everything that happened to its pools, changed, stored.
//!
//! Slashes and rewards touch pools, not members. What they mean for a member is worked out here, whenever its position is
//! touched, from at most [`MAX_CHUNKS`](crate::MAX_CHUNKS) + [`MAX_EXPOSURES`](crate::MAX_EXPOSURES) + 1 pools.

use crate::{
	shares::proportion, AccountIdOf, BalanceOf, Chunk, Config, CreditOf, Error, Event, HoldReason, Leaving, Operators,
	Pallet, Period, Points, PoolOf, Pools, PositionOf, Positions, Returns, Shares,
};
use alloc::vec::Vec;
use frame_support::{
	ensure,
	traits::{
		fungible::{BalancedHold, MutateHold},
		tokens::Precision,
		Defensive, Get, Imbalance, OnUnbalanced,
	},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{CheckedAdd, UniqueSaturatedFrom, UniqueSaturatedInto, Zero},
	ArithmeticError, DispatchError, DispatchResult, Rounding, Saturating,
};

/// A position and its pool, up to date.
pub(crate) struct Touched<T: Config> {
	operator: AccountIdOf<T>,
	member: AccountIdOf<T>,
	pub(crate) pool: PoolOf<T>,
	pub(crate) position: PositionOf<T>,
	/// What slashes have taken since the position was last touched, still under hold.
	pub(crate) lost: BalanceOf<T>,
	/// What a slash spares of it and cannot be bonded again, for nothing is left of the pool. Still under hold.
	spared: BalanceOf<T>,
	/// Whether a slash of an old operator has burned points.
	burned: bool,
	/// The stake of the pool and the operator's own bond as they were loaded.
	loaded: (BalanceOf<T>, BalanceOf<T>),
}

impl<T: Config> Touched<T> {
	/// The position of `member` behind `operator`.
	pub(crate) fn load(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> Result<Self, Error<T>> {
		let position = Positions::<T>::get(member, operator).ok_or(Error::<T>::NoPosition)?;
		Ok(Self::new(operator, member, position))
	}

	/// The position of `member` behind `operator`, empty if there is none.
	pub(crate) fn load_or_new(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> Self {
		let position = Positions::<T>::get(member, operator).unwrap_or_default();
		Self::new(operator, member, position)
	}

	fn new(operator: &AccountIdOf<T>, member: &AccountIdOf<T>, position: PositionOf<T>) -> Self {
		let pool = Pools::<T>::get(operator).unwrap_or_default();
		let mut touched = Self {
			operator: operator.clone(),
			member: member.clone(),
			loaded: (pool.stake.balance, pool.own),
			pool,
			position,
			lost: Zero::zero(),
			spared: Zero::zero(),
			burned: false,
		};
		touched.settle();
		touched
	}

	/// Whether this is an operator's bond.
	pub(crate) fn is_own(&self) -> bool {
		self.operator == self.member
	}

	/// Whose position it is.
	pub(crate) fn member(&self) -> &AccountIdOf<T> {
		&self.member
	}

	/// Whether a slash had left something to be taken.
	pub(crate) fn took(&self) -> bool {
		!self.lost.is_zero() || !self.spared.is_zero() || self.burned
	}

	/// Adds money that is under hold already, and pays for no fault that is done by now. An operator's own bond always does.
	pub(crate) fn join(&mut self, amount: BalanceOf<T>) -> Result<Points, DispatchError> {
		let points = self.join_again(amount)?;
		if !self.is_own() {
			self.position.note_fresh(Pallet::<T>::now(), points);
		}
		Ok(points)
	}

	/// Adds money that is under hold already and was there before.
	pub(crate) fn join_again(&mut self, amount: BalanceOf<T>) -> Result<Points, DispatchError> {
		ensure!(
			self.pool.stake.is_empty() || !self.pool.stake.balance.is_zero(),
			Error::<T>::PoolIsEmpty
		);
		let position = &mut self.position;
		let points = self.pool.stake.join(amount).ok_or(ArithmeticError::Overflow)?;
		position.points = position.points.checked_add(points).ok_or(ArithmeticError::Overflow)?;
		position.amount = position.amount.checked_add(&amount).ok_or(ArithmeticError::Overflow)?;
		Ok(points)
	}

	/// Takes out up to `amount` of what is bonded; it stays under hold. At least `minimum` or nothing remains.
	pub(crate) fn leave(&mut self, amount: BalanceOf<T>, minimum: BalanceOf<T>) -> Result<BalanceOf<T>, DispatchError> {
		ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
		ensure!(!self.position.amount.is_zero(), Error::<T>::NothingBonded);
		let amount = amount.min(self.position.amount);
		let remaining = self.position.amount.saturating_sub(amount);
		ensure!(
			remaining.is_zero() || remaining >= minimum,
			Error::<T>::RemainderBelowMinimum
		);
		let points = match remaining.is_zero() {
			true => self.position.points,
			false => self.pool.stake.cost(amount).min(self.position.points),
		};
		let left = self.position.points.saturating_sub(points);
		ensure!(left >= self.position.exposed(), Error::<T>::StillExposed);
		self.pool.stake.leave(points, amount);
		self.position.points = left;
		self.position.amount = remaining;
		self.position.trim_fresh();
		Ok(amount)
	}

	/// Records that `amount`, which was taken out, asked to leave in `period`.
	pub(crate) fn begin_unbonding(&mut self, amount: BalanceOf<T>, period: Period) -> DispatchResult {
		let points = Pallet::<T>::join_leaving(&self.operator, period, amount)?;
		let chunks = &mut self.position.chunks;
		match chunks.iter_mut().find(|chunk| chunk.period == period) {
			Some(chunk) => {
				chunk.points = chunk.points.checked_add(points).ok_or(ArithmeticError::Overflow)?;
				chunk.amount = chunk.amount.checked_add(&amount).ok_or(ArithmeticError::Overflow)?;
			}
			None => chunks
				.try_push(Chunk { period, points, amount })
				.map_err(|_| Error::<T>::TooManyChunks)?,
		}
		Ok(())
	}

	/// Takes up to `amount` out of the chunks, newest first, as far as `of` says so; it stays under hold.
	pub(crate) fn take_chunks(&mut self, amount: BalanceOf<T>, of: impl Fn(Period) -> bool) -> BalanceOf<T> {
		let mut wanted = amount;
		let mut taken = BalanceOf::<T>::zero();
		for chunk in self.position.chunks.iter_mut().rev().filter(|chunk| of(chunk.period)) {
			let part = chunk.amount.min(wanted);
			wanted = wanted.saturating_sub(part);
			taken = taken.saturating_add(part);
			let whole = part == chunk.amount;
			Pallet::<T>::mutate_leaving(&self.operator, chunk.period, |shares| {
				let points = if whole {
					chunk.points
				} else {
					shares.cost(part).min(chunk.points)
				};
				shares.leave(points, part);
				chunk.points = chunk.points.saturating_sub(points);
			});
			chunk.amount = chunk.amount.saturating_sub(part);
		}
		self.position.chunks.retain(|chunk| !chunk.amount.is_zero());
		taken
	}

	/// Stores the position and its pool, and returns what slashes have taken.
	pub(crate) fn store(mut self) -> CreditOf<T> {
		let (operator, member) = (&self.operator, &self.member);
		let credit = if self.lost.is_zero() {
			CreditOf::<T>::zero()
		} else {
			let reason = HoldReason::Bond.into();
			let (credit, missing) = <T::Currency as BalancedHold<AccountIdOf<T>>>::slash(&reason, member, self.lost);
			let _ = Some(missing)
				.filter(Zero::is_zero)
				.defensive_proof("what a position records is held for it");
			Pallet::<T>::deposit_event(Event::LossSettled {
				operator: operator.clone(),
				member: member.clone(),
				amount: self.lost,
			});
			credit
		};
		if !self.spared.is_zero() {
			let reason = HoldReason::Bond.into();
			let _ = T::Currency::release(&reason, member, self.spared, Precision::Exact)
				.defensive_proof("what a position records is held for it");
			Pallet::<T>::deposit_event(Event::Withdrawn {
				operator: operator.clone(),
				member: member.clone(),
				amount: self.spared,
			});
		}
		if operator == member {
			self.pool.own = self.position.amount;
			let below = self.pool.own < T::MinBond::get();
			let since = self.pool.below_since.unwrap_or_else(Pallet::<T>::now);
			self.pool.below_since = below.then_some(since);
		}
		if self.position.is_empty() {
			Positions::<T>::remove(member, operator);
		} else {
			Positions::<T>::insert(member, operator, self.position);
		}
		if self.pool.stake.is_empty() && !Operators::<T>::contains_key(operator) {
			Pools::<T>::remove(operator);
			Returns::<T>::remove(operator);
		} else {
			let (stake, own) = self.loaded;
			let pool = &mut self.pool;
			pool.settled = Pallet::<T>::changed(pool.settled, stake, pool.stake.balance);
			pool.settled_own = Pallet::<T>::changed(pool.settled_own, own, pool.own);
			Pools::<T>::insert(operator, self.pool);
		}
		credit
	}

	/// Stores the position and its pool, and pays in what slashes have taken.
	pub(crate) fn finish(self) {
		let lossless = self.lost.is_zero();
		let credit = self.store();
		if !lossless {
			T::Slashed::on_unbalanced(credit);
		}
	}

	fn settle(&mut self) {
		self.position.earned.accrue(self.position.points, &self.pool.earnings);
		self.settle_exposures();
		self.settle_bonded();
		self.settle_chunks();
	}

	fn settle_bonded(&mut self) {
		let spared = self.spared_by_cuts();
		let (pool, position) = (&mut self.pool, &mut self.position);
		// Rounding of others may have left something over: nobody is owed more than is held for it.
		let worth = pool.stake.worth(position.points).min(position.amount);
		self.lost = self.lost.saturating_add(position.amount.saturating_sub(worth));
		position.amount = worth;
		if worth.is_zero() && position.points > 0 {
			pool.stake.leave(position.points, Zero::zero());
			position.points = 0;
			// What is gone here still counts there, as long as it would have: that is what the old operator committed
			// work against.
			for exposure in position.exposures.iter_mut() {
				exposure.here = 0;
			}
		}
		self.give_back(spared);
	}

	/// What slashes since the position was last touched have taken of each of its fresh parts that came after the fault was done, worth what
	/// later slashes would have left of it.
	fn spared_by_cuts(&mut self) -> Vec<(BlockNumberFor<T>, BalanceOf<T>)> {
		self.position.trim_fresh();
		let seen = core::mem::replace(&mut self.position.cuts_seen, self.pool.cut_count);
		let cuts = self.pool.cuts.iter().filter(|cut| cut.number > seen);
		let parts = self.position.fresh.iter();
		parts
			.map(|part| {
				let spared = cuts.clone().fold(Zero::zero(), |spared: BalanceOf<T>, cut| {
					if cut.done.is_some_and(|done| part.since > done) {
						let left = Shares {
							balance: cut.after,
							points: cut.before.points,
						};
						let taken = cut
							.before
							.worth(part.points)
							.saturating_sub(left.worth_at_most(part.points));
						return spared.saturating_add(taken);
					}
					BalanceOf::<T>::unique_saturated_from(proportion(
						spared.unique_saturated_into(),
						cut.after.unique_saturated_into(),
						cut.before.balance.unique_saturated_into(),
						Rounding::Down,
					))
				});
				(part.since, spared)
			})
			.filter(|(_, spared)| !spared.is_zero())
			.collect()
	}

	/// Bonds again what slashes have taken and are to spare. It came when it came.
	fn give_back(&mut self, spared: Vec<(BlockNumberFor<T>, BalanceOf<T>)>) {
		self.position.trim_fresh();
		for (since, amount) in spared {
			let amount = amount.min(self.lost);
			if amount.is_zero() {
				continue;
			}
			self.lost = self.lost.saturating_sub(amount);
			match self.join_again(amount) {
				Ok(points) => self.position.note_fresh(since, points),
				Err(_) => self.spared = self.spared.saturating_add(amount),
			}
		}
		// No fault that was done before is still to be punished.
		let now = Pallet::<T>::now();
		let fresh = &mut self.position.fresh;
		fresh.sort_by_key(|part| part.since);
		fresh.retain(|part| now < part.since.saturating_add(T::UnbondingPeriod::get()));
	}

	fn settle_chunks(&mut self) {
		for chunk in self.position.chunks.iter_mut() {
			Pallet::<T>::mutate_leaving(&self.operator, chunk.period, |shares| {
				let worth = shares.worth(chunk.points).min(chunk.amount);
				self.lost = self.lost.saturating_add(chunk.amount.saturating_sub(worth));
				chunk.amount = worth;
				if worth.is_zero() {
					shares.leave(chunk.points, Zero::zero());
				}
			});
		}
		self.position.chunks.retain(|chunk| !chunk.amount.is_zero());
	}

	/// Burns as large a share of the points that came from another operator as their worth lost there. Shares of shares
	/// come out the same in whatever order slashes here and there are settled.
	fn settle_exposures(&mut self) {
		for exposure in self.position.exposures.iter_mut() {
			let shares = Leaving::<T>::get(&exposure.operator, exposure.period);
			let worth = shares.worth(exposure.points).min(exposure.amount);
			let lost: u128 = exposure.amount.saturating_sub(worth).unique_saturated_into();
			if lost > 0 {
				let whole = exposure.amount.unique_saturated_into();
				let burned = proportion(exposure.here, lost, whole, Rounding::Up);
				let money = self.pool.stake.worth_at_most(burned);
				self.pool.stake.leave(burned, money);
				Operators::<T>::mutate_exists(&self.operator, |operator| {
					if let Some(operator) = operator {
						operator.penalised = operator.penalised.saturating_add(money);
					}
				});
				exposure.here = exposure.here.saturating_sub(burned);
				exposure.amount = worth;
				self.position.points = self.position.points.saturating_sub(burned);
				self.burned = true;
			}
		}
		let now = Pallet::<T>::now();
		self.position.exposures.retain(|exposure| {
			let over = Pallet::<T>::is_free(exposure.period, now);
			if over {
				Pallet::<T>::mutate_leaving(&exposure.operator, exposure.period, |shares| {
					shares.leave(exposure.points, exposure.amount);
				});
			}
			!over
		});
	}
}

impl<T: Config> Pallet<T> {
	/// Changes what left `operator` in `period`; forgotten when nobody owns any of it.
	pub(crate) fn mutate_leaving<R>(
		operator: &AccountIdOf<T>,
		period: Period,
		change: impl FnOnce(&mut Shares<BalanceOf<T>>) -> R,
	) -> R {
		let before = Leaving::<T>::get(operator, period);
		let mut shares = before;
		let result = change(&mut shares);
		if shares.is_empty() {
			Leaving::<T>::remove(operator, period);
		} else if shares != before {
			Leaving::<T>::insert(operator, period, shares);
		}
		result
	}

	/// Adds stake to what left `operator` in `period`, and returns its points.
	pub(crate) fn join_leaving(
		operator: &AccountIdOf<T>,
		period: Period,
		amount: BalanceOf<T>,
	) -> Result<Points, DispatchError> {
		Self::mutate_leaving(operator, period, |shares| shares.join(amount)).ok_or(Error::<T>::PoolIsEmpty.into())
	}
}
