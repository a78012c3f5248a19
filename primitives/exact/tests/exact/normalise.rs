use assay_exact::normalise::{l2_normalise, layer_norm, rms_norm, InverseRoot};
use assay_samples::Noise;
use proptest::prelude::*;

/// A vector of values of about `size` bits.
fn vector(noise: &mut Noise, length: usize, size: u32) -> Vec<i32> {
	(0..length).map(|_| (noise.next() as i32) >> (31 - size)).collect()
}

/// The bound of section 3.3: half a unit, and what the gain makes of the error of z.
fn tolerance(z: f64, gain: f64, v: f64) -> f64 {
	0.5 + gain.abs() * (0.5 + z.abs() * (1.0 + (-20f64).exp2()) * ((-29f64).exp2() + 0.5 / v)) * (-20f64).exp2() + 1e-6
}

#[test]
fn the_inverse_root_keeps_its_range_at_the_extremes() {
	let root = |v| {
		let root = InverseRoot::new(v);
		(root.inverse, root.t)
	};
	assert_eq!(root(0), (1 << 31, 30));
	assert_eq!(root(1), (1 << 31, 30));
	assert_eq!(root(4), (1 << 31, 29));
	assert_eq!(root((1 << 62) - 1), (1 << 30, 0));
	assert_eq!(root(u64::MAX), (1 << 30, 0));
	assert_eq!(root(1 << 60), (1 << 31, 0));
}

#[test]
fn saturated_vectors_do_not_overflow() {
	let extreme = vec![i32::MIN; 32_768];
	assert_eq!(rms_norm(&extreme, &vec![i32::MAX; 32_768], 1 << 32)[0], -i32::MAX);
	assert_eq!(rms_norm(&extreme, &vec![65536; 32_768], 0)[0], -65536);
	let mut spike = vec![0; 32_768];
	spike[7] = 1;
	// 1 / √(1/32768) would be 181; the floor of the mean square is 0 and 1 is the least.
	assert_eq!(rms_norm(&spike, &vec![65536; 32_768], 0)[7], 65536);
	spike[7] = i32::MIN;
	assert_eq!(rms_norm(&spike, &vec![65536; 32_768], 0)[7], -11_863_283);
	assert_eq!(rms_norm(&spike, &vec![i32::MIN; 32_768], 0)[7], i32::MAX);
	let alternating: Vec<i32> = (0..32_768)
		.map(|i| if i % 2 == 0 { i32::MAX } else { i32::MIN })
		.collect();
	let normed = layer_norm(&alternating, &vec![65536; 32_768], &vec![i32::MIN; 32_768], 0);
	assert_eq!((normed[0], normed[1]), (i32::MIN + 65536, i32::MIN));
	assert_eq!(l2_normalise(&[0; 32]), [0; 32]);
	assert_eq!(l2_normalise(&[-9]), [-65536]);
	assert!(rms_norm(&[], &[], 0).is_empty());
	assert!(layer_norm(&[], &[], &[], 0).is_empty());
}

proptest! {
	#[test]
	fn the_inverse_root_is_within_two_to_the_minus_29(v in 1u64..1 << 62, drop in 0u32..62) {
		let v = (v >> drop).max(1);
		let root = InverseRoot::new(v);
		prop_assert!(root.t <= 30 && (1 << 30..=1 << 31).contains(&root.inverse));
		prop_assert!(u128::from(v) << (2 * root.t) >= 1 << 60 && u128::from(v) << (2 * root.t) < 1 << 62);
		let exact = 61f64.exp2() / ((v as f64).sqrt() * f64::from(root.t).exp2());
		prop_assert!((root.inverse as f64 / exact - 1.0).abs() <= (-29f64).exp2());
	}

	#[test]
	fn rms_norm_is_close_to_real(seed: u64, length in 1usize..100, groups in 1usize..4, size in 1u32..=31, epsilon in 0u64..1 << 20) {
		let mut noise = Noise::new(seed);
		let x = vector(&mut noise, length * groups, size);
		let gain = vector(&mut noise, length, 18);
		let y = rms_norm(&x, &gain, epsilon);
		for (group, y) in x.chunks(length).zip(y.chunks(length)) {
			let square: f64 = group.iter().map(|&c| f64::from(c).powi(2)).sum();
			let v = square / length as f64 + epsilon as f64;
			if v < 1.0 {
				continue;
			}
			for i in 0..length {
				let z = f64::from(group[i]) / v.sqrt();
				let exact = z * f64::from(gain[i]);
				let error = (f64::from(y[i]) - exact).abs();
				prop_assert!(error <= tolerance(z * 20f64.exp2(), gain[i].into(), v), "{} {} {}", y[i], exact, v);
			}
		}
	}

	#[test]
	fn layer_norm_is_close_to_real(seed: u64, length in 2usize..100, size in 8u32..=31, offset in -1i32 << 20..1 << 20) {
		let mut noise = Noise::new(seed);
		let x: Vec<i32> = vector(&mut noise, length, size).iter().map(|v| v.saturating_add(offset)).collect();
		let (gain, bias) = (vector(&mut noise, length, 18), vector(&mut noise, length, 18));
		let y = layer_norm(&x, &gain, &bias, 65536);
		// The mean is rounded to a unit by definition; the rest is compared with real numbers.
		let mean = (x.iter().map(|&v| f64::from(v)).sum::<f64>() / length as f64 + 0.5).floor();
		let centred: Vec<f64> = x.iter().map(|&v| (f64::from(v) - mean).clamp(i32::MIN.into(), i32::MAX.into())).collect();
		let v = centred.iter().map(|c| c * c).sum::<f64>() / length as f64 + 65536.0;
		for i in 0..length {
			let z = centred[i] / v.sqrt();
			let error = (f64::from(y[i]) - z * f64::from(gain[i]) - f64::from(bias[i])).abs();
			prop_assert!(error <= tolerance(z * 20f64.exp2(), gain[i].into(), v));
		}
	}

	#[test]
	fn l2_normalised_vectors_have_unit_length(seed: u64, length in 1usize..400, size in 8u32..=26) {
		let mut noise = Noise::new(seed);
		let x = vector(&mut noise, length, size);
		let norm = x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
		for (&y, &x) in l2_normalise(&x).iter().zip(&x) {
			prop_assert!((f64::from(y) - f64::from(x) / norm.max(1.0) * 65536.0).abs() <= 0.6);
		}
	}
}
