//! AVX2 kernels. Products of int8 and int16 go through `vpmaddwd`: pairs are summed in 32 bits, which cannot wrap.

use super::{portable, ActivationBlock, ActivationRow, GroupBlock, GroupSums, Kernels, Tier, BLOCK, GROUP};
use std::{arch::x86_64::*, hint::black_box};

pub(super) const KERNELS: Kernels = Kernels {
	tier: Tier::Avx2,
	linear,
	quantise,
	block_dots,
	mix,
	sum_of_squares,
};

#[target_feature(enable = "avx2")]
unsafe fn linear(group: &[GroupBlock], tile: &[ActivationRow<'_>], sums: &mut [GroupSums]) {
	match (tile, sums) {
		([a], [s]) => tile_of([a], [s], group),
		([a, b], [s, t]) => tile_of([a, b], [s, t], group),
		([a, b, c], [s, t, u]) => tile_of([a, b, c], [s, t, u], group),
		([a, b, c, d], [s, t, u, v]) => tile_of([a, b, c, d], [s, t, u, v], group),
		_ => {}
	}
}

/// A lane holds a row of the group, so no sum crosses lanes; a widened weight pair serves all positions of the tile.
#[target_feature(enable = "avx2")]
fn tile_of<const P: usize>(tile: [&ActivationRow<'_>; P], sums: [&mut GroupSums; P], group: &[GroupBlock]) {
	// The 64-bit sums of the even and of the odd rows.
	let mut even = [_mm256_setzero_si256(); P];
	let mut odd = [_mm256_setzero_si256(); P];
	for row in tile {
		assert!(row.mantissas.len() >= group.len() && row.lifts.len() >= group.len());
	}
	// Opaque for tiles, or the compiler unrolls all pairs, reorders their sums and spills every widened weight.
	let pairs = if P == 1 { BLOCK / 2 } else { black_box(BLOCK / 2) };
	for (b, block) in group.iter().enumerate() {
		let mut dots = [_mm256_setzero_si256(); P];
		// SAFETY: `b` is below the lengths asserted above.
		let mantissas: [*const i32; P] =
			std::array::from_fn(|p| unsafe { tile[p].mantissas.as_ptr().add(b).cast::<i32>() });
		let weights = block.pairs.as_ptr().cast::<__m128i>();
		for pair in 0..pairs {
			// SAFETY: a block has 16 pairs: of weights, 16 bytes each at multiples of 16, and of mantissas, aligned to 4.
			unsafe {
				let weights = _mm256_cvtepi8_epi16(_mm_load_si128(weights.add(pair)));
				for p in 0..P {
					let activations = _mm256_set1_epi32(*mantissas[p].add(pair));
					dots[p] = _mm256_add_epi32(dots[p], _mm256_madd_epi16(weights, activations));
				}
			}
		}
		// SAFETY: factors are 16 bytes at a multiple of 16.
		let packed = _mm256_cvtepu16_epi32(unsafe { _mm_load_si128(block.factors.as_ptr().cast()) });
		let factors = _mm256_sllv_epi32(
			_mm256_and_si256(packed, _mm256_set1_epi32(0x7ff)),
			_mm256_srli_epi32::<11>(packed),
		);
		for p in 0..P {
			// SAFETY: as for the mantissas.
			let lift = unsafe { *tile[p].lifts.get_unchecked(b) };
			let factors = _mm256_sll_epi32(factors, _mm_cvtsi32_si128(i32::from(lift)));
			even[p] = _mm256_add_epi64(even[p], _mm256_mul_epi32(dots[p], factors));
			odd[p] = _mm256_add_epi64(
				odd[p],
				_mm256_mul_epi32(_mm256_srli_epi64::<32>(dots[p]), _mm256_srli_epi64::<32>(factors)),
			);
		}
	}
	for ((sums, even), odd) in sums.into_iter().zip(even).zip(odd) {
		let (even, odd) = (lanes_i64(even), lanes_i64(odd));
		for lane in 0..GROUP / 2 {
			sums[2 * lane] = even[lane];
			sums[2 * lane + 1] = odd[lane];
		}
	}
}

#[target_feature(enable = "avx2")]
unsafe fn quantise(values: &[i32], mantissas: &mut [ActivationBlock], lifts: &mut [u8]) -> u8 {
	portable::quantise(values, mantissas, lifts)
}

#[target_feature(enable = "avx2")]
unsafe fn sum_of_squares(values: &[i32]) -> u128 {
	portable::sum_of_squares(values)
}

#[target_feature(enable = "avx2")]
unsafe fn block_dots(query: &[ActivationBlock], rows: &[i8], dots: &mut [i32]) {
	let mut block = 0;
	for (rows, dots) in rows.chunks(GROUP * BLOCK).zip(dots.chunks_mut(GROUP)) {
		let mut lanes = [_mm256_setzero_si256(); GROUP];
		for (row, lane) in rows.chunks_exact(BLOCK).zip(&mut lanes) {
			*lane = block_products(&query[block], row);
			block = if block + 1 == query.len() { 0 } else { block + 1 };
		}
		dots.copy_from_slice(&lanes_i32(sum_each(lanes))[..dots.len()]);
	}
}

/// Eight partial sums of the product of a query block and 32 cache bytes.
#[target_feature(enable = "avx2")]
fn block_products(query: &ActivationBlock, row: &[i8]) -> __m256i {
	let (low, high) = row.split_at(BLOCK / 2);
	assert!(low.len() == 16 && high.len() == 16);
	// SAFETY: both halves are 16 bytes, the query block is 64 bytes aligned to 64.
	unsafe {
		let low = _mm256_cvtepi8_epi16(_mm_loadu_si128(low.as_ptr().cast()));
		let high = _mm256_cvtepi8_epi16(_mm_loadu_si128(high.as_ptr().cast()));
		let query = query.0.as_ptr().cast::<__m256i>();
		_mm256_add_epi32(
			_mm256_madd_epi16(low, _mm256_load_si256(query)),
			_mm256_madd_epi16(high, _mm256_load_si256(query.add(1))),
		)
	}
}

/// Lane i of the result is the sum of the lanes of `v[i]`.
#[target_feature(enable = "avx2")]
fn sum_each(v: [__m256i; 8]) -> __m256i {
	let low = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
	let high = _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));
	_mm256_add_epi32(
		_mm256_permute2x128_si256::<0x20>(low, high),
		_mm256_permute2x128_si256::<0x31>(low, high),
	)
}

/// Two positions at a time: their bytes interleave, so one `vpmaddwd` weighs and adds both.
#[target_feature(enable = "avx2")]
unsafe fn mix(weights: &[i16], values: &[i8], stride: usize, sums: &mut [i64; BLOCK]) {
	*sums = [0; BLOCK];
	for (span, weights) in weights.chunks(portable::MIX_SPAN).enumerate() {
		let mut partial = [_mm256_setzero_si256(); 4];
		for (pair, w) in weights.chunks(2).enumerate() {
			let first = (span * portable::MIX_SPAN + 2 * pair) * stride;
			let even = load_bytes(&values[first..first + BLOCK]);
			let (odd, both) = match w {
				[a, b] => {
					let second = first + stride;
					let pair = u32::from(*a as u16) | u32::from(*b as u16) << 16;
					(load_bytes(&values[second..second + BLOCK]), pair)
				}
				_ => (_mm256_setzero_si256(), u32::from(w[0] as u16)),
			};
			let both = _mm256_set1_epi32(both as i32);
			// Elements 0..8 and 16..24, then 8..16 and 24..32.
			let low = _mm256_unpacklo_epi8(even, odd);
			let high = _mm256_unpackhi_epi8(even, odd);
			let halves = [
				_mm256_castsi256_si128(low),
				_mm256_castsi256_si128(high),
				_mm256_extracti128_si256::<1>(low),
				_mm256_extracti128_si256::<1>(high),
			];
			for (sum, half) in partial.iter_mut().zip(halves) {
				*sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(half), both));
			}
		}
		for (sums, part) in sums.chunks_exact_mut(8).zip(partial) {
			for (sum, part) in sums.iter_mut().zip(lanes_i32(part)) {
				*sum += i64::from(part);
			}
		}
	}
}

#[target_feature(enable = "avx2")]
fn load_bytes(bytes: &[i8]) -> __m256i {
	assert!(bytes.len() == BLOCK);
	// SAFETY: 32 bytes, as asserted.
	unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

fn lanes_i64(v: __m256i) -> [i64; 4] {
	// SAFETY: both are 32 bytes of plain data.
	unsafe { std::mem::transmute(v) }
}

fn lanes_i32(v: __m256i) -> [i32; 8] {
	// SAFETY: both are 32 bytes of plain data.
	unsafe { std::mem::transmute(v) }
}
