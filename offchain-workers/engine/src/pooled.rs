//! Pooling (`docs/exact-arithmetic.md`, 3.8).

use assay_exact::{number::divr, program::Pooling};

/// Pooling (3.8) as chunks come.
pub(crate) struct Pooled {
	pooling: Pooling,
	/// The sum of the rows, or the row chosen so far.
	sums: Vec<i64>,
	rows: i64,
}

impl Pooled {
	pub(crate) fn new(pooling: Pooling, width: usize) -> Self {
		Self {
			pooling,
			sums: vec![0; width],
			rows: 0,
		}
	}

	pub(crate) fn add(&mut self, rows: &[i32]) {
		for row in rows.chunks_exact(self.sums.len()) {
			let replaces = match self.pooling {
				Pooling::Mean => false,
				Pooling::First => self.rows == 0,
				Pooling::Last => true,
			};
			for (sum, x) in self.sums.iter_mut().zip(row) {
				match (self.pooling, replaces) {
					(Pooling::Mean, _) => *sum += i64::from(*x),
					(_, true) => *sum = i64::from(*x),
					(_, false) => {}
				}
			}
			self.rows += 1;
		}
	}

	pub(crate) fn finish(&self) -> Vec<i32> {
		let divisor = if self.pooling == Pooling::Mean { self.rows } else { 1 };
		// A mean of 32-bit values is one.
		self.sums.iter().map(|sum| divr(*sum, divisor) as i32).collect()
	}
}
