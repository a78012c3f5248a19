//! The invariants of the README.

use crate::{
	AccountIdOf, BalanceOf, Config, Earned, HoldReason, Leaving, Operators, Pallet, Period, Points, Pools, Positions,
	Reach, Shares, WorkerKeys,
};
use alloc::collections::BTreeMap;
use codec::Encode;
use frame_support::{
	ensure,
	traits::{
		fungible::{Inspect, InspectHold},
		Get,
	},
};
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	Saturating, TryRuntimeError,
};

/// Units that rounding may have taken from the stake behind an operator while its work is in flight.
const ROUNDING: u32 = 100;

/// What the positions say that the pools should.
struct Sums<T: Config> {
	held: BTreeMap<AccountIdOf<T>, BalanceOf<T>>,
	bonded: BTreeMap<AccountIdOf<T>, (Points, BalanceOf<T>)>,
	leaving: BTreeMap<(AccountIdOf<T>, Period), (Points, BalanceOf<T>)>,
	earned: u128,
}

impl<T: Config> Pallet<T> {
	/// Checks the invariants.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let sums = Self::sum_positions()?;
		Self::check_holds(&sums)?;
		Self::check_pools(&sums)?;
		Self::check_pot(&sums)?;
		Self::check_operators()
	}

	fn sum_positions() -> Result<Sums<T>, TryRuntimeError> {
		let mut sums = Sums::<T> {
			held: BTreeMap::new(),
			bonded: BTreeMap::new(),
			leaving: BTreeMap::new(),
			earned: 0,
		};
		for (member, operator, position) in Positions::<T>::iter() {
			ensure!(!position.is_empty(), "an empty position is stored");
			ensure!(
				position.exposed() <= position.points,
				"more points are exposed to other operators than there are"
			);
			ensure!(
				position.fresh_points() <= position.points,
				"more points are fresh than there are"
			);
			ensure!(
				position.chunks.windows(2).all(|pair| pair[0].period < pair[1].period),
				"chunks are out of order"
			);
			let pool = Pools::<T>::get(&operator).unwrap_or_default();
			ensure!(
				operator != member || pool.own == position.amount,
				"a pool's own bond is not that of its operator"
			);
			let held = sums.held.entry(member).or_default();
			*held = held.saturating_add(position.held());
			add(
				sums.bonded.entry(operator.clone()).or_default(),
				position.points,
				pool.stake.worth(position.points).min(position.amount),
			);
			for chunk in &position.chunks {
				let worth = Leaving::<T>::get(&operator, chunk.period).worth(chunk.points);
				let sum = sums.leaving.entry((operator.clone(), chunk.period)).or_default();
				add(sum, chunk.points, worth.min(chunk.amount));
			}
			for exposure in &position.exposures {
				ensure!(exposure.operator != operator, "a position is exposed to itself");
				let worth = Leaving::<T>::get(&exposure.operator, exposure.period).worth(exposure.points);
				let sum = sums
					.leaving
					.entry((exposure.operator.clone(), exposure.period))
					.or_default();
				add(sum, exposure.points, worth.min(exposure.amount));
			}
			let mut earned: Earned<BalanceOf<T>> = position.earned;
			earned.accrue(position.points, &pool.earnings);
			let earned: u128 = earned.amount.unique_saturated_into();
			sums.earned = sums.earned.saturating_add(earned);
		}
		Ok(sums)
	}

	fn check_holds(sums: &Sums<T>) -> Result<(), TryRuntimeError> {
		for (account, amount) in &sums.held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), account) == *amount,
				"what is held in an account is not what its positions record"
			);
		}
		Ok(())
	}

	fn check_pools(sums: &Sums<T>) -> Result<(), TryRuntimeError> {
		let mut pools = 0usize;
		for (operator, pool) in Pools::<T>::iter() {
			check(&pool.stake, sums.bonded.get(&operator))?;
			ensure!(
				!pool.stake.is_empty() || Operators::<T>::contains_key(&operator),
				"there is a pool without an operator and without members"
			);
			pools = pools.saturating_add(usize::from(!pool.stake.is_empty()));
		}
		let bonded = sums.bonded.values().filter(|(points, _)| *points > 0).count();
		ensure!(bonded == pools, "there are positions without a pool");

		let mut leaving = 0usize;
		for (operator, period, shares) in Leaving::<T>::iter() {
			ensure!(!shares.is_empty(), "nobody owns what is leaving");
			check(&shares, sums.leaving.get(&(operator, period)))?;
			leaving = leaving.saturating_add(1);
		}
		let recorded = sums.leaving.values().filter(|(points, _)| *points > 0).count();
		ensure!(recorded == leaving, "there are leaving positions without a pool");
		Ok(())
	}

	fn check_pot(sums: &Sums<T>) -> Result<(), TryRuntimeError> {
		let pot = T::Currency::total_balance(&Self::pot());
		if sums.earned > 0 {
			let pending: u128 = pot
				.saturating_sub(T::Currency::minimum_balance())
				.unique_saturated_into();
			ensure!(
				pending >= sums.earned,
				"the pot does not cover what members have earned"
			);
		}
		Ok(())
	}

	fn check_operators() -> Result<(), TryRuntimeError> {
		for (account, operator) in Operators::<T>::iter() {
			ensure!(Pools::<T>::contains_key(&account), "an operator has no pool");
			ensure!(
				WorkerKeys::<T>::get(&operator.worker_key).as_ref() == Some(&account),
				"an operator's worker key does not lead to it"
			);
			ensure!(
				operator.commission.rate <= T::MaxCommission::get(),
				"an operator's commission is too high"
			);
			// What was covered when it was committed: penalties have lowered the stake since, and delegators left, but
			// answer until the work is over.
			let covered = Self::reachable(&account, Reach::default())
				.saturating_add(operator.penalised)
				.saturating_add(ROUNDING.into());
			ensure!(
				operator.committed <= T::CommitmentLimit::get().mul_floor(covered),
				"an operator's work in flight is worth more than its stake covers"
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

fn add<Balance: Saturating + Copy>(sum: &mut (Points, Balance), points: Points, worth: Balance) {
	*sum = (sum.0.saturating_add(points), sum.1.saturating_add(worth));
}

/// The points of all members are all points, and the balance covers what they are worth.
fn check<Balance>(shares: &Shares<Balance>, sum: Option<&(Points, Balance)>) -> Result<(), TryRuntimeError>
where
	Balance: PartialOrd + Zero + Copy + Encode,
{
	let (points, worth) = sum.copied().unwrap_or((0, Balance::zero()));
	ensure!(shares.points == points, "points of members and of their pool differ");
	ensure!(shares.balance >= worth, "a pool does not cover its members");
	Ok(())
}
