//! Normalisations in place (`docs/exact-arithmetic.md`, 3.3).

use crate::kernel::Kernels;
use assay_exact::{
	normalise::InverseRoot,
	number::{divr, rshift, sat},
};

/// Root-mean-square normalisation of each group as long as the gain.
pub(crate) fn rms_norm(kernels: &Kernels, values: &mut [i32], gain: &[i32], epsilon: u64) {
	for group in values.chunks_exact_mut(gain.len()) {
		let root = mean_root(kernels, group, epsilon);
		kernels.normalise(group, gain, root);
	}
}

/// Layer normalisation of the whole vector.
pub(crate) fn layer_norm(kernels: &Kernels, values: &mut [i32], gain: &[i32], bias: &[i32], epsilon: u64) {
	let sum: i64 = values.iter().map(|x| i64::from(*x)).sum();
	let mean = divr(sum, values.len() as i64);
	for x in values.iter_mut() {
		*x = sat(i64::from(*x) - mean);
	}
	let root = mean_root(kernels, values, epsilon);
	for ((x, gain), bias) in values.iter_mut().zip(gain).zip(bias) {
		*x = sat(rshift(root.times(*x) * i64::from(*gain), 20) + i64::from(*bias));
	}
}

/// Scales the whole vector to unit length.
pub(crate) fn l2_normalise(kernels: &Kernels, values: &mut [i32]) {
	let root = InverseRoot::new(bounded(kernels.sum_of_squares(values)));
	for x in values {
		*x = sat(rshift(root.times(*x), 4));
	}
}

fn mean_root(kernels: &Kernels, values: &[i32], epsilon: u64) -> InverseRoot {
	InverseRoot::new(bounded(
		kernels.sum_of_squares(values) / values.len() as u128 + u128::from(epsilon),
	))
}

/// [`InverseRoot::new`] clamps to 62 bits; what exceeds 64 saturates before.
fn bounded(v: u128) -> u64 {
	v.try_into().unwrap_or(u64::MAX)
}
