use assay_exact::{evaluate::evaluate, Generation, Input, Program, Sampler};
use assay_samples::{
	programs::{decoder, encoder, perceptron},
	MadeUp,
};
use codec::Encode;
use proptest::prelude::*;

/// A valid program small enough to run here is run on an input that it accepts.
fn run_if_small(program: &Program, seed: u64) {
	let weights: u64 = program
		.instances()
		.map(|i| program.tensors[usize::from(i.tensor.0)].shape.bytes())
		.sum();
	let elements: u64 = program.registers.iter().map(|&width| u64::from(width)).sum();
	if weights > 1 << 20 || elements > 1 << 14 || program.units(2, 2).0 > 2 {
		return;
	}
	let input = match (program.vocabulary(), program.input_length()) {
		(Some(vocabulary), _) => Input::Tokens(vec![(seed % u64::from(vocabulary)) as u32]),
		(None, Some(length)) => Input::Vector(vec![seed as i32; length as usize]),
		(None, None) => panic!("a valid program reads something"),
	};
	let generation = Generation {
		sampler: Sampler::Gumbel {
			inverse_temperature: 1 << 16,
			seed: [seed as u8; 32],
		},
		max_tokens: 2.min(program.positions.saturating_sub(1)),
		ignore_stop: false,
	};
	let expected = program.check_job(&input, &generation);
	let result = evaluate(program, &MadeUp::new(program, seed), &input, &generation);
	// Made-up weights are sound, so a valid program with an accepted job runs.
	assert_eq!(result.is_ok(), expected.is_ok(), "{result:?} {program:?}");
}

proptest! {
	#[test]
	fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
		let _ = Program::decode_checked(&bytes);
	}

	#[test]
	fn truncated_programs_are_refused(cut in any::<prop::sample::Index>()) {
		let bytes = decoder().encode();
		prop_assert!(Program::decode_checked(&bytes[..cut.index(bytes.len())]).is_err());
		let mut longer = bytes;
		longer.push(0);
		prop_assert!(Program::decode_checked(&longer).is_err());
	}

}

proptest! {
	// About one in twelve is still valid, and runs.
	#![proptest_config(ProptestConfig::with_cases(4096))]

	#[test]
	fn mutated_programs_are_refused_or_run(
		which in 0usize..3, seed: u64, mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
	) {
		let mut bytes = [decoder(), encoder(), perceptron()][which].encode();
		for (at, byte) in mutations {
			let at = at.index(bytes.len());
			// Small changes keep more programs valid than random bytes.
			bytes[at] = if byte < 128 { bytes[at].wrapping_add(byte % 5) } else { byte };
		}
		if let Ok(program) = Program::decode_checked(&bytes) {
			prop_assert_eq!(program.encode(), bytes);
			run_if_small(&program, seed);
		}
	}
}

#[test]
fn lengths_that_promise_gigabytes_are_refused() {
	// A register vector of 2³⁰ elements in nine bytes.
	let bytes = [1, 1, 0, 0, 0, 3, 0, 0, 0, 64];
	assert!(Program::decode_checked(&bytes).is_err());
	assert!(Program::decode_checked(&[]).is_err());
}
