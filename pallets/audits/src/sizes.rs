//! How long right replies can be. Nobody is asked for more than fits into one reply, for it would lose by being right.

use assay_exact::program::{Op, Program};
use assay_trace::cache::leaf_bytes;

/// Bytes of everything in a reply that does not grow with the model: paths, hashes, a leaf of the artifact, and the works
/// and states of the widest head.
const FRAME: u64 = 64 * 1024;
/// Positions of a group at most.
const GROUP: u64 = 128;
/// Bytes of a path in a tree at most.
const PATH: u64 = 64 * 32;

/// Bytes of the longest right reply about a model, at most: a step may read three vectors in full, a row of a matrix, and the
/// cache rows of one head at all positions of a group.
pub(crate) fn longest_reply(program: &Program) -> u64 {
	let widest = program.registers.iter().copied().max().unwrap_or(0);
	let rows = program
		.tensors
		.iter()
		.map(|tensor| tensor.shape.row_bytes())
		.max()
		.unwrap_or(0);
	let caches = program.layer.iter().map(|op| match *op {
		Op::Attention { kv_heads, head_dim, .. } => {
			let leaf = leaf_bytes(head_dim) as u64;
			let group = GROUP * (leaf + 16 * 32);
			group.max(u64::from(kv_heads) * (leaf + 5))
		}
		_ => 0,
	});
	FRAME
		.saturating_add(PATH)
		.saturating_add(12 * u64::from(widest))
		.saturating_add(2 * rows)
		.saturating_add(caches.max().unwrap_or(0))
}
