//! Matrix-vector products and embeddings (sections 3.1 and 3.2 of the page).

use crate::{
	blocks::{Activation, Factors, Scale, WeightRow},
	number::{sat, scale2},
};

/// The exact accumulator A of one row: below 2⁶² in magnitude for up to 1,024 blocks, whatever the order of summation.
pub fn accumulate(row: &WeightRow<'_>, factors: &Factors, x: &Activation) -> i64 {
	let blocks = row
		.blocks()
		.zip(x.mantissas.chunks_exact(32))
		.zip(factors.factors.iter().zip(&x.lifts));
	blocks
		.map(|((weights, mantissas), (&factor, &lift))| {
			let dot: i64 = weights
				.iter()
				.zip(mantissas)
				.map(|(&q, &m)| i64::from(q) * i64::from(m))
				.sum();
			(dot * i64::from(factor)) << lift
		})
		.sum()
}

/// One element of a linear layer.
pub fn linear(row: &WeightRow<'_>, x: &Activation, bias: Option<i32>) -> i32 {
	let factors = Factors::new(&row.scales);
	finish(accumulate(row, &factors, x), factors.floor, x, bias)
}

/// One element of a linear layer from the accumulator of its row, whose factors have this floor.
pub fn finish(accumulator: i64, floor: i32, x: &Activation, bias: Option<i32>) -> i32 {
	let product = sat(scale2(accumulator, floor + i32::from(x.base)));
	sat(i64::from(product) + i64::from(bias.unwrap_or(0)))
}

/// A row of a Q8_0 matrix as values.
pub fn embed<'a>(row: &'a WeightRow<'_>) -> impl Iterator<Item = i32> + 'a {
	row.blocks()
		.zip(&row.scales)
		.flat_map(|(weights, &Scale { mantissa, exponent })| {
			weights.map(|q| sat(scale2(i64::from(q) * i64::from(mantissa), exponent + 16)))
		})
}
