//! A sum of money that many own in points: the arithmetic of pools, free of storage.
//!
//! A member owns `points / all points` of the balance. A slash lowers the balance and touches nobody's points, whatever
//! their number. Whoever joins after a slash gets more points for its money, so that it does not pay for it.
//!
//! Worked numbers: Ann joins with 60 and gets 60 points, Ben with 40 and gets 40. A slash of 25 leaves 75: Ann's points
//! are worth 45, Ben's 30. Eve joins with 30 and gets 40 points, because 75 are 100 points.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::DefensiveSaturating;
use scale_info::TypeInfo;
use sp_runtime::{
	helpers_128bit::multiply_by_rational_with_rounding,
	traits::{AtLeast32BitUnsigned, Zero},
	Rounding,
};

/// Part of a [`Shares`].
pub type Points = u128;

/// A sum of money that is owned in points.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Shares<Balance> {
	/// The money.
	pub balance: Balance,
	/// All points.
	pub points: Points,
}

impl<Balance: AtLeast32BitUnsigned + Copy> Shares<Balance> {
	/// What `points` are worth, rounded down.
	pub fn worth(&self, points: Points) -> Balance {
		self.worth_rounded(points, Rounding::Down)
	}

	/// What `points` are worth, rounded up.
	pub fn worth_at_most(&self, points: Points) -> Balance {
		self.worth_rounded(points, Rounding::Up)
	}

	/// `points` of this, which has at least as many, are worth no more than the balance, so that nothing is cut off.
	fn worth_rounded(&self, points: Points, rounding: Rounding) -> Balance {
		let balance = self.balance.unique_saturated_into();
		let worth = proportion(balance, points.min(self.points), self.points, rounding);
		Balance::unique_saturated_from(worth)
	}

	/// The points that `amount` costs to take out, rounded up.
	pub fn cost(&self, amount: Balance) -> Points {
		let amount: u128 = amount.unique_saturated_into();
		let balance: u128 = self.balance.unique_saturated_into();
		proportion(self.points, amount.min(balance), balance, Rounding::Up)
	}

	/// Adds `amount` and returns the points it gets, rounded down. `None`, and nothing changes, if the points there are
	/// worth nothing or the result is too large.
	pub fn join(&mut self, amount: Balance) -> Option<Points> {
		let added: u128 = amount.unique_saturated_into();
		let points = match self.points {
			0 => added,
			_ if self.balance.is_zero() => return None,
			all => {
				multiply_by_rational_with_rounding(added, all, self.balance.unique_saturated_into(), Rounding::Down)?
			}
		};
		let balance = self.balance.checked_add(&amount)?;
		self.points = self.points.checked_add(points)?;
		self.balance = balance;
		Some(points)
	}

	/// Takes out `points` with `amount`. The last to leave takes along what rounding has left over.
	pub fn leave(&mut self, points: Points, amount: Balance) {
		self.points = self.points.defensive_saturating_sub(points);
		self.balance = self.balance.saturating_sub(amount);
		if self.points == 0 {
			self.balance = Zero::zero();
		}
	}

	/// Takes `amount` from everybody, in proportion.
	pub fn cut(&mut self, amount: Balance) {
		self.balance = self.balance.saturating_sub(amount);
	}

	/// Whether nobody owns any of it.
	pub fn is_empty(&self) -> bool {
		self.points == 0
	}
}

/// `whole · part / parts`; nothing if there are no parts. `part` is at most `parts`, so that it fits.
pub(crate) fn proportion(whole: u128, part: u128, parts: u128, rounding: Rounding) -> u128 {
	match parts {
		0 => 0,
		_ => multiply_by_rational_with_rounding(whole, part, parts, rounding).unwrap_or(whole),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn the_worked_numbers_are_right() {
		let mut pool = Shares::<u128>::default();
		let ann = pool.join(60).unwrap();
		let ben = pool.join(40).unwrap();
		assert_eq!((ann, ben), (60, 40));
		pool.cut(25);
		assert_eq!((pool.worth(ann), pool.worth(ben)), (45, 30));
		let eve = pool.join(30).unwrap();
		assert_eq!((eve, pool.worth(eve)), (40, 30));
	}

	#[test]
	fn nobody_joins_what_is_worth_nothing() {
		let mut pool = Shares::<u128>::default();
		pool.join(10).unwrap();
		pool.cut(10);
		let before = pool;
		assert_eq!(pool.join(10), None);
		assert_eq!(pool, before);
	}

	#[test]
	fn the_last_to_leave_leaves_nothing() {
		let mut pool = Shares::<u128> { balance: 10, points: 3 };
		let worth = pool.worth(3);
		pool.leave(3, worth);
		assert_eq!(pool, Shares::default());
	}

	#[test]
	fn too_many_points_are_refused() {
		let mut pool = Shares::<u128> {
			balance: 1,
			points: u128::MAX / 2,
		};
		assert_eq!(pool.join(3), None);
	}

	proptest! {
		#[test]
		fn joining_and_leaving_never_gains(
			balance in 1..u64::MAX,
			points in 1..u64::MAX,
			amount in 1..u64::MAX,
			asked in any::<u64>(),
		) {
			let mut pool = Shares::<u128> { balance: balance.into(), points: points.into() };
			let mine = pool.join(amount.into()).unwrap();
			let worth = pool.worth(mine);
			prop_assert!(worth <= amount.into());

			let taken = u128::from(asked) % (worth + 1);
			let cost = pool.cost(taken).min(mine);
			let others = pool.points - mine;
			let others_before = pool.worth(others);
			pool.leave(cost, taken);
			prop_assert!(taken + pool.worth(mine - cost) <= u128::from(amount));
			prop_assert!(pool.worth(others) + 1 >= others_before, "the others lose more than rounding");
		}

		#[test]
		fn parts_are_worth_no_more_than_the_whole(
			balance in any::<u64>(),
			parts in prop::collection::vec(1..u64::MAX, 1..8),
		) {
			let points = parts.iter().copied().map(u128::from).sum();
			let pool = Shares::<u128> { balance: balance.into(), points };
			let worth: u128 = parts.iter().map(|part| pool.worth((*part).into())).sum();
			prop_assert!(worth <= balance.into());
			prop_assert!(worth + 8 >= balance.into());
		}
	}
}
