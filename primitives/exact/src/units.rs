//! The amount of computation a job costs, derived from its program alone.

use crate::program::{Head, Mask, Op, Program, Shape, TensorIndex};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Multiply-accumulates that take as long as one element of any other operation: reading, rounding and writing it. Measured,
/// one to three nanoseconds (`docs/benchmarks.md`, "Elements"), where a multiply-accumulate of a product takes a twentieth to a tenth of one.
const ELEMENT: u128 = 32;

/// An amount of computation in units of 2²⁰ multiply-accumulates, rounded up.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct ComputeUnits(pub u64);

impl core::fmt::Display for ComputeUnits {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		write!(f, "{} units", self.0)
	}
}

impl Program {
	/// Computation of a job with this many prompt positions and generated tokens, at least one unit; a job's maximum is
	/// `units(prompt, max_tokens)`.
	///
	/// With n positions fed to the layers (`prompt + generated - 1` for a tokens head, since the last token is not fed;
	/// `prompt` for a vector head), v visible (position, position) pairs (n(n+1)/2 causal, n² full) and h runs of the
	/// head (`generated`, or one for a vector head):
	///
	/// n · (entry + layers · layer) + v · layers · 2 · heads · head_dim + h · head
	///
	/// where a list of operations costs rows · columns for each [`Op::Linear`] and 32 for each element that any other
	/// operation writes. Monotone in both arguments. Valid programs and jobs stay far below the range of `u64`; beyond it the
	/// result saturates.
	pub fn units(&self, prompt_positions: u32, generated: u32) -> ComputeUnits {
		let (prompt, generated) = (u128::from(prompt_positions), u128::from(generated));
		let (positions, head_ops, head_runs) = match &self.head {
			Head::Tokens { ops, .. } => (prompt + generated.saturating_sub(1), ops, generated),
			Head::Vector { ops, .. } => (prompt, ops, 1),
		};
		let attention = self.layer.iter().fold(0u128, |sum, op| match *op {
			Op::Attention {
				heads, head_dim, mask, ..
			} => {
				let visible = match mask {
					Mask::Causal => positions * (positions + 1) / 2,
					Mask::Full => positions * positions,
				};
				sum.saturating_add(visible.saturating_mul(2 * u128::from(heads) * u128::from(head_dim)))
			}
			_ => sum,
		});
		let layers = u128::from(self.layers);
		let per_position = self
			.cost(&self.entry)
			.saturating_add(self.cost(&self.layer).saturating_mul(layers));
		let total = positions
			.saturating_mul(per_position)
			.saturating_add(attention.saturating_mul(layers))
			.saturating_add(self.cost(head_ops).saturating_mul(head_runs));
		ComputeUnits(u64::try_from(total.div_ceil(1 << 20)).unwrap_or(u64::MAX).max(1))
	}

	/// Multiply-accumulates of the matrix products and what the elements written by everything else count as, at one position.
	fn cost(&self, ops: &[Op]) -> u128 {
		let weights = |tensor: TensorIndex| {
			let tensor = self.tensors.get(usize::from(tensor.0));
			tensor.map_or(0, |tensor| match tensor.shape {
				Shape::Matrix { .. } => tensor.shape.weights(),
				_ => 0,
			})
		};
		ops.iter().fold(0u128, |sum, op| {
			let cost = match *op {
				Op::Linear { weight, .. } => u128::from(weights(weight)),
				_ => {
					let elements = self.registers.get(usize::from(op.dst().0)).copied().unwrap_or(0);
					u128::from(elements).saturating_mul(ELEMENT)
				}
			};
			sum.saturating_add(cost)
		})
	}
}
