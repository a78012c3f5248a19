//! An auditor on a small model: it vouches for what is right, and says of each wrong claim where it is wrong.

use assay_dispute::Judgement;
use assay_engine::{Model, Options};
use assay_exact::{evaluate::evaluate, Generation, Input, Output, Program, Sampler};
use assay_protocol::dispute::Accusation;
use assay_samples::{
	programs::{decoder, encoder, VOCABULARY},
	MadeUp,
};
use assay_trace::{
	digest::{digest, DigestKey},
	execution::{replay, Record},
	Hash32, Statement, TraceRoot,
};

const GENERATION: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 1 << 16,
		seed: [5; 32],
	},
	max_tokens: 6,
	ignore_stop: true,
};

struct Case {
	program: Program,
	weights: MadeUp,
	input: Input,
	output: Output,
	trace: TraceRoot,
}

impl Case {
	fn new(program: Program) -> Self {
		let weights = MadeUp::new(&program, 11);
		let input = Input::Tokens((0..9).map(|i| (i * 7 + 3) % VOCABULARY).collect());
		let output = evaluate(&program, &weights, &input, &GENERATION).unwrap();
		let mut case = Self {
			program,
			weights,
			input,
			output,
			trace: TraceRoot::default(),
		};
		case.commit();
		case
	}

	/// Claims the trace of the model on the claimed output.
	fn commit(&mut self) {
		self.trace = self.record().boundaries().root();
	}

	fn record(&self) -> Record {
		replay(&self.statement(), &self.weights).unwrap()
	}

	fn statement(&self) -> Statement<'_> {
		Statement {
			program: &self.program,
			artifact: Hash32::default(),
			input: &self.input,
			generation: &GENERATION,
			output: &self.output,
			trace: self.trace,
		}
	}

	fn judge(&self) -> Judgement {
		let model = Model::from_weights(&self.program, &self.weights, Options::default()).unwrap();
		let audited = model.audit(&self.statement(), key(), &mut ()).unwrap();
		Judgement::of(&self.statement(), &audited.output, &audited.boundaries, audited.digest)
	}
}

fn key() -> DigestKey {
	DigestKey::new(&[4; 32], 1, 0)
}

#[test]
fn a_right_claim_is_vouched_for_with_the_digest_of_its_values() {
	for program in [decoder(), encoder()] {
		let case = Case::new(program);
		let expected = digest(&key().leaves(&case.record()));
		assert_eq!(case.judge(), Judgement::Vouch(expected));
	}
}

#[test]
fn a_wrong_token_is_found_although_the_trace_is_the_models_on_it() {
	for index in [0, 2, 5] {
		let mut case = Case::new(decoder());
		let Output::Tokens(tokens) = &mut case.output else {
			panic!("a decoder returns tokens")
		};
		tokens[index] = (tokens[index] + 1) % VOCABULARY;
		case.commit();
		// The last of nine tokens of the prompt chooses the first.
		let position = 8 + index as u32;
		assert_eq!(case.judge(), Judgement::Accuse(Accusation::Head { position }));
	}
}

#[test]
fn a_wrong_vector_is_found() {
	let mut case = Case::new(encoder());
	let Output::Vector(values) = &mut case.output else {
		panic!("an encoder returns a vector")
	};
	values[3] += 1;
	assert_eq!(case.judge(), Judgement::Accuse(Accusation::Head { position: 0 }));
}

#[test]
fn a_wrong_trace_is_found_although_the_output_is_right() {
	for program in [decoder(), encoder()] {
		let mut case = Case::new(program);
		let mut record = case.record();
		record.residual_mut(1, 4).unwrap()[2] ^= 1;
		case.trace = record.boundaries().root();
		assert_eq!(case.judge(), Judgement::Accuse(Accusation::Trace));
	}
}
