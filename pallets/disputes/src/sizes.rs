//! How long the right answer to a question can be. A worker is never asked for more than fits into one answer, for it
//! would lose by being right.

use assay_exact::program::{Mask, Op, Program, Register};
use assay_protocol::dispute::Stage;
use assay_trace::{cache::leaf_bytes, cell::operations, fault::Target, Layout, Place};

/// Bytes of a hash.
const HASH: u64 = 32;
/// Bytes of a length at most.
const LENGTH: u64 = 5;
/// Bytes of the dispute, the stage and the answer's kind at most.
const FRAME: u64 = 64;
/// Bytes of a path in the tree of a trace at most.
const PATH: u64 = LENGTH + 64 * HASH;

/// Bytes of the right answer to what is asked of a worker, at most; zero where it is not the worker's turn.
pub(crate) fn answer_bytes(program: &Program, layout: &Layout, stage: &Stage) -> u64 {
	let answer = match *stage {
		Stage::ListGroups => {
			let trees = if layout.mask == Mask::Full { 2 } else { 1 };
			layout.groups().saturating_mul(trees * HASH)
		}
		Stage::OpenGroup { group } => {
			let first = Place::Cell {
				row: group.row,
				position: 0,
			};
			cell_bytes(program, first)
				.saturating_mul(layout.group_size.into())
				.saturating_add(PATH)
		}
		Stage::OpenHead { position } => cell_bytes(program, Place::Head { position }),
		Stage::Show { place, target } => exhibit_bytes(program, layout, place, target),
		Stage::PointAtGroup | Stage::PointAtTarget | Stage::Prove => return 0,
	};
	answer.saturating_add(FRAME)
}

/// The roots of a cell.
fn cell_bytes(program: &Program, place: Place) -> u64 {
	let vectors = operations(program, place).len() as u64 * HASH;
	LENGTH + vectors + 3 * (1 + HASH)
}

fn exhibit_bytes(program: &Program, layout: &Layout, place: Place, target: Target) -> u64 {
	let ops = operations(program, place);
	let values = |register| LENGTH + 4 * u64::from(program.width(register).unwrap_or(0));
	let states = u64::from(layout.groups_per_row()) * HASH + LENGTH;
	let attention = ops.iter().find_map(|op| match *op {
		Op::Attention {
			heads,
			kv_heads,
			head_dim,
			..
		} => Some((u64::from(heads), u64::from(kv_heads), head_dim)),
		_ => None,
	});
	match (target, attention) {
		(Target::Vector(op), _) => ops.get(usize::from(op)).map_or(0, |op| values(op.dst())),
		(Target::Pooled, _) => values(Register(0)),
		(Target::Cache, None) => 0,
		(Target::Cache, Some((_, kv_heads, head_dim))) => {
			LENGTH + kv_heads.saturating_mul(LENGTH + leaf_bytes(head_dim) as u64)
		}
		(Target::Work, Some((heads, _, head_dim))) => {
			// A peak, a largest shift for each block of 32 elements, and the states.
			let largest = 8 + LENGTH + u64::from(head_dim) / 4;
			LENGTH + heads.saturating_mul(largest.saturating_add(states))
		}
		// Of each chunk of the mean, of which there are fewer than values.
		(Target::Work, None) => {
			let chunks = u64::from(assay_trace::vector::chunk_count(
				program.width(Register(0)).unwrap_or(0),
			));
			LENGTH + chunks.saturating_mul(states)
		}
	}
}
