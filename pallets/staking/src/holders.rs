//! What the runtime API `StakingApi` returns: stake as its holders see it.

use crate::{
	AccountIdOf, BalanceOf, Config, Identities, OperatorOf, Operators, Pallet, Pools, Positions, Returns, MAX_CHUNKS,
	MAX_EXPOSURES,
};
use alloc::{string::String, vec::Vec};
use assay_protocol::stake::{
	CommissionRise, ExposedStake, StakeBalance, StakeOperator, StakeParameters, StakePosition, StakeReturn,
	UnbondingStake,
};
use core::cmp::Reverse;
use frame_support::traits::{
	fungible::Inspect,
	tokens::{Fortitude, Preservation},
	Get,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::Zero, Saturating};

/// Operators in a page, at most.
const MAX_PAGE: u32 = 100;

/// A position as its holder sees it.
pub type PositionFor<T> = StakePosition<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// An operator as those see it who put stake behind it.
pub type OperatorFor<T> = StakeOperator<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

impl<T: Config> Pallet<T> {
	/// The position of `member` behind `operator` as if it had just been settled. Changes nothing that is stored.
	pub fn stake_position(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> Option<PositionFor<T>> {
		Self::look(operator, member, |touched| {
			let position = &touched.position;
			let chunks = position.chunks.iter();
			let exposures = position.exposures.iter();
			StakePosition {
				operator: operator.clone(),
				stake: position.amount,
				pending_slash: touched.lost,
				pending_rewards: position.earned.amount,
				compound: position.compound,
				payee: position.payee.clone(),
				unbonding: chunks
					.map(|chunk| UnbondingStake {
						amount: chunk.amount,
						free_from: Self::free_from(chunk.period),
					})
					.collect(),
				exposures: exposures
					.map(|exposure| ExposedStake {
						operator: exposure.operator.clone(),
						amount: touched.pool.stake.worth(exposure.here),
						until: Self::free_from(exposure.period),
					})
					.filter(|exposure| !exposure.amount.is_zero())
					.collect(),
			}
		})
	}

	/// All positions of `member`, by operator. There are at most as many as operators that have members.
	pub fn stake_positions(member: &AccountIdOf<T>) -> Vec<PositionFor<T>> {
		let mut operators: Vec<_> = Positions::<T>::iter_key_prefix(member).collect();
		operators.sort();
		let positions = operators.iter();
		positions
			.filter_map(|operator| Self::stake_position(operator, member))
			.collect()
	}

	/// What `member` has in stake, behind all operators, and can spend. The sums are part of the issuance.
	pub fn stake_balance(member: &AccountIdOf<T>) -> StakeBalance<BalanceOf<T>, BlockNumberFor<T>> {
		let now = Self::now();
		let mut balance = StakeBalance {
			free: T::Currency::balance(member),
			transferable: T::Currency::reducible_balance(member, Preservation::Preserve, Fortitude::Polite),
			staked: Zero::zero(),
			unbonding: Zero::zero(),
			withdrawable: Zero::zero(),
			pending_rewards: Zero::zero(),
			pending_slashes: Zero::zero(),
			next_unlock: None,
		};
		for position in Self::stake_positions(member) {
			balance.staked = balance.staked.saturating_add(position.stake);
			balance.pending_rewards = balance.pending_rewards.saturating_add(position.pending_rewards);
			balance.pending_slashes = balance.pending_slashes.saturating_add(position.pending_slash);
			for chunk in position.unbonding {
				if chunk.free_from <= now {
					balance.withdrawable = balance.withdrawable.saturating_add(chunk.amount);
					continue;
				}
				balance.unbonding = balance.unbonding.saturating_add(chunk.amount);
				let next = balance.next_unlock.unwrap_or(chunk.free_from);
				balance.next_unlock = Some(next.min(chunk.free_from));
			}
		}
		balance
	}

	/// An operator as those see it who put stake behind it.
	pub fn stake_operator(account: &AccountIdOf<T>) -> Option<OperatorFor<T>> {
		Self::describe(account, Operators::<T>::get(account)?)
	}

	/// At most `limit`, and 100, operators by the stake behind them, leaving out the first `start`. They are in
	/// stake order: of two with the same, the one that has been one for longer comes first, then the lower account.
	pub fn operators_page(start: u32, limit: u32) -> Vec<OperatorFor<T>> {
		let mut ranked: Vec<_> = Operators::<T>::iter()
			.filter_map(|(account, operator)| {
				let stake = Pools::<T>::get(&account)?.stake.balance;
				Some((Reverse(stake), operator.registered_at, account))
			})
			.collect();
		ranked.sort();
		let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
		let page = ranked.iter().skip(count(start)).take(count(limit.min(MAX_PAGE)));
		page.filter_map(|(.., account)| Self::stake_operator(account)).collect()
	}

	/// The constants that rule stake.
	pub fn parameters() -> StakeParameters<BalanceOf<T>, BlockNumberFor<T>> {
		StakeParameters {
			min_bond: T::MinBond::get(),
			min_delegation: T::MinDelegation::get(),
			period: T::Period::get(),
			unbonding_period: T::UnbondingPeriod::get(),
			max_chunks: MAX_CHUNKS,
			max_exposures: MAX_EXPOSURES,
			max_leverage: T::MaxLeverage::get(),
			max_operators: T::MaxOperators::get(),
			commitment_limit: T::CommitmentLimit::get(),
			own_commitment_limit: T::OwnCommitmentLimit::get(),
			max_commission: T::MaxCommission::get(),
			commission_notice: T::CommissionNotice::get(),
		}
	}

	fn describe(account: &AccountIdOf<T>, operator: OperatorOf<T>) -> Option<OperatorFor<T>> {
		let pool = Pools::<T>::get(account)?;
		let now = Self::now();
		let rise = operator.commission.next.filter(|(_, from)| *from > now);
		// The call that stores an identity accepts text only.
		let identity = Identities::<T>::get(account)
			.and_then(|text| String::from_utf8(text.into_inner()).ok())
			.unwrap_or_default();
		Some(StakeOperator {
			account: account.clone(),
			identity,
			own: pool.own,
			delegated: pool.stake.balance.saturating_sub(pool.own),
			active: Self::takes_work(&pool),
			chilled: pool.chilled,
			commission: operator.commission.at(now),
			commission_rise: rise.map(|(rate, from)| CommissionRise { rate, from }),
			committed: operator.committed,
			commitment_limit: Self::commitment_limit(&pool),
			penalised: operator.penalised,
			faults: operator.faults,
			registered_at: operator.registered_at,
			room: Self::most_delegated(pool.own).saturating_sub(pool.stake.balance.saturating_sub(pool.own)),
			returns: Returns::<T>::get(account)
				.iter()
				.map(|of| StakeReturn {
					from: Self::start_of(of.period),
					shared: of.shared,
					stake: of.stake,
				})
				.collect(),
		})
	}
}
