//! Registers quantised for products: blocks of 16-bit mantissas with shared shifts (`docs/exact-arithmetic.md`, 2.2).

use crate::kernel::{ActivationBlock, ActivationRow, Kernels, BLOCK};
use rayon::prelude::*;

/// Elements for which handing work to another thread pays.
pub(crate) const PARALLEL_ELEMENTS: usize = 8192;

/// One quantised vector for each position.
#[derive(Default)]
pub(crate) struct Activations {
	blocks: usize,
	mantissas: Vec<ActivationBlock>,
	lifts: Vec<u8>,
	bases: Vec<u8>,
}

impl Activations {
	/// Quantises `values`, one vector of `width` elements for each position.
	pub(crate) fn quantise(&mut self, kernels: &Kernels, values: &[i32], width: usize) {
		let positions = values.len() / width;
		self.blocks = width / BLOCK;
		self.mantissas.resize(positions * self.blocks, ActivationBlock::ZERO);
		self.lifts.resize(positions * self.blocks, 0);
		self.bases.resize(positions, 0);
		values
			.par_chunks_exact(width)
			.zip(self.mantissas.par_chunks_exact_mut(self.blocks))
			.zip(self.lifts.par_chunks_exact_mut(self.blocks))
			.zip(&mut self.bases)
			.with_min_len((PARALLEL_ELEMENTS / width).max(1))
			.for_each(|(((values, mantissas), lifts), base)| *base = kernels.quantise(values, mantissas, lifts));
	}

	pub(crate) fn positions(&self) -> usize {
		self.bases.len()
	}

	pub(crate) fn row(&self, position: usize) -> ActivationRow<'_> {
		let blocks = position * self.blocks..(position + 1) * self.blocks;
		ActivationRow {
			mantissas: &self.mantissas[blocks.clone()],
			lifts: &self.lifts[blocks],
		}
	}

	pub(crate) fn base(&self, position: usize) -> i32 {
		self.bases[position].into()
	}
}
