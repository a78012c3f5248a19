//! Attention over the int8 cache (`docs/exact-arithmetic.md`, 3.5), as two products with it: the query heads that share a
//! key/value head are a tile of the linear kernels, at several positions if they are few.

use crate::{
	activations::Packer,
	arithmetic::{scaled, Divisor},
	cache::{Cache, HeadCache},
	kernel::{ActivationBlock, GroupSums, Kernels, Tile, BLOCK, GROUP, TILE},
};
use assay_exact::program::Mask;
use rayon::prelude::*;

/// Multiply-accumulates for which handing work to another thread pays.
const PARALLEL_PRODUCTS: usize = 1 << 17;

/// What an attention operation is besides its registers.
#[derive(Clone, Copy)]
pub(crate) struct Attention {
	pub(crate) heads: usize,
	pub(crate) head_dim: usize,
	pub(crate) scale: u32,
	pub(crate) mask: Mask,
}

/// A tile of query heads that share a key/value head.
struct Task<'a> {
	head: &'a HeadCache,
	/// For each query head: where its vector starts in the queries, and how many positions it sees, which never falls.
	rows: Vec<(usize, usize)>,
	/// The weighted means, one vector for each of the rows.
	mixed: &'a mut [i32],
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
	packer: Packer,
	/// The query heads, one after the other.
	queries: Vec<i32>,
	/// A tile's mantissas: of the queries, then of the weights.
	mantissas: Vec<ActivationBlock>,
	lifts: Vec<u32>,
	/// `[row][position]`, rows padded to whole blocks: scores in units of 2⁻¹⁶, base 2.
	scores: Vec<i32>,
	/// `[row][position]`: their exponentials, zero where a row does not see.
	exponentials: Vec<u32>,
}

impl Attention {
	/// Attends from each new position, whose rows the cache already holds; `first` is the position of the first.
	pub(crate) fn attend(&self, kernels: &Kernels, cache: &Cache, first: usize, queries: &[i32], mixed: &mut [i32]) {
		let (head_dim, kv_heads) = (self.head_dim, cache.heads.len());
		let positions = queries.len() / (self.heads * head_dim);
		// The query heads that share a key/value head lie side by side.
		let shared = self.heads / kv_heads;
		let mut by_head = vec![0; queries.len()];
		let mut tasks = Vec::new();
		for (index, mixed) in by_head.chunks_exact_mut(positions * shared * head_dim).enumerate() {
			for (tile, mixed) in mixed.chunks_mut(TILE * head_dim).enumerate() {
				let rows = (tile * TILE..tile * TILE + mixed.len() / head_dim).map(|row| {
					let (position, query) = (row / shared, row % shared);
					let visible = match self.mask {
						Mask::Causal => first + position + 1,
						Mask::Full => first + positions,
					};
					(((position * kv_heads + index) * shared + query) * head_dim, visible)
				});
				tasks.push(Task {
					head: &cache.heads[index],
					rows: rows.collect(),
					mixed,
				});
			}
		}
		let products = 2 * queries.len() * (first + positions) / tasks.len().max(1);
		tasks
			.par_iter_mut()
			.with_min_len((PARALLEL_PRODUCTS / products.max(1)).max(1))
			.for_each_init(Scratch::default, |scratch, task| {
				task.run(kernels, self, queries, scratch)
			});
		drop(tasks);

		let together = shared * head_dim;
		for (index, by_head) in by_head.chunks_exact(positions * together).enumerate() {
			let mixed = mixed.chunks_exact_mut(together).skip(index).step_by(kv_heads);
			for (mixed, by_head) in mixed.zip(by_head.chunks_exact(together)) {
				mixed.copy_from_slice(by_head);
			}
		}
	}
}

impl Task<'_> {
	fn run(&mut self, kernels: &Kernels, attention: &Attention, queries: &[i32], scratch: &mut Scratch) {
		scratch.queries.clear();
		for (start, _) in &self.rows {
			scratch
				.queries
				.extend_from_slice(&queries[*start..][..attention.head_dim]);
		}
		let reach = self.rows.last().map_or(0, |(_, visible)| *visible);
		scratch.score(kernels, self.head, self.rows.len(), reach);
		let stride = reach.next_multiple_of(BLOCK);
		scratch.exponentials.resize(self.rows.len() * stride, 0);
		let rows = scratch.scores.chunks_exact_mut(stride);
		let totals: Vec<Divisor> = rows
			.zip(scratch.exponentials.chunks_exact_mut(stride))
			.zip(&self.rows)
			.map(|((scores, exponentials), (_, visible))| {
				exponentials[*visible..].fill(0);
				let total =
					kernels.exponentials(&mut scores[..*visible], attention.scale, &mut exponentials[..*visible]);
				Divisor::new(total)
			})
			.collect();
		for block in 0..attention.head_dim / BLOCK {
			self.mix(kernels, block, &totals, scratch);
		}
	}

	/// Steps 4 and 5: the weighted means of one block of the visible values.
	fn mix(&mut self, kernels: &Kernels, block: usize, totals: &[Divisor], scratch: &mut Scratch) {
		let (rows, head_dim) = (self.rows.len(), self.mixed.len() / self.rows.len());
		let stride = scratch.exponentials.len() / rows;
		scratch.mantissas.resize(rows * stride / BLOCK, ActivationBlock::ZERO);
		scratch.lifts.clear();
		scratch.lifts.resize(rows * stride / BLOCK, 0);
		let mut tops = [0; TILE];
		for (row, exponentials) in scratch.exponentials.chunks_exact(stride).enumerate() {
			tops[row] = self.head.value_top(block, self.rows[row].1);
			let weights = scratch.mantissas[row..].iter_mut().step_by(rows);
			let shifts = self.head.value_shifts(block).chunks(BLOCK);
			for ((weights, exponentials), shifts) in weights.zip(exponentials.chunks_exact(BLOCK)).zip(shifts) {
				kernels.weigh(exponentials, shifts, tops[row], weights);
			}
		}
		let tile = Tile {
			mantissas: &scratch.mantissas,
			lifts: &scratch.lifts,
			bases: &[0; TILE][..rows],
		};
		let mut sums: [GroupSums; TILE] = [[0; GROUP]; TILE];
		for (half, values) in self.head.values(block).iter().enumerate() {
			kernels.linear(&values[..stride / BLOCK], tile, &mut sums[..rows]);
			let first = block * BLOCK + half * GROUP;
			for (row, mixed) in self.mixed.chunks_exact_mut(head_dim).enumerate() {
				for (y, sum) in mixed[first..][..GROUP].iter_mut().zip(sums[row]) {
					*y = scaled(totals[row].divide(sum << 20), i32::from(tops[row]) - 20);
				}
			}
		}
	}
}

impl Scratch {
	/// Steps 1 and 2, up to the factor of all scores: those of `rows` queries for the first `reach` keys.
	fn score(&mut self, kernels: &Kernels, head: &HeadCache, rows: usize, reach: usize) {
		let stride = reach.next_multiple_of(BLOCK);
		self.scores.resize(rows * stride, 0);
		let mut bases = [0; TILE];
		let bases = &mut bases[..rows];
		let blocks = self.queries.len() / BLOCK;
		self.mantissas.resize(blocks, ActivationBlock::ZERO);
		self.lifts.resize(blocks, 0);
		self.packer
			.pack(kernels, &self.queries, &mut self.mantissas, &mut self.lifts, bases);
		let tile = Tile {
			mantissas: &self.mantissas,
			lifts: &self.lifts,
			bases,
		};
		let (mut sums, mut scores) = ([[0; GROUP]; TILE], [0; GROUP * TILE]);
		for group in 0..reach.div_ceil(GROUP) {
			let (keys, floors) = head.keys(group);
			kernels.linear(keys, tile, &mut sums[..rows]);
			kernels.scale(&sums[..rows], floors, bases, &mut scores[..rows * GROUP]);
			for (row, scores) in scores[..rows * GROUP].chunks_exact(GROUP).enumerate() {
				self.scores[row * stride + group * GROUP..][..GROUP].copy_from_slice(scores);
			}
		}
	}
}
