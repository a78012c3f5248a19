//! What an operator signs when it returns a result.

use crate::{Hash32, TraceRoot};
use assay_exact::{Generation, Input, Output};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Domain of claims.
const DOMAIN: &[u8] = b"assay/claim/v1";

/// Commitment to a job, the artifact it ran on, what it was asked, what it answered and how it got there.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct ClaimRoot(pub Hash32);

impl core::fmt::Display for ClaimRoot {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		self.0.fmt(f)
	}
}

/// SHA-256 of the domain and the SCALE encoding of (job, attempt, artifact root, input, generation, output, trace root).
pub fn claim_root(
	job: u64,
	attempt: u8,
	artifact: &Hash32,
	input: &Input,
	generation: &Generation,
	output: &Output,
	trace: &TraceRoot,
) -> ClaimRoot {
	let claim = (job, attempt, artifact, input, generation, output, trace).encode();
	ClaimRoot(Hash32::of(&[DOMAIN, &claim]))
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::{vec, vec::Vec};
	use assay_exact::Sampler;

	const GREEDY: Generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 2,
		ignore_stop: false,
	};

	const TRACE: TraceRoot = TraceRoot(Hash32([5; 32]));

	#[test]
	fn a_claim_is_the_hash_of_its_bytes() {
		let root = claim_root(
			7,
			1,
			&Hash32([9; 32]),
			&Input::Tokens(vec![3]),
			&GREEDY,
			&Output::Vector(vec![-1]),
			&TRACE,
		);
		let mut bytes = b"assay/claim/v1".to_vec();
		bytes.extend([7, 0, 0, 0, 0, 0, 0, 0, 1]);
		bytes.extend([9; 32]);
		bytes.extend([0, 4, 3, 0, 0, 0]);
		bytes.extend([0, 2, 0, 0, 0, 0]);
		bytes.extend([1, 4, 255, 255, 255, 255]);
		bytes.extend([5; 32]);
		assert_eq!(root, ClaimRoot(Hash32::of(&[&bytes])));
	}

	#[test]
	fn every_part_counts() {
		let artifact = Hash32([9; 32]);
		let (input, output) = (Input::Tokens(vec![3]), Output::Tokens(vec![3]));
		let longer = Generation {
			max_tokens: 3,
			..GREEDY
		};
		let roots: Vec<ClaimRoot> = vec![
			claim_root(7, 1, &artifact, &input, &GREEDY, &output, &TRACE),
			claim_root(8, 1, &artifact, &input, &GREEDY, &output, &TRACE),
			claim_root(7, 2, &artifact, &input, &GREEDY, &output, &TRACE),
			claim_root(7, 1, &Hash32([8; 32]), &input, &GREEDY, &output, &TRACE),
			claim_root(7, 1, &artifact, &Input::Vector(vec![3]), &GREEDY, &output, &TRACE),
			claim_root(7, 1, &artifact, &input, &longer, &output, &TRACE),
			claim_root(7, 1, &artifact, &input, &GREEDY, &Output::Tokens(vec![4]), &TRACE),
			claim_root(7, 1, &artifact, &input, &GREEDY, &output, &TraceRoot(artifact)),
		];
		let mut distinct = roots.clone();
		distinct.sort();
		distinct.dedup();
		assert_eq!(distinct.len(), roots.len());
	}
}
