//! How tensors lie in an artifact: rows, bytes and the order of instances.

use crate::program::{Program, Shape, TensorIndex};

/// One tensor of an artifact: a whole-program tensor, or a per-layer tensor at one layer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instance {
	/// Its declaration in the program.
	pub tensor: TensorIndex,
	/// The layer it belongs to, or none for a whole-program tensor.
	pub layer: Option<u16>,
}

impl Shape {
	/// Number of rows.
	pub const fn rows(&self) -> u32 {
		match *self {
			Self::Matrix { rows, .. } => rows,
			Self::Vector { .. } => 1,
			Self::Rotation { positions, .. } => positions,
		}
	}

	/// Bytes of one row: `columns/32` scales of two bytes and `columns` weights; four bytes for each value; eight for
	/// each (cosine, sine) couple.
	pub const fn row_bytes(&self) -> u64 {
		match *self {
			Self::Matrix { columns, .. } => (columns as u64 / 32) * 34,
			Self::Vector { length } => length as u64 * 4,
			Self::Rotation { pairs, .. } => pairs as u64 * 8,
		}
	}

	/// Bytes of the whole tensor. (Saturates for shapes far beyond what validation accepts.)
	pub const fn bytes(&self) -> u64 {
		self.row_bytes().saturating_mul(self.rows() as u64)
	}

	/// Number of quantised weights: rows · columns of a matrix, else none.
	pub const fn weights(&self) -> u64 {
		match *self {
			Self::Matrix { rows, columns } => rows as u64 * columns as u64,
			_ => 0,
		}
	}
}

impl Program {
	/// All tensors in artifact order: whole-program tensors by index, then each layer's tensors by index.
	pub fn instances(&self) -> impl Iterator<Item = Instance> + '_ {
		let declared = |per_layer: bool| {
			let tensors = self.tensors.iter().enumerate();
			tensors
				.filter(move |(_, tensor)| tensor.per_layer == per_layer)
				.map(|(i, _)| TensorIndex(i as u16))
		};
		let whole = declared(false).map(|tensor| Instance { tensor, layer: None });
		let layered = (0..self.layers).flat_map(move |layer| {
			declared(true).map(move |tensor| Instance {
				tensor,
				layer: Some(layer),
			})
		});
		whole.chain(layered)
	}
}
