use super::attention_scale;
use assay_exact::{
	attention::{attend, exp2_below, score},
	blocks::{Activation, CacheRow},
	tables::EXP2,
};
use assay_samples::Noise;
use proptest::prelude::*;

fn vector(noise: &mut Noise, length: usize, bound: i32) -> Vec<i32> {
	(0..length).map(|_| noise.within(bound)).collect()
}

/// Values that a cache row stands for.
fn dequantised(row: &CacheRow) -> Vec<f64> {
	row.mantissas
		.iter()
		.enumerate()
		.map(|(i, &m)| f64::from(m) * f64::from(row.shifts[i / 32]).exp2())
		.collect()
}

/// Attention in floats over what the caches hold.
fn real_attention(query: &[i32], keys: &[CacheRow], values: &[CacheRow]) -> Vec<f64> {
	let scores: Vec<f64> = keys
		.iter()
		.map(|key| {
			let dot: f64 = query.iter().zip(dequantised(key)).map(|(&q, k)| f64::from(q) * k).sum();
			dot * (-32f64).exp2() / (query.len() as f64).sqrt()
		})
		.collect();
	let largest = scores.iter().copied().fold(f64::MIN, f64::max);
	let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
	let total: f64 = weights.iter().sum();
	let mut y = vec![0.0; query.len()];
	for (weight, value) in weights.iter().zip(values) {
		for (y, v) in y.iter_mut().zip(dequantised(value)) {
			*y += weight / total * v;
		}
	}
	y
}

#[test]
fn the_exponential_is_exact_at_its_ends() {
	assert_eq!(exp2_below(0), EXP2[0].into());
	assert_eq!(exp2_below(1 << 16), i64::from(EXP2[0]) / 2);
	assert_eq!(exp2_below((30 << 16) + 65535), 0);
	assert_eq!(exp2_below(30 << 16), 0);
	assert_eq!(exp2_below(29 << 16), 1);
	assert_eq!(exp2_below(31 << 16), 0);
	assert_eq!(exp2_below(u32::MAX), 0);
}

#[test]
fn extreme_rows_do_not_overflow() {
	for (q, k, v) in [
		(i32::MIN, i32::MIN, i32::MAX),
		(i32::MAX, i32::MIN, i32::MIN),
		(i32::MIN, i32::MAX, 1),
	] {
		let mut keys = vec![CacheRow::new(&vec![k; 1024]); 3];
		keys[1] = CacheRow::new(&vec![0; 1024]);
		let mut values = vec![CacheRow::new(&vec![v; 1024]); 3];
		values[1] = CacheRow::new(&vec![0; 1024]);
		let y = attend(&vec![q; 1024], &keys, &values, (1 << 31) - 1);
		assert_eq!(y.len(), 1024);
		if q == k {
			assert_eq!(
				score(&Activation::new(&vec![q; 1024]), &keys[0], (1 << 31) - 1),
				i32::MAX
			);
			// The two equal keys take everything: 127 · 2²⁴ each.
			assert_eq!(y[0], 127 << 24);
		} else {
			// The zero key takes everything.
			assert_eq!(y[0], 0);
		}
	}
}

#[test]
fn one_position_returns_its_cached_value() {
	let mut noise = Noise::new(5);
	let (query, key, value) = (
		vector(&mut noise, 64, 1 << 18),
		vector(&mut noise, 64, 1 << 18),
		vector(&mut noise, 64, 1 << 18),
	);
	let row = CacheRow::new(&value);
	let y = attend(
		&query,
		&[CacheRow::new(&key)],
		core::slice::from_ref(&row),
		attention_scale(64),
	);
	let cached: Vec<i32> = dequantised(&row).iter().map(|&v| v as i32).collect();
	assert_eq!(y, cached);
}

proptest! {
	#[test]
	fn the_exponential_is_within_a_millionth(u in 0u32..20 << 16) {
		let exact = f64::from(EXP2[0]) * (-f64::from(u) / 65536.0).exp2();
		prop_assert!((exp2_below(u) as f64 - exact).abs() <= 1.5 + exact * 1e-6);
	}

	#[test]
	fn attention_is_close_to_a_softmax_of_reals(seed: u64, blocks in 1usize..=4, positions in 1usize..40, size in 12u32..20) {
		let mut noise = Noise::new(seed);
		let head_dim = 32 * blocks;
		let query = vector(&mut noise, head_dim, 1 << 17);
		let keys: Vec<CacheRow> = (0..positions).map(|_| CacheRow::new(&vector(&mut noise, head_dim, 1 << 17))).collect();
		let values: Vec<CacheRow> = (0..positions)
			.map(|_| {
				let size = size + (noise.next() % 4) as u32;
				CacheRow::new(&vector(&mut noise, head_dim, 1 << size))
			})
			.collect();
		let y = attend(&query, &keys, &values, attention_scale(head_dim as u32));
		let largest = values.iter().flat_map(dequantised).fold(0f64, |a, v| a.max(v.abs()));
		// Weights of 15 bits: half a unit for each position, and the error of the score.
		let tolerance = (positions as f64 + 8.0) * (-15f64).exp2() * largest + 1.0;
		for (y, exact) in y.iter().zip(real_attention(&query, &keys, &values)) {
			prop_assert!((f64::from(*y) - exact).abs() <= tolerance, "{} {} {}", y, exact, tolerance);
		}
	}
}
