//! Content by root: what stands for an input or an output without being it.

use crate::job::{JobInput, JobOutput};
use alloc::vec::Vec;
use assay_trace::{vector::vector_root, Hash32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What is in an input or output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Kind {
	/// Token ids.
	#[codec(index = 0)]
	Tokens,
	/// Values with 16 fraction bits.
	#[codec(index = 1)]
	Vector,
}

/// The commitment to an input or an output: its kind, its length, and the root of the [tree](assay_trace::vector) over chunks of its
/// elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Content {
	/// What the elements are.
	pub kind: Kind,
	/// How many.
	pub length: u32,
	/// Root over them.
	pub root: Hash32,
}

impl Content {
	/// Of tokens.
	pub fn tokens(tokens: &[u32]) -> Self {
		let elements: Vec<i32> = tokens.iter().map(|token| token.cast_signed()).collect();
		Self {
			kind: Kind::Tokens,
			..Self::vector(&elements)
		}
	}

	/// Of values.
	pub fn vector(values: &[i32]) -> Self {
		Self {
			kind: Kind::Vector,
			// What is longer fits into no transaction.
			length: u32::try_from(values.len()).unwrap_or(u32::MAX),
			root: vector_root(values),
		}
	}

	/// Of an input that travels inside a transaction.
	pub fn of_input(input: &JobInput) -> Self {
		match input {
			JobInput::Tokens(tokens) => Self::tokens(tokens),
			JobInput::Vector(values) => Self::vector(values),
		}
	}

	/// Of an output that travels inside a transaction.
	pub fn of_output(output: &JobOutput) -> Self {
		match output {
			JobOutput::Tokens(tokens) => Self::tokens(tokens),
			JobOutput::Vector(values) => Self::vector(values),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn tokens_are_no_vector_and_a_prefix_is_another_content() {
		let tokens = Content::tokens(&[1, 2, 3]);
		assert_ne!(tokens, Content::vector(&[1, 2, 3]));
		assert_ne!(tokens.root, Content::tokens(&[1, 2]).root);
		assert_eq!(Content::tokens(&[u32::MAX]).root, Content::vector(&[-1]).root);
	}
}
