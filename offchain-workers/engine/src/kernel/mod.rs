//! The inner loops, once for each class of processor, behind one table chosen at run time.
//!
//! Every function is exact: all tiers return the same integers for the same operands, and nothing here depends on how
//! the work was cut. The bounds that make it so are those of `docs/exact-arithmetic.md`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod elementwise;
mod portable;
#[cfg(test)]
mod tests;

use assay_exact::{
	activation,
	normalise::InverseRoot,
	program::Function,
	tables::{PHI, PHI_TANH, SIGMOID},
};
pub(crate) use portable::{block_shift, rounded};
use std::{fmt, str::FromStr};

/// Elements that share a scale or a shift.
pub(crate) const BLOCK: usize = 32;
/// Weight rows that are interleaved: one lane of a 512-bit register each, or of two 256-bit registers.
pub(crate) const GROUP: usize = 16;
/// Most positions a linear kernel takes at once: their sums fill the registers of AVX-512.
pub(crate) const TILE: usize = 8;
/// Environment variable that forces a tier.
pub const KERNEL_VARIABLE: &str = "ASSAY_KERNEL";

/// A class of processors with its own kernels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
	/// Plain Rust, any processor.
	Portable,
	/// x86-64 with AVX2: `vpmaddwd` on 8 pairs.
	Avx2,
	/// x86-64 with AVX-512 and its neural network instructions: `vpdpwssd` on 16 pairs.
	Avx512,
}

/// Why a tier cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TierError {
	/// No such tier.
	#[error("unknown kernel tier \"{0}\"; the tiers are portable, avx2 and avx512")]
	Unknown(String),
	/// The processor lacks the instructions.
	#[error("kernel tier {0} is not available: this processor lacks its instructions")]
	Unavailable(Tier),
}

impl Tier {
	/// Every tier, slowest first.
	pub const ALL: [Tier; 3] = [Tier::Portable, Tier::Avx2, Tier::Avx512];

	/// Whether this processor has the tier's instructions.
	pub fn is_available(self) -> bool {
		match self {
			Tier::Portable => true,
			#[cfg(target_arch = "x86_64")]
			Tier::Avx2 => is_x86_feature_detected!("avx2"),
			#[cfg(target_arch = "x86_64")]
			Tier::Avx512 => {
				Tier::Avx2.is_available()
					&& is_x86_feature_detected!("avx512f")
					&& is_x86_feature_detected!("avx512bw")
					&& is_x86_feature_detected!("avx512dq")
					&& is_x86_feature_detected!("avx512vl")
					&& is_x86_feature_detected!("avx512vnni")
			}
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
			Tier::Avx512 => "avx512",
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
#[repr(C, align(32))]
pub(crate) struct GroupBlock {
	/// For each row: `shift << 11 | mantissa`, so that the block's factor is `mantissa << shift`.
	pub(crate) factors: [u16; GROUP],
	/// For each pair of columns, the pair of each row.
	pub(crate) pairs: [[[i8; 2]; GROUP]; BLOCK / 2],
}

impl GroupBlock {
	pub(crate) const ZERO: Self = Self {
		factors: [0; GROUP],
		pairs: [[[0; 2]; GROUP]; BLOCK / 2],
	};
}

/// The mantissas of one block of activations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(align(64))]
pub(crate) struct ActivationBlock(pub(crate) [i16; BLOCK]);

impl ActivationBlock {
	pub(crate) const ZERO: Self = Self([0; BLOCK]);
}

/// The activations of up to [`TILE`] positions, as a linear kernel reads them: for each block, one item a position.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
	pub(crate) mantissas: &'a [ActivationBlock],
	/// The lift of each block, at most 7.
	pub(crate) lifts: &'a [u32],
	/// The base of each position.
	pub(crate) bases: &'a [u8],
}

impl Tile<'_> {
	pub(crate) fn positions(&self) -> usize {
		self.bases.len()
	}
}

/// The accumulators of one group of rows at one position.
pub(crate) type GroupSums = [i64; GROUP];

/// Most groups of rows that are read side by side.
pub(crate) const STREAMS: usize = 4;

/// Blocks of a group that are widened together: with the activations of a tile they fit the first cache.
pub(crate) const SPAN: usize = 16;

/// Whole tiles from which on it pays to widen weights once for all of them.
const WIDENING_PAYS: usize = 2;

type LinearFn = unsafe fn(&[GroupBlock], Tile<'_>, &mut [GroupSums]);
type WideFn = unsafe fn(&[GroupBlock], &[Tile<'_>], &mut [GroupSums]);
type ScaleFn = unsafe fn(&[GroupSums], &[i8; GROUP], &[u8], &mut [i32]);
type QuantiseFn = unsafe fn(&[i32], &mut [ActivationBlock], &mut [u8]) -> u8;
type SumOfSquaresFn = unsafe fn(&[i32]) -> u128;
type PairwiseFn = unsafe fn(&mut [i32], &[i32]);
type GateFn = unsafe fn(&mut [i32], &[u32; 1025], u32);
type ExponentialsFn = unsafe fn(&mut [i32], u32, &mut [u32]) -> i64;
type WeighFn = unsafe fn(&[u32], &[u8], u8, &mut ActivationBlock);
type NormaliseFn = unsafe fn(&mut [i32], &[i32], InverseRoot);

/// The kernels of one tier.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
	tier: Tier,
	linear: LinearFn,
	/// For [`STREAMS`] groups at one position, where the processor reads several streams faster than one.
	side_by_side: Option<LinearFn>,
	/// For many whole tiles, where that is faster than one after the other.
	wide: Option<WideFn>,
	scale: ScaleFn,
	quantise: QuantiseFn,
	sum_of_squares: SumOfSquaresFn,
	add: PairwiseFn,
	mul: PairwiseFn,
	gate: GateFn,
	normalise: NormaliseFn,
	exponentials: ExponentialsFn,
	weigh: WeighFn,
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
			#[cfg(target_arch = "x86_64")]
			Tier::Avx512 => avx512::kernels(),
			_ => portable::KERNELS,
		})
	}

	pub(crate) fn tier(&self) -> Tier {
		self.tier
	}

	/// `sums[p][r] = Σ_b (Σ_{i in b} q·m) · factor · 2^lift`: the accumulators of a group of rows at the positions of a
	/// tile.
	pub(crate) fn linear(&self, group: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
		let positions = tile.positions();
		assert!(positions <= TILE && positions == sums.len());
		assert!(tile.mantissas.len() == group.len() * positions && tile.lifts.len() == group.len() * positions);
		// SAFETY: a table exists only on processors that have its instructions; lengths agree as asserted.
		unsafe { (self.linear)(group, tile, sums) }
	}

	/// [`linear`](Self::linear) at the positions of several tiles, one after the other.
	pub(crate) fn tiles(&self, group: &[GroupBlock], tiles: &[Tile<'_>], sums: &mut [GroupSums]) {
		assert!(tiles.iter().map(Tile::positions).sum::<usize>() == sums.len());
		let whole = tiles.iter().take_while(|tile| tile.positions() == TILE).count();
		let (mut tiles, mut sums) = (tiles, sums);
		if let (Some(wide), true) = (self.wide, whole >= WIDENING_PAYS) {
			let (first, later) = tiles.split_at(whole);
			let items = group.len() * TILE;
			assert!(first
				.iter()
				.all(|tile| tile.mantissas.len() == items && tile.lifts.len() == items));
			let now;
			(now, sums) = sums.split_at_mut(whole * TILE);
			// SAFETY: as for `linear`.
			unsafe { wide(group, first, now) };
			tiles = later;
		}
		for tile in tiles {
			let now;
			(now, sums) = sums.split_at_mut(tile.positions());
			self.linear(group, *tile, now);
		}
	}

	/// How many groups of rows [`one_position`](Self::one_position) takes at once.
	pub(crate) fn streams(&self) -> usize {
		self.side_by_side.map_or(1, |_| STREAMS)
	}

	/// `sums[g]`: the accumulators of consecutive groups of rows at the one position of a tile.
	pub(crate) fn one_position(&self, groups: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
		let blocks = tile.mantissas.len();
		assert!(tile.positions() == 1 && tile.lifts.len() == blocks && groups.len() == blocks * sums.len());
		if let (Some(side_by_side), STREAMS) = (self.side_by_side, sums.len()) {
			// SAFETY: as for `linear`.
			return unsafe { side_by_side(groups, tile, sums) };
		}
		for (group, sums) in groups.chunks_exact(blocks.max(1)).zip(sums.chunks_exact_mut(1)) {
			self.linear(group, tile, sums);
		}
	}

	/// `outputs[p][r] = sat(scale2(sums[p][r], floors[r] + bases[p]))`: accumulators become values.
	pub(crate) fn scale(&self, sums: &[GroupSums], floors: &[i8; GROUP], bases: &[u8], outputs: &mut [i32]) {
		assert!(sums.len() == bases.len() && outputs.len() == sums.len() * GROUP);
		// SAFETY: as for `linear`.
		unsafe { (self.scale)(sums, floors, bases, outputs) }
	}

	/// Cuts values into activation blocks; returns the base. One lift is written for each block.
	pub(crate) fn quantise(&self, values: &[i32], mantissas: &mut [ActivationBlock], lifts: &mut [u8]) -> u8 {
		assert!(values.len() == mantissas.len() * BLOCK && lifts.len() == mantissas.len());
		// SAFETY: as for `linear`.
		unsafe { (self.quantise)(values, mantissas, lifts) }
	}

	/// `Σ x²` of at most 32,768 elements.
	pub(crate) fn sum_of_squares(&self, values: &[i32]) -> u128 {
		// SAFETY: as for `linear`.
		unsafe { (self.sum_of_squares)(values) }
	}

	/// `values[i] = sat(values[i] + others[i])`.
	pub(crate) fn add(&self, values: &mut [i32], others: &[i32]) {
		// SAFETY: as for `linear`.
		unsafe { (self.add)(values, others) }
	}

	/// `values[i] = sat(rshift(values[i] · others[i], 16))`.
	pub(crate) fn mul(&self, values: &mut [i32], others: &[i32]) {
		// SAFETY: as for `linear`.
		unsafe { (self.mul)(values, others) }
	}

	/// An activation function, of which those that have a table are fast.
	pub(crate) fn activate(&self, function: Function, values: &mut [i32]) {
		let (table, step) = match function {
			Function::Silu => (&SIGMOID, 10),
			Function::GeluErf => (&PHI, 9),
			Function::GeluTanh => (&PHI_TANH, 9),
			Function::Relu | Function::Sigmoid | Function::Tanh => {
				return values.iter_mut().for_each(|x| *x = activation::activate(function, *x));
			}
		};
		// SAFETY: as for `linear`.
		unsafe { (self.gate)(values, table, step) }
	}

	/// `values[i] = sat(rshift(z · gain[i], 20))`, z being `values[i]` times the root with 20 fraction bits.
	pub(crate) fn normalise(&self, values: &mut [i32], gain: &[i32], root: InverseRoot) {
		// SAFETY: as for `linear`.
		unsafe { (self.normalise)(values, gain, root) }
	}
	/// The exponentials of scores that `scale` turns into powers of two, relative to the largest; returns their sum Z.
	pub(crate) fn exponentials(&self, scores: &mut [i32], scale: u32, exponentials: &mut [u32]) -> i64 {
		assert!(scores.len() == exponentials.len());
		// SAFETY: as for `linear`.
		unsafe { (self.exponentials)(scores, scale, exponentials) }
	}

	/// The weights of a block of positions, whose values have these shifts; `top` is the largest that is visible.
	pub(crate) fn weigh(&self, exponentials: &[u32], shifts: &[u8], top: u8, weights: &mut ActivationBlock) {
		assert!(exponentials.len() == BLOCK && shifts.len() <= BLOCK);
		// SAFETY: as for `linear`.
		unsafe { (self.weigh)(exponentials, shifts, top, weights) }
	}
}
