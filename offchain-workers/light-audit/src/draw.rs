//! Which positions are looked at, and how likely that is to show what is wrong.

use rand::{seq::index, CryptoRng};
use thiserror::Error;

/// Most positions of one light audit: what a worker opens for one question.
pub const MAX_POSITIONS: u32 = 16;

/// Why no positions are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DrawError {
	/// None, or more than a worker opens.
	#[error("a light audit looks at 1 to {MAX_POSITIONS} positions, not {0}")]
	Count(u32),
}

/// So many different positions of a job of `positions`, in rising order; all, if there are not as many.
pub fn draw(positions: u32, count: u32, random: &mut impl CryptoRng) -> Result<Vec<u32>, DrawError> {
	if count == 0 || count > MAX_POSITIONS {
		return Err(DrawError::Count(count));
	}
	let drawn = index::sample(random, positions as usize, count.min(positions) as usize);
	let mut drawn: Vec<u32> = drawn.into_iter().map(|position| position as u32).collect();
	drawn.sort_unstable();
	Ok(drawn)
}

/// The probability that `count` different positions out of `positions` meet at least one of `wrong` that are.
pub fn detection(positions: u32, wrong: u32, count: u32) -> f64 {
	let right = positions.saturating_sub(wrong);
	let missed: f64 = (0..count.min(positions))
		.map(|drawn| f64::from(right.saturating_sub(drawn)) / f64::from(positions - drawn))
		.product();
	1.0 - missed
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

	#[test]
	fn positions_are_different_and_rise() {
		let mut random = ChaCha20Rng::seed_from_u64(1);
		for positions in 1..40 {
			let drawn = draw(positions, 7, &mut random).expect("seven may be drawn");
			assert_eq!(drawn.len() as u32, positions.min(7));
			assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]) && drawn.iter().all(|drawn| *drawn < positions));
		}
	}

	#[test]
	fn none_and_too_many_are_refused() {
		let mut random = ChaCha20Rng::seed_from_u64(1);
		for count in [0, MAX_POSITIONS + 1] {
			let error = draw(100, count, &mut random).expect_err("it is refused");
			assert_eq!(
				error.to_string(),
				format!("a light audit looks at 1 to 16 positions, not {count}")
			);
		}
	}

	#[test]
	fn detection_is_that_of_drawing_without_putting_back() {
		assert_eq!(detection(10, 10, 1), 1.0);
		assert_eq!(detection(10, 0, 4), 0.0);
		assert!((detection(10, 1, 4) - 0.4).abs() < 1e-12);
		// 1 - C(5, 2) / C(10, 2)
		assert!((detection(10, 5, 2) - (1.0 - 10.0 / 45.0)).abs() < 1e-12);
		assert_eq!(detection(10, 7, 4), 1.0);
	}

	#[test]
	fn every_position_is_drawn_as_often_as_any_other() {
		let mut random = ChaCha20Rng::seed_from_u64(2);
		let mut counts = [0u32; 12];
		for _ in 0..6_000 {
			for position in draw(12, 4, &mut random).expect("four may be drawn") {
				counts[position as usize] += 1;
			}
		}
		// 2,000 each, with a standard deviation of 37.
		assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
	}
}
