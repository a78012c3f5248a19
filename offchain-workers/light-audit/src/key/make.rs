//! A key from an artifact, in one pass over its rows.

use super::{kept, most_rows, Kept, Key, MatrixKey, SecretRows, TensorKey};
use crate::field::{large, small};
use assay_exact::{
	blocks::{Factors, WeightRow, BLOCK},
	program::Shape,
	Instance, Program, ProgramError,
};
use assay_trace::{artifact::program_hash, prover::OpenArtifact};
use rand::CryptoRng;
use rayon::prelude::*;
use thiserror::Error;

/// Bits of the low limb of a residue modulo 2⁶¹ - 1.
const LIMB: u32 = 31;

/// Why a key cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
	/// The program is not valid.
	#[error("invalid program: {0}")]
	Program(#[from] ProgramError),
	/// The artifact is of another program, or its tree has other tensors.
	#[error("the artifact is of another program")]
	OtherProgram,
	/// A row is absent or malformed.
	#[error("row {row} of tensor {} at layer {:?} is missing or malformed", instance.tensor.0, instance.layer)]
	Row {
		/// Its tensor.
		instance: Instance,
		/// Its index.
		row: u32,
	},
}

impl Key {
	/// Makes a key to an artifact whose bytes are known to have its root. The random numbers must be ones that nobody can guess.
	pub fn make(
		program: &Program,
		artifact: &(impl OpenArtifact + Sync),
		random: &mut impl CryptoRng,
	) -> Result<Self, KeyError> {
		program.validate()?;
		let tree = artifact.tree();
		let (header, _) = tree.open_header().ok_or(KeyError::OtherProgram)?;
		if !header.is_of(program) || header.program != program_hash(program) {
			return Err(KeyError::OtherProgram);
		}
		let mut seed = [0; 32];
		random.fill_bytes(&mut seed);
		let rows = SecretRows::new(seed, most_rows(program));
		let kept = kept(program);
		let instances: Vec<(u32, Instance)> = (0..).zip(program.instances()).collect();
		let tensors = instances.into_par_iter().map(|(index, instance)| {
			let at = usize::from(instance.tensor.0);
			let Kept { products, root, vector } = kept[at];
			let shape = program.tensors[at].shape;
			let key = TensorKey {
				products: products.then(|| matrix(artifact, instance, shape, &rows)).transpose()?,
				root: match root {
					true => Some(tree.open_tensor(index).ok_or(KeyError::OtherProgram)?.0),
					false => None,
				},
				vector: match vector {
					true => Some(row(artifact, instance, shape, 0)?.to_vec()),
					false => None,
				},
			};
			Ok((instance, key))
		});
		Ok(Self {
			artifact: tree.root(),
			program: program.clone(),
			seed,
			tensors: tensors.collect::<Result<_, KeyError>>()?,
			rows,
		})
	}
}

fn row(artifact: &impl OpenArtifact, instance: Instance, shape: Shape, row: u32) -> Result<&[u8], KeyError> {
	let bytes = artifact.row(instance.tensor, instance.layer, row);
	let bytes = bytes.filter(|bytes| bytes.len() as u64 == shape.row_bytes());
	bytes.ok_or(KeyError::Row { instance, row })
}

/// r·W for both moduli. A residue times a factor is reduced once for each block of weights; the weights are added up times
/// what is left, in two limbs that cannot overflow: 2³¹ · 2⁷ for each of at most 2²⁰ rows.
fn matrix(
	artifact: &impl OpenArtifact,
	instance: Instance,
	shape: Shape,
	rows: &SecretRows,
) -> Result<MatrixKey, KeyError> {
	let Shape::Matrix { columns, .. } = shape else {
		return Err(KeyError::OtherProgram);
	};
	let mut sums = vec![[[0i64; BLOCK]; 3]; columns as usize / BLOCK];
	let mut floors = Vec::with_capacity(shape.rows() as usize);
	for index in 0..shape.rows() {
		let bytes = row(artifact, instance, shape, index)?;
		let parsed = WeightRow::parse(bytes).ok_or(KeyError::Row { instance, row: index })?;
		let factors = Factors::new(&parsed.scales);
		// Exponents lie in [-31, -2].
		floors.push(factors.floor as i8);
		let (r, s) = (rows.large[index as usize], rows.small[index as usize]);
		for ((weights, factor), sums) in parsed.blocks().zip(factors.factors).zip(&mut sums) {
			let scaled = large(i128::from(r) * i128::from(factor));
			let multipliers = [
				scaled & ((1 << LIMB) - 1),
				scaled >> LIMB,
				small(i128::from(s) * i128::from(factor)),
			];
			for (sums, multiplier) in sums.iter_mut().zip(multipliers) {
				for (sum, q) in sums.iter_mut().zip(weights) {
					*sum = sum.wrapping_add(multiplier.wrapping_mul(i64::from(q)));
				}
			}
		}
	}
	let columns = || {
		sums.iter().flat_map(|[low, high, second]| {
			(0..BLOCK).map(move |i| ((i128::from(high[i]) << LIMB) + i128::from(low[i]), second[i]))
		})
	};
	Ok(MatrixKey {
		large: columns().map(|(sum, _)| large(sum)).collect(),
		// Below 2³¹.
		small: columns().map(|(_, sum)| small(i128::from(sum)) as i32).collect(),
		floors,
	})
}
