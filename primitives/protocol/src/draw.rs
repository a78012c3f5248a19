//! The weighted draw, as a pure function.

use sp_core::U256;

/// Draws one of `weights` with a probability proportional to it; `None` if all are zero.
///
/// `random` is taken as a number modulo the sum of the weights, which favours no index by more than one part in 2¹²², for
/// a sum of at most 64 weights is below 2¹³⁴.
pub fn draw(weights: &[u128], random: &[u8; 32]) -> Option<usize> {
	let total = weights
		.iter()
		.fold(U256::zero(), |sum, weight| sum.saturating_add((*weight).into()));
	let mut left = U256::from_big_endian(random).checked_rem(total)?;
	weights
		.iter()
		.position(|weight| match left.checked_sub((*weight).into()) {
			Some(rest) => {
				left = rest;
				false
			}
			None => true,
		})
}
