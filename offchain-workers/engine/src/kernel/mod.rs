//! The inner loops, once for each class of processor, behind one table chosen at run time.
//!
//! Every function is exact: all tiers return the same integers for the same operands, and nothing here depends on how
//! the work was cut. The bounds that make it so are those of `docs/exact-arithmetic.md`.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(test)]
mod tests;

pub(crate) use portable::{block_shift, rounded};
use std::{fmt, str::FromStr};

/// Elements that share a scale or a shift.
pub(crate) const BLOCK: usize = 32;
/// Weight rows that are interleaved: one lane of a 256-bit register each.
pub(crate) const GROUP: usize = 8;
/// Most positions a linear kernel takes at once: what fits the registers of AVX2.
pub(crate) const TILE: usize = 4;
/// Environment variable that forces a tier.
pub const KERNEL_VARIABLE: &str = "ASSAY_KERNEL";

/// A class of processors with its own kernels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
	/// Plain Rust, any processor.
	Portable,
	/// x86-64 with AVX2: `vpmaddwd` on 8 pairs.
	Avx2,
}

/// Why a tier cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TierError {
	/// No such tier.
	#[error("unknown kernel tier \"{0}\"; the tiers are portable and avx2")]
	Unknown(String),
	/// The processor lacks the instructions.
	#[error("kernel tier {0} is not available: this processor lacks its instructions")]
	Unavailable(Tier),
}

impl Tier {
	/// Every tier, slowest first.
	pub const ALL: [Tier; 2] = [Tier::Portable, Tier::Avx2];

	/// Whether this processor has the tier's instructions.
	pub fn is_available(self) -> bool {
		match self {
			Tier::Portable => true,
			#[cfg(target_arch = "x86_64")]
			Tier::Avx2 => is_x86_feature_detected!("avx2"),
			#[cfg(not(target_arch = "x86_64"))]
			_ => false,
		}
	}

	/// The tier named by `ASSAY_KERNEL` if it is set, else the fastest this processor has.
	pub fn detect() -> Result<Self, TierError> {
		match std::env::var(KERNEL_VARIABLE) {
			Ok(name) if !name.is_empty() => {
				let tier: Tier = name.parse()?;
				tier.is_available().then_some(tier).ok_or(TierError::Unavailable(tier))
			}
			_ => Ok(Self::ALL
				.into_iter()
				.rev()
				.find(|tier| tier.is_available())
				.unwrap_or(Tier::Portable)),
		}
	}
}

impl fmt::Display for Tier {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Tier::Portable => "portable",
			Tier::Avx2 => "avx2",
		})
	}
}

impl FromStr for Tier {
	type Err = TierError;

	fn from_str(name: &str) -> Result<Self, TierError> {
		Self::ALL
			.into_iter()
			.find(|tier| tier.to_string() == name)
			.ok_or_else(|| TierError::Unknown(name.to_owned()))
	}
}

/// One block of columns of [`GROUP`] weight rows: 8.5 bits for each weight.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct GroupBlock {
	/// For each row: `shift << 11 | mantissa`, so that the block's factor is `mantissa << shift`.
	pub(crate) factors: [u16; GROUP],
	/// For each pair of columns, the pair of each row.
	pub(crate) pairs: [[[i8; 2]; GROUP]; BLOCK / 2],
}

/// The mantissas of one block of activations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(align(64))]
pub(crate) struct ActivationBlock(pub(crate) [i16; BLOCK]);

impl ActivationBlock {
	pub(crate) const ZERO: Self = Self([0; BLOCK]);
}

/// One position's activations, as a linear kernel reads them.
#[derive(Clone, Copy)]
pub(crate) struct ActivationRow<'a> {
	pub(crate) mantissas: &'a [ActivationBlock],
	/// The lift of each block, at most 7.
	pub(crate) lifts: &'a [u8],
}

/// The accumulators of one group of rows at one position.
pub(crate) type GroupSums = [i64; GROUP];

type LinearFn = unsafe fn(&[GroupBlock], &[ActivationRow<'_>], &mut [GroupSums]);
type QuantiseFn = unsafe fn(&[i32], &mut [ActivationBlock], &mut [u8]) -> u8;
type BlockDotsFn = unsafe fn(&[ActivationBlock], &[i8], &mut [i32]);
type MixFn = unsafe fn(&[i16], &[i8], usize, &mut [i64; BLOCK]);
type SumOfSquaresFn = unsafe fn(&[i32]) -> u128;

/// The kernels of one tier.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
	tier: Tier,
	linear: LinearFn,
	quantise: QuantiseFn,
	block_dots: BlockDotsFn,
	mix: MixFn,
	sum_of_squares: SumOfSquaresFn,
}

impl Kernels {
	/// The table of `tier`, if this processor can run it. There is no other way to get one.
	pub(crate) fn of(tier: Tier) -> Result<Self, TierError> {
		if !tier.is_available() {
			return Err(TierError::Unavailable(tier));
		}
		Ok(match tier {
			#[cfg(target_arch = "x86_64")]
			Tier::Avx2 => avx2::KERNELS,
			_ => portable::KERNELS,
		})
	}

	pub(crate) fn tier(&self) -> Tier {
		self.tier
	}

	/// `sums[p][r] = Σ_b (Σ_{i in b} q·m) · factor · 2^lift`: the accumulators of a group of rows at up to [`TILE`]
	/// positions.
	pub(crate) fn linear(&self, group: &[GroupBlock], tile: &[ActivationRow<'_>], sums: &mut [GroupSums]) {
		assert!(tile.len() <= TILE && tile.len() == sums.len());
		assert!(tile
			.iter()
			.all(|row| row.mantissas.len() == group.len() && row.lifts.len() == group.len()));
		// SAFETY: a table exists only on processors that have its instructions; lengths agree as asserted.
		unsafe { (self.linear)(group, tile, sums) }
	}

	/// Cuts values into activation blocks; returns the base. One lift is written for each block.
	pub(crate) fn quantise(&self, values: &[i32], mantissas: &mut [ActivationBlock], lifts: &mut [u8]) -> u8 {
		assert!(values.len() == mantissas.len() * BLOCK && lifts.len() == mantissas.len());
		// SAFETY: as for `linear`.
		unsafe { (self.quantise)(values, mantissas, lifts) }
	}

	/// `dots[j·n + b]`: the product of block b of the query (n blocks) with block b of cache row j.
	pub(crate) fn block_dots(&self, query: &[ActivationBlock], rows: &[i8], dots: &mut [i32]) {
		assert!(!query.is_empty() && rows.len() == dots.len() * BLOCK && dots.len().is_multiple_of(query.len()));
		// SAFETY: as for `linear`.
		unsafe { (self.block_dots)(query, rows, dots) }
	}

	/// `sums[i] = Σ_j weights[j] · values[j·stride + i]` for the 32 elements of a block; weights in [0, 32767].
	pub(crate) fn mix(&self, weights: &[i16], values: &[i8], stride: usize, sums: &mut [i64; BLOCK]) {
		assert!(weights.is_empty() || values.len() >= (weights.len() - 1) * stride + BLOCK);
		// SAFETY: as for `linear`.
		unsafe { (self.mix)(weights, values, stride, sums) }
	}

	/// `Σ x²` of at most 32,768 elements.
	pub(crate) fn sum_of_squares(&self, values: &[i32]) -> u128 {
		// SAFETY: as for `linear`.
		unsafe { (self.sum_of_squares)(values) }
	}
}
