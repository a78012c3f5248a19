//! Q8_0 as GGUF has it, and the fixed-point vectors: from floats and back.

use half::f16;

/// Weights in a block.
pub(crate) const BLOCK: usize = 32;
/// Bytes of a block in GGUF: a scale, then the weights.
pub(crate) const GGUF_BLOCK_BYTES: usize = 2 + BLOCK;
/// Largest weight of a matrix: the largest f16 times 127.
pub(crate) const MATRIX_LIMIT: f32 = 65504.0 * 127.0;
/// Vectors hold values below this magnitude.
pub(crate) const VECTOR_LIMIT: f32 = 32768.0;

/// What is wrong with one element of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Flaw {
	NotFinite { column: usize, value: f32 },
	OutOfRange { column: usize, value: f32, limit: f32 },
	Weight { column: usize },
	Scale { block: usize, value: f32 },
	Rotation { column: usize, value: i32 },
}

/// Quantises one row to canonical bytes: all scales, then all weights. `row` may be shorter than `columns`, which then
/// are zero.
///
/// The arithmetic is ggml's `quantize_row_q8_0`: d = max|x| / 127, q = round(x · (1/d)), with 1/d from the f32 d.
pub(crate) fn quantise_row(row: &[f32], columns: usize, out: &mut [u8]) -> Result<(), Flaw> {
	let (scales, weights) = out.split_at_mut(columns / BLOCK * 2);
	let padding = [0f32; BLOCK];
	for (block, (scale, weights)) in scales
		.chunks_exact_mut(2)
		.zip(weights.chunks_exact_mut(BLOCK))
		.enumerate()
	{
		let start = (block * BLOCK).min(row.len());
		let stored = &row[start..(start + BLOCK).min(row.len())];
		let mut padded = padding;
		padded[..stored.len()].copy_from_slice(stored);
		let largest = padded.iter().fold(0f32, |largest, x| largest.max(x.abs()));
		if !padded.iter().all(|x| x.is_finite()) {
			let (i, &value) = padded
				.iter()
				.enumerate()
				.find(|(_, x)| !x.is_finite())
				.expect("just seen; qed");
			return Err(Flaw::NotFinite {
				column: start + i,
				value,
			});
		}
		let d = largest / 127.0;
		let stored_scale = f16::from_f32(d);
		if stored_scale.is_infinite() {
			let (i, &value) = padded
				.iter()
				.enumerate()
				.find(|(_, x)| x.abs() == largest)
				.expect("it is one; qed");
			return Err(Flaw::OutOfRange {
				column: start + i,
				value,
				limit: MATRIX_LIMIT,
			});
		}
		// Below this the reciprocal overflows; the stored scale is zero long before.
		let inverse = if stored_scale == f16::ZERO { 0.0 } else { 1.0 / d };
		scale.copy_from_slice(&stored_scale.to_le_bytes());
		for (weight, x) in weights.iter_mut().zip(padded) {
			*weight = (x * inverse).round().clamp(-127.0, 127.0) as i8 as u8;
		}
	}
	Ok(())
}

/// Moves one row of GGUF blocks (scale, weights, scale, weights, …) to canonical bytes and checks it.
pub(crate) fn relayout_row(blocks: &[u8], out: &mut [u8]) -> Result<(), Flaw> {
	let (scales, weights) = out.split_at_mut(blocks.len() / GGUF_BLOCK_BYTES * 2);
	for ((block, scale), weights) in blocks
		.chunks_exact(GGUF_BLOCK_BYTES)
		.zip(scales.chunks_exact_mut(2))
		.zip(weights.chunks_exact_mut(BLOCK))
	{
		scale.copy_from_slice(&block[..2]);
		weights.copy_from_slice(&block[2..]);
	}
	check_row(out, weights_start(out.len()))
}

/// Moves one canonical row to GGUF blocks.
pub(crate) fn gguf_row(row: &[u8], out: &mut Vec<u8>) {
	let (scales, weights) = row.split_at(weights_start(row.len()));
	for (scale, weights) in scales.chunks_exact(2).zip(weights.chunks_exact(BLOCK)) {
		out.extend_from_slice(scale);
		out.extend_from_slice(weights);
	}
}

/// Bytes of scales in a canonical row of `row_bytes` bytes.
pub(crate) fn weights_start(row_bytes: usize) -> usize {
	row_bytes / GGUF_BLOCK_BYTES * 2
}

/// Checks a canonical row: scales finite and not negative, no weight of -128.
pub(crate) fn check_row(row: &[u8], weights_start: usize) -> Result<(), Flaw> {
	let (scales, weights) = row.split_at(weights_start);
	for (block, scale) in scales.chunks_exact(2).enumerate() {
		let bits = u16::from_le_bytes([scale[0], scale[1]]);
		if bits >= 0x7c00 {
			return Err(Flaw::Scale {
				block,
				value: f16::from_bits(bits).to_f32(),
			});
		}
	}
	if weights.contains(&0x80) {
		let column = weights.iter().position(|&w| w == 0x80).expect("just seen; qed");
		return Err(Flaw::Weight { column });
	}
	Ok(())
}

/// The floats a canonical row stands for.
pub(crate) fn dequantise_row(row: &[u8], out: &mut [f32]) {
	let (scales, weights) = row.split_at(weights_start(row.len()));
	for ((scale, weights), out) in scales
		.chunks_exact(2)
		.zip(weights.chunks_exact(BLOCK))
		.zip(out.chunks_exact_mut(BLOCK))
	{
		let scale = f16::from_le_bytes([scale[0], scale[1]]).to_f32();
		for (out, &weight) in out.iter_mut().zip(weights) {
			*out = f32::from(weight as i8) * scale;
		}
	}
}

/// Converts a vector to values with 16 fraction bits. `row` may be shorter than `out`, the rest is zero.
pub(crate) fn fix_vector(row: &[f32], out: &mut [u8]) -> Result<(), Flaw> {
	for (column, out) in out.chunks_exact_mut(4).enumerate() {
		let value = row.get(column).copied().unwrap_or(0.0);
		if !value.is_finite() {
			return Err(Flaw::NotFinite { column, value });
		}
		let fixed = (f64::from(value) * 65536.0).round();
		if fixed < f64::from(i32::MIN) || fixed > f64::from(i32::MAX) {
			return Err(Flaw::OutOfRange {
				column,
				value,
				limit: VECTOR_LIMIT,
			});
		}
		out.copy_from_slice(&(fixed as i32).to_le_bytes());
	}
	Ok(())
}

/// The floats a vector stands for.
pub(crate) fn unfix_vector(bytes: &[u8], fraction_bits: u32, out: &mut [f32]) {
	let unit = 1.0 / (1u64 << fraction_bits) as f64;
	for (bytes, out) in bytes.chunks_exact(4).zip(out) {
		*out = (f64::from(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) * unit) as f32;
	}
}

/// Checks that a row of a rotation table stays within ±1.
pub(crate) fn check_rotation(row: &[u8]) -> Result<(), Flaw> {
	for (column, bytes) in row.chunks_exact(4).enumerate() {
		let value = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
		if value.unsigned_abs() > 1 << 30 {
			return Err(Flaw::Rotation { column, value });
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_row_quantises_with_the_largest_weight_at_127() {
		let row: Vec<f32> = (0..64).map(|i| if i < 32 { i as f32 } else { -0.5 }).collect();
		let mut out = vec![0; 68];
		quantise_row(&row, 64, &mut out).unwrap();
		assert_eq!(f16::from_le_bytes([out[0], out[1]]), f16::from_f32(31.0 / 127.0));
		assert_eq!(out[4] as i8, 0);
		assert_eq!(out[4 + 31] as i8, 127);
		assert_eq!(out[4 + 1] as i8, 4); // round(1 · 127/31) = round(4.097)
		assert!(out[36..].iter().all(|&w| w as i8 == -127));
		let mut back = vec![0.0; 64];
		dequantise_row(&out, &mut back);
		assert!(row
			.iter()
			.zip(&back)
			.all(|(a, b)| (a - b).abs() <= 0.5 * 31.0 / 127.0 + 0.02));
	}

	#[test]
	fn gguf_blocks_and_canonical_rows_are_inverse() {
		let row: Vec<f32> = (0..96).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
		let mut canonical = vec![0; 102];
		quantise_row(&row, 96, &mut canonical).unwrap();
		let mut blocks = Vec::new();
		gguf_row(&canonical, &mut blocks);
		let mut back = vec![0; 102];
		relayout_row(&blocks, &mut back).unwrap();
		assert_eq!(back, canonical);
	}

	#[test]
	fn flaws_are_located() {
		let mut out = vec![0; 68];
		let mut row = vec![1f32; 64];
		row[40] = f32::NAN;
		assert!(matches!(
			quantise_row(&row, 64, &mut out),
			Err(Flaw::NotFinite { column: 40, .. })
		));
		row[40] = 1e9;
		assert!(matches!(
			quantise_row(&row, 64, &mut out),
			Err(Flaw::OutOfRange { column: 40, .. })
		));
		row[40] = 1e-30;
		quantise_row(&row, 64, &mut out).unwrap();
		out[10] = 0x80;
		assert_eq!(check_row(&out, 4), Err(Flaw::Weight { column: 6 }));
		out[3] = 0xbc;
		assert!(matches!(check_row(&out, 4), Err(Flaw::Scale { block: 1, value }) if value < 0.0));
		let mut vector = [0; 8];
		assert!(matches!(
			fix_vector(&[0.0, 32768.0], &mut vector),
			Err(Flaw::OutOfRange { column: 1, .. })
		));
		fix_vector(&[-32768.0, 0.5], &mut vector).unwrap();
		assert_eq!(vector[4..], 32768i32.to_le_bytes());
	}

	#[test]
	fn tiny_weights_become_a_zero_block() {
		let mut out = vec![1; 34];
		quantise_row(&[1e-40; 32], 32, &mut out).unwrap();
		assert_eq!(out, vec![0; 34]);
	}
}
