use assay_exact::blocks::{Activation, CacheRow, Factors, Scale, WeightRow};
use assay_samples::Noise;
use proptest::prelude::*;

#[test]
fn scales_decode_as_the_standard_says() {
	let scale = |half| Scale::from_f16(half).map(|scale| (scale.mantissa, scale.exponent));
	assert_eq!(scale(0x0000), Some((0, -24)));
	assert_eq!(scale(0x0001), Some((1, -24)));
	assert_eq!(scale(0x03ff), Some((1023, -24)));
	assert_eq!(scale(0x0400), Some((1024, -24)));
	assert_eq!(scale(0x3c00), Some((1024, -10)));
	assert_eq!(scale(0x7bff), Some((2047, 5)));
	for invalid in [0x7c00, 0x7e00, 0x8000, 0x8001, 0xbc00, 0xfc00, 0xffff] {
		assert_eq!(scale(invalid), None, "{invalid:#x}");
	}
}

#[test]
fn scales_far_below_the_top_are_re_rounded() {
	let scales = [(1024, 0), (2047, -7), (2047, -8), (1025, -9), (1, -24), (0, 5)];
	let scales = scales.map(|(mantissa, exponent)| Scale { mantissa, exponent });
	let factors = Factors::new(&scales);
	assert_eq!(factors.floor, -7);
	assert_eq!(factors.factors, [1024 << 7, 2047, 1024, 256, 0, 0]);
	let zero = Factors::new(&[Scale {
		mantissa: 0,
		exponent: 5,
	}]);
	assert_eq!((zero.floor, zero.factors), (-31, vec![0]));
	let largest = Factors::new(&[Scale {
		mantissa: 2047,
		exponent: 5,
	}]);
	assert_eq!((largest.floor, largest.factors[0]), (-2, 2047 << 7));
	assert!(largest.factors[0] < 1 << 18);
}

#[test]
fn malformed_weight_rows_are_refused() {
	let mut row = vec![0; 68];
	assert!(WeightRow::parse(&row).is_some());
	row[67] = 0x80;
	assert!(WeightRow::parse(&row).is_none());
	row[67] = 0x81;
	assert!(WeightRow::parse(&row).is_some());
	row[1] = 0x80;
	assert!(WeightRow::parse(&row).is_none());
	for length in [1, 33, 35, 67] {
		assert!(WeightRow::parse(&vec![0; length]).is_none(), "{length}");
	}
}

#[test]
fn activation_blocks_shift_and_clamp_the_extremes() {
	let zero = Activation::new(&[0; 64]);
	assert_eq!((zero.base, zero.lifts, zero.mantissas), (0, vec![0, 0], vec![0; 64]));
	let mut x = [0; 96];
	x[0] = i32::MIN;
	x[1] = i32::MAX;
	x[32] = 1 << 20;
	x[64] = 1;
	let blocks = Activation::new(&x);
	// 32 bits need 17 shifts; the base is 7 below; 2²⁰ has 21 bits and would need 6; 1 is lost.
	assert_eq!((blocks.base, &blocks.lifts[..]), (10, &[7, 0, 0][..]));
	assert_eq!((blocks.mantissas[0], blocks.mantissas[1]), (-16384, 16384));
	assert_eq!((blocks.mantissas[32], blocks.mantissas[64]), (1 << 10, 0));
	// 32767.5 rounds up to 32768 and is clamped.
	assert_eq!(Activation::new(&[65535; 32]).mantissas[0], 32767);
	assert_eq!(Activation::new(&[-65535; 32]).mantissas[0], -32767);
}

proptest! {
	#[test]
	fn quantised_values_are_within_half_a_step_or_the_clamp(seed: u64, sizes in prop::collection::vec(0u32..32, 1..8)) {
		let mut noise = Noise::new(seed);
		let x: Vec<i32> = sizes.iter().flat_map(|&size| [(); 32].map(|()| (noise.next() as i32) >> (31 - size.min(31)))).collect();
		let activation = Activation::new(&x);
		prop_assert!(activation.base <= 10 && activation.lifts.iter().all(|&lift| lift <= 7));
		for (i, &v) in x.iter().enumerate() {
			let (m, shift) = (i64::from(activation.mantissas[i]), activation.base + activation.lifts[i / 32]);
			let error = 2 * (i64::from(v) - (m << shift)).abs();
			// A clamp from 32768 to 32767 costs at most a whole step.
			prop_assert!(error <= if m.abs() == 32767 { 2 << shift } else { 1 << shift }, "{v} {m} {shift}");
		}
		let cache = CacheRow::new(&x);
		prop_assert!(cache.base <= 18);
		for (i, &v) in x.iter().enumerate() {
			let (m, shift) = (i64::from(cache.mantissas[i]), cache.shifts[i / 32]);
			prop_assert!(shift >= cache.base && shift <= cache.base + 7 && m.abs() <= 127);
			let error = 2 * (i64::from(v) - (m << shift)).abs();
			prop_assert!(error <= if m.abs() == 127 { 2 << shift } else { 1 << shift }, "{v} {m} {shift}");
		}
	}
}
