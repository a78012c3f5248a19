//! What operations read of the artifact.

use super::{sized, Fault};
use crate::{
	needs::{table_leaves, table_rows},
	Key, Opening,
};
use assay_exact::{evaluate::Weights, program::TensorIndex, Instance};
use assay_trace::{
	artifact::Leaves,
	merkle::{leaf_hash, LeafPosition},
	Statement,
};
use std::collections::BTreeMap;

/// What operations read of the artifact: its vectors from the key, and the rows of tables that were opened.
pub(super) struct Rows<'a> {
	key: &'a Key,
	opened: BTreeMap<(Instance, u32), Vec<u8>>,
}

impl<'a> Rows<'a> {
	pub(super) fn new(
		key: &'a Key,
		statement: &Statement<'_>,
		positions: &[u32],
		opening: &Opening,
	) -> Result<Self, Fault> {
		let program = statement.program;
		let rows = table_rows(statement, positions);
		let held = table_leaves(program, &rows);
		sized("leaves of the artifact", opening.leaves.len(), held.len() as u64)?;
		let shape = |instance: &Instance| program.tensors[usize::from(instance.tensor.0)].shape;
		let mut leaves = BTreeMap::new();
		for ((instance, leaf), opened) in held.into_iter().zip(&opening.leaves) {
			let position = LeafPosition {
				index: leaf,
				size: Leaves::new(shape(&instance)).count(),
			};
			let root = key.root(&instance);
			let proved =
				root.is_some_and(|root| opened.path.verify(position, &leaf_hash(&opened.bytes), &root).is_ok());
			if !proved {
				return Err(Fault::Leaf { instance, leaf });
			}
			leaves.insert((instance, leaf), &opened.bytes);
		}
		let mut opened = BTreeMap::new();
		for (instance, row) in rows {
			let cut = Leaves::new(shape(&instance));
			let row_bytes = shape(&instance).row_bytes();
			let held = cut.of_row(row).unwrap_or(0..0);
			let start = cut.bytes_of(held.start).map_or(0, |range| range.start);
			let bytes: Vec<u8> = held
				.flat_map(|leaf| {
					leaves
						.get(&(instance, leaf))
						.into_iter()
						.flat_map(|bytes| bytes.iter().copied())
				})
				.collect();
			let offset = (u64::from(row) * row_bytes).saturating_sub(start) as usize;
			// A row that is not whole is refused by the operation that reads it.
			let bytes = bytes.get(offset..).unwrap_or_default();
			let bytes = &bytes[..bytes.len().min(row_bytes as usize)];
			opened.insert((instance, row), bytes.to_vec());
		}
		Ok(Self { key, opened })
	}
}

impl Weights for Rows<'_> {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		let opened = self.opened.get(&(Instance { tensor, layer }, row));
		opened.map(Vec::as_slice).or_else(|| self.key.row(tensor, layer, row))
	}
}
