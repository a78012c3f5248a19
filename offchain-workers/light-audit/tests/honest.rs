//! Nothing honest is ever found wrong, and both ways to open are one.

mod common;

use assay_engine::Tier;
use assay_exact::{program::Pooling, Generation, Input, Output, Sampler};
use assay_light_audit::{draw, largest_opening, open, open_again, open_record, OpenError, Opening, Verdict};
use assay_samples::{
	programs::{attention_only, bag_of_words, bigram, decoder, encoder, mean_of_embeddings, perceptron, product},
	random::{a_bert, a_llama, an_mlp, RandomModel},
	MadeUp, Noise,
};
use common::{pooled, prompt, random, tokens, Setup, GREEDY, SAMPLED};
use proptest::prelude::*;

/// Runs a job, opens positions of it in every way, and has them checked.
fn assert_holds<W: assay_exact::evaluate::Weights + Sync>(
	setup: &Setup<W>,
	input: &Input,
	generation: &Generation,
	count: u32,
	seed: u64,
) {
	let (output, retained) = setup.run(input, generation);
	let statement = setup.statement(input, generation, &output, retained.boundaries().root());
	let positions = draw(statement.layout().positions, count, &mut random(seed)).expect("so many are opened");
	let (record, boundaries) = setup.record(&statement);
	let plain = open_record(&setup.artifact, &statement, &record, &boundaries, &positions).expect("it opens");
	assert_eq!(setup.check(&statement, &plain), Verdict::Holds, "{positions:?}");
	for tier in Tier::ALL.into_iter().filter(|tier| tier.is_available()) {
		for threads in [1, 2] {
			let model = setup.model_with(tier, threads);
			let told = format!("{positions:?}, {tier}, {threads} threads");
			let again = open_again(&model, &setup.artifact, &statement, &positions).expect("it opens");
			assert!(again == plain, "the engine opens as the reference does, {told}");
			let kept = open(&model, &setup.artifact, &statement, &retained, &positions);
			match output {
				Output::Tokens(_) => assert!(kept == Ok(again), "and as when it ran the job, {told}"),
				Output::Vector(_) => assert_eq!(kept, Err(OpenError::RecordWanted)),
			}
		}
	}
	let bytes = plain.to_bytes();
	let limit = largest_opening(&statement, &positions);
	let read = Opening::from_bytes(&bytes, limit);
	assert!(
		read.as_ref() == Ok(&plain),
		"{} bytes of {limit}: {:?}",
		bytes.len(),
		read.err()
	);
}

#[test]
fn honest_executions_of_every_kind_of_program_hold() {
	let values = |length: u32| Input::Vector((0..length as i32).map(|i| i * 9_000 - 70_000).collect());
	for (program, input, generation) in [
		(decoder(), prompt(1), GREEDY),
		(decoder(), prompt(16), GREEDY),
		(decoder(), prompt(6), SAMPLED),
		(encoder(), prompt(19), GREEDY),
		(pooled(Pooling::First), prompt(9), GREEDY),
		(pooled(Pooling::Last), prompt(8), GREEDY),
		(
			perceptron(),
			values(perceptron().input_length().expect("it reads a vector")),
			GREEDY,
		),
		(
			product(5),
			values(product(5).input_length().expect("it reads a vector")),
			GREEDY,
		),
		(bigram(40, 32, 24, 3), prompt(9), SAMPLED),
		(mean_of_embeddings(), prompt(12), GREEDY),
		(bag_of_words(), prompt(12), GREEDY),
		(attention_only(), prompt(7), GREEDY),
	] {
		let setup = Setup::new(&program, MadeUp::new(&program, 11), 5);
		for count in [1, 4, 16] {
			assert_holds(&setup, &input, &generation, count, u64::from(count));
		}
	}
}

fn a_generation(noise: &mut Noise, most: u64) -> Generation {
	Generation {
		sampler: match noise.below(3) {
			0 => Sampler::Greedy,
			_ => Sampler::Gumbel {
				inverse_temperature: 1 + noise.below(1 << 18) as u32,
				seed: [noise.below(256) as u8; 32],
			},
		},
		max_tokens: 1 + noise.below(most) as u32,
		ignore_stop: noise.below(2) == 0,
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn random_decoders_hold(seed: u64, wild: bool, count in 1u32..=16) {
		let mut noise = Noise::new(seed);
		let model = RandomModel::fill(a_llama(&mut noise), &mut noise, wild);
		let program = model.program.clone();
		let input = tokens(&mut noise, 30, program.vocabulary().unwrap_or(1));
		let generation = a_generation(&mut noise, 10);
		assert_holds(&Setup::new(&program, model, seed), &input, &generation, count, seed);
	}

	#[test]
	fn random_encoders_and_networks_hold(seed: u64, wild: bool, count in 1u32..=16) {
		let mut noise = Noise::new(seed);
		let generation = a_generation(&mut noise, 1);
		let model = RandomModel::fill(a_bert(&mut noise), &mut noise, wild);
		let program = model.program.clone();
		let text = tokens(&mut noise, 40, 70);
		assert_holds(&Setup::new(&program, model, seed), &text, &generation, count, seed);
		let model = RandomModel::fill(an_mlp(&mut noise), &mut noise, wild);
		let program = model.program.clone();
		let input = Input::Vector(noise.values(program.input_length().unwrap_or(0) as usize));
		assert_holds(&Setup::new(&program, model, seed), &input, &generation, count, seed);
	}
}
