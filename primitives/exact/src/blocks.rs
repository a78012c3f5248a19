//! Blocks of 32 elements that share a scale (section 2 of the page).

use crate::number::{bits, rshift};
use alloc::vec::Vec;

/// Elements of a block.
pub const BLOCK: usize = 32;

/// How far the scale of a block may lie from the largest of its row, head or vector: 2⁷.
pub const SPREAD: i32 = 7;

/// A block scale of a weight row: `mantissa · 2^exponent`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
	/// At most 2,047.
	pub mantissa: u32,
	/// In [-24, 5].
	pub exponent: i32,
}

impl Scale {
	/// Decodes an f16. Negative (minus zero included), infinite and NaN scales are invalid.
	#[inline]
	pub const fn from_f16(half: u16) -> Option<Self> {
		let (exponent, fraction) = (half >> 10, half as u32 & 1023);
		match exponent {
			0 => Some(Self {
				mantissa: fraction,
				exponent: -24,
			}),
			1..=30 => Some(Self {
				mantissa: 1024 + fraction,
				exponent: exponent as i32 - 25,
			}),
			_ => None,
		}
	}
}

/// The scales of a weight row, re-rounded to one floor so that every factor is an integer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Factors {
	/// Exponent of all factors, in [-31, -2].
	pub floor: i32,
	/// One for each block, below 2¹⁸: the block's scale is `factor · 2^floor`.
	pub factors: Vec<u32>,
}

impl Factors {
	/// From the scales of a row.
	pub fn new(scales: &[Scale]) -> Self {
		let top = scales
			.iter()
			.filter(|scale| scale.mantissa != 0)
			.map(|scale| scale.exponent)
			.max()
			.unwrap_or(-24);
		let floor = top - SPREAD;
		let factors = scales.iter().map(|scale| {
			if scale.mantissa == 0 {
				0
			} else if scale.exponent < floor {
				rshift(scale.mantissa.into(), (floor - scale.exponent) as u32) as u32
			} else {
				scale.mantissa << (scale.exponent - floor)
			}
		});
		Self {
			floor,
			factors: factors.collect(),
		}
	}
}

/// A row of a Q8_0 matrix: one scale for each block of 32 weights.
#[derive(Clone, Debug)]
pub struct WeightRow<'a> {
	/// Scales as stored.
	pub scales: Vec<Scale>,
	/// Weights as stored: two's complement in [-127, 127].
	weights: &'a [u8],
}

impl<'a> WeightRow<'a> {
	/// Reads `columns/32` little-endian f16 scales followed by `columns` weights. None if the length is not that of
	/// whole blocks, a scale is invalid, or a weight is -128.
	pub fn parse(row: &'a [u8]) -> Option<Self> {
		let blocks = row.len() / (BLOCK + 2);
		let (scales, weights) = row.split_at_checked(blocks * 2)?;
		if weights.len() != blocks * BLOCK || weights.contains(&(i8::MIN as u8)) {
			return None;
		}
		let scales = scales
			.chunks_exact(2)
			.map(|half| Scale::from_f16(u16::from_le_bytes([half[0], half[1]])))
			.collect::<Option<_>>()?;
		Some(Self { scales, weights })
	}

	/// The weights.
	pub fn weights(&self) -> impl Iterator<Item = i8> + '_ {
		self.weights.iter().map(|&weight| weight as i8)
	}

	/// The weights of each block.
	pub fn blocks(&self) -> impl Iterator<Item = [i8; BLOCK]> + '_ {
		self.weights
			.chunks_exact(BLOCK)
			.map(|block| core::array::from_fn(|i| block[i] as i8))
	}
}

/// Shifts of the blocks of `x` for mantissas of `mantissa_bits` bits and a sign, and their base: a block is shifted just
/// enough to fit, but at most [`SPREAD`] less than the largest block.
fn shifts(x: &[i32], mantissa_bits: u32) -> (Vec<u8>, u8) {
	let magnitude = |block: &[i32]| block.iter().map(|&v| bits(v.into())).max().unwrap_or(0);
	let own: Vec<u32> = x
		.chunks(BLOCK)
		.map(|block| magnitude(block).saturating_sub(mantissa_bits))
		.collect();
	let base = own.iter().max().unwrap_or(&0).saturating_sub(SPREAD as u32);
	(own.iter().map(|&shift| shift.max(base) as u8).collect(), base as u8)
}

/// A vector of values as blocks of 16-bit mantissas: real = mantissa · 2^(base + lift - 16).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activation {
	/// In [-32767, 32767].
	pub mantissas: Vec<i16>,
	/// For each block, its shift above the base, in [0, 7].
	pub lifts: Vec<u8>,
	/// Smallest allowed shift, at most 10.
	pub base: u8,
}

impl Activation {
	/// Quantises values.
	pub fn new(x: &[i32]) -> Self {
		let (shifts, base) = shifts(x, 15);
		let mantissas = x.chunks(BLOCK).zip(&shifts).flat_map(|(block, &shift)| {
			block
				.iter()
				.map(move |&v| rshift(v.into(), shift.into()).clamp(-32767, 32767) as i16)
		});
		Self {
			mantissas: mantissas.collect(),
			lifts: shifts.iter().map(|shift| shift - base).collect(),
			base,
		}
	}
}

/// A key or value head of one position as blocks of 8-bit mantissas: real = mantissa · 2^(shift - 16). Written once, never
/// rescaled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheRow {
	/// In [-127, 127].
	pub mantissas: Vec<i8>,
	/// For each block, in [base, base + 7].
	pub shifts: Vec<u8>,
	/// Smallest allowed shift, at most 18.
	pub base: u8,
}

impl CacheRow {
	/// Quantises the values of one head.
	pub fn new(x: &[i32]) -> Self {
		let (shifts, base) = shifts(x, 7);
		let mantissas = x.chunks(BLOCK).zip(&shifts).flat_map(|(block, &shift)| {
			block
				.iter()
				.map(move |&v| rshift(v.into(), shift.into()).clamp(-127, 127) as i8)
		});
		Self {
			mantissas: mantissas.collect(),
			shifts,
			base,
		}
	}
}
