//! Pooling of the residual stream over positions (section 3.8 of the page).

use crate::{number::divr, program::Pooling};
use alloc::vec::Vec;

/// One vector for all positions.
pub fn pool(pooling: Pooling, positions: &[&[i32]]) -> Vec<i32> {
	let one = |row: Option<&&[i32]>| row.map(|row| row.to_vec()).unwrap_or_default();
	match pooling {
		Pooling::First => one(positions.first()),
		Pooling::Last => one(positions.last()),
		Pooling::Mean => {
			let width = positions.first().map_or(0, |row| row.len());
			let sum = |i: usize| positions.iter().map(|row| i64::from(row[i])).sum();
			// A mean of i32 fits i32.
			(0..width)
				.map(|i| divr(sum(i), positions.len() as i64) as i32)
				.collect()
		}
	}
}
