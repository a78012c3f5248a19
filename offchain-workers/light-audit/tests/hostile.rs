//! Keys and openings that are damaged or made up are refused in words, and nothing panics.

mod common;

use assay_exact::program::Pooling;
use assay_light_audit::{
	check, largest_opening, open_record, Key, KeyFileError, Opening, OpeningError, Refused, Verdict,
};
use assay_samples::{
	programs::{decoder, encoder, perceptron},
	MadeUp, Noise,
};
use assay_trace::{prover::OpenArtifact, Hash32, TraceRoot};
use common::{pooled, prompt, random, Setup, GREEDY};

fn setup(seed: u64) -> Setup<MadeUp> {
	Setup::new(&decoder(), MadeUp::new(&decoder(), seed), seed)
}

#[test]
fn a_key_comes_back_from_its_bytes() {
	for program in [decoder(), encoder(), perceptron()] {
		let setup = Setup::new(&program, MadeUp::new(&program, 4), 4);
		let bytes = setup.key.to_bytes();
		let read = Key::from_bytes(&bytes, &setup.key.artifact()).expect("it is a key");
		assert_eq!(read.program(), &program);
		assert_eq!(read.to_bytes(), bytes);
	}
}

#[test]
fn a_key_that_was_read_checks_as_the_one_that_was_made() {
	let setup = setup(1);
	let input = prompt(9);
	let (output, retained) = setup.run(&input, &GREEDY);
	let statement = setup.statement(&input, &GREEDY, &output, retained.boundaries().root());
	let (record, boundaries) = setup.record(&statement);
	let opening = open_record(&setup.artifact, &statement, &record, &boundaries, &[2, 8]).expect("it opens");
	let key = Key::from_bytes(&setup.key.to_bytes(), &setup.key.artifact()).expect("it is a key");
	assert_eq!(check(&key, &statement, &[2, 8], &opening), Ok(Verdict::Holds));
	// Nobody makes the same key twice.
	let other = Key::make(&setup.program, &setup.artifact, &mut random(2)).expect("the artifact is whole");
	assert_ne!(other.to_bytes(), setup.key.to_bytes());
	assert_eq!(check(&other, &statement, &[2, 8], &opening), Ok(Verdict::Holds));
}

#[test]
fn a_damaged_key_is_refused() {
	let key = setup(1).key;
	let bytes = key.to_bytes();
	let read = |bytes: &[u8]| {
		Key::from_bytes(bytes, &key.artifact())
			.map(|_| ())
			.expect_err("it is refused")
	};
	assert_eq!(read(b""), KeyFileError::Mark);
	assert_eq!(read(b"assay/light-key/v2 and so on"), KeyFileError::Mark);
	let mut noise = Noise::new(5);
	for _ in 0..200 {
		let mut damaged = bytes.clone();
		let at = 18 + noise.below(bytes.len() as u64 - 18) as usize;
		damaged[at] ^= 1 << noise.below(8);
		assert_eq!(read(&damaged), KeyFileError::Hash, "byte {at}");
		assert_eq!(read(&bytes[..at]), KeyFileError::Hash, "cut off at {at}");
	}
}

#[test]
fn a_key_of_another_form_with_a_right_hash_is_refused() {
	let key = setup(1).key;
	let bytes = key.to_bytes();
	let mut noise = Noise::new(6);
	let mut refused = 0;
	for _ in 0..2_000 {
		let mut made_up = bytes[..bytes.len() - 32].to_vec();
		let at = 18 + noise.below(made_up.len() as u64 - 18) as usize;
		made_up[at] ^= 1 << noise.below(8);
		if noise.below(4) == 0 {
			made_up.truncate(at);
		}
		let hash = Hash32::of(&[&made_up]);
		made_up.extend(hash.0);
		// A residue that is another, or a vector, cannot be told from a right one.
		refused += u32::from(Key::from_bytes(&made_up, &key.artifact()).is_err());
	}
	assert!(refused > 400, "{refused} of 2000");
}

#[test]
fn a_key_is_refused_for_another_artifact() {
	let (ours, other) = (setup(1), setup(2));
	let (bytes, wanted) = (ours.key.to_bytes(), other.key.artifact());
	let error = Key::from_bytes(&bytes, &wanted).expect_err("it is refused");
	assert!(matches!(error, KeyFileError::OtherArtifact { .. }), "{error}");
	let input = prompt(5);
	let (output, retained) = other.run(&input, &GREEDY);
	let statement = other.statement(&input, &GREEDY, &output, retained.boundaries().root());
	let (record, boundaries) = other.record(&statement);
	let opening = open_record(&other.artifact, &statement, &record, &boundaries, &[3]).expect("it opens");
	let refused = check(&ours.key, &statement, &[3], &opening).expect_err("it is refused");
	assert!(matches!(refused, Refused::OtherArtifact { .. }), "{refused}");
}

#[test]
fn a_key_of_an_artifact_of_another_program_is_not_made() {
	let setup = setup(1);
	let made = Key::make(&encoder(), &setup.artifact, &mut random(1));
	assert_eq!(
		made.map(|_| ()).expect_err("it is refused").to_string(),
		"the artifact is of another program"
	);
	let mut weights = MadeUp::new(&decoder(), 1);
	weights.truncate(assay_samples::programs::t(9), Some(1), 5);
	let made = Key::make(&decoder(), &setup.artifact.with(weights), &mut random(1));
	let told = made.map(|_| ()).expect_err("a row is missing").to_string();
	assert_eq!(told, "row 5 of tensor 9 at layer Some(1) is missing or malformed");
}

#[test]
fn positions_that_no_job_has_are_refused() {
	let setup = setup(1);
	let input = prompt(9);
	let (output, retained) = setup.run(&input, &GREEDY);
	let statement = setup.statement(&input, &GREEDY, &output, retained.boundaries().root());
	let (record, boundaries) = setup.record(&statement);
	let opening = open_record(&setup.artifact, &statement, &record, &boundaries, &[2]).expect("it opens");
	for positions in [&[][..], &[15], &[3, 3], &[4, 3], &[0; 17]] {
		let refused = check(&setup.key, &statement, positions, &opening).expect_err("it is refused");
		assert_eq!(refused.to_string(), "positions must rise below 15, and be 1 to 16");
		assert!(open_record(&setup.artifact, &statement, &record, &boundaries, positions).is_err());
	}
	let Ok(Verdict::Fails(fault)) = check(&setup.key, &statement, &[3], &opening) else {
		panic!("another position was opened");
	};
	assert_eq!(fault.to_string(), "positions [2] were opened, and [3] were asked for");
}

#[test]
fn an_opening_of_another_trace_fails() {
	let setup = setup(1);
	let input = prompt(9);
	let (output, retained) = setup.run(&input, &GREEDY);
	let statement = setup.statement(&input, &GREEDY, &output, retained.boundaries().root());
	let (record, boundaries) = setup.record(&statement);
	let opening = open_record(&setup.artifact, &statement, &record, &boundaries, &[2]).expect("it opens");
	let claimed = setup.statement(&input, &GREEDY, &output, TraceRoot(Hash32([1; 32])));
	let Verdict::Fails(fault) = setup.check(&claimed, &opening) else {
		panic!("the trace is another");
	};
	assert!(
		fault.to_string().starts_with("the groups shown have the root 0x"),
		"{fault}"
	);
}

#[test]
fn an_opening_with_any_bit_changed_is_refused_or_fails() {
	let vector = |setup: &Setup<MadeUp>| {
		assay_exact::Input::Vector(
			(0..setup.program.input_length().unwrap_or(0) as i32)
				.map(|i| i * 7_000)
				.collect(),
		)
	};
	for (program, seed) in [
		(decoder(), 1),
		(encoder(), 2),
		(pooled(Pooling::First), 3),
		(pooled(Pooling::Last), 4),
		(perceptron(), 5),
	] {
		let setup = Setup::new(&program, MadeUp::new(&program, seed), seed);
		let input = if program.vocabulary().is_some() {
			prompt(11)
		} else {
			vector(&setup)
		};
		let (output, retained) = setup.run(&input, &GREEDY);
		let statement = setup.statement(&input, &GREEDY, &output, retained.boundaries().root());
		let (record, boundaries) = setup.record(&statement);
		let positions: &[u32] = if statement.layout().positions > 9 {
			&[1, 9]
		} else {
			&[0]
		};
		let opening = open_record(&setup.artifact, &statement, &record, &boundaries, positions).expect("it opens");
		let (bytes, limit) = (opening.to_bytes(), largest_opening(&statement, positions));
		let mut noise = Noise::new(seed);
		for _ in 0..400 {
			let mut changed = bytes.clone();
			let at = noise.below(bytes.len() as u64) as usize;
			changed[at] ^= 1 << noise.below(8);
			if let Ok(opening) = Opening::from_bytes(&changed, limit) {
				let verdict = check(&setup.key, &statement, positions, &opening).expect("the key is the claim's");
				assert_ne!(verdict, Verdict::Holds, "byte {at} of {}", bytes.len());
			}
			let cut_off = Opening::from_bytes(&bytes[..at], limit);
			assert!(cut_off.is_err(), "cut off at {at}");
		}
	}
}

#[test]
fn an_opening_that_is_longer_than_it_can_be_is_refused_before_it_is_read() {
	let setup = setup(1);
	let input = prompt(9);
	let (output, retained) = setup.run(&input, &GREEDY);
	let statement = setup.statement(&input, &GREEDY, &output, retained.boundaries().root());
	let limit = largest_opening(&statement, &[2]);
	let error = Opening::from_bytes(&vec![0; limit as usize + 1], limit).expect_err("it is refused");
	assert_eq!(
		error,
		OpeningError::TooLong {
			bytes: limit + 1,
			limit
		}
	);
	assert_eq!(setup.artifact.tree().root(), setup.key.artifact());
}
