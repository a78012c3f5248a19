//! A job as a pure function: (model, input, generation) to output.

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
