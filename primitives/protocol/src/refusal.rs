//! Why a version cannot run a job, in words that name what is wrong, what it was and what it may be: the node's RPC and the
//! command line tell it alike.

use crate::{
	job::{JobError, MAX_INLINE_ELEMENTS},
	ModelVersion,
};
use assay_exact::Program;
use std::fmt;

/// What is asked of a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
	/// Which version.
	pub version: ModelVersion,
	/// Elements of the input.
	pub input: u32,
	/// Tokens to generate at most.
	pub max_tokens: u32,
}

/// The part of a request that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
	/// The version itself.
	Version,
	/// The number of elements.
	Input,
	/// The number of tokens.
	MaxTokens,
}

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
	/// What is wrong.
	pub part: Part,
	/// What it may be at most, if it has a limit.
	pub limit: Option<u32>,
	words: String,
}

impl fmt::Display for Refusal {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.words)
	}
}

impl Request {
	/// Why the chain refuses the request with `error`; `program` is the version's, if it is known.
	pub fn refusal(&self, error: JobError, program: Option<&Program>) -> Refusal {
		let Self {
			version,
			input,
			max_tokens,
		} = *self;
		let (positions, reads) = program.map_or((None, None), |program| {
			(Some(program.positions), program.input_length())
		});
		let returns = program.and_then(Program::output_length);
		let (part, limit, words) = match error {
			JobError::UnknownVersion => (Part::Version, None, format!("there is no model version {version}")),
			JobError::CorruptProgram => (
				Part::Version,
				None,
				format!("the stored program of {version} does not decode"),
			),
			JobError::EmptyInput => (
				Part::Input,
				None,
				"the input is empty: at least one element is needed".into(),
			),
			JobError::InputTooLong => (
				Part::Input,
				Some(MAX_INLINE_ELEMENTS),
				format!("the input has {input} elements, at most {MAX_INLINE_ELEMENTS} fit into a transaction"),
			),
			JobError::OutputTooLong => match returns {
				Some(length) => (
					Part::Version,
					Some(MAX_INLINE_ELEMENTS),
					format!("{version} returns {length} elements, at most {MAX_INLINE_ELEMENTS} fit into a result"),
				),
				None => (
					Part::MaxTokens,
					Some(MAX_INLINE_ELEMENTS),
					format!("{max_tokens} tokens are asked for, at most {MAX_INLINE_ELEMENTS} fit into a result"),
				),
			},
			JobError::WrongInputKind => match reads {
				Some(length) => (
					Part::Input,
					Some(length),
					format!("the input has {input} elements, {version} reads a vector of {length}"),
				),
				None => (Part::Input, None, format!("{version} reads tokens, not a vector")),
			},
			JobError::TokenOutOfVocabulary => (
				Part::Input,
				None,
				format!("a token of the input is outside the vocabulary of {version}"),
			),
			JobError::TooManyPositions => match positions {
				Some(positions) if input > positions => (
					Part::Input,
					Some(positions),
					format!("the input has {input} elements, {version} accepts {positions}"),
				),
				Some(positions) => (
					Part::MaxTokens,
					Some(positions.saturating_sub(input)),
					format!(
						"{input} tokens of input and {max_tokens} generated ones exceed the {positions} positions of {version}"
					),
				),
				None => (
					Part::MaxTokens,
					None,
					format!(
						"{input} tokens of input and {max_tokens} generated ones exceed the positions of {version}"
					),
				),
			},
			JobError::BadGeneration => (
				Part::MaxTokens,
				Some(MAX_INLINE_ELEMENTS),
				format!("{version} generates tokens: 1 to {MAX_INLINE_ELEMENTS} must be asked for"),
			),
		};
		Refusal { part, limit, words }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{ModelId, VersionNumber};

	fn request(input: u32, max_tokens: u32) -> Request {
		Request {
			version: ModelVersion {
				model: ModelId(3),
				version: VersionNumber(1),
			},
			input,
			max_tokens,
		}
	}

	#[test]
	fn a_refusal_names_the_value_and_the_limit() {
		let refusal = request(2_000, 4).refusal(JobError::InputTooLong, None);
		assert_eq!((refusal.part, refusal.limit), (Part::Input, Some(1_024)));
		assert_eq!(
			refusal.to_string(),
			"the input has 2000 elements, at most 1024 fit into a transaction"
		);
		let refusal = request(3, 5_000).refusal(JobError::OutputTooLong, None);
		assert_eq!((refusal.part, refusal.limit), (Part::MaxTokens, Some(1_024)));
		assert_eq!(
			refusal.to_string(),
			"5000 tokens are asked for, at most 1024 fit into a result"
		);
		let refusal = request(3, 5).refusal(JobError::UnknownVersion, None);
		assert_eq!((refusal.part, refusal.limit), (Part::Version, None));
		assert_eq!(refusal.to_string(), "there is no model version 3.1");
	}

	#[test]
	fn what_exceeds_the_positions_is_named() {
		let program = assay_samples::programs::decoder();
		let positions = program.positions;
		let too_long = request(positions + 1, 4).refusal(JobError::TooManyPositions, Some(&program));
		assert_eq!((too_long.part, too_long.limit), (Part::Input, Some(positions)));
		let too_many = request(positions - 2, 4).refusal(JobError::TooManyPositions, Some(&program));
		assert_eq!((too_many.part, too_many.limit), (Part::MaxTokens, Some(2)));
		assert!(
			too_many
				.to_string()
				.contains(&format!("the {positions} positions of 3.1")),
			"{too_many}"
		);
	}

	#[test]
	fn a_vector_of_another_length_is_told_the_right_one() {
		let program = assay_samples::programs::perceptron();
		let length = program.input_length().unwrap();
		let refusal = request(length + 1, 0).refusal(JobError::WrongInputKind, Some(&program));
		assert_eq!((refusal.part, refusal.limit), (Part::Input, Some(length)));
		let expected = format!("the input has {} elements, 3.1 reads a vector of {length}", length + 1);
		assert_eq!(refusal.to_string(), expected);
	}
}
