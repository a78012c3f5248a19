//! Small models for tests and benchmarks.

use alloc::vec;
use assay_exact::Program;
use assay_protocol::model::{ModelMetadata, ProgramBytes, VersionSubmission};
pub(crate) use assay_samples::programs::attention_only as decoder;
use assay_samples::programs::product;
use assay_trace::merkle::Hash32;
use codec::Encode;
use sp_runtime::Permill;

/// Tokens the decoder knows.
#[cfg(test)]
pub(crate) const VOCABULARY: u32 = 256;
/// Positions of a job of the decoder.
#[cfg(test)]
pub(crate) const POSITIONS: u32 = 4_096;
/// Elements the vector model returns.
pub(crate) const OUTPUT_LENGTH: u32 = 7;

/// One matrix from a vector to a vector.
pub(crate) fn vector_model() -> Program {
	product(OUTPUT_LENGTH)
}

/// The encoding of `program`, which need not be valid.
pub(crate) fn encoded(program: &Program) -> ProgramBytes {
	program.encode().try_into().expect("sample programs are small")
}

pub(crate) fn submission(program: &Program) -> VersionSubmission {
	VersionSubmission {
		program: encoded(program),
		artifact: Hash32([7; 32]),
		artifact_bytes: 1 << 20,
		tokenizer: program.vocabulary().map(|_| Hash32([8; 32])),
		royalty: Permill::from_percent(5),
	}
}

pub(crate) fn metadata(name: &str) -> ModelMetadata {
	let text = |text: &str| text.as_bytes().to_vec();
	ModelMetadata {
		name: text(name).try_into().expect("sample names are short"),
		description: text("a sample").try_into().expect("short enough"),
		licence: text("Apache-2.0").try_into().expect("short enough"),
		tags: vec![text("sample").try_into().expect("short enough")]
			.try_into()
			.expect("few enough"),
	}
}
