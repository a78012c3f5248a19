//! A job as a pure function: (model, input, generation) to output.

use crate::{
	error::JobError,
	program::{Head, Program},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a program is run on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Input {
	/// Token ids.
	#[codec(index = 0)]
	Tokens(Vec<u32>),
	/// Values with 16 fraction bits.
	#[codec(index = 1)]
	Vector(Vec<i32>),
}

/// What a program returns.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Output {
	/// Generated token ids, a stop token included.
	#[codec(index = 0)]
	Tokens(Vec<u32>),
	/// Values with 16 fraction bits.
	#[codec(index = 1)]
	Vector(Vec<i32>),
}

/// How the next token is chosen from the logits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Sampler {
	/// The largest logit, lowest index first.
	#[codec(index = 0)]
	Greedy,
	/// Seeded Gumbel-max sampling (Gumbel 1954; Maddison et al., arXiv 1411.0030).
	#[codec(index = 1)]
	Gumbel {
		/// 1 / temperature with 16 fraction bits; positive.
		inverse_temperature: u32,
		/// Seed of the noise.
		seed: [u8; 32],
	},
}

/// How far and how to generate; ignored by programs with a vector head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Generation {
	/// Choice of the next token.
	pub sampler: Sampler,
	/// Largest number of generated tokens.
	pub max_tokens: u32,
	/// Go on after the program's stop tokens.
	pub ignore_stop: bool,
}

impl Program {
	/// Whether the program accepts this input and generation.
	pub fn check_job(&self, input: &Input, generation: &Generation) -> Result<(), JobError> {
		match (input, self.vocabulary()) {
			(Input::Tokens(tokens), Some(vocabulary)) => {
				self.check_prompt(tokens, vocabulary)?;
				match self.head {
					Head::Tokens { .. } => self.check_generation(tokens.len() as u32, generation),
					Head::Vector { .. } => Ok(()),
				}
			}
			(Input::Vector(_), Some(_)) => Err(JobError::TokensExpected),
			(Input::Vector(values), None) => {
				let (length, expected) = (values.len() as u64, self.input_length().unwrap_or(0));
				if length != expected.into() {
					return Err(JobError::InputLength { length, expected });
				}
				Ok(())
			}
			(Input::Tokens(_), None) => Err(JobError::VectorExpected {
				expected: self.input_length().unwrap_or(0),
			}),
		}
	}

	fn check_prompt(&self, tokens: &[u32], vocabulary: u32) -> Result<(), JobError> {
		let positions = self.positions;
		if tokens.is_empty() {
			return Err(JobError::EmptyPrompt);
		}
		if tokens.len() as u64 > positions.into() {
			return Err(JobError::PromptTooLong {
				tokens: tokens.len() as u64,
				positions,
			});
		}
		match tokens.iter().enumerate().find(|(_, &token)| token >= vocabulary) {
			Some((i, &token)) => Err(JobError::Token {
				index: i as u32,
				token,
				vocabulary,
			}),
			None => Ok(()),
		}
	}

	fn check_generation(&self, tokens: u32, generation: &Generation) -> Result<(), JobError> {
		let (max_tokens, positions) = (generation.max_tokens, self.positions);
		if max_tokens == 0 {
			return Err(JobError::NothingToGenerate);
		}
		if u64::from(tokens) + u64::from(max_tokens) > positions.into() {
			return Err(JobError::TooManyPositions {
				tokens,
				max_tokens,
				positions,
			});
		}
		if matches!(
			generation.sampler,
			Sampler::Gumbel {
				inverse_temperature: 0,
				..
			}
		) {
			return Err(JobError::InverseTemperature);
		}
		Ok(())
	}
}
