use assay_exact::{
	blocks::{Activation, Factors, WeightRow},
	linear::{accumulate, embed, linear},
};
use assay_samples::Noise;
use proptest::prelude::*;

/// Bytes of a row.
fn row(scales: &[u16], weights: &[i8]) -> Vec<u8> {
	let mut row: Vec<u8> = scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
	row.extend(weights.iter().map(|&weight| weight as u8));
	row
}

fn scale() -> impl Strategy<Value = u16> {
	// All valid scales, zero, subnormal and extreme ones among them.
	prop_oneof![4 => 0u16..0x7c00, 1 => Just(0), 1 => 1u16..0x400, 1 => Just(0x7bff), 4 => 0x1000u16..0x2400]
}

fn weight() -> impl Strategy<Value = i8> {
	prop_oneof![4 => -127i8..=127, 1 => Just(127), 1 => Just(-127)]
}

/// Scales, weights and values of a row of 1 to 8 blocks, the blocks of values of very different size.
fn operands() -> impl Strategy<Value = (Vec<u16>, Vec<i8>, Vec<i32>)> {
	(1usize..=8).prop_flat_map(|blocks| {
		let scales = prop::collection::vec(scale(), blocks);
		let weights = prop::collection::vec(weight(), blocks * 32);
		let values = prop::collection::vec((any::<i32>(), Just(())), blocks * 32);
		let sizes = prop::collection::vec(0u32..32, blocks);
		(scales, weights, values, sizes).prop_map(|(scales, weights, values, sizes)| {
			let values = values
				.iter()
				.enumerate()
				.map(|(i, (v, ()))| v >> sizes[i / 32])
				.collect();
			(scales, weights, values)
		})
	})
}

/// Sections 2.1, 2.2 and 3.1 of the page, word for word in 128 bits: the sum is formed in units of
/// 2^(floor + base) from the definition of each block's scale, without factors and lifts.
fn by_definition(scales: &[u16], weights: &[i8], x: &[i32]) -> i128 {
	let decoded: Vec<(i128, i32)> = scales
		.iter()
		.map(|&half| match (i32::from(half >> 10), i128::from(half & 1023)) {
			(0, fraction) => (fraction, -24),
			(exponent, fraction) => (1024 + fraction, exponent - 25),
		})
		.collect();
	let top = decoded
		.iter()
		.filter(|(mant, _)| *mant != 0)
		.map(|(_, exp)| *exp)
		.max()
		.unwrap_or(-24);
	let floor = top - 7;
	let shift_of = |block: &[i32]| {
		let largest = block.iter().map(|v| v.unsigned_abs()).max().unwrap();
		(32 - largest.leading_zeros() as i32 - 15).max(0)
	};
	let shifts: Vec<i32> = x.chunks(32).map(shift_of).collect();
	let base = (shifts.iter().max().unwrap() - 7).max(0);
	let round = |v: i128, s: i32| if s == 0 { v } else { (v + (1 << (s - 1))) >> s };
	let mut sum = 0i128;
	for (b, (&(mant, exp), &shift)) in decoded.iter().zip(&shifts).enumerate() {
		let (mant, exp) = if mant == 0 || exp < floor {
			(round(mant, (floor - exp).max(0)), floor)
		} else {
			(mant, exp)
		};
		let shift = shift.max(base);
		for i in b * 32..b * 32 + 32 {
			let m = round(x[i].into(), shift).clamp(-32767, 32767);
			sum += i128::from(weights[i]) * mant * m * (1 << (exp - floor)) * (1 << (shift - base));
		}
	}
	let exponent = floor + base;
	let y = if exponent <= 0 {
		round(sum, -exponent)
	} else {
		sum << exponent
	};
	y.clamp(i32::MIN.into(), i32::MAX.into())
}

proptest! {
	#[test]
	fn linear_equals_the_definition_in_wide_integers((scales, weights, x) in operands(), bias: Option<i32>) {
		let bytes = row(&scales, &weights);
		let parsed = WeightRow::parse(&bytes).unwrap();
		let expected = by_definition(&scales, &weights, &x) + i128::from(bias.unwrap_or(0));
		let expected = expected.clamp(i32::MIN.into(), i32::MAX.into());
		prop_assert_eq!(i128::from(linear(&parsed, &Activation::new(&x), bias)), expected);
	}

	#[test]
	fn accumulation_is_linear_where_shifts_are_equal(
		(scales, weights, x) in operands(), seed: u64, base in 0u8..=10, lifts in prop::collection::vec(0u8..=7, 8),
	) {
		let bytes = row(&scales, &weights);
		let parsed = WeightRow::parse(&bytes).unwrap();
		let factors = Factors::new(&parsed.scales);
		let mut noise = Noise::new(seed);
		let lifts = lifts[..scales.len()].to_vec();
		let mut part = || -> Vec<i16> { x.iter().map(|_| noise.within(16383) as i16).collect() };
		let (a, b) = (part(), part());
		let sum = a.iter().zip(&b).map(|(a, b)| a + b).collect();
		let of = |mantissas| accumulate(&parsed, &factors, &Activation { mantissas, lifts: lifts.clone(), base });
		prop_assert_eq!(of(sum), of(a) + of(b));
	}

	#[test]
	fn the_order_of_blocks_does_not_matter((scales, weights, x) in operands(), seed: u64) {
		let mut order: Vec<usize> = (0..scales.len()).collect();
		let mut noise = Noise::new(seed);
		for i in (1..order.len()).rev() {
			order.swap(i, noise.next() as usize % (i + 1));
		}
		let permuted_scales: Vec<u16> = order.iter().map(|&b| scales[b]).collect();
		let permuted_weights: Vec<i8> = order.iter().flat_map(|&b| weights[b * 32..][..32].to_vec()).collect();
		let permuted_x: Vec<i32> = order.iter().flat_map(|&b| x[b * 32..][..32].to_vec()).collect();
		let (bytes, permuted) = (row(&scales, &weights), row(&permuted_scales, &permuted_weights));
		let y = linear(&WeightRow::parse(&bytes).unwrap(), &Activation::new(&x), None);
		prop_assert_eq!(linear(&WeightRow::parse(&permuted).unwrap(), &Activation::new(&permuted_x), None), y);
	}

	#[test]
	fn embedding_is_within_half_a_unit_of_the_real_product(scale in scale(), weights in prop::collection::vec(weight(), 32)) {
		let bytes = row(&[scale], &weights);
		let parsed = WeightRow::parse(&bytes).unwrap();
		let real = f64::from(parsed.scales[0].mantissa) * f64::from(parsed.scales[0].exponent).exp2();
		for (y, q) in embed(&parsed).zip(weights) {
			let exact = (f64::from(q) * real * 65536.0).clamp(i32::MIN.into(), i32::MAX.into());
			prop_assert!((f64::from(y) - exact).abs() <= 0.5, "{} {} {}", q, real, y);
		}
	}
}

/// The largest accumulator there is: 1,024 blocks, everything at its bound.
#[test]
fn the_largest_accumulator_fits_with_a_bit_to_spare() {
	for sign in [1i8, -1] {
		let bytes = row(&[0x7bff; 1024], &[127 * sign; 32_768]);
		let parsed = WeightRow::parse(&bytes).unwrap();
		let factors = Factors::new(&parsed.scales);
		let x = Activation {
			mantissas: vec![32767; 32_768],
			lifts: vec![7; 1024],
			base: 10,
		};
		let exact = 32_768 * i128::from(127 * sign) * 32767 * (2047 << 7) * (1 << 7);
		assert_eq!(i128::from(accumulate(&parsed, &factors, &x)), exact);
		assert!(exact.unsigned_abs() < 1 << 62);
		let expected = if sign > 0 { i32::MAX } else { i32::MIN };
		assert_eq!(
			linear(&parsed, &x, Some(i32::MAX)),
			if sign > 0 { i32::MAX } else { -1 }
		);
		assert_eq!(linear(&parsed, &x, None), expected);
	}
}

#[test]
fn a_zero_row_gives_the_bias() {
	let bytes = row(&[0; 2], &[127; 64]);
	let x = Activation::new(&[i32::MIN; 64]);
	assert_eq!(linear(&WeightRow::parse(&bytes).unwrap(), &x, Some(-5)), -5);
}
