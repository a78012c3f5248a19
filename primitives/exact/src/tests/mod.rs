//! Properties of the arithmetic against wide integers and floats, and of programs against hostile bytes.

use crate::models;

mod activation;
mod attention;
mod blocks;
mod evaluator;
mod hostile;
mod linear;
mod normalise;
mod operations;
mod page;
mod rotate;
mod sample;
mod tables;
mod units;
mod validation;

/// Real number of a value.
fn real(value: i32) -> f64 {
	f64::from(value) / 65536.0
}

/// Value of a real number.
fn value(real: f64) -> i32 {
	(real * 65536.0).round() as i32
}
