use assay_exact::{program::RotaryStyle, rotate::rotate};
use assay_samples::Noise;
use proptest::prelude::*;

const ONE: i32 = 1 << 30;

#[test]
fn styles_pair_different_elements() {
	// A quarter turn: (a, b) becomes (-b, a).
	let quarter = [(0, ONE), (ONE, 0)];
	let mut half = [1, 2, 3, 4, 5, 6];
	rotate(&mut half, &quarter, 6, RotaryStyle::Half);
	assert_eq!(half, [-3, 2, 1, 4, 5, 6]);
	let mut interleaved = [1, 2, 3, 4, 5, 6];
	rotate(&mut interleaved, &quarter, 6, RotaryStyle::Interleaved);
	assert_eq!(interleaved, [-2, 1, 3, 4, 5, 6]);
}

#[test]
fn the_extremes_saturate() {
	let mut x = [i32::MIN, i32::MIN, i32::MIN, i32::MAX];
	rotate(&mut x, &[(-ONE, ONE)], 2, RotaryStyle::Half);
	assert_eq!(x, [i32::MAX, 0, 1, i32::MIN]);
}

proptest! {
	#[test]
	fn rotation_keeps_lengths(seed: u64, pairs in 1usize..=16, position in 0u32..4096, heads in 1usize..4) {
		let mut noise = Noise::new(seed);
		let row: Vec<(i32, i32)> = (0..pairs)
			.map(|k| {
				let angle = f64::from(position) * 10_000f64.powf(-(k as f64) / pairs as f64);
				let fixed = |x: f64| (x * f64::from(ONE)).round() as i32;
				(fixed(angle.cos()), fixed(angle.sin()))
			})
			.collect();
		for style in [RotaryStyle::Half, RotaryStyle::Interleaved] {
			let before: Vec<i32> = (0..heads * 32).map(|_| noise.within(1 << 24)).collect();
			let mut after = before.clone();
			rotate(&mut after, &row, 32, style);
			for (before, after) in before.chunks(32).zip(after.chunks(32)) {
				let length = |x: &[i32]| x[..2 * pairs].iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
				prop_assert!((length(after) - length(before)).abs() <= 4.0);
				prop_assert_eq!(&before[2 * pairs..], &after[2 * pairs..]);
			}
		}
	}
}
