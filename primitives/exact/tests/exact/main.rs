//! Properties of the arithmetic against wide integers and floats, and of programs against hostile bytes.

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

/// log2(e) / √head_dim with 30 fraction bits.
fn attention_scale(head_dim: u32) -> u32 {
	(std::f64::consts::LOG2_E / f64::from(head_dim).sqrt() * f64::from(1 << 30)).round() as u32
}

/// Real number of a value.
fn real(value: i32) -> f64 {
	f64::from(value) / 65536.0
}

/// Value of a real number.
fn value(real: f64) -> i32 {
	(real * 65536.0).round() as i32
}
