//! What clients and the session ask.

use crate::{AccountIdOf, BalanceOf, Config, Operators, Pallet, Pools, PositionOf, Positions, Touched};
use alloc::vec::Vec;
use assay_protocol::operator::OperatorSummary;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
	/// An operator as clients see it.
	pub fn operator_summary(
		account: &AccountIdOf<T>,
	) -> Option<OperatorSummary<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>> {
		let operator = Operators::<T>::get(account)?;
		let pool = Pools::<T>::get(account)?;
		Some(OperatorSummary {
			account: account.clone(),
			worker_key: operator.worker_key,
			bond: pool.own,
			committed: operator.committed,
			leaves_at: Self::leaves_at(account).filter(|_| pool.own.is_zero()),
			faults: operator.faults,
		})
	}

	/// The block from which the last of an operator's own bond is free, if some of it is unbonding.
	fn leaves_at(operator: &AccountIdOf<T>) -> Option<BlockNumberFor<T>> {
		let position = Positions::<T>::get(operator, operator)?;
		position.chunks.last().map(|chunk| Self::free_from(chunk.period))
	}

	/// The position of `member` behind `operator` as if it had just been settled, and what slashes are yet to take of it.
	/// Changes nothing that is stored.
	pub fn position(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> Option<(PositionOf<T>, BalanceOf<T>)> {
		Self::look(operator, member, |touched| (touched.position.clone(), touched.lost))
	}

	/// Reads from the position of `member` behind `operator` as if it had just been settled. Changes nothing that is stored.
	pub(crate) fn look<R>(
		operator: &AccountIdOf<T>,
		member: &AccountIdOf<T>,
		read: impl FnOnce(&Touched<T>) -> R,
	) -> Option<R> {
		use frame_support::storage::{with_transaction, TransactionOutcome};

		with_transaction(|| {
			let touched = Touched::<T>::load(operator, member).ok();
			let found = touched.as_ref().map(read);
			TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(found))
		})
		.ok()
		.flatten()
	}

	/// The positions of `member`, with their operators, at most `count`.
	pub fn positions(member: &AccountIdOf<T>, count: u32) -> Vec<(AccountIdOf<T>, PositionOf<T>, BalanceOf<T>)> {
		let count = usize::try_from(count).unwrap_or(usize::MAX);
		Positions::<T>::iter_key_prefix(member)
			.take(count)
			.filter_map(|operator| {
				let (position, lost) = Self::position(&operator, member)?;
				Some((operator, position, lost))
			})
			.collect()
	}
}
