//! Q8_0 matrices as the linear kernels read them.
//!
//! Rows are interleaved in groups of [`GROUP`]: a vector register then holds one row in each lane and no sum crosses
//! lanes, in decoding and in prefill alike. The scales of a row become factors relative to the row's floor
//! (`docs/exact-arithmetic.md`, 2.1): 16 bits for each block and one byte for each row, so the packed form is as large
//! as the canonical one.

use crate::{
	arithmetic::scaled,
	buffer::Buffer,
	kernel::{GroupBlock, BLOCK, GROUP},
	tensors::Rows,
	LoadError, RowError,
};
use assay_exact::{
	blocks::{Scale, SPREAD},
	number::rshift,
};
use rayon::prelude::*;

/// A matrix packed for products, and for lookups if the program also embeds with it.
pub(crate) struct Matrix {
	rows: usize,
	blocks: usize,
	groups: Buffer<GroupBlock>,
	/// The exponent of each row's floor; padded to whole groups.
	floors: Vec<[i8; GROUP]>,
	/// The f16 scales as stored, which a lookup needs: the factors have lost what was re-rounded.
	scales: Vec<u16>,
}

impl Matrix {
	/// Packs the canonical rows of `source`; `lookup` keeps the stored scales for [`embed`](Self::embed).
	pub(crate) fn pack(source: &Rows<'_>, rows: usize, columns: usize, lookup: bool) -> Result<Self, LoadError> {
		let blocks = columns / BLOCK;
		let groups = rows.div_ceil(GROUP);
		let mut packed = Buffer::zeroed(groups * blocks)?;
		let mut floors = vec![[0i8; GROUP]; groups];
		let mut scales = vec![0u16; if lookup { rows * blocks } else { 0 }];
		packed
			.par_chunks_mut(blocks.max(1))
			.zip(&mut floors)
			.enumerate()
			.try_for_each(|(group, (packed, floors))| {
				for (lane, floor) in floors.iter_mut().enumerate().take(rows - group * GROUP) {
					let row = group * GROUP + lane;
					*floor = pack_row(source.row(row)?, lane, packed).map_err(|cause| source.error(row, cause))?;
				}
				Ok::<_, LoadError>(())
			})?;
		for (index, scales) in scales.chunks_exact_mut(blocks.max(1)).enumerate() {
			for (scale, bytes) in scales.iter_mut().zip(source.row(index)?.chunks_exact(2)) {
				*scale = u16::from_le_bytes([bytes[0], bytes[1]]);
			}
		}
		Ok(Self {
			rows,
			blocks,
			groups: packed,
			floors,
			scales,
		})
	}

	pub(crate) fn rows(&self) -> usize {
		self.rows
	}

	/// Number of groups of rows, the last one padded with zero rows.
	pub(crate) fn groups(&self) -> usize {
		self.floors.len()
	}

	/// Packed bytes of one group.
	pub(crate) fn group_bytes(&self) -> usize {
		self.blocks * size_of::<GroupBlock>()
	}

	/// The blocks of so many groups of rows.
	pub(crate) fn groups_from(&self, group: usize, count: usize) -> &[GroupBlock] {
		&self.groups[group * self.blocks..][..count * self.blocks]
	}

	/// The floors of a group's rows.
	pub(crate) fn floors(&self, group: usize) -> &[i8; GROUP] {
		&self.floors[group]
	}

	/// The row as values (3.2), for matrices packed with `lookup`.
	pub(crate) fn embed(&self, row: usize, values: &mut [i32]) {
		let (group, lane) = (row / GROUP, row % GROUP);
		let blocks = &self.groups[group * self.blocks..][..self.blocks];
		let scales = &self.scales[row * self.blocks..][..self.blocks];
		for ((block, stored), values) in blocks.iter().zip(scales).zip(values.chunks_exact_mut(BLOCK)) {
			let scale = scale(*stored);
			for (pairs, values) in block.pairs.iter().zip(values.chunks_exact_mut(2)) {
				for (q, value) in pairs[lane].iter().zip(values) {
					*value = embedded(*q, scale);
				}
			}
		}
	}
}

/// A Q8_0 matrix that is only looked up: canonical rows.
pub(crate) struct Table {
	row_bytes: usize,
	bytes: Vec<u8>,
}

impl Table {
	/// Copies the canonical rows of `source`.
	pub(crate) fn copy(source: &Rows<'_>, rows: usize, columns: usize) -> Result<Self, LoadError> {
		let row_bytes = columns / BLOCK * (BLOCK + 2);
		let mut bytes = Vec::with_capacity(rows * row_bytes);
		for index in 0..rows {
			let row = source.row(index)?;
			check_row(row).map_err(|cause| source.error(index, cause))?;
			bytes.extend_from_slice(row);
		}
		Ok(Self { row_bytes, bytes })
	}

	/// The row as values (3.2).
	pub(crate) fn embed(&self, row: usize, values: &mut [i32]) {
		let (scales, weights) = split_row(&self.bytes[row * self.row_bytes..][..self.row_bytes]);
		let blocks = weights.chunks_exact(BLOCK).zip(scales.chunks_exact(2));
		for ((weights, stored), values) in blocks.zip(values.chunks_exact_mut(BLOCK)) {
			let scale = scale(u16::from_le_bytes([stored[0], stored[1]]));
			for (q, value) in weights.iter().zip(values) {
				*value = embedded(*q as i8, scale);
			}
		}
	}
}

/// The scales and the weights of a canonical row.
fn split_row(row: &[u8]) -> (&[u8], &[u8]) {
	row.split_at(row.len() / (BLOCK + 2) * 2)
}

fn embedded(q: i8, scale: Scale) -> i32 {
	scaled(i64::from(q) * i64::from(scale.mantissa), scale.exponent + 16)
}

/// A stored scale; rows were checked when they were loaded.
fn scale(bits: u16) -> Scale {
	Scale::from_f16(bits).unwrap_or(Scale {
		mantissa: 0,
		exponent: 0,
	})
}

/// Refuses negative, infinite and NaN scales and the weight -128.
fn check_row(row: &[u8]) -> Result<(), RowError> {
	let (scales, weights) = split_row(row);
	for bytes in scales.chunks_exact(2) {
		let bits = u16::from_le_bytes([bytes[0], bytes[1]]);
		if Scale::from_f16(bits).is_none() {
			return Err(RowError::Scale { bits });
		}
	}
	if weights.contains(&0x80) {
		return Err(RowError::Weight);
	}
	Ok(())
}

/// Writes a canonical row into its lane; returns the row's floor.
fn pack_row(row: &[u8], lane: usize, packed: &mut [GroupBlock]) -> Result<i8, RowError> {
	check_row(row)?;
	let (scales, weights) = split_row(row);
	let scales = || {
		scales
			.chunks_exact(2)
			.map(|bytes| scale(u16::from_le_bytes([bytes[0], bytes[1]])))
	};
	let top = scales()
		.filter(|scale| scale.mantissa != 0)
		.map(|scale| scale.exponent)
		.max()
		.unwrap_or(-24);
	let floor = top - SPREAD;
	for ((block, weights), Scale { mantissa, exponent }) in
		packed.iter_mut().zip(weights.chunks_exact(BLOCK)).zip(scales())
	{
		block.factors[lane] = match exponent - floor {
			_ if mantissa == 0 => 0,
			shift @ 0..=SPREAD => (shift as u16) << 11 | mantissa as u16,
			// Below the floor: re-rounded to it. A mantissa has 11 bits, so the result fits them too.
			below => rshift(mantissa.into(), below.unsigned_abs()) as u16,
		};
		for (pairs, weights) in block.pairs.iter_mut().zip(weights.chunks_exact(2)) {
			pairs[lane] = [weights[0] as i8, weights[1] as i8];
		}
	}
	// Exponents lie in [-24, 5].
	Ok(floor as i8)
}
