//! What the engine commits to against what the reference replays.

use super::programs::{a_generation, options, tokens};
use crate::{Audited, Model, Observer, Options, OutputError, RunError, Tier};
use assay_artifact::{
	synthetic::{bert, llama, BertShape, LlamaShape},
	Artifact, Lowered,
};
use assay_exact::{
	evaluate::Weights,
	program::{Head, Pooling},
	Generation, Input, JobError, Output, Program, Sampler,
};
use assay_samples::{
	programs::{decoder, encoder, perceptron, VOCABULARY},
	random::{a_bert, a_llama, an_mlp, RandomModel},
	MadeUp, Noise,
};
use assay_trace::{
	check_step,
	digest::{digest, DigestKey},
	execution::replay,
	merkle::{leaf_hash, root},
	prover::{OpenArtifact, Prover},
	Hash32, Place, Statement, Step, TraceRoot, Verdict,
};
use proptest::prelude::*;

const GREEDY: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 7,
	ignore_stop: true,
};

const SAMPLED: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 1 << 16,
		seed: [7; 32],
	},
	..GREEDY
};

/// Every tier, one thread and two, and chunks that end before, at and after the prompt.
fn all_options() -> impl Iterator<Item = Options> {
	let tiers = Tier::ALL.into_iter().filter(|tier| tier.is_available());
	tiers.flat_map(|tier| {
		let splits = [1, 3, 16, 1000].into_iter();
		splits.flat_map(move |chunk| [1, 2].map(|threads| options(tier, threads, chunk)))
	})
}

fn prompt(length: u32) -> Input {
	Input::Tokens((0..length).map(|i| (i * 7 + 3) % VOCABULARY).collect())
}

fn unclaimed<'a>(
	program: &'a Program,
	input: &'a Input,
	generation: &'a Generation,
	output: &'a Output,
) -> Statement<'a> {
	Statement {
		program,
		artifact: Hash32::default(),
		input,
		generation,
		output,
		trace: TraceRoot(Hash32::default()),
	}
}

fn assert_commits_as_the_reference(
	program: &Program,
	weights: &(impl Weights + Sync),
	input: &Input,
	generation: &Generation,
	all_options: impl Iterator<Item = Options>,
) {
	let mut replayed = None;
	for options in all_options {
		let engine = Model::from_weights(program, weights, options).expect("the model loads");
		let output = engine.run(input, generation, &mut ()).expect("the job fits");
		let (committed, boundaries) = engine.run_committed(input, generation, &mut ()).expect("the job fits");
		assert_eq!(committed, output, "{options:?}");
		let statement = unclaimed(program, input, generation, &output);
		let expected = replayed.get_or_insert_with(|| {
			let record = replay(&statement, weights).expect("the reference runs the statement");
			record.boundaries()
		});
		assert_eq!(&boundaries, expected, "while running, {options:?}");
		assert_eq!(boundaries.layout(), &statement.layout());
		let hashed = engine.boundaries(&statement, &mut ()).expect("the statement fits");
		assert_eq!(&hashed, expected, "of a statement, {options:?}");
		let record = engine.record(&statement, &mut ()).expect("the statement fits");
		assert_eq!(&record.boundaries(), expected, "of a record, {options:?}");
		let key = DigestKey::new(&[2; 32], 5, 0);
		let audited = engine.audit(&statement, key, &mut ()).expect("the statement fits");
		assert_eq!(
			(&audited.output, &audited.boundaries),
			(&output, &*expected),
			"of an audit, {options:?}"
		);
		assert_eq!(audited.digest, digest(&key.leaves(&record)), "of an audit, {options:?}");
	}
}

#[test]
fn all_kinds_of_models_commit_as_the_reference_does() {
	let pooled = |pooling| {
		let mut program = encoder();
		if let Head::Vector { pooling: own, .. } = &mut program.head {
			*own = pooling;
		}
		program
	};
	let values = (0..perceptron().input_length().expect("it reads a vector")).map(|i| i as i32 * 9_000 - 70_000);
	for (program, input, generation) in [
		(decoder(), prompt(1), GREEDY),
		(decoder(), prompt(16), GREEDY),
		(decoder(), prompt(6), SAMPLED),
		(encoder(), prompt(19), GREEDY),
		(pooled(Pooling::First), prompt(9), GREEDY),
		(pooled(Pooling::Last), prompt(8), GREEDY),
		(perceptron(), Input::Vector(values.collect()), GREEDY),
	] {
		let weights = MadeUp::new(&program, 11);
		assert_commits_as_the_reference(&program, &weights, &input, &generation, all_options());
	}
}

#[test]
fn a_run_that_stops_early_commits_to_what_it_fed() {
	let mut program = decoder();
	let weights = MadeUp::new(&program, 11);
	let generation = Generation {
		ignore_stop: false,
		..SAMPLED
	};
	let engine = Model::from_weights(&program, &weights, Options::default()).expect("the model loads");
	let Ok(Output::Tokens(tokens)) = engine.run(&prompt(6), &SAMPLED, &mut ()) else {
		panic!("a decoder returns tokens");
	};
	if let Head::Tokens { stop, .. } = &mut program.head {
		*stop = vec![tokens[2]];
	}
	let engine = Model::from_weights(&program, &weights, Options::default()).expect("the model loads");
	let (output, boundaries) = engine
		.run_committed(&prompt(6), &generation, &mut ())
		.expect("the job fits");
	let until = tokens
		.iter()
		.position(|token| *token == tokens[2])
		.expect("it is there")
		+ 1;
	assert_eq!(output, Output::Tokens(tokens[..until].to_vec()));
	assert_eq!(boundaries.layout().positions as usize, 6 + until - 1);
	let options = Tier::detect().map(|tier| options(tier, 2, 4)).into_iter();
	assert_commits_as_the_reference(&program, &weights, &prompt(6), &generation, options);
}

#[test]
fn a_run_that_is_stopped_commits_as_one_that_was_to_end_there() {
	/// Wants no more once it has so many tokens, or, if it wants none, at once.
	struct Enough {
		seen: usize,
		enough: usize,
	}
	impl Observer for Enough {
		fn on_token(&mut self, _: u32) {
			self.seen += 1;
		}
		fn should_stop(&mut self) -> bool {
			self.seen >= self.enough
		}
	}
	let program = decoder();
	let weights = MadeUp::new(&program, 11);
	let generation = |max_tokens| Generation { max_tokens, ..SAMPLED };
	// Chunks of three, so that the prompt takes two.
	let engine = Model::from_weights(&program, &weights, options(Tier::Portable, 1, 3)).expect("the model loads");
	let run = |max_tokens, observer: &mut dyn Observer| {
		let (output, boundaries) = engine
			.run_committed(&prompt(6), &generation(max_tokens), observer)
			.expect("the job fits");
		let Output::Tokens(tokens) = output else {
			panic!("a decoder returns tokens");
		};
		(tokens, boundaries)
	};
	for enough in [0, 1, 4] {
		let (tokens, boundaries) = std::thread::scope(|scope| {
			// Beside one that goes on, whose chunks it shares.
			let other = scope.spawn(|| run(17, &mut ()));
			let stopped = run(17, &mut Enough { seen: 0, enough });
			assert_eq!(other.join().expect("it does not panic").0.len(), 17);
			stopped
		});
		assert!(tokens.len() >= enough.max(1), "{enough}: {tokens:?}");
		let length = u32::try_from(tokens.len()).expect("it is short");
		assert_eq!((tokens, boundaries), run(length, &mut ()));
	}
	// Alone it comes no further than it has to.
	assert_eq!(run(17, &mut Enough { seen: 0, enough: 4 }).0.len(), 4);
	assert_eq!(run(17, &mut Enough { seen: 0, enough: 0 }).0.len(), 1);

	// What returns a vector has no part of it to end with.
	let program = encoder();
	let weights = MadeUp::new(&program, 11);
	let engine = Model::from_weights(&program, &weights, Options::default()).expect("the model loads");
	let whole = engine.run(&prompt(9), &GREEDY, &mut ());
	assert_eq!(
		engine.run(&prompt(9), &GREEDY, &mut Enough { seen: 0, enough: 0 }),
		whole
	);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]

	#[test]
	fn random_decoders_commit_as_the_reference_does(seed: u64, wild: bool) {
		let mut noise = Noise::new(seed);
		let model = RandomModel::fill(a_llama(&mut noise), &mut noise, wild);
		let input = Input::Tokens(tokens(&mut noise, 36, model.program.vocabulary().unwrap_or(0)));
		let generation = a_generation(&mut noise, 12);
		let options = Tier::ALL.into_iter().filter(|tier| tier.is_available()).map(|tier| options(tier, 2, 5));
		assert_commits_as_the_reference(&model.program, &model, &input, &generation, options);
	}

	#[test]
	fn random_encoders_and_networks_commit_as_the_reference_does(seed: u64, wild: bool) {
		let mut noise = Noise::new(seed);
		let generation = a_generation(&mut noise, 1);
		let text = Input::Tokens(tokens(&mut noise, 40, 70));
		let model = RandomModel::fill(a_bert(&mut noise), &mut noise, wild);
		let one = |chunk| Tier::detect().map(|tier| options(tier, 2, chunk)).into_iter();
		assert_commits_as_the_reference(&model.program, &model, &text, &generation, one(7));
		let model = RandomModel::fill(an_mlp(&mut noise), &mut noise, wild);
		let input = Input::Vector(noise.values(model.program.input_length().unwrap_or(0) as usize));
		assert_commits_as_the_reference(&model.program, &model, &input, &generation, one(7));
	}
}

#[test]
fn an_audit_finds_the_token_that_follows_from_those_claimed() {
	let program = decoder();
	let weights = MadeUp::new(&program, 11);
	let input = prompt(6);
	for (generation, chunk) in [GREEDY, SAMPLED]
		.into_iter()
		.flat_map(|generation| [1, 5, 1000].map(|chunk| (generation, chunk)))
	{
		let engine = Model::from_weights(&program, &weights, options(Tier::Portable, 2, chunk)).expect("it loads");
		let Ok(Output::Tokens(right)) = engine.run(&input, &generation, &mut ()) else {
			panic!("a decoder returns tokens");
		};
		for index in [0, 3, 6] {
			let mut claimed = right.clone();
			claimed[index] = (claimed[index] + 1) % VOCABULARY;
			let output = Output::Tokens(claimed.clone());
			let statement = unclaimed(&program, &input, &generation, &output);
			let key = DigestKey::new(&[2; 32], 5, 0);
			let Audited {
				output: found,
				boundaries,
				..
			} = engine.audit(&statement, key, &mut ()).expect("the statement fits");
			let Output::Tokens(found) = found else {
				panic!("a decoder returns tokens");
			};
			assert_eq!(found.len(), claimed.len());
			let first = found.iter().zip(&claimed).position(|(found, claimed)| found != claimed);
			assert_eq!(first, Some(index));
			assert_eq!(found[index], right[index]);
			// The trace is that of the tokens claimed, as of a worker who ran the model on them.
			let record = replay(&statement, &weights).expect("the reference runs the statement");
			assert_eq!(boundaries, record.boundaries());
		}
	}
}

/// The steps of a cell, a few of each kind.
fn steps(place: Place, values: &assay_trace::execution::CellValues, output: &Output) -> Vec<Step> {
	let some = |length: usize| [0, length / 2, length - 1].map(|index| index as u32);
	let mut steps = Vec::new();
	for (op, vector) in (0u8..).zip(&values.vectors) {
		steps.extend(some(vector.len()).map(|index| Step::Element { op, index }));
	}
	steps.extend((0..values.cache.len() as u16).map(|head| Step::Cache { head }));
	for (head, (work, _)) in (0u16..).zip(&values.heads) {
		steps.extend((0..work.states.len() as u32).map(|group| Step::Attend { head, group }));
	}
	for (chunk, (work, _)) in (0u32..).zip(&values.chunks) {
		steps.extend((0..work.states.len() as u32).map(|group| Step::Pool { chunk, group }));
		steps.extend(some(values.residual.len()).map(|index| Step::Mean { index }));
	}
	match (place, output) {
		(Place::Head { .. }, Output::Tokens(tokens)) => {
			// The chosen token is no rival to itself.
			let rivals = (0..8).filter(|rival| !tokens.contains(rival));
			steps.extend(rivals.map(|rival| Step::Choice { rival }));
		}
		(Place::Head { .. }, Output::Vector(values)) => {
			steps.extend(some(values.len()).map(|index| Step::Output { index }));
		}
		(Place::Cell { .. }, _) => {}
	}
	steps
}

fn a_decoder_and_an_encoder() -> [Lowered; 2] {
	[
		llama(LlamaShape::TINY, 5).expect("the shape is valid"),
		bert(BertShape::TINY, 5).expect("the shape is valid"),
	]
}

#[test]
fn steps_opened_from_a_record_and_an_artifact_hold() {
	let folder = tempfile::tempdir().expect("a folder");
	for lowered in a_decoder_and_an_encoder() {
		let artifact = lowered
			.pack(folder.path().join("model.assay"), &mut ())
			.expect("it packs");
		let program = artifact.program();
		let engine = Model::load(&artifact, Options::default()).expect("the model loads");
		let input = prompt(20);
		let (output, boundaries) = engine.run_committed(&input, &GREEDY, &mut ()).expect("the job fits");
		let statement = Statement {
			artifact: artifact.root(),
			trace: boundaries.root(),
			..unclaimed(program, &input, &GREEDY, &output)
		};
		let record = engine.record(&statement, &mut ()).expect("the statement fits");
		let prover = Prover::new(statement, &artifact, &record);
		assert_eq!(prover.boundaries(), &boundaries);
		let layout = statement.layout();
		let mut kinds = std::collections::HashSet::new();
		for index in (0..layout.places()).step_by(5).chain([layout.places() - 1]) {
			let place = layout.place(index).expect("the layout has it");
			let values = prover.cell(place).expect("the cell runs");
			let roots = values.roots();
			for step in steps(place, &values, &output) {
				let (opening, _) = prover.open(place, step, &values).expect("the step opens");
				let verdict = check_step(&statement, place, &roots, step, opening);
				assert_eq!(verdict, Ok(Verdict::Holds), "{place:?} {step:?}");
				kinds.insert(std::mem::discriminant(&step));
			}
		}
		assert!(kinds.len() >= 4, "elements, caches, attention, and the head's own");
	}
}

#[test]
fn an_artifact_opens_to_its_root() {
	let folder = tempfile::tempdir().expect("a folder");
	for lowered in a_decoder_and_an_encoder() {
		let packed = lowered
			.pack(folder.path().join("model.assay"), &mut ())
			.expect("it packs");
		assert_eq!(packed.tree().root(), packed.root());
		let verified = Artifact::open_verified(packed.path()).expect("it is whole");
		assert_eq!(verified.tree(), packed.tree());
		for (index, instance) in packed.program().instances().enumerate() {
			let bytes = packed
				.tensor(instance.tensor, instance.layer)
				.expect("it has the tensor");
			let hashes = packed
				.leaf_hashes(instance.tensor, instance.layer)
				.expect("it has the tensor");
			let (tensor, _) = packed.tree().open_tensor(index as u32).expect("it has the tensor");
			assert_eq!(root(&hashes), tensor);
			if hashes.len() == 1 {
				assert_eq!(hashes[0], leaf_hash(bytes));
			}
		}
		let per_layer = packed.program().instances().find(|instance| instance.layer.is_some());
		let tensor = per_layer.expect("layers have tensors").tensor;
		assert_eq!(packed.leaf_hashes(tensor, None), None);
		assert_eq!(packed.leaf_hashes(tensor, Some(99)), None);
	}
}

#[test]
fn a_statement_that_no_run_can_make_is_refused() {
	let program = decoder();
	let engine = Model::from_weights(&program, &MadeUp::new(&program, 11), Options::default()).expect("it loads");
	let (input, generation) = (
		prompt(6),
		Generation {
			ignore_stop: false,
			..GREEDY
		},
	);
	let refusal = |statement: Statement<'_>| {
		let hashed = engine.boundaries(&statement, &mut ()).expect_err("it is refused");
		assert_eq!(engine.record(&statement, &mut ()).err(), Some(hashed));
		let key = DigestKey::new(&[2; 32], 5, 0);
		assert_eq!(engine.audit(&statement, key, &mut ()).err(), Some(hashed));
		hashed
	};
	let output = Output::Tokens(vec![1; 7]);
	let statement = unclaimed(&program, &input, &generation, &output);
	assert!(engine.boundaries(&statement, &mut ()).is_ok());

	let other = encoder();
	let of_other = Statement {
		program: &other,
		..statement
	};
	assert_eq!(refusal(of_other), RunError::OtherProgram);
	for (input, error) in [
		(prompt(0), JobError::EmptyPrompt),
		(Input::Vector(vec![0; 64]), JobError::TokensExpected),
		(
			Input::Tokens(vec![1, VOCABULARY]),
			JobError::Token {
				index: 1,
				token: VOCABULARY,
				vocabulary: VOCABULARY,
			},
		),
		(
			prompt(18),
			JobError::TooManyPositions {
				tokens: 18,
				max_tokens: 7,
				positions: 24,
			},
		),
	] {
		let input = &input;
		assert_eq!(refusal(Statement { input, ..statement }), RunError::Job(error));
	}
	for (output, error, message) in [
		(
			Output::Vector(vec![0; 64]),
			OutputError::TokensExpected,
			"model returns tokens, the output is a vector",
		),
		(
			Output::Tokens(vec![1; 8]),
			OutputError::TooLong {
				tokens: 8,
				max_tokens: 7,
			},
			"output has 8 tokens, the job allows 7",
		),
		(
			Output::Tokens(vec![]),
			OutputError::TooShort {
				tokens: 0,
				max_tokens: 7,
			},
			"output ends after 0 of 7 tokens without a stop token",
		),
		(
			Output::Tokens(vec![1, 1, VOCABULARY]),
			OutputError::Token {
				index: 2,
				token: VOCABULARY,
				vocabulary: VOCABULARY,
			},
			"output token 2 is 40, vocabulary has 40",
		),
		(
			Output::Tokens(vec![1, 3, 1]),
			OutputError::AfterStop { index: 1 },
			"output goes on after its stop token 1",
		),
	] {
		let output = &output;
		let error_found = refusal(Statement { output, ..statement });
		assert_eq!(error_found, RunError::Output(error));
		assert_eq!(error_found.to_string(), message);
	}
	// A stop token may end an output before its limit.
	let output = &Output::Tokens(vec![1, 3]);
	assert!(engine.boundaries(&Statement { output, ..statement }, &mut ()).is_ok());
}

#[test]
fn a_vector_of_another_length_is_refused() {
	let program = encoder();
	let engine = Model::from_weights(&program, &MadeUp::new(&program, 11), Options::default()).expect("it loads");
	let input = prompt(4);
	let refusal = |output: Output| {
		let statement = unclaimed(&program, &input, &GREEDY, &output);
		engine
			.boundaries(&statement, &mut ())
			.expect_err("it is refused")
			.to_string()
	};
	assert_eq!(
		refusal(Output::Vector(vec![0; 63])),
		"output has 63 values, model returns 64"
	);
	assert_eq!(
		refusal(Output::Tokens(vec![1])),
		"model returns a vector, the output is tokens"
	);
}

#[test]
fn retracing_can_be_cancelled() {
	struct Cancel;
	impl Observer for Cancel {
		fn should_cancel(&mut self) -> bool {
			true
		}
	}
	let program = decoder();
	let engine = Model::from_weights(&program, &MadeUp::new(&program, 11), Options::default()).expect("it loads");
	let (input, output) = (prompt(6), Output::Tokens(vec![1; 7]));
	let statement = unclaimed(&program, &input, &GREEDY, &output);
	assert_eq!(engine.boundaries(&statement, &mut Cancel), Err(RunError::Cancelled));
	assert_eq!(engine.record(&statement, &mut Cancel).err(), Some(RunError::Cancelled));
	assert_eq!(
		engine.run_committed(&input, &GREEDY, &mut Cancel).err(),
		Some(RunError::Cancelled)
	);
}
