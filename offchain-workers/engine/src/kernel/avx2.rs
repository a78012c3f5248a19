//! AVX2 kernels. Products of int8 and int16 go through `vpmaddwd`: pairs are summed in 32 bits, which cannot wrap.

use super::{
	elementwise::elementwise_with, portable, ActivationBlock, GroupBlock, GroupSums, Kernels, Tier, Tile, BLOCK, GROUP,
	SPAN, TILE,
};
use std::{arch::x86_64::*, hint::black_box};

pub(super) const KERNELS: Kernels = Kernels {
	tier: Tier::Avx2,
	linear,
	side_by_side: None,
	wide: Some(wide),
	scale,
	quantise,
	sum_of_squares,
	add,
	mul,
	gate,
	normalise,
	exponentials,
	weigh,
};

elementwise_with!("avx2");

/// Rows in a register of 32-bit sums.
const LANES: usize = 8;
/// Registers of such sums for the rows of a group.
const HALVES: usize = GROUP / LANES;

/// Many positions take one half of the rows at a time, few take both: either way the sums stay in registers.
#[target_feature(enable = "avx2")]
unsafe fn linear(group: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
	for first in (0..tile.positions()).step_by(4) {
		match tile.positions() - first {
			1 => span::<1, 2>(group, tile, first, 0, sums),
			2 => span::<2, 2>(group, tile, first, 0, sums),
			3 => {
				span::<3, 1>(group, tile, first, 0, sums);
				span::<3, 1>(group, tile, first, 1, sums);
			}
			_ => {
				span::<4, 1>(group, tile, first, 0, sums);
				span::<4, 1>(group, tile, first, 1, sums);
			}
		}
	}
}

/// `P` positions from `first` on and `H` halves of the rows from `half` on. A lane holds a row, so no sum crosses lanes;
/// a widened weight pair serves all positions.
#[target_feature(enable = "avx2")]
fn span<const P: usize, const H: usize>(
	group: &[GroupBlock],
	tile: Tile<'_>,
	first: usize,
	half: usize,
	sums: &mut [GroupSums],
) {
	let positions = tile.positions();
	assert!(tile.mantissas.len() >= group.len() * positions && tile.lifts.len() >= group.len() * positions);
	assert!(first + P <= positions && half + H <= HALVES);
	// The 64-bit sums of the even and of the odd rows.
	let mut even = [[_mm256_setzero_si256(); H]; P];
	let mut odd = [[_mm256_setzero_si256(); H]; P];
	// Opaque for tiles, or the compiler unrolls all pairs, reorders their sums and spills every widened weight.
	let pairs = if P == 1 { BLOCK / 2 } else { black_box(BLOCK / 2) };
	for (b, block) in group.iter().enumerate() {
		let mut dots = [[_mm256_setzero_si256(); H]; P];
		// SAFETY: all `P` items from here on are within the lengths asserted above.
		let mantissas = unsafe { tile.mantissas.as_ptr().add(b * positions + first) }.cast::<i32>();
		let weights = block.pairs.as_ptr().cast::<__m128i>();
		for pair in 0..pairs {
			// SAFETY: a block has 16 pairs: of weights, 16 bytes at multiples of 16 for each half, and of mantissas, aligned
			// to 4, with those of the next position 16 pairs on.
			unsafe {
				let mut wide = [_mm256_setzero_si256(); H];
				for (h, wide) in wide.iter_mut().enumerate() {
					*wide = _mm256_cvtepi8_epi16(_mm_load_si128(weights.add(2 * pair + half + h)));
				}
				for (p, dots) in dots.iter_mut().enumerate() {
					let activations = _mm256_set1_epi32(*mantissas.add(p * BLOCK / 2 + pair));
					for (dot, wide) in dots.iter_mut().zip(wide) {
						*dot = _mm256_add_epi32(*dot, _mm256_madd_epi16(wide, activations));
					}
				}
			}
		}
		for h in 0..H {
			let factors = factors(block, half + h);
			for p in 0..P {
				// SAFETY: as for the mantissas.
				let lift = unsafe { *tile.lifts.get_unchecked(b * positions + first + p) };
				let factors = _mm256_sllv_epi32(factors, _mm256_set1_epi32(lift as i32));
				even[p][h] = _mm256_add_epi64(even[p][h], _mm256_mul_epi32(dots[p][h], factors));
				odd[p][h] = _mm256_add_epi64(
					odd[p][h],
					_mm256_mul_epi32(_mm256_srli_epi64::<32>(dots[p][h]), _mm256_srli_epi64::<32>(factors)),
				);
			}
		}
	}
	for p in 0..P {
		for h in 0..H {
			let rows = &mut sums[first + p][(half + h) * LANES..][..LANES];
			let (even, odd) = (lanes_i64(even[p][h]), lanes_i64(odd[p][h]));
			for lane in 0..LANES / 2 {
				rows[2 * lane] = even[lane];
				rows[2 * lane + 1] = odd[lane];
			}
		}
	}
}

/// A block of a group with its weights widened, a factor and a pair of each row.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Wide {
	factors: [u32; GROUP],
	pairs: [[[i16; 2]; GROUP]; BLOCK / 2],
}

impl Wide {
	const ZERO: Self = Self {
		factors: [0; GROUP],
		pairs: [[[0; 2]; GROUP]; BLOCK / 2],
	};
}

/// Positions that share a load of widened weights: with both halves of the rows, their dots fill half of the registers.
const QUAD: usize = 4;

/// Whole tiles, [`SPAN`] blocks at a time: widened once, their weights serve all tiles from the first cache. What the next
/// span needs is asked for on the way, since widening does nothing but read.
#[target_feature(enable = "avx2")]
unsafe fn wide(group: &[GroupBlock], tiles: &[Tile<'_>], sums: &mut [GroupSums]) {
	let mut widened = [Wide::ZERO; SPAN];
	sums.fill([0; GROUP]);
	for (index, blocks) in group.chunks(SPAN).enumerate() {
		for (wide, block) in widened.iter_mut().zip(blocks) {
			widen(block, wide);
		}
		let widened = &widened[..blocks.len()];
		let items = index * SPAN * TILE..(index * SPAN + blocks.len()) * TILE;
		for (turn, (tile, sums)) in tiles.iter().zip(sums.chunks_exact_mut(TILE)).enumerate() {
			ask_for_next(blocks, turn, tiles.len());
			let part = Tile {
				mantissas: &tile.mantissas[items.clone()],
				lifts: &tile.lifts[items.clone()],
				..*tile
			};
			for (first, sums) in (0..TILE).step_by(QUAD).zip(sums.chunks_exact_mut(QUAD)) {
				quad(widened, part, first, sums);
			}
		}
	}
	sums.iter_mut().for_each(|sums| in_order(sums));
}

#[target_feature(enable = "avx2")]
fn widen(block: &GroupBlock, wide: &mut Wide) {
	let (from, to) = (
		block.pairs.as_ptr().cast::<__m128i>(),
		wide.pairs.as_mut_ptr().cast::<__m256i>(),
	);
	for half in 0..BLOCK / 2 * HALVES {
		// SAFETY: a block has 16 pairs of two halves, 16 bytes each at multiples of 16; wide ones are twice as large.
		unsafe { _mm256_store_si256(to.add(half), _mm256_cvtepi8_epi16(_mm_load_si128(from.add(half)))) };
	}
	let to = wide.factors.as_mut_ptr().cast::<__m256i>();
	for half in 0..HALVES {
		// SAFETY: two halves of 32 bytes, at multiples of 32.
		unsafe { _mm256_store_si256(to.add(half), factors(block, half)) };
	}
}

/// Asks for a part of the blocks that follow these in memory, at one of `turns`.
#[target_feature(enable = "avx2")]
fn ask_for_next(blocks: &[GroupBlock], turn: usize, turns: usize) {
	const LINE: usize = 64;
	let lines = size_of_val(blocks).div_ceil(LINE);
	for line in lines * turn / turns..lines * (turn + 1) / turns {
		// Nothing is read: what lies there need not exist.
		let next = blocks.as_ptr_range().end.cast::<i8>().wrapping_add(line * LINE);
		_mm_prefetch::<_MM_HINT_T1>(next);
	}
}

/// Adds blocks to the sums of [`QUAD`] positions, from `first` on, of a whole tile that has just these blocks. Of each half of
/// the rows, the sums of the even rows come before those of the odd ones.
#[target_feature(enable = "avx2")]
fn quad(blocks: &[Wide], tile: Tile<'_>, first: usize, sums: &mut [GroupSums]) {
	assert!(tile.mantissas.len() == blocks.len() * TILE && tile.lifts.len() == blocks.len() * TILE);
	assert!(first + QUAD <= TILE && sums.len() == QUAD);
	// Opaque, or the compiler unrolls all pairs, reorders their sums and spills them.
	let pairs = black_box(BLOCK / 2);
	for (b, block) in blocks.iter().enumerate() {
		let mut dots = [[_mm256_setzero_si256(); HALVES]; QUAD];
		// SAFETY: each block has `TILE` items, of which `QUAD` from `first` on exist, as asserted.
		let mantissas = unsafe { tile.mantissas.as_ptr().add(b * TILE + first) }.cast::<i32>();
		let weights = block.pairs.as_ptr().cast::<__m256i>();
		for pair in 0..pairs {
			// SAFETY: a block has 16 pairs: of weights, 64 bytes at multiples of 64, and of mantissas, aligned to 4, with those
			// of the next position 16 pairs on.
			unsafe {
				let weights = [
					_mm256_load_si256(weights.add(HALVES * pair)),
					_mm256_load_si256(weights.add(HALVES * pair + 1)),
				];
				for (p, dots) in dots.iter_mut().enumerate() {
					let activations = _mm256_set1_epi32(*mantissas.add(p * BLOCK / 2 + pair));
					for (dot, weights) in dots.iter_mut().zip(weights) {
						*dot = _mm256_add_epi32(*dot, _mm256_madd_epi16(weights, activations));
					}
				}
			}
		}
		// SAFETY: as for the mantissas.
		let lifts = unsafe { tile.lifts.get_unchecked(b * TILE + first..) };
		// Written out, or the compiler makes it a loop and keeps the dots in memory.
		accumulate(&mut sums[0], dots[0], block, lifts[0]);
		accumulate(&mut sums[1], dots[1], block, lifts[1]);
		accumulate(&mut sums[2], dots[2], block, lifts[2]);
		accumulate(&mut sums[3], dots[3], block, lifts[3]);
	}
}

/// Adds the dots of a block, scaled, to the sums of a position.
#[inline]
#[target_feature(enable = "avx2")]
fn accumulate(sums: &mut GroupSums, dots: [__m256i; HALVES], block: &Wide, lift: u32) {
	let lift = _mm256_set1_epi32(lift as i32);
	let factors = block.factors.as_ptr().cast::<__m256i>();
	let sums = sums.as_mut_ptr().cast::<__m256i>();
	for (half, dot) in dots.into_iter().enumerate() {
		// SAFETY: factors are two halves of 32 bytes, at multiples of 32; sums are two registers for each half.
		unsafe {
			let factors = _mm256_sllv_epi32(_mm256_load_si256(factors.add(half)), lift);
			let (even, odd) = (sums.add(2 * half), sums.add(2 * half + 1));
			let products = _mm256_mul_epi32(dot, factors);
			_mm256_storeu_si256(even, _mm256_add_epi64(_mm256_loadu_si256(even), products));
			let products = _mm256_mul_epi32(_mm256_srli_epi64::<32>(dot), _mm256_srli_epi64::<32>(factors));
			_mm256_storeu_si256(odd, _mm256_add_epi64(_mm256_loadu_si256(odd), products));
		}
	}
}

/// Puts the sums of even and odd rows in the order of the rows.
#[target_feature(enable = "avx2")]
fn in_order(sums: &mut GroupSums) {
	for rows in sums.chunks_exact_mut(LANES) {
		// SAFETY: eight sums are two registers.
		unsafe {
			let rows = rows.as_mut_ptr().cast::<__m256i>();
			let (even, odd) = (_mm256_loadu_si256(rows), _mm256_loadu_si256(rows.add(1)));
			let (low, high) = (_mm256_unpacklo_epi64(even, odd), _mm256_unpackhi_epi64(even, odd));
			_mm256_storeu_si256(rows, _mm256_permute2x128_si256::<0x20>(low, high));
			_mm256_storeu_si256(rows.add(1), _mm256_permute2x128_si256::<0x31>(low, high));
		}
	}
}

/// The factors of half of a block's rows.
#[target_feature(enable = "avx2")]
fn factors(block: &GroupBlock, half: usize) -> __m256i {
	assert!(half < HALVES);
	// SAFETY: factors are 16 bytes at a multiple of 16 for each half.
	let packed = _mm256_cvtepu16_epi32(unsafe { _mm_load_si128(block.factors.as_ptr().cast::<__m128i>().add(half)) });
	_mm256_sllv_epi32(
		_mm256_and_si256(packed, _mm256_set1_epi32(0x7ff)),
		_mm256_srli_epi32::<11>(packed),
	)
}

#[target_feature(enable = "avx2")]
unsafe fn scale(sums: &[GroupSums], floors: &[i8; GROUP], bases: &[u8], outputs: &mut [i32]) {
	portable::scale(sums, floors, bases, outputs)
}

#[target_feature(enable = "avx2")]
unsafe fn quantise(values: &[i32], mantissas: &mut [ActivationBlock], lifts: &mut [u8]) -> u8 {
	portable::quantise(values, mantissas, lifts)
}

#[target_feature(enable = "avx2")]
unsafe fn sum_of_squares(values: &[i32]) -> u128 {
	portable::sum_of_squares(values)
}

fn lanes_i64(v: __m256i) -> [i64; 4] {
	// SAFETY: both are 32 bytes of plain data.
	unsafe { std::mem::transmute(v) }
}
