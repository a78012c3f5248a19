//! What a checker keeps of a model in place of its weights.
//!
//! For a secret row r and a matrix W of integers, r·W is one row; then r·(W·x) = (r·W)·x whatever x is, and whoever claims
//! another product than W·x without knowing r passes with probability 1/p (Freivalds 1977). W are the weights of a matrix as
//! the exact arithmetic multiplies them (q · factor), x the activation's integers (mantissa · 2^lift), W·x the accumulators.

mod file;
mod make;

pub use file::KeyFileError;
pub use make::KeyError;

use crate::field::{combine_activation, combine_large, combine_small, large, small, LARGE, SMALL};
use assay_exact::{
	blocks::{Activation, BLOCK},
	evaluate::Weights,
	limits::MAX_ROWS,
	program::{Op, Shape, TensorIndex},
	Instance, Program,
};
use assay_trace::Hash32;
use codec::{Decode, Encode};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha20Rng,
};
use std::collections::BTreeMap;

/// A checker's secret key to one artifact. Whoever knows it can pass wrong products off on its owner: it is never shared.
pub struct Key {
	artifact: Hash32,
	program: Program,
	/// What the rows are made of.
	seed: [u8; 32],
	tensors: BTreeMap<Instance, TensorKey>,
	/// The secret rows, for the matrix with the most rows.
	rows: SecretRows,
}

impl core::fmt::Debug for Key {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.debug_struct("Key")
			.field("artifact", &self.artifact)
			.finish_non_exhaustive()
	}
}

/// What is kept of one tensor.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, Default)]
struct TensorKey {
	/// Of a matrix that an operation multiplies by.
	products: Option<MatrixKey>,
	/// The root of a tensor of which openings show single rows.
	root: Option<Hash32>,
	/// The bytes of a vector.
	vector: Option<Vec<u8>>,
}

/// What is kept of the weights of a matrix.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
struct MatrixKey {
	/// r·W modulo 2⁶¹ - 1: one residue for each column.
	large: Vec<i64>,
	/// The same with another r modulo 2³¹ - 1.
	small: Vec<i32>,
	/// The exponent of each row's factors.
	floors: Vec<i8>,
}

/// The secret rows r, of which a matrix uses as many residues as it has rows. All matrices may share them: which is the first
/// wrong product of a claim does not depend on them, and that one passes with probability 1/p.
struct SecretRows {
	large: Vec<i64>,
	small: Vec<i64>,
}

impl SecretRows {
	fn new(seed: [u8; 32], rows: u32) -> Self {
		let mut random = ChaCha20Rng::from_seed(seed);
		// Uniform below the modulus: what is drawn has as many bits, and the modulus itself is drawn again.
		let mut below = |modulus: i64| loop {
			let drawn = (random.next_u64() as i64) & modulus;
			if drawn != modulus {
				return drawn;
			}
		};
		let (mut larges, mut smalls) = (Vec::new(), Vec::new());
		for _ in 0..rows {
			larges.push(below(LARGE));
			smalls.push(below(SMALL));
		}
		Self {
			large: larges,
			small: smalls,
		}
	}
}

/// What a key keeps of each tensor of a program.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Kept {
	products: bool,
	root: bool,
	vector: bool,
}

/// For each tensor of a program.
fn kept(program: &Program) -> Vec<Kept> {
	let shapes = program.tensors.iter().map(|tensor| Kept {
		vector: matches!(tensor.shape, Shape::Vector { .. }),
		..Kept::default()
	});
	let mut kept: Vec<Kept> = shapes.collect();
	for op in program.ops() {
		let (tensor, products) = match op {
			Op::Linear { weight, .. } => (weight, true),
			Op::Embed { table, .. } | Op::Rotate { table, .. } => (table, false),
			_ => continue,
		};
		if let Some(kept) = kept.get_mut(usize::from(tensor.0)) {
			kept.products |= products;
			kept.root |= !products;
		}
	}
	kept
}

/// Rows of the largest matrix that a program multiplies by.
fn most_rows(program: &Program) -> u32 {
	let multiplied = program.tensors.iter().zip(kept(program));
	let rows = multiplied
		.filter(|(_, kept)| kept.products)
		.map(|(tensor, _)| tensor.shape.rows());
	rows.max().unwrap_or(0).min(MAX_ROWS)
}

impl Key {
	/// The artifact that it was made from.
	pub fn artifact(&self) -> Hash32 {
		self.artifact
	}

	/// The program of the artifact.
	pub fn program(&self) -> &Program {
		&self.program
	}

	fn tensor(&self, instance: &Instance) -> Option<&TensorKey> {
		self.tensors.get(instance)
	}

	/// The exponents of a matrix's rows.
	pub(crate) fn floors(&self, instance: &Instance) -> Option<&[i8]> {
		Some(&self.tensor(instance)?.products.as_ref()?.floors)
	}

	/// The root of a tensor of which openings show rows.
	pub(crate) fn root(&self, instance: &Instance) -> Option<Hash32> {
		self.tensor(instance)?.root
	}

	/// Whether these are the accumulators of a matrix on an activation, each of them within ±2⁶². True if they are, and if they
	/// are not, with a probability of at most 2⁻³¹, or of 2⁻⁶¹ where they also differ modulo 2⁶¹ - 1.
	pub(crate) fn holds(&self, instance: &Instance, x: &Activation, accumulators: &[i64]) -> bool {
		let Some(matrix) = self.tensor(instance).and_then(|tensor| tensor.products.as_ref()) else {
			return false;
		};
		let x: Vec<i64> = x
			.mantissas
			.chunks(BLOCK)
			.zip(&x.lifts)
			.flat_map(|(block, &lift)| block.iter().map(move |&mantissa| i64::from(mantissa) << lift))
			.collect();
		if x.len() != matrix.large.len() || accumulators.len() != matrix.floors.len() {
			return false;
		}
		let seconds: Vec<i64> = matrix.small.iter().copied().map(i64::from).collect();
		combine_large(&self.rows.large, accumulators) == large(combine_activation(&matrix.large, &x))
			&& combine_small(&self.rows.small, accumulators) == small(combine_activation(&seconds, &x))
	}
}

/// The vectors of the artifact.
impl Weights for Key {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		let vector = self.tensor(&Instance { tensor, layer })?.vector.as_deref()?;
		(row == 0).then_some(vector)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_exact::{blocks::Factors, blocks::WeightRow, linear::accumulate};
	use assay_samples::{programs::decoder, programs::t, MadeUpArtifact, Noise};

	/// A key, the first product of a decoder's layer, its activation and its accumulators.
	fn a_product(seed: u64) -> (Key, Instance, Activation, Vec<i64>) {
		let artifact = MadeUpArtifact::new(&decoder(), seed);
		let mut noise = Noise::new(seed);
		let key = Key::make(&decoder(), &artifact, &mut ChaCha20Rng::seed_from_u64(seed)).expect("it is whole");
		let instance = Instance {
			tensor: t(4),
			layer: Some(1),
		};
		let x = Activation::new(&noise.values(64));
		let rows = (0..decoder().tensors[4].shape.rows()).map(|row| {
			let row = artifact
				.row(t(4), Some(1), row)
				.and_then(WeightRow::parse)
				.expect("it is a row");
			accumulate(&row, &Factors::new(&row.scales), &x)
		});
		let accumulators = rows.collect();
		(key, instance, x, accumulators)
	}

	#[test]
	fn accumulators_of_the_matrix_hold_and_others_do_not() {
		for seed in 0..200 {
			let (key, instance, x, mut accumulators) = a_product(seed);
			assert!(key.holds(&instance, &x, &accumulators));
			let mut noise = Noise::new(seed);
			let at = noise.below(accumulators.len() as u64) as usize;
			let change = noise.one_of(&[1, -1, 1 << 20, -(1 << 40)]);
			accumulators[at] += change;
			assert!(
				!key.holds(&instance, &x, &accumulators),
				"{change} at {at}, seed {seed}"
			);
			// Another change that takes the sum of the accumulators back to what it was.
			accumulators[(at + 1) % 128] -= change;
			assert!(
				!key.holds(&instance, &x, &accumulators),
				"{change} at {at} and back, seed {seed}"
			);
		}
	}

	#[test]
	fn accumulators_that_are_the_same_modulo_the_large_prime_do_not_hold() {
		for seed in 0..100 {
			let (key, instance, x, accumulators) = a_product(seed);
			for times in [-3, -2, -1, 1, 2, 3i64] {
				let mut aliased = accumulators.clone();
				let at = Noise::new(seed).below(accumulators.len() as u64) as usize;
				aliased[at] += times * LARGE;
				// The large modulus alone is deceived.
				assert_eq!(
					combine_large(&key.rows.large, &aliased),
					combine_large(&key.rows.large, &accumulators)
				);
				assert!(!key.holds(&instance, &x, &aliased), "{times} times, seed {seed}");
			}
			// All of them at once, in different directions.
			let all = accumulators.iter().enumerate();
			let aliased: Vec<i64> = all.map(|(i, a)| a + LARGE * [1, -1, 2][i % 3]).collect();
			assert!(!key.holds(&instance, &x, &aliased), "seed {seed}");
		}
	}

	#[test]
	fn rows_are_uniform_below_the_moduli() {
		let rows = SecretRows::new([3; 32], 20_000);
		assert!(rows.large.iter().all(|residue| (0..LARGE).contains(residue)));
		assert!(rows.small.iter().all(|residue| (0..SMALL).contains(residue)));
		let mean = |residues: &[i64], modulus: i64| {
			let sum: f64 = residues.iter().map(|residue| *residue as f64 / modulus as f64).sum();
			sum / residues.len() as f64
		};
		// A standard deviation of the mean is 0.002.
		assert!((mean(&rows.large, LARGE) - 0.5).abs() < 0.01);
		assert!((mean(&rows.small, SMALL) - 0.5).abs() < 0.01);
	}
}
