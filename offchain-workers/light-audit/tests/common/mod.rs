//! Small models, their executions, and light audits of them.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod cheats;

use assay_engine::{Model, Options, Retained, Tier};
use assay_exact::{
	evaluate::Weights,
	program::{Head, Pooling, Shape, TensorIndex},
	Generation, Input, Output, Program, Sampler,
};
use assay_light_audit::{check, Key, Opening, Verdict};
use assay_samples::{
	programs::{encoder, VOCABULARY},
	Noise,
};
use assay_trace::{
	artifact::{program_hash, tensor_root, ArtifactTree, Leaves},
	boundary::Boundaries,
	execution::{replay, Record},
	merkle::leaf_hash,
	prover::OpenArtifact,
	Hash32, Statement, TraceRoot,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use std::num::NonZeroUsize;

pub(crate) const GREEDY: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 7,
	ignore_stop: true,
};

pub(crate) const SAMPLED: Generation = Generation {
	sampler: Sampler::Gumbel {
		inverse_temperature: 1 << 16,
		seed: [7; 32],
	},
	..GREEDY
};

/// A prompt of this many tokens.
pub(crate) fn prompt(length: u32) -> Input {
	Input::Tokens((0..length).map(|i| (i * 7 + 3) % VOCABULARY).collect())
}

/// The encoder with another pooling.
pub(crate) fn pooled(pooling: Pooling) -> Program {
	let mut program = encoder();
	if let Head::Vector { pooling: own, .. } = &mut program.head {
		*own = pooling;
	}
	program
}

/// Weights with the tree over them.
pub(crate) struct Packed<W> {
	program: Program,
	pub(crate) weights: W,
	tree: ArtifactTree,
}

impl<W: Weights> Packed<W> {
	pub(crate) fn new(program: &Program, weights: W) -> Self {
		let roots = program.instances().map(|instance| {
			let shape = program.tensors[usize::from(instance.tensor.0)].shape;
			tensor_root(shape, &bytes(&weights, shape, instance.tensor, instance.layer)).expect("it has all rows")
		});
		let roots: Vec<Hash32> = roots.collect();
		Self {
			tree: ArtifactTree::new(&program_hash(program), &roots, &[]),
			program: program.clone(),
			weights,
		}
	}
}

impl<W> Packed<W> {
	/// Other weights under the same tree.
	pub(crate) fn with(&self, weights: W) -> Self {
		Self {
			program: self.program.clone(),
			weights,
			tree: self.tree.clone(),
		}
	}
}

fn bytes(weights: &impl Weights, shape: Shape, tensor: TensorIndex, layer: Option<u16>) -> Vec<u8> {
	let rows = (0..shape.rows()).map(|row| weights.row(tensor, layer, row).expect("it has all rows"));
	rows.collect::<Vec<_>>().concat()
}

impl<W: Weights> Weights for Packed<W> {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		self.weights.row(tensor, layer, row)
	}
}

impl<W: Weights> OpenArtifact for Packed<W> {
	fn tree(&self) -> &ArtifactTree {
		&self.tree
	}

	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>> {
		let shape = self.program.tensors[usize::from(tensor.0)].shape;
		let bytes = bytes(&self.weights, shape, tensor, layer);
		let leaves = Leaves::new(shape).cut(&bytes)?.map(leaf_hash).collect();
		Some(leaves)
	}
}

/// A program with its weights, and a key to them.
pub(crate) struct Setup<W> {
	pub(crate) program: Program,
	pub(crate) artifact: Packed<W>,
	pub(crate) key: Key,
}

impl<W: Weights + Sync> Setup<W> {
	pub(crate) fn new(program: &Program, weights: W, seed: u64) -> Self {
		let artifact = Packed::new(program, weights);
		let key = Key::make(program, &artifact, &mut random(seed)).expect("the artifact is whole");
		Self {
			program: program.clone(),
			artifact,
			key,
		}
	}

	pub(crate) fn model(&self) -> Model {
		Model::from_weights(&self.program, &self.artifact, Options::default()).expect("the model loads")
	}

	pub(crate) fn model_with(&self, tier: Tier, threads: usize) -> Model {
		let options = Options {
			tier: Some(tier),
			threads: NonZeroUsize::new(threads).expect("at least one"),
			..Options::default()
		};
		Model::from_weights(&self.program, &self.artifact, options).expect("the model loads")
	}

	/// An honest job: its output and what is kept of it.
	pub(crate) fn run(&self, input: &Input, generation: &Generation) -> (Output, Retained) {
		self.model()
			.run_retained(input, generation, &mut ())
			.expect("the job fits")
	}

	pub(crate) fn statement<'a>(
		&'a self,
		input: &'a Input,
		generation: &'a Generation,
		output: &'a Output,
		trace: TraceRoot,
	) -> Statement<'a> {
		Statement {
			program: &self.program,
			artifact: self.artifact.tree.root(),
			input,
			generation,
			output,
			trace,
		}
	}

	/// What an honest execution of a statement's tokens leaves.
	pub(crate) fn record(&self, statement: &Statement<'_>) -> (Record, Boundaries) {
		let record = replay(statement, &self.artifact).expect("it runs");
		let boundaries = record.boundaries();
		(record, boundaries)
	}

	pub(crate) fn check(&self, statement: &Statement<'_>, opening: &Opening) -> Verdict {
		check(&self.key, statement, opening.positions(), opening).expect("the key is the claim's")
	}
}

pub(crate) fn random(seed: u64) -> ChaCha20Rng {
	ChaCha20Rng::seed_from_u64(seed)
}

/// Tokens below a vocabulary.
pub(crate) fn tokens(noise: &mut Noise, most: u64, vocabulary: u32) -> Input {
	let length = 1 + noise.below(most);
	Input::Tokens((0..length).map(|_| noise.below(vocabulary.into()) as u32).collect())
}
