use crate::{Model, Observer, Options, Tier};
use assay_exact::{
	evaluate::evaluate,
	program::{Head, Pooling},
	Generation, Input, Output, Sampler,
};
use assay_samples::{
	random::{a_bert, a_llama, an_mlp, RandomModel},
	Noise,
};
use proptest::prelude::*;
use std::{collections::HashSet, num::NonZeroUsize};

pub(super) fn options(tier: Tier, threads: usize, chunk: usize) -> Options {
	let count = |n| NonZeroUsize::new(n).expect("test options are positive");
	Options {
		tier: Some(tier),
		threads: count(threads),
		chunk: count(chunk),
	}
}

fn all_options() -> impl Iterator<Item = Options> {
	let tiers = Tier::ALL.into_iter().filter(|tier| tier.is_available());
	tiers.flat_map(|tier| [(1, 1000), (1, 1), (2, 3), (3, 16)].map(|(threads, chunk)| options(tier, threads, chunk)))
}

pub(super) fn tokens(noise: &mut Noise, most: u64, vocabulary: u32) -> Vec<u32> {
	(0..1 + noise.below(most))
		.map(|_| noise.below(vocabulary.into()) as u32)
		.collect()
}

pub(super) fn a_generation(noise: &mut Noise, max_tokens: u32) -> Generation {
	let mut seed = [0; 32];
	seed.iter_mut().for_each(|byte| *byte = noise.next() as u8);
	let inverse_temperature = noise.one_of(&[1, 65536, 1 << 20]);
	let sampler = noise.one_of(&[
		Sampler::Greedy,
		Sampler::Gumbel {
			inverse_temperature,
			seed,
		},
	]);
	Generation {
		sampler,
		max_tokens,
		ignore_stop: noise.below(2) == 0,
	}
}

fn assert_equal_everywhere(model: &RandomModel, input: &Input, generation: &Generation) {
	let expected = evaluate(&model.program, model, input, generation).expect("the reference accepts the job");
	for options in all_options() {
		let engine = Model::from_weights(&model.program, model, options).expect("the model loads");
		let output = engine
			.run(input, generation, &mut ())
			.expect("the engine accepts the job");
		assert_eq!(output, expected, "{options:?}");
	}
}

/// The same decoder with the last position's logits for its output.
fn returning_logits(mut model: RandomModel) -> RandomModel {
	if let Head::Tokens { ops, logits, .. } = model.program.head {
		model.program.head = Head::Vector {
			pooling: Pooling::Last,
			ops,
			output: logits,
		};
	}
	model
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn decoders_equal_the_reference(seed: u64, wild: bool) {
		let mut noise = Noise::new(seed);
		let program = a_llama(&mut noise);
		let vocabulary = program.vocabulary().unwrap_or(0);
		let model = RandomModel::fill(program, &mut noise, wild);
		let prompt = tokens(&mut noise, 36, vocabulary);
		let generation = a_generation(&mut noise, 12);
		assert_equal_everywhere(&model, &Input::Tokens(prompt.clone()), &generation);
		// The logits themselves, which tokens may hide.
		assert_equal_everywhere(&returning_logits(model), &Input::Tokens(prompt), &generation);
	}

	#[test]
	fn encoders_equal_the_reference(seed: u64, wild: bool) {
		let mut noise = Noise::new(seed);
		let model = RandomModel::fill(a_bert(&mut noise), &mut noise, wild);
		let text = tokens(&mut noise, 40, 70);
		let generation = a_generation(&mut noise, 1);
		assert_equal_everywhere(&model, &Input::Tokens(text), &generation);
	}

	#[test]
	fn plain_networks_equal_the_reference(seed: u64, wild: bool) {
		let mut noise = Noise::new(seed);
		let model = RandomModel::fill(an_mlp(&mut noise), &mut noise, wild);
		let input = noise.values(model.program.input_length().unwrap_or(0) as usize);
		let generation = a_generation(&mut noise, 1);
		assert_equal_everywhere(&model, &Input::Vector(input), &generation);
	}

	#[test]
	fn decoding_equals_prefill(seed: u64) {
		let mut noise = Noise::new(seed);
		let program = a_llama(&mut noise);
		let vocabulary = program.vocabulary().unwrap_or(0);
		let model = RandomModel::fill(program, &mut noise, false);
		let prompt = tokens(&mut noise, 20, vocabulary);
		let greedy = Generation { sampler: Sampler::Greedy, max_tokens: 20, ignore_stop: true };
		let engine = Model::from_weights(&model.program, &model, options(Tier::Portable, 1, 5)).expect("it loads");
		let Ok(Output::Tokens(generated)) = engine.run(&Input::Tokens(prompt.clone()), &greedy, &mut ()) else {
			panic!("a decoder returns tokens");
		};
		let all = [&prompt[..], &generated].concat();
		let mut logits = Vec::new();
		engine.logits(&all[..all.len() - 1], &mut (), |_, row| logits.push(row.to_vec())).expect("it fits");
		for (position, token) in generated.iter().enumerate() {
			let row = &logits[prompt.len() - 1 + position];
			let largest = row.iter().max().expect("there are logits");
			prop_assert_eq!(row.iter().position(|logit| logit == largest), Some(*token as usize));
		}
	}
}

#[test]
fn the_random_decoders_are_not_trivial() {
	for seed in 0..16 {
		let mut noise = Noise::new(seed);
		let model = RandomModel::fill(a_llama(&mut noise), &mut noise, false);
		let engine = Model::from_weights(&model.program, &model, options(Tier::Portable, 1, 8)).expect("it loads");
		let mut rows = Vec::new();
		engine
			.logits(&[1, 2, 3, 2, 1], &mut (), |_, row| rows.push(row.to_vec()))
			.expect("it fits");
		for row in &rows {
			let distinct: HashSet<_> = row.iter().collect();
			assert!(distinct.len() > row.len() * 3 / 4, "seed {seed}: {row:?}");
		}
		let distinct: HashSet<_> = rows.iter().collect();
		assert_eq!(distinct.len(), rows.len(), "seed {seed}: positions see the same");
	}
}

#[test]
fn scores_are_log_probabilities_of_the_next_token() {
	let mut noise = Noise::new(7);
	let model = RandomModel::fill(a_llama(&mut noise), &mut noise, false);
	let vocabulary = model.program.vocabulary().unwrap_or(0);
	let engine = Model::from_weights(&model.program, &model, Options::default()).expect("it loads");
	let prefix = [3, 1, 4, 1, 5];
	let total: f64 = (0..vocabulary)
		.map(|next| {
			let window = [&prefix[..], &[next]].concat();
			let scores = engine.score(&window, &mut ()).expect("it fits");
			assert_eq!(scores.len(), prefix.len());
			scores[prefix.len() - 1].exp()
		})
		.sum();
	assert!((total - 1.0).abs() < 1e-9, "probabilities sum to {total}");
}

#[test]
fn tokens_are_observed_as_they_come_and_a_run_can_be_cancelled() {
	#[derive(Default)]
	struct StopAfter {
		seen: Vec<u32>,
		limit: usize,
	}
	impl Observer for StopAfter {
		fn on_token(&mut self, token: u32) {
			self.seen.push(token);
		}
		fn should_cancel(&mut self) -> bool {
			self.seen.len() >= self.limit
		}
	}
	let mut noise = Noise::new(11);
	let model = RandomModel::fill(a_llama(&mut noise), &mut noise, false);
	let engine = Model::from_weights(&model.program, &model, Options::default()).expect("it loads");
	let (input, generation) = (
		Input::Tokens(vec![1, 2, 3]),
		Generation {
			sampler: Sampler::Greedy,
			max_tokens: 9,
			ignore_stop: true,
		},
	);

	let mut watching = StopAfter {
		limit: usize::MAX,
		..StopAfter::default()
	};
	let output = engine.run(&input, &generation, &mut watching).expect("it runs");
	assert_eq!(output, Output::Tokens(watching.seen.clone()));

	let mut cancelling = StopAfter {
		limit: 4,
		..StopAfter::default()
	};
	assert_eq!(
		engine.run(&input, &generation, &mut cancelling),
		Err(crate::RunError::Cancelled)
	);
	assert_eq!(cancelling.seen, watching.seen[..4]);
	// A cancelled run leaves nothing behind.
	assert_eq!(engine.run(&input, &generation, &mut ()), Ok(output));
}

/// What comes of jobs that are run at the same time, each from a thread of its own.
fn together(engine: &Model, jobs: &[(Input, Generation)]) -> Vec<(Output, assay_trace::boundary::Boundaries)> {
	std::thread::scope(|scope| {
		let running: Vec<_> = jobs
			.iter()
			.map(|(input, generation)| scope.spawn(|| engine.run_committed(input, generation, &mut ())))
			.collect();
		let ended = running.into_iter().map(|job| job.join().expect("it does not panic"));
		ended
			.map(|result| result.expect("the engine accepts the job"))
			.collect()
	})
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]

	#[test]
	fn jobs_that_share_passes_equal_the_reference(seed: u64, count in 2usize..9) {
		let mut noise = Noise::new(seed);
		let program = a_llama(&mut noise);
		let vocabulary = program.vocabulary().unwrap_or(0);
		let decoder = RandomModel::fill(program, &mut noise, false);
		let encoder = RandomModel::fill(a_bert(&mut noise), &mut noise, false);
		let plain = RandomModel::fill(an_mlp(&mut noise), &mut noise, false);
		let width = plain.program.input_length().unwrap_or(0) as usize;
		for (model, kind) in [(&decoder, 0), (&encoder, 1), (&plain, 2)] {
			let jobs: Vec<_> = (0..count)
				.map(|_| match kind {
					0 => (Input::Tokens(tokens(&mut noise, 30, vocabulary)), a_generation(&mut noise, 12)),
					1 => (Input::Tokens(tokens(&mut noise, 40, 70)), a_generation(&mut noise, 1)),
					_ => (Input::Vector(noise.values(width)), a_generation(&mut noise, 1)),
				})
				.collect();
			for options in all_options() {
				let engine = Model::from_weights(&model.program, model, options).expect("the model loads");
				let alone: Vec<_> = jobs
					.iter()
					.map(|(input, generation)| engine.run_committed(input, generation, &mut ()).expect("it runs"))
					.collect();
				for ((output, boundaries), ((input, generation), (own, committed))) in
					together(&engine, &jobs).into_iter().zip(jobs.iter().zip(&alone))
				{
					let expected = evaluate(&model.program, model, input, generation).expect("the job fits");
					prop_assert_eq!((&output, own), (&expected, &expected), "{:?}", options);
					prop_assert_eq!(boundaries.root(), committed.root());
				}
			}
		}
	}
}

#[test]
fn who_generates_waits_for_no_prompt_of_others() {
	use std::sync::atomic::{AtomicUsize, Ordering};
	/// Counts tokens, and says when the first came.
	struct Count<'a>(&'a AtomicUsize);
	impl Observer for Count<'_> {
		fn on_token(&mut self, _: u32) {
			self.0.fetch_add(1, Ordering::Relaxed);
		}
	}
	/// Asked before each layer of each chunk: notes how many tokens the others have by the first and by the last time.
	struct Prompt<'a> {
		others: &'a AtomicUsize,
		seen: Vec<usize>,
	}
	impl Observer for Prompt<'_> {
		fn should_cancel(&mut self) -> bool {
			self.seen.push(self.others.load(Ordering::Relaxed));
			false
		}
	}
	let mut noise = Noise::new(11);
	let model = RandomModel::fill(a_llama(&mut noise), &mut noise, false);
	// A chunk of one position, so that a prompt of thirty takes thirty chunks.
	let engine = Model::from_weights(&model.program, &model, options(Tier::Portable, 1, 1)).expect("it loads");
	let generation = |max_tokens| Generation {
		sampler: Sampler::Greedy,
		max_tokens,
		ignore_stop: true,
	};
	let tokens = AtomicUsize::new(0);
	let mut prompt = Prompt {
		others: &tokens,
		seen: Vec::new(),
	};
	std::thread::scope(|scope| {
		let short = scope.spawn(|| {
			for _ in 0..40 {
				let _ = engine.run(&Input::Tokens(vec![1, 2, 3]), &generation(20), &mut Count(&tokens));
			}
		});
		while tokens.load(Ordering::Relaxed) == 0 {
			std::thread::yield_now();
		}
		engine
			.run(&Input::Tokens(vec![1; 30]), &generation(1), &mut prompt)
			.expect("it runs");
		short.join().expect("it does not panic");
	});
	let (first, last) = (
		prompt.seen.first().expect("it was asked"),
		prompt.seen.last().expect("it was asked"),
	);
	assert!(
		first < last,
		"while the prompt was fed the others got nothing: {:?}",
		prompt.seen
	);
}

#[test]
fn a_panic_in_a_shared_chunk_ends_what_is_in_it_and_nothing_else() {
	struct Panics;
	impl Observer for Panics {
		fn should_cancel(&mut self) -> bool {
			panic!("the observer panics");
		}
	}
	let mut noise = Noise::new(11);
	let model = RandomModel::fill(a_llama(&mut noise), &mut noise, false);
	let engine = Model::from_weights(&model.program, &model, Options::default()).expect("it loads");
	let (input, generation) = (Input::Tokens(vec![1, 2, 3]), a_generation(&mut noise, 3));
	let expected = engine.run(&input, &generation, &mut ());
	assert!(expected.is_ok());
	let panics = || engine.run(&input, &generation, &mut Panics);
	assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
	assert_eq!(engine.run(&input, &generation, &mut ()), expected);
}
