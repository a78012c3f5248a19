//! A key as a file: a mark with the version, the SCALE encoding, and SHA-256 of both.

use super::{kept, most_rows, Kept, Key, SecretRows, TensorKey};
use crate::field::{LARGE, SMALL};
use assay_exact::{program::Shape, Instance, Program};
use assay_trace::{artifact::program_hash, Hash32};
use codec::{Decode, DecodeAll, Encode};
use std::collections::BTreeMap;
use thiserror::Error;

/// What a key begins with.
const MARK: &[u8] = b"assay/light-key/v1";
/// Bytes of the hash at the end.
const HASH: usize = 32;

/// Why bytes are not a key.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyFileError {
	/// It does not begin like one.
	#[error(
		"this is no key of version 1: it does not begin with {:?}",
		String::from_utf8_lossy(MARK)
	)]
	Mark,
	/// It is cut off or was changed.
	#[error("the key is damaged: its bytes do not have the hash at its end")]
	Hash,
	/// It is whole, but not of that form.
	#[error("the key is malformed: {0}")]
	Malformed(&'static str),
	/// It is a key to something else.
	#[error("the key is to artifact {actual}, not to {expected}: make one with `assay audit key`")]
	OtherArtifact {
		/// The artifact that it was made from.
		actual: Hash32,
		/// The one that was asked for.
		expected: Hash32,
	},
}

#[derive(Encode, Decode)]
struct Content {
	artifact: Hash32,
	program: Program,
	seed: [u8; 32],
	/// In artifact order.
	tensors: Vec<TensorKey>,
}

impl Key {
	/// The bytes of its file.
	pub fn to_bytes(&self) -> Vec<u8> {
		let tensors = self
			.program
			.instances()
			.map(|instance| self.tensors.get(&instance).cloned());
		let content = Content {
			artifact: self.artifact,
			program: self.program.clone(),
			seed: self.seed,
			tensors: tensors.map(Option::unwrap_or_default).collect(),
		};
		let mut bytes = [MARK, &content.encode()].concat();
		let hash = Hash32::of(&[&bytes]);
		bytes.extend(hash.0);
		bytes
	}

	/// Reads a key to an artifact.
	pub fn from_bytes(bytes: &[u8], artifact: &Hash32) -> Result<Self, KeyFileError> {
		let content = bytes.strip_prefix(MARK).ok_or(KeyFileError::Mark)?;
		let (_, hash) = bytes.split_at(bytes.len() - HASH.min(content.len()));
		let content = content.get(..content.len().saturating_sub(HASH)).unwrap_or_default();
		if Hash32::of(&[MARK, content]).0 != *hash {
			return Err(KeyFileError::Hash);
		}
		let content =
			Content::decode_all(&mut &content[..]).map_err(|_| KeyFileError::Malformed("it does not decode"))?;
		if content.artifact != *artifact {
			return Err(KeyFileError::OtherArtifact {
				actual: content.artifact,
				expected: *artifact,
			});
		}
		let Content {
			artifact,
			program,
			seed,
			tensors,
		} = content;
		program
			.validate()
			.map_err(|_| KeyFileError::Malformed("its program is not valid"))?;
		let instances: Vec<Instance> = program.instances().collect();
		if instances.len() != tensors.len() {
			return Err(KeyFileError::Malformed(
				"it has another number of tensors than its program",
			));
		}
		let kept = kept(&program);
		for (instance, tensor) in instances.iter().zip(&tensors) {
			let at = usize::from(instance.tensor.0);
			fits(tensor, kept[at], program.tensors[at].shape)?;
		}
		Ok(Self {
			artifact,
			rows: SecretRows::new(seed, most_rows(&program)),
			program,
			seed,
			tensors: instances.into_iter().zip(tensors).collect::<BTreeMap<_, _>>(),
		})
	}

	/// The hash of its program, by which a chain knows it.
	pub fn program_hash(&self) -> Hash32 {
		program_hash(&self.program)
	}
}

/// Whether a tensor's part has the form that its shape and use ask for.
fn fits(tensor: &TensorKey, kept: Kept, shape: Shape) -> Result<(), KeyFileError> {
	let has = Kept {
		products: tensor.products.is_some(),
		root: tensor.root.is_some(),
		vector: tensor.vector.is_some(),
	};
	if has != kept {
		return Err(KeyFileError::Malformed(
			"it keeps other things of a tensor than its program uses",
		));
	}
	if let Some(products) = &tensor.products {
		let Shape::Matrix { rows, columns } = shape else {
			return Err(KeyFileError::Malformed("it has products of what is no matrix"));
		};
		let (rows, columns) = (rows as usize, columns as usize);
		let sized = products.large.len() == columns && products.small.len() == columns && products.floors.len() == rows;
		let reduced = products.large.iter().all(|residue| (0..LARGE).contains(residue))
			&& products
				.small
				.iter()
				.all(|residue| (0..SMALL).contains(&i64::from(*residue)))
			&& products.floors.iter().all(|floor| (-31..=-2).contains(floor));
		if !sized || !reduced {
			return Err(KeyFileError::Malformed(
				"a matrix has another size, or a number out of range",
			));
		}
	}
	if tensor
		.vector
		.as_ref()
		.is_some_and(|vector| vector.len() as u64 != shape.row_bytes())
	{
		return Err(KeyFileError::Malformed("a vector has another length"));
	}
	Ok(())
}
