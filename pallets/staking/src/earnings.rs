//! What points earn: one number for a whole pool, brought up to date for a member when it is touched.
//!
//! The method is the cumulative reward per token of Synthetix' `StakingRewards`, which pallet-asset-rewards and
//! pallet-nomination-pools use as well. It is kept as a fixed-point number with 64 binary places. What a division leaves
//! over is kept for the next reward, and a member's fraction of a unit for its next reward: nothing is lost by being
//! touched often.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::U256;
use sp_runtime::traits::AtLeast32BitUnsigned;

use crate::Points;

/// Binary places of a reward per point.
const PLACES: u32 = 64;

/// What every point of a pool has earned since the pool began.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Earnings {
	/// Rewards per point.
	pub per_point: u128,
	/// What the last division has left over.
	pub remainder: u128,
}

impl Earnings {
	/// Shares `amount` out among `points`. `None`, and nothing changes, if there are none or the result is too large.
	pub fn share_out(&mut self, amount: u128, points: Points) -> Option<()> {
		if points == 0 {
			return None;
		}
		let scaled = (U256::from(amount) << PLACES).checked_add(self.remainder.into())?;
		let (quotient, remainder) = scaled.div_mod(points.into());
		let per_point = self.per_point.checked_add(quotient.try_into().ok()?)?;
		self.remainder = remainder.try_into().ok()?;
		self.per_point = per_point;
		Some(())
	}
}

/// What a member has earned and not claimed.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Earned<Balance> {
	/// Up to here the pool's [`Earnings::per_point`] are counted in.
	pub seen: u128,
	/// Part of a unit.
	pub fraction: u64,
	/// Whole units.
	pub amount: Balance,
}

impl<Balance: AtLeast32BitUnsigned + Copy> Earned<Balance> {
	/// Counts in what `points` earned since the last time.
	pub fn accrue(&mut self, points: Points, pool: &Earnings) {
		// Without points nothing is earned, and the pool may be a new one.
		let earned = pool
			.per_point
			.checked_sub(self.seen)
			.filter(|_| points > 0)
			.unwrap_or(0);
		self.seen = pool.per_point;
		// Both factors have 128 bits.
		let scaled = U256::from(points) * U256::from(earned) + U256::from(self.fraction);
		self.fraction = scaled.low_u64();
		// No more than all rewards there ever were, which fitted.
		let whole = u128::try_from(scaled >> PLACES).unwrap_or(u128::MAX);
		self.amount = self.amount.saturating_add(Balance::unique_saturated_from(whole));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_reward_is_shared_by_points() {
		let mut pool = Earnings::default();
		let (mut ann, mut ben) = (Earned::<u128>::default(), Earned::<u128>::default());
		pool.share_out(100, 4).unwrap();
		ann.accrue(3, &pool);
		ben.accrue(1, &pool);
		assert_eq!((ann.amount, ben.amount), (75, 25));
		// Ben has twice as many points from now on.
		pool.share_out(100, 5).unwrap();
		ann.accrue(3, &pool);
		ben.accrue(2, &pool);
		assert_eq!((ann.amount, ben.amount), (135, 65));
	}

	#[test]
	fn thirds_are_not_lost() {
		let mut pool = Earnings::default();
		let mut ann = Earned::<u128>::default();
		for _ in 0..300 {
			pool.share_out(1, 3).unwrap();
			ann.accrue(1, &pool);
		}
		// 300 thirds, of which the last may still be a fraction.
		assert!((99..=100).contains(&ann.amount), "{ann:?}");
		ann.accrue(2, &pool);
		assert!((99..=100).contains(&ann.amount));
	}

	#[test]
	fn nobody_earns_nothing() {
		let mut pool = Earnings::default();
		assert_eq!(pool.share_out(1, 0), None);
		assert_eq!(pool, Earnings::default());
	}

	#[test]
	fn a_reward_too_large_changes_nothing() {
		let mut pool = Earnings::default();
		assert_eq!(pool.share_out(u128::MAX, 1), None);
		assert_eq!(pool, Earnings::default());
	}

	proptest! {
		#[test]
		fn members_get_what_was_shared_out_and_no_more(
			rewards in prop::collection::vec((0..u64::MAX, any::<[bool; 3]>()), 1..40),
			points in prop::array::uniform3(1..u32::MAX),
		) {
			let mut pool = Earnings::default();
			let mut members = [Earned::<u128>::default(); 3];
			let all: u128 = points.iter().copied().map(u128::from).sum();
			let mut given = 0u128;
			for (reward, touched) in rewards {
				pool.share_out(reward.into(), all).unwrap();
				given += u128::from(reward);
				for (index, member) in members.iter_mut().enumerate() {
					if touched[index] {
						member.accrue(points[index].into(), &pool);
					}
				}
			}
			for (member, points) in members.iter_mut().zip(points) {
				member.accrue(points.into(), &pool);
			}
			let got: u128 = members.iter().map(|member| member.amount).sum();
			prop_assert!(got <= given);
			prop_assert!(got + 4 >= given, "{got} of {given}");
		}
	}
}
