//! When stake that asked to leave is free.

use crate::{AccountIdOf, BalanceOf, Config, Leaving, Pallet, Period, Reach, Shares};
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{CheckedDiv, UniqueSaturatedInto},
	Saturating,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	/// The block so many before the present one, or the first there was.
	pub(crate) fn blocks_ago(age: u32) -> BlockNumberFor<T> {
		Self::now().saturating_sub(age.into())
	}

	/// The period that `block` lies in.
	pub(crate) fn period_of(block: BlockNumberFor<T>) -> Period {
		// Nobody waits for more than four billion periods.
		Period(
			block
				.checked_div(&T::Period::get())
				.unwrap_or_default()
				.unique_saturated_into(),
		)
	}

	/// The first block of `period`.
	pub(crate) fn start_of(period: Period) -> BlockNumberFor<T> {
		T::Period::get().saturating_mul(period.0.into())
	}

	/// The first block after `period`.
	pub(crate) fn end_of(period: Period) -> BlockNumberFor<T> {
		T::Period::get().saturating_mul(period.0.saturating_add(1).into())
	}

	/// The block from which stake is free that asked to leave in `period`.
	pub fn free_from(period: Period) -> BlockNumberFor<T> {
		Self::end_of(period).saturating_add(T::UnbondingPeriod::get())
	}

	/// Whether stake is free at `now` that asked to leave in `period`.
	pub(crate) fn is_free(period: Period, now: BlockNumberFor<T>) -> bool {
		now >= Self::free_from(period)
	}

	/// What asked to leave `operator`, is not free, and is in `reach`, with the periods in which it did.
	pub(crate) fn leaving(
		operator: &AccountIdOf<T>,
		reach: Reach<BlockNumberFor<T>>,
	) -> impl Iterator<Item = (Period, Shares<BalanceOf<T>>)> + '_ {
		let now = Self::now();
		let first = Self::period_of(now.saturating_sub(T::UnbondingPeriod::get()));
		(first.0..=Self::period_of(now).0)
			.map(Period)
			.filter(move |period| reach.has(Self::end_of(*period)))
			.map(move |period| (period, Leaving::<T>::get(operator, period)))
			.filter(|(_, shares)| !shares.is_empty())
	}
}
