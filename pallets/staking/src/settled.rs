//! Stake that has been there for a while: what is brought when a draw is known already does not count in it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The least that an amount was in a window of blocks and in the one before. What is added counts once it has been there for
/// a whole window; what is taken away counts at once.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Settled<Balance> {
	/// The window of the last change.
	window: u32,
	/// The least in it.
	least: Balance,
	/// The least in the one before.
	before: Balance,
}

impl<Balance: Ord + Copy> Settled<Balance> {
	/// An amount that has always been there.
	pub fn ever(amount: Balance) -> Self {
		Self {
			window: 0,
			least: amount,
			before: amount,
		}
	}

	/// The amount has become another.
	#[must_use]
	pub fn changed(self, from: Balance, to: Balance, window: u32) -> Self {
		let (least, before) = match window.saturating_sub(self.window) {
			0 => (self.least, self.before),
			1 => (from, self.least),
			_ => (from, from),
		};
		Self {
			window,
			least: least.min(to),
			before,
		}
	}

	/// What of the amount that there is now is settled.
	pub fn of(&self, amount: Balance, window: u32) -> Balance {
		match window.saturating_sub(self.window) {
			0 => self.least.min(self.before),
			1 => self.least,
			_ => amount,
		}
		.min(amount)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn what_is_added_settles_in_the_window_after_the_next() {
		let settled = Settled::ever(100).changed(100, 250, 7);
		assert_eq!([7, 8, 9].map(|window| settled.of(250, window)), [100, 100, 250]);
	}

	#[test]
	fn what_is_taken_away_counts_at_once_and_is_not_settled_when_it_comes_back() {
		let settled = Settled::ever(100).changed(100, 30, 7).changed(30, 100, 7);
		assert_eq!([7, 8, 9].map(|window| settled.of(100, window)), [30, 30, 100]);
	}

	proptest! {
		#[test]
		fn the_settled_part_is_the_least_of_this_window_and_the_one_before(
			changes in prop::collection::vec((0u32..3, 0u64..1_000), 0..40),
			later in 0u32..4,
		) {
			let (mut settled, mut amount, mut window) = (Settled::ever(500), 500, 0);
			// The least in each window, its first amount included.
			let mut least = vec![500];
			for (gap, to) in changes {
				for _ in 0..gap {
					window += 1;
					least.push(amount);
				}
				settled = settled.changed(amount, to, window);
				amount = to;
				least[window as usize] = least[window as usize].min(to);
			}
			for _ in 0..later {
				window += 1;
				least.push(amount);
			}
			let before = (window as usize).checked_sub(1).map_or(u64::MAX, |window| least[window]);
			prop_assert_eq!(settled.of(amount, window), before.min(least[window as usize]));
		}
	}
}
