//! Model versions and their programs.

use assay_exact::Program;
use assay_protocol::{ModelId, ModelVersion, VersionNumber};
use assay_samples::programs::{bigram, mean_of_embeddings, product};
use assay_trace::merkle::Hash32;

const fn version(model: u32) -> ModelVersion {
	ModelVersion {
		model: ModelId(model),
		version: VersionNumber(0),
	}
}

/// Generates tokens from a vocabulary of 4,096; token 2 stops. Four units for each generated token and a bit.
pub(crate) const DECODER: ModelVersion = version(0);
/// 32 values to 8.
pub(crate) const PERCEPTRON: ModelVersion = version(1);
/// Tokens to a vector of 32.
pub(crate) const ENCODER: ModelVersion = version(2);
/// 32 values to 2,048: more than fit inline.
pub(crate) const WIDE: ModelVersion = version(3);
/// Not registered.
pub(crate) const UNKNOWN: ModelVersion = version(9);

pub(crate) const VOCABULARY: u32 = 4_096;
pub(crate) const STOP: u32 = 2;

/// The program of a version.
pub(crate) fn program(version: ModelVersion) -> Option<Program> {
	match version {
		DECODER => Some(bigram(VOCABULARY, 1_024, 1_100, STOP)),
		PERCEPTRON => Some(product(8)),
		ENCODER => Some(mean_of_embeddings()),
		WIDE => Some(product(2_048)),
		_ => None,
	}
}

pub(crate) fn artifact(version: ModelVersion) -> Hash32 {
	Hash32(sp_io::hashing::blake2_256(&codec::Encode::encode(&version)))
}
