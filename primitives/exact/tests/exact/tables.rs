use assay_exact::tables::{EXP2, LN2, LOG2, PHI, PHI_TANH, SIGMOID};

/// Φ(x) by its series: all terms of one sign, so accurate to a few units of f64.
pub(super) fn normal_cdf(x: f64) -> f64 {
	if x < -9.0 {
		return 0.0;
	}
	if x > 9.0 {
		return 1.0;
	}
	let (mut sum, mut term, mut k) = (0.0, x, 1.0);
	while term.abs() > 1e-18 {
		sum += term;
		k += 2.0;
		term *= x * x / k;
	}
	0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn check(table: &[u32], exact: impl Fn(f64) -> f64) {
	for (i, &entry) in table.iter().enumerate() {
		let exact = exact(i as f64);
		assert!(
			(f64::from(entry) - exact).abs() <= 1.0,
			"entry {i}: {entry}, computed {exact}"
		);
	}
}

#[test]
fn tables_are_what_the_page_defines() {
	let one = f64::from(1 << 30);
	check(&EXP2, |i| f64::from(32767 << 15) * (-i / 256.0).exp2());
	check(&SIGMOID, |i| one / (1.0 + (-i / 64.0).exp()));
	check(&PHI, |i| one * normal_cdf(i / 128.0));
	check(&PHI_TANH, |i| {
		let x = i / 128.0;
		one * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh()) / 2.0
	});
	check(&LOG2, |i| one * (1.0 + i / 1024.0).log2());
	assert!((f64::from(LN2) - one * std::f64::consts::LN_2).abs() <= 0.5);
}

#[test]
fn ends_are_exact_and_tables_monotone() {
	assert_eq!((EXP2[0], EXP2[256]), (32767 << 15, 32767 << 14));
	assert_eq!((SIGMOID[0], PHI[0], PHI_TANH[0]), (1 << 29, 1 << 29, 1 << 29));
	assert_eq!((LOG2[0], LOG2[1024]), (0, 1 << 30));
	assert!(EXP2.windows(2).all(|pair| pair[0] > pair[1]));
	for table in [&SIGMOID, &PHI, &PHI_TANH, &LOG2] {
		assert!(table.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] <= 1 << 30));
	}
}
