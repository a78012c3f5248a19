use super::{real, tables::normal_cdf, value};
use assay_exact::{
	activation::{activate, add, mul},
	program::Function,
};
use proptest::prelude::*;

fn exact(function: Function, x: f64) -> f64 {
	let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
	match function {
		Function::Silu => x * sigmoid(x),
		Function::GeluErf => x * normal_cdf(x),
		Function::GeluTanh => {
			let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
			x * (1.0 + inner.tanh()) / 2.0
		}
		Function::Relu => x.max(0.0),
		Function::Sigmoid => sigmoid(x),
		Function::Tanh => x.tanh(),
	}
}

#[test]
fn every_function_stays_in_range_at_the_extremes() {
	let at = |x| Function::ALL.map(|function| activate(function, x));
	assert_eq!(at(0), [0, 0, 0, 0, 32768, 0]);
	assert_eq!(at(i32::MAX), [i32::MAX, i32::MAX, i32::MAX, i32::MAX, 65536, 65536]);
	assert_eq!(at(i32::MIN), [0, 0, 0, 0, 0, -65536]);
	assert_eq!(at(value(16.0))[0], value(16.0));
	assert_eq!(at(value(-16.0))[0], 0);
}

#[test]
fn sums_and_products_saturate() {
	assert_eq!(add(i32::MAX, 1), i32::MAX);
	assert_eq!(add(i32::MIN, -1), i32::MIN);
	assert_eq!(add(3, -5), -2);
	assert_eq!(mul(value(1.5), value(-2.0)), value(-3.0));
	assert_eq!(mul(i32::MIN, i32::MIN), i32::MAX);
	assert_eq!(mul(1, 32768), 1);
	assert_eq!(mul(-1, 32768), 0);
}

proptest! {
	#[test]
	fn every_function_is_close_to_real(x in prop_oneof![-1i32 << 21..1 << 21, any::<i32>()]) {
		for function in Function::ALL {
			let exact = exact(function, real(x)) * 65536.0;
			// Section 3.6: the gate is within 3·10⁻⁶, the result rounded once.
			let steep = if matches!(function, Function::Tanh) { 65536.0 * 2.0 } else { f64::from(x).abs().clamp(65536.0, 17.0 * 65536.0) };
			let error = (f64::from(activate(function, x)) - exact).abs();
			prop_assert!(error <= 0.51 + 3e-6 * steep, "{:?} {} {}", function, x, error);
		}
	}

	#[test]
	fn gates_are_symmetric(x: i32) {
		// x · G(x) + x · G(-x) = x, but for one rounding each.
		if x > i32::MIN {
			for function in [Function::Silu, Function::GeluErf, Function::GeluTanh] {
				let sum = i64::from(activate(function, x)) - i64::from(activate(function, -x));
				prop_assert!((sum - i64::from(x)).abs() <= 1);
			}
		}
	}
}
