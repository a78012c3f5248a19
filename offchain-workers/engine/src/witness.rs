//! What a run shows of its trace while it runs: the values that cross from cell to cell.

use crate::{activations::PARALLEL_ELEMENTS, cache::Cache, Observer};
use assay_exact::Program;
use assay_trace::{
	boundary::Boundaries,
	cache::cache_root,
	digest::{digest, DigestKey},
	execution::Record,
	vector::vector_root,
	Hash32, Layout,
};
use rayon::prelude::*;

/// Who follows a run.
pub(crate) struct Followers<'a> {
	pub(crate) observer: &'a mut dyn Observer,
	pub(crate) witness: &'a mut dyn Witness,
}

impl Followers<'_> {
	/// The same for a while.
	pub(crate) fn again(&mut self) -> Followers<'_> {
		Followers {
			observer: self.observer,
			witness: self.witness,
		}
	}
}

/// What is kept of a run while it goes: what it commits to, and an auditor's digest, each if it is wanted.
pub(crate) type Kept = (Option<Hashes>, Option<Leaves>);

/// Sees what crosses between the cells of a run: all rows of a chunk of positions, then those of the next.
pub(crate) trait Witness: Send {
	fn see(&mut self, crossing: Crossing<'_>);
}

/// Sees nothing.
impl Witness for () {
	fn see(&mut self, _: Crossing<'_>) {}
}

/// Sees nothing, or what the one in it sees.
impl<W: Witness> Witness for Option<W> {
	fn see(&mut self, crossing: Crossing<'_>) {
		if let Some(witness) = self {
			witness.see(crossing);
		}
	}
}

/// What the cells of one row hand on at the positions of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Crossing<'a> {
	/// Row of the trace: 0 for the entry, then the layers.
	pub(crate) row: usize,
	/// First position of the chunk.
	pub(crate) first: usize,
	/// Elements of a residual vector.
	pub(crate) width: usize,
	/// The residual vectors, one after the other.
	pub(crate) residuals: &'a [i32],
	/// The cache of the layer, if it has attention. It holds the rows of all positions up to the chunk's last.
	pub(crate) cache: Option<&'a Cache>,
}

/// Commits to a run as it goes and keeps only hashes. How they are grouped depends on the number of positions, so the
/// trees above them wait for the end.
pub(crate) struct Hashes {
	/// `[row][position]`: the root of the residual vector.
	residuals: Vec<Vec<Hash32>>,
	/// `[layer][position]`: the root of the cache rows.
	caches: Vec<Vec<Hash32>>,
}

impl Hashes {
	pub(crate) fn new(program: &Program) -> Self {
		Self {
			residuals: vec![Vec::new(); usize::from(program.layers) + 1],
			caches: vec![Vec::new(); program.layers.into()],
		}
	}

	/// The boundaries of the run that is over.
	pub(crate) fn finish(self, layout: Layout) -> Boundaries {
		Boundaries::new(layout, self.residuals.concat(), self.caches.concat())
			.unwrap_or_else(|| unreachable!("a run shows every cell of its layout once"))
	}
}

impl Witness for Hashes {
	fn see(&mut self, crossing: Crossing<'_>) {
		let positions = crossing.residuals.len() / crossing.width;
		let new = |hashes: &'_ mut Vec<Hash32>| {
			let known = hashes.len();
			hashes.resize(known + positions, Hash32::default());
			known
		};
		let hashes = &mut self.residuals[crossing.row];
		let known = new(hashes);
		hashes[known..]
			.par_iter_mut()
			.zip(crossing.residuals.par_chunks_exact(crossing.width))
			.with_min_len((PARALLEL_ELEMENTS / crossing.width).max(1))
			.for_each(|(hash, values)| *hash = vector_root(values));

		let Some(cache) = crossing.cache else { return };
		let hashes = &mut self.caches[crossing.row - 1];
		let known = new(hashes);
		let leaves = cache.heads.len() * cache.leaf_bytes();
		hashes[known..]
			.par_iter_mut()
			.enumerate()
			.with_min_len((4 * PARALLEL_ELEMENTS / leaves).max(1))
			.for_each_init(Vec::new, |bytes, (index, hash)| {
				cache.write_leaves(crossing.first + index, bytes);
				*hash = cache_root(bytes.chunks_exact(cache.leaf_bytes()));
			});
	}
}

/// Makes the leaves of an auditor's digest as it goes.
pub(crate) struct Leaves {
	key: DigestKey,
	/// `[row][position]`.
	leaves: Vec<Vec<Hash32>>,
}

impl Leaves {
	pub(crate) fn new(program: &Program, key: DigestKey) -> Self {
		Self {
			key,
			leaves: vec![Vec::new(); usize::from(program.layers) + 1],
		}
	}

	/// The digest of the run that is over.
	pub(crate) fn finish(self) -> Hash32 {
		digest(&self.leaves.concat())
	}
}

impl Witness for Leaves {
	fn see(&mut self, crossing: Crossing<'_>) {
		let key = self.key;
		let leaves = &mut self.leaves[crossing.row];
		let known = leaves.len();
		leaves.resize(known + crossing.residuals.len() / crossing.width, Hash32::default());
		leaves[known..]
			.par_iter_mut()
			.zip(crossing.residuals.par_chunks_exact(crossing.width))
			.enumerate()
			.with_min_len((PARALLEL_ELEMENTS / crossing.width).max(1))
			.for_each_init(Vec::new, |bytes, (index, (leaf, residual))| {
				let (row, position) = (crossing.row as u16, crossing.first + index);
				*leaf = match crossing.cache {
					Some(cache) => {
						cache.write_leaves(position, bytes);
						let cache = bytes.chunks_exact(cache.leaf_bytes());
						key.leaf(row, position as u32, residual, cache)
					}
					None => key.leaf(row, position as u32, residual, []),
				};
			});
	}
}

/// Two that see the same.
impl<A: Witness, B: Witness> Witness for (A, B) {
	fn see(&mut self, crossing: Crossing<'_>) {
		self.0.see(crossing);
		self.1.see(crossing);
	}
}

/// Keeps the values themselves: with them any step of the run can be shown.
pub(crate) struct Values {
	/// `[row][position]`: the residual vector.
	residuals: Vec<Vec<Vec<i32>>>,
	/// `[layer][position][head]`: the leaf of the cache.
	caches: Vec<Vec<Vec<Vec<u8>>>>,
}

impl Values {
	pub(crate) fn new(program: &Program) -> Self {
		Self {
			residuals: vec![Vec::new(); usize::from(program.layers) + 1],
			caches: vec![Vec::new(); program.layers.into()],
		}
	}

	/// The record of the run that is over.
	pub(crate) fn finish(self, layout: Layout) -> Record {
		let residuals = self.residuals.into_iter().flatten().collect();
		let caches = self.caches.into_iter().flatten().collect();
		Record::new(layout, residuals, caches)
			.unwrap_or_else(|| unreachable!("a run shows every cell of its layout once"))
	}
}

impl Witness for Values {
	fn see(&mut self, crossing: Crossing<'_>) {
		let residuals = crossing.residuals.chunks_exact(crossing.width).map(<[i32]>::to_vec);
		self.residuals[crossing.row].extend(residuals);
		let Some(cache) = crossing.cache else { return };
		let positions = crossing.residuals.len() / crossing.width;
		let mut bytes = Vec::new();
		self.caches[crossing.row - 1].extend((crossing.first..crossing.first + positions).map(|position| {
			cache.write_leaves(position, &mut bytes);
			bytes.chunks_exact(cache.leaf_bytes()).map(<[u8]>::to_vec).collect()
		}));
	}
}
