use super::value;
use assay_exact::{
	sample::{choose, exponential, gumbel, log2, random_words},
	Sampler,
};
use proptest::prelude::*;

const SEED: [u8; 32] = [7; 32];

fn gumbel_sampler(inverse_temperature: u32) -> Sampler {
	Sampler::Gumbel {
		inverse_temperature,
		seed: SEED,
	}
}

#[test]
fn greedy_takes_the_first_of_the_largest() {
	assert_eq!(choose(&Sampler::Greedy, &[3, 9, 9, -1], 0), 1);
	assert_eq!(choose(&Sampler::Greedy, &[i32::MIN; 4], 0), 0);
}

#[test]
fn the_noise_has_bounded_tails() {
	// E is one unit of 2⁻³³ at the least: the noise is at most 33 ln 2.
	assert_eq!(exponential(0), 1);
	assert_eq!(gumbel(0), (33.0 * std::f64::consts::LN_2 * 65536.0).round() as i64);
	// U = 1 - 2⁻³³ at the most: E is 33 ln 2, the noise -ln of it.
	let most = 33.0 * std::f64::consts::LN_2;
	assert!((exponential(u32::MAX) as f64 * (-33f64).exp2() / most - 1.0).abs() < 1e-8);
	assert!((gumbel(u32::MAX) as f64 + most.ln() * 65536.0).abs() <= 1.0);
}

#[test]
fn exponential_and_noise_never_grow_backwards() {
	// Across the seam between series and logarithm, and over a coarse sweep.
	let seam = (1u32 << 24) - 2000..(1 << 24) + 2000;
	let words = (0..1 << 12).map(|i| i << 20);
	for words in [seam.collect::<Vec<u32>>(), words.collect()] {
		for pair in words.windows(2) {
			assert!(exponential(pair[0]) <= exponential(pair[1]) + 64, "{pair:?}");
			assert!(gumbel(pair[0]) >= gumbel(pair[1]) - 1, "{pair:?}");
		}
	}
}

#[test]
fn words_depend_on_seed_position_and_block() {
	let words = random_words(&SEED, 1, 2);
	assert_eq!(words, random_words(&SEED, 1, 2));
	for other in [
		random_words(&SEED, 2, 1),
		random_words(&SEED, 1, 3),
		random_words(&[8; 32], 1, 2),
	] {
		assert_ne!(words, other);
	}
}

#[test]
fn the_noise_has_the_mean_and_variance_of_gumbel() {
	let draws: Vec<f64> = (0..20_000)
		.flat_map(|i| random_words(&SEED, i, 0))
		.map(|word| gumbel(word) as f64 / 65536.0)
		.collect();
	let n = draws.len() as f64;
	let mean = draws.iter().sum::<f64>() / n;
	let variance = draws.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n;
	// Standard errors over 160,000 draws: 0.0032 and 0.0086.
	assert!((mean - 0.577_215_7).abs() < 0.012, "{mean}");
	assert!(
		(variance - std::f64::consts::PI.powi(2) / 6.0).abs() < 0.035,
		"{variance}"
	);
}

#[test]
fn tokens_come_as_often_as_the_softmax_says() {
	let reals = [0.5, 2.0, 1.0, -1.0, 0.0, 1.5, -3.0, 0.25, 1.75];
	let logits = reals.map(value);
	for (inverse_temperature, theta) in [(65536, 1.0), (131_072, 2.0), (32_768, 0.5)] {
		let draws = 20_000;
		let mut counts = [0u32; 9];
		for position in 0..draws {
			counts[choose(&gumbel_sampler(inverse_temperature), &logits, position) as usize] += 1;
		}
		let weights = reals.map(|x: f64| (theta * x).exp());
		let total: f64 = weights.iter().sum();
		for (count, weight) in counts.iter().zip(weights) {
			let (frequency, p) = (f64::from(*count) / f64::from(draws), weight / total);
			let deviation = (p * (1.0 - p) / f64::from(draws)).sqrt();
			assert!((frequency - p).abs() <= 4.0 * deviation + 0.0005, "{frequency} {p}");
		}
	}
}

#[test]
fn cold_sampling_is_greedy_and_extreme_logits_do_not_overflow() {
	let logits = [i32::MIN, value(1.0), value(1.1), i32::MIN];
	assert_eq!(choose(&gumbel_sampler(u32::MAX), &logits, 3), 2);
	assert_eq!(choose(&gumbel_sampler(u32::MAX), &[i32::MAX, i32::MIN], 3), 0);
}

proptest! {
	#[test]
	fn log2_is_within_two_ten_millionths(x in 1u64..1 << 62, drop in 0u32..62) {
		let x = (x >> drop).max(1);
		let error = log2(x) as f64 / f64::from(1 << 30) - (x as f64).log2();
		prop_assert!((-1.8e-7..=4e-9).contains(&error), "{} {}", x, error);
	}

	#[test]
	fn exponential_and_noise_are_close_to_real(word in prop_oneof![any::<u32>(), (0u32..32).prop_flat_map(|s| 0u32..=u32::MAX >> s)]) {
		let uniform = (2.0 * f64::from(word) + 1.0) * (-33f64).exp2();
		let exact = -(-uniform).ln_1p();
		let e = exponential(word) as f64 * (-33f64).exp2();
		// Section 4: within 2·10⁻⁷ and, for small variates, two units.
		prop_assert!((e - exact).abs() <= 2e-7f64.min(exact * 4e-5) + 2.0 * (-33f64).exp2(), "{} {}", e, exact);
		let noise = gumbel(word) as f64 / 65536.0;
		let relative = 4e-5 + 2.0 * (-33f64).exp2() / exact;
		prop_assert!((noise + exact.ln()).abs() <= relative + 2.0 / 65536.0, "{} {}", noise, -exact.ln());
	}
}
