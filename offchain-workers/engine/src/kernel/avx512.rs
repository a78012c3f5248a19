//! AVX-512 kernels. `vpdpwssd` multiplies pairs of int16 and adds them to 32-bit sums, which cannot wrap.
//!
//! Activations stay whole: as two planes of bytes, `vpdpbusd` would by count take as many instructions for the same
//! products and more to put them together.
//!
//! Decoding waits for memory. AMD's processors read one stream as fast as they can read at all, and asking for weights ahead
//! made them slower; Intel's reached 51 to 71 % of a plain read with one group of rows at a time, and 87 % and more with
//! four that are asked for ahead (`docs/benchmarks.md`).

use super::{
	elementwise::elementwise_with, portable, ActivationBlock, GroupBlock, GroupSums, Kernels, Tier, Tile, BLOCK, GROUP,
	STREAMS,
};
use std::arch::x86_64::*;

/// How far ahead of its use a weight is asked for, in bytes.
const AHEAD: usize = 2048;
/// Bytes of a cache line.
const LINE: usize = 64;

/// The table for this processor.
pub(super) fn kernels() -> Kernels {
	let vendor = __cpuid(0);
	// "GenuineIntel", in the order in which the instruction returns it.
	let intel = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes) == [*b"Genu", *b"ineI", *b"ntel"];
	let side_by_side = KERNELS.side_by_side.filter(|_| intel);
	Kernels {
		side_by_side,
		..KERNELS
	}
}

pub(super) const KERNELS: Kernels = Kernels {
	tier: Tier::Avx512,
	linear,
	side_by_side: Some(side_by_side),
	wide: None,
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

elementwise_with!("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni");

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn linear(group: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
	match tile.positions() {
		1 => tile_of::<1, 4>(group, tile, sums),
		2 => tile_of::<2, 2>(group, tile, sums),
		3 => tile_of::<3, 2>(group, tile, sums),
		4 => tile_of::<4, 1>(group, tile, sums),
		5 => tile_of::<5, 1>(group, tile, sums),
		6 => tile_of::<6, 1>(group, tile, sums),
		7 => tile_of::<7, 1>(group, tile, sums),
		8 => tile_of::<8, 1>(group, tile, sums),
		_ => {}
	}
}

/// A lane holds a row of the group, so no sum crosses lanes; a widened weight pair serves all positions of the tile.
/// `vpdpwssd` takes several cycles, so few positions sum in `C` chains each, or they would wait for one another.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn tile_of<const P: usize, const C: usize>(group: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
	assert!(tile.mantissas.len() >= group.len() * P && tile.lifts.len() >= group.len() * P && sums.len() >= P);
	// The 64-bit sums of the even and of the odd rows.
	let mut even = [_mm512_setzero_si512(); P];
	let mut odd = [_mm512_setzero_si512(); P];
	for (b, block) in group.iter().enumerate() {
		let mut dots = [[_mm512_setzero_si512(); C]; P];
		// SAFETY: all `P` items from here on are within the lengths asserted above.
		let mantissas = unsafe { tile.mantissas.as_ptr().add(b * P) }.cast::<i32>();
		let weights = block.pairs.as_ptr().cast::<__m256i>();
		for pair in 0..BLOCK / 2 {
			// SAFETY: a block has 16 pairs: of weights, 32 bytes each at multiples of 32, and of mantissas, aligned to 4, with
			// those of the next position 16 pairs on.
			unsafe {
				let weights = _mm512_cvtepi8_epi16(_mm256_load_si256(weights.add(pair)));
				for (p, chains) in dots.iter_mut().enumerate() {
					let activations = _mm512_set1_epi32(*mantissas.add(p * BLOCK / 2 + pair));
					chains[pair % C] = _mm512_dpwssd_epi32(chains[pair % C], weights, activations);
				}
			}
		}
		let factors = factors(block);
		let odd_factors = _mm512_srli_epi64::<32>(factors);
		for p in 0..P {
			let mut dot = dots[p][0];
			for chain in &dots[p][1..] {
				dot = _mm512_add_epi32(dot, *chain);
			}
			// SAFETY: as for the mantissas.
			let lift = _mm512_set1_epi32(unsafe { *tile.lifts.get_unchecked(b * P + p) } as i32);
			even[p] = _mm512_add_epi64(even[p], _mm512_mul_epi32(dot, _mm512_sllv_epi32(factors, lift)));
			odd[p] = _mm512_add_epi64(
				odd[p],
				_mm512_mul_epi32(_mm512_srli_epi64::<32>(dot), _mm512_sllv_epi32(odd_factors, lift)),
			);
		}
	}
	store(sums, even, odd);
}

/// [`STREAMS`] groups at one position, each a stream of its own from memory.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn side_by_side(groups: &[GroupBlock], tile: Tile<'_>, sums: &mut [GroupSums]) {
	const CHAINS: usize = 4;
	let blocks = tile.mantissas.len();
	assert!(groups.len() == blocks * STREAMS && sums.len() == STREAMS);
	let mut even = [_mm512_setzero_si512(); STREAMS];
	let mut odd = [_mm512_setzero_si512(); STREAMS];
	for (b, (mantissas, lift)) in tile.mantissas.iter().zip(tile.lifts).enumerate() {
		let mantissas = mantissas.0.as_ptr().cast::<i32>();
		for (stream, (even, odd)) in even.iter_mut().zip(&mut odd).enumerate() {
			// SAFETY: the groups have `blocks` each, as asserted.
			let block = unsafe { groups.get_unchecked(stream * blocks + b) };
			for line in 0..size_of::<GroupBlock>().div_ceil(LINE) {
				// Nothing is read: what lies there need not exist.
				let ahead = std::ptr::from_ref(block).cast::<i8>().wrapping_add(AHEAD + line * LINE);
				_mm_prefetch::<_MM_HINT_T0>(ahead);
			}
			let weights = block.pairs.as_ptr().cast::<__m256i>();
			let mut dots = [_mm512_setzero_si512(); CHAINS];
			for pair in 0..BLOCK / 2 {
				// SAFETY: a block has 16 pairs: of weights, 32 bytes each at multiples of 32, and of mantissas, aligned to 4.
				unsafe {
					let weights = _mm512_cvtepi8_epi16(_mm256_load_si256(weights.add(pair)));
					let activations = _mm512_set1_epi32(*mantissas.add(pair));
					dots[pair % CHAINS] = _mm512_dpwssd_epi32(dots[pair % CHAINS], weights, activations);
				}
			}
			let dot = _mm512_add_epi32(_mm512_add_epi32(dots[0], dots[1]), _mm512_add_epi32(dots[2], dots[3]));
			let factors = _mm512_sllv_epi32(factors(block), _mm512_set1_epi32(*lift as i32));
			*even = _mm512_add_epi64(*even, _mm512_mul_epi32(dot, factors));
			let odds = _mm512_mul_epi32(_mm512_srli_epi64::<32>(dot), _mm512_srli_epi64::<32>(factors));
			*odd = _mm512_add_epi64(*odd, odds);
		}
	}
	store(sums, even, odd);
}

/// The factors of a block's rows.
#[target_feature(enable = "avx512f")]
fn factors(block: &GroupBlock) -> __m512i {
	// SAFETY: factors are 32 bytes at a multiple of 32.
	let packed = _mm512_cvtepu16_epi32(unsafe { _mm256_load_si256(block.factors.as_ptr().cast()) });
	_mm512_sllv_epi32(
		_mm512_and_si512(packed, _mm512_set1_epi32(0x7ff)),
		_mm512_srli_epi32::<11>(packed),
	)
}

/// Writes the 64-bit sums of the even and of the odd rows.
#[target_feature(enable = "avx512f")]
fn store<const N: usize>(sums: &mut [GroupSums], even: [__m512i; N], odd: [__m512i; N]) {
	let (low, high) = (
		_mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11),
		_mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15),
	);
	for ((sums, even), odd) in sums.iter_mut().zip(even).zip(odd) {
		// SAFETY: sixteen sums are two registers.
		unsafe {
			let sums = sums.as_mut_ptr().cast::<__m512i>();
			_mm512_storeu_si512(sums, _mm512_permutex2var_epi64(even, low, odd));
			_mm512_storeu_si512(sums.add(1), _mm512_permutex2var_epi64(even, high, odd));
		}
	}
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn scale(sums: &[GroupSums], floors: &[i8; GROUP], bases: &[u8], outputs: &mut [i32]) {
	// SAFETY: sixteen bytes.
	let floors = unsafe { _mm_loadu_si128(floors.as_ptr().cast()) };
	let floors = [
		_mm512_cvtepi8_epi64(floors),
		_mm512_cvtepi8_epi64(_mm_srli_si128::<8>(floors)),
	];
	for ((sums, base), outputs) in sums.iter().zip(bases).zip(outputs.chunks_exact_mut(GROUP)) {
		let base = _mm512_set1_epi64(i64::from(*base));
		for ((sums, floors), outputs) in sums.chunks_exact(8).zip(floors).zip(outputs.chunks_exact_mut(8)) {
			// SAFETY: eight sums of 64 bits and eight outputs of 32 bits.
			unsafe {
				let sums = _mm512_loadu_si512(sums.as_ptr().cast());
				let values = scaled(sums, _mm512_add_epi64(floors, base));
				_mm256_storeu_si256(outputs.as_mut_ptr().cast(), values);
			}
		}
	}
}

/// `sat(scale2(x, e))` for -63 ≤ e ≤ 30: `arithmetic::scaled` in eight lanes.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn scaled(x: __m512i, e: __m512i) -> __m256i {
	let (zero, one) = (_mm512_setzero_si512(), _mm512_set1_epi64(1));
	let down = _mm512_max_epi64(_mm512_sub_epi64(zero, e), zero);
	let floor = _mm512_srav_epi64(x, down);
	let half = _mm512_and_si512(_mm512_srav_epi64(x, _mm512_sub_epi64(down, one)), one);
	let down = _mm512_mask_add_epi64(floor, _mm512_cmpgt_epi64_mask(zero, e), floor, half);
	let limit = _mm512_set1_epi64(1 << 32);
	let clamped = _mm512_min_epi64(_mm512_max_epi64(x, _mm512_sub_epi64(zero, limit)), limit);
	let up = _mm512_sllv_epi64(clamped, e);
	_mm512_cvtsepi64_epi32(_mm512_mask_mov_epi64(down, _mm512_cmpgt_epi64_mask(e, zero), up))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn quantise(values: &[i32], mantissas: &mut [ActivationBlock], lifts: &mut [u8]) -> u8 {
	let mut top = 0;
	for (block, shift) in values.chunks_exact(BLOCK).zip(lifts.iter_mut()) {
		let [low, high] = halves(block);
		let union = _mm512_reduce_or_epi32(_mm512_or_si512(_mm512_abs_epi32(low), _mm512_abs_epi32(high)));
		*shift = ((32 - union.leading_zeros()) as u8).saturating_sub(15);
		top = top.max(*shift);
	}
	let base = top.saturating_sub(7);
	for ((block, out), lift) in values.chunks_exact(BLOCK).zip(mantissas).zip(lifts) {
		let shift = base.max(*lift);
		*lift = shift - base;
		let [low, high] = halves(block);
		// SAFETY: a block of mantissas is 64 bytes, aligned to 64.
		unsafe {
			let out = out.0.as_mut_ptr().cast::<__m256i>();
			_mm256_store_si256(out, mantissas_of(low, shift));
			_mm256_store_si256(out.add(1), mantissas_of(high, shift));
		}
	}
	base
}

/// The 32 values of a block.
#[target_feature(enable = "avx512f")]
fn halves(block: &[i32]) -> [__m512i; 2] {
	assert!(block.len() == BLOCK);
	// SAFETY: 32 values, as asserted.
	unsafe {
		let values = block.as_ptr().cast::<__m512i>();
		[_mm512_loadu_si512(values), _mm512_loadu_si512(values.add(1))]
	}
}

/// Sixteen values, shifted by less than 32 and rounded, as mantissas.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn mantissas_of(x: __m512i, shift: u8) -> __m256i {
	let rounded = if shift == 0 {
		x
	} else {
		let (shift, before) = (_mm_cvtsi32_si128(shift.into()), _mm_cvtsi32_si128(i32::from(shift) - 1));
		let half = _mm512_and_si512(_mm512_sra_epi32(x, before), _mm512_set1_epi32(1));
		_mm512_add_epi32(_mm512_sra_epi32(x, shift), half)
	};
	_mm256_max_epi16(_mm512_cvtsepi32_epi16(rounded), _mm256_set1_epi16(-32767))
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn sum_of_squares(values: &[i32]) -> u128 {
	portable::sum_of_squares(values)
}
