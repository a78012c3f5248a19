//! Registers quantised for products: blocks of 16-bit mantissas with shared shifts (`docs/exact-arithmetic.md`, 2.2).

use crate::kernel::{ActivationBlock, Kernels, Tile, BLOCK, TILE};
use rayon::prelude::*;

/// Elements for which handing work to another thread pays.
pub(crate) const PARALLEL_ELEMENTS: usize = 8192;

/// One quantised vector for each position, packed for the kernels: tile after tile of [`TILE`] positions, of which the
/// last may be short, and in a tile block after block, so that a kernel reads one stream.
#[derive(Default)]
pub(crate) struct Activations {
	blocks: usize,
	/// `[tile][block][position of the tile]`.
	mantissas: Vec<ActivationBlock>,
	/// Likewise.
	lifts: Vec<u32>,
	/// `[position]`.
	bases: Vec<u8>,
}

/// Packs a tile; it holds one vector on the way.
#[derive(Default)]
pub(crate) struct Packer {
	mantissas: Vec<ActivationBlock>,
	lifts: Vec<u8>,
}

impl Activations {
	/// Quantises `values`, one vector of `width` elements for each position.
	pub(crate) fn quantise(&mut self, kernels: &Kernels, values: &[i32], width: usize) {
		let positions = values.len() / width;
		self.blocks = width / BLOCK;
		self.mantissas.resize(positions * self.blocks, ActivationBlock::ZERO);
		self.lifts.resize(positions * self.blocks, 0);
		self.bases.resize(positions, 0);
		let blocks = TILE * self.blocks;
		values
			.par_chunks(TILE * width)
			.zip(self.mantissas.par_chunks_mut(blocks))
			.zip(self.lifts.par_chunks_mut(blocks))
			.zip(self.bases.par_chunks_mut(TILE))
			.with_min_len((PARALLEL_ELEMENTS / (TILE * width)).max(1))
			.for_each_init(Packer::default, |packer, (((values, mantissas), lifts), bases)| {
				packer.pack(kernels, values, mantissas, lifts, bases);
			});
	}

	pub(crate) fn positions(&self) -> usize {
		self.bases.len()
	}

	/// The positions in tiles.
	pub(crate) fn tiles(&self) -> impl Iterator<Item = Tile<'_>> {
		let blocks = TILE * self.blocks;
		self.mantissas
			.chunks(blocks)
			.zip(self.lifts.chunks(blocks))
			.zip(self.bases.chunks(TILE))
			.map(|((mantissas, lifts), bases)| Tile {
				mantissas,
				lifts,
				bases,
			})
	}
}

impl Packer {
	/// Quantises the vectors of a tile, one for each of the bases.
	pub(crate) fn pack(
		&mut self,
		kernels: &Kernels,
		values: &[i32],
		mantissas: &mut [ActivationBlock],
		lifts: &mut [u32],
		bases: &mut [u8],
	) {
		let (positions, width) = (bases.len(), values.len() / bases.len());
		self.mantissas.resize(width / BLOCK, ActivationBlock::ZERO);
		self.lifts.resize(width / BLOCK, 0);
		for (position, (values, base)) in values.chunks_exact(width).zip(bases).enumerate() {
			*base = kernels.quantise(values, &mut self.mantissas, &mut self.lifts);
			let packed = mantissas[position..].iter_mut().step_by(positions);
			packed.zip(&self.mantissas).for_each(|(packed, block)| *packed = *block);
			let packed = lifts[position..].iter_mut().step_by(positions);
			packed
				.zip(&self.lifts)
				.for_each(|(packed, lift)| *packed = u32::from(*lift));
		}
	}
}
