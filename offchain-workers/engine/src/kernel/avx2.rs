//! AVX2 kernels. Products of int8 and int16 go through `vpmaddwd`: pairs are summed in 32 bits, which cannot wrap.

use super::{
	elementwise::elementwise_with, portable, ActivationBlock, GroupBlock, GroupSums, Kernels, Tier, Tile, BLOCK, GROUP,
};
use std::{arch::x86_64::*, hint::black_box};

pub(super) const KERNELS: Kernels = Kernels {
	tier: Tier::Avx2,
	linear,
	side_by_side: None,
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
	assert!(first + P <= positions && half + H <= GROUP / LANES);
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
			// SAFETY: factors are 16 bytes at a multiple of 16 for each half.
			let packed = _mm256_cvtepu16_epi32(unsafe {
				_mm_load_si128(block.factors.as_ptr().cast::<__m128i>().add(half + h))
			});
			let factors = _mm256_sllv_epi32(
				_mm256_and_si256(packed, _mm256_set1_epi32(0x7ff)),
				_mm256_srli_epi32::<11>(packed),
			);
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
