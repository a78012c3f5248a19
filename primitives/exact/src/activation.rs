//! Elementwise functions (sections 3.6 and 3.7 of the page).

use crate::{
	number::{rshift, sat},
	program::Function,
	tables::{PHI, PHI_TANH, SIGMOID},
};

/// One with the fraction bits of gates and tables.
const ONE: i64 = 1 << 30;

/// A gate over x ≥ 0, from which G(-x) = 1 - G(x) gives the rest.
struct Gate {
	table: &'static [u32; 1025],
	/// log2 of the table's step in value units.
	step: u32,
}

const SIGMOID_GATE: Gate = Gate {
	table: &SIGMOID,
	step: 10,
};
const PHI_GATE: Gate = Gate { table: &PHI, step: 9 };
const PHI_TANH_GATE: Gate = Gate {
	table: &PHI_TANH,
	step: 9,
};

impl Gate {
	/// G(x) in [0, 2³⁰].
	#[inline]
	fn at(&self, x: i32) -> i64 {
		let (magnitude, w) = (x.unsigned_abs(), self.step);
		let (i, l) = ((magnitude >> w) as usize, i64::from(magnitude & ((1 << w) - 1)));
		let gate = match self.table.get(i..i + 2) {
			Some(&[low, high]) => (i64::from(low) * ((1 << w) - l) + i64::from(high) * l + (1 << (w - 1))) >> w,
			_ => ONE,
		};
		if x < 0 {
			ONE - gate
		} else {
			gate
		}
	}

	#[inline]
	fn gated(&self, x: i32) -> i32 {
		sat(rshift(i64::from(x) * self.at(x), 30))
	}
}

/// The function of one value.
#[inline]
pub fn activate(function: Function, x: i32) -> i32 {
	match function {
		Function::Silu => SIGMOID_GATE.gated(x),
		Function::GeluErf => PHI_GATE.gated(x),
		Function::GeluTanh => PHI_TANH_GATE.gated(x),
		Function::Relu => x.max(0),
		Function::Sigmoid => sat(rshift(SIGMOID_GATE.at(x), 14)),
		Function::Tanh => sat(rshift(2 * SIGMOID_GATE.at(sat(2 * i64::from(x))) - ONE, 14)),
	}
}

/// Saturating sum.
#[inline]
pub fn add(a: i32, b: i32) -> i32 {
	sat(i64::from(a) + i64::from(b))
}

/// Product.
#[inline]
pub fn mul(a: i32, b: i32) -> i32 {
	sat(rshift(i64::from(a) * i64::from(b), 16))
}
