//! What an operator's pool earns: commission at once, the rest by points, claimed or compounded at any time.

use crate::{
	types::note_return, AccountIdOf, BalanceOf, Config, CreditOf, Error, Event, HoldReason, Operators, Pallet, Pools,
	Positions, Returns, Touched,
};
use assay_protocol::operator::Rewards;
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::{Balanced, Mutate, MutateHold},
		tokens::Preservation,
		Get, Imbalance,
	},
};
use sp_runtime::{
	traits::{AccountIdConversion, UniqueSaturatedInto, Zero},
	DispatchError, DispatchResult, Permill, Saturating,
};

impl<T: Config> Rewards<AccountIdOf<T>, CreditOf<T>> for Pallet<T> {
	/// The commission goes to the operator's account, the rest to all points.
	fn reward(operator: &AccountIdOf<T>, credit: CreditOf<T>) -> Result<(), CreditOf<T>> {
		let (Some(record), Some(mut pool)) = (Operators::<T>::get(operator), Pools::<T>::get(operator)) else {
			return Err(credit);
		};
		if pool.stake.is_empty() {
			return Err(credit);
		}
		let rate = record.commission.at(Self::now());
		let (commission, mut rest) = {
			let commission = rate.mul_floor(credit.peek());
			credit.split(commission)
		};
		let mut kept = commission.peek();
		let payee = Self::payee(operator, operator);
		if let Err(commission) = <T::Currency as Balanced<AccountIdOf<T>>>::resolve(&payee, commission) {
			kept = Zero::zero();
			rest = rest.merge(commission);
		}

		let shared = rest.peek();
		if pool
			.earnings
			.share_out(shared.unique_saturated_into(), pool.stake.points)
			.is_none()
		{
			return Err(rest);
		}
		<T::Currency as Balanced<AccountIdOf<T>>>::resolve(&Self::pot(), rest)?;
		Returns::<T>::mutate(operator, |returns| {
			note_return(returns, Self::period_of(Self::now()), shared, pool.stake.balance);
		});
		Pools::<T>::insert(operator, pool);
		Self::deposit_event(Event::Rewarded {
			operator: operator.clone(),
			commission: kept,
			shared,
		});
		Ok(())
	}
}

impl<T: Config> Pallet<T> {
	/// The account that keeps rewards until they are claimed.
	pub fn pot() -> AccountIdOf<T> {
		T::PotId::get().into_account_truncating()
	}

	/// Pays out what `member` has earned behind `operator`, or adds it to the stake if that is the member's wish.
	pub(crate) fn do_claim(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> DispatchResult {
		let mut position = Touched::<T>::load(operator, member)?;
		ensure!(!position.position.earned.amount.is_zero(), Error::<T>::NothingToClaim);
		let amount = core::mem::replace(&mut position.position.earned.amount, Zero::zero());
		let compounded = position.position.compound && Self::may_compound(operator, &position, amount);
		let to = match &position.position.payee {
			Some(payee) if !compounded => payee,
			_ => member,
		};
		T::Currency::transfer(&Self::pot(), to, amount, Preservation::Preserve)?;
		if compounded {
			Self::compound(&mut position, member, amount)?;
		}
		position.finish();
		Self::deposit_event(Event::Claimed {
			operator: operator.clone(),
			member: member.clone(),
			amount,
			compounded,
		});
		Ok(())
	}

	/// Takes what slashes have left to be taken from `member`, and compounds what it earned if that is its wish. Returns whether there was
	/// anything to be taken.
	pub(crate) fn do_settle(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> Result<bool, DispatchError> {
		let position = Touched::<T>::load(operator, member)?;
		let earned = position.position.earned.amount;
		let compounds =
			position.position.compound && !earned.is_zero() && Self::may_compound(operator, &position, earned);
		let took = position.took();
		position.finish();
		if compounds {
			// What cannot be compounded stays to be claimed, and keeps no slash from being taken.
			let _ = with_storage_layer(|| Self::do_claim(operator, member));
		}
		Ok(took)
	}

	/// Whom what `member` earns behind `operator` is paid to.
	fn payee(operator: &AccountIdOf<T>, member: &AccountIdOf<T>) -> AccountIdOf<T> {
		let position = Positions::<T>::get(member, operator);
		position
			.and_then(|position| position.payee)
			.unwrap_or_else(|| member.clone())
	}

	/// Rewards are added to stake that is still there, and of which the operator may have more.
	fn may_compound(operator: &AccountIdOf<T>, position: &Touched<T>, amount: BalanceOf<T>) -> bool {
		let pool = &position.pool;
		let delegated = pool.stake.balance.saturating_sub(pool.own).saturating_add(amount);
		position.position.points > 0
			&& Self::ensure_takes_stake(operator, position).is_ok()
			&& (position.is_own() || delegated <= Self::most_delegated(pool.own))
	}

	fn compound(position: &mut Touched<T>, member: &AccountIdOf<T>, amount: BalanceOf<T>) -> DispatchResult {
		position.join(amount)?;
		T::Currency::hold(&HoldReason::Bond.into(), member, amount)
	}

	/// Lowers an operator's commission at once, or announces a higher one to its delegators if it has any. Returns the block from which it holds.
	pub(crate) fn do_set_commission(
		operator: &AccountIdOf<T>,
		rate: Permill,
	) -> Result<frame_system::pallet_prelude::BlockNumberFor<T>, DispatchError> {
		ensure!(rate <= T::MaxCommission::get(), Error::<T>::CommissionTooHigh);
		let now = Self::now();
		// Of nobody else's rewards, it may be any.
		let alone = Pools::<T>::get(operator).is_none_or(|pool| {
			let own = Positions::<T>::get(operator, operator).map_or(0, |position| position.points);
			pool.stake.points <= own
		});
		Self::try_mutate_operator(operator, |operator| {
			let commission = &mut operator.commission;
			commission.rate = commission.at(now);
			if alone || rate <= commission.rate {
				commission.rate = rate;
				commission.next = None;
				return Ok(now);
			}
			let from = now.saturating_add(T::CommissionNotice::get());
			commission.next = Some((rate, from));
			Ok(from)
		})
	}
}
