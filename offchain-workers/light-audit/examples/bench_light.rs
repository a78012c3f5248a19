//! What a light audit costs the checker and the worker, as shares of the job, over growing shapes.
//!
//! `cargo run -p assay-light-audit --example bench_light -- [--shapes 15M,110M,1.1B,7B] [--prompt 128] [--tokens 128]
//! [--positions 4] [--runs 3]`
//!
//! Everything runs on one thread. A matrix has 64 different random rows, which take turns: times do not depend on values, and
//! so a shape of 7B fits into memory without a file. The job runs once, the audit several times, of which the shortest counts.

#[path = "../../engine/examples/common/mod.rs"]
mod common;

use assay_artifact::synthetic;
use assay_engine::{Model, Options};
use assay_exact::{
	evaluate::Weights,
	program::{Op, Shape, TensorIndex},
	Generation, Input, Program, Sampler,
};
use assay_light_audit::{check, draw, largest_opening, open, Key, Opening, Verdict};
use assay_samples::Noise;
use assay_trace::{
	artifact::{program_hash, ArtifactTree, Leaves},
	merkle::{self, leaf_hash},
	prover::OpenArtifact,
	Hash32, Statement,
};
use clap::Parser;
use common::{load, processor, prompt, Result, SHAPES};
use std::{collections::BTreeMap, hint::black_box, num::NonZeroUsize, time::Instant};

/// Different rows of a matrix.
const ROWS: u32 = 64;

/// What a light audit costs, by shape.
#[derive(Parser)]
struct Arguments {
	/// Shapes to measure.
	#[arg(long, value_delimiter = ',', default_value = "15M,110M,1.1B")]
	shapes: Vec<String>,
	/// Tokens of the prompt.
	#[arg(long, default_value_t = 128)]
	prompt: usize,
	/// Tokens that are generated.
	#[arg(long, default_value_t = 128)]
	tokens: u32,
	/// Positions that are looked at.
	#[arg(long, default_value_t = 4)]
	positions: u32,
	/// Audits of each shape.
	#[arg(long, default_value_t = 3)]
	runs: usize,
}

fn main() -> Result<()> {
	let arguments = Arguments::parse();
	// Keys are made and openings are checked on rayon's own threads.
	rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
	println!("machine  {}, load {}, one thread", processor(), load());
	println!(
		"job      prompt of {} tokens, {} generated; {} positions audited",
		arguments.prompt, arguments.tokens, arguments.positions
	);
	println!();
	println!("shape  weights      job s   key s  key MB   open s  open %   check s  check %  opening MB  of it caches  accumulators  kept MB");
	let mut points = Vec::new();
	for name in &arguments.shapes {
		let found = SHAPES.iter().find(|(known, _)| known == name);
		let (_, shape) = found.ok_or_else(|| format!("unknown shape {name}"))?;
		let lowered = synthetic::llama(*shape, 1)?;
		let row = measure(lowered.program(), &arguments)?;
		println!("{}", row.line(name));
		points.push(row);
	}
	if points.len() > 1 {
		println!();
		println!(
			"log-log slope over weights: check {:+.3}, open {:+.3}",
			slope(&points, |row| row.check / row.job),
			slope(&points, |row| row.open / row.job)
		);
	}
	Ok(())
}

/// What one shape took, in seconds and bytes.
struct Row {
	weights: u64,
	job: f64,
	key: f64,
	key_bytes: usize,
	open: f64,
	check: f64,
	bytes: usize,
	caches: usize,
	accumulators: usize,
	kept: usize,
}

impl Row {
	fn line(&self, name: &str) -> String {
		let megabytes = |bytes: usize| bytes as f64 / 1e6;
		format!(
			"{name:<5}  {:>7.2e}  {:>7.2}  {:>6.2}  {:>6.1}  {:>7.3}  {:>5.2}%  {:>8.4}  {:>6.3}%  {:>10.1}  {:>12.1}  {:>12.1}  {:>7.1}",
			self.weights as f64,
			self.job,
			self.key,
			megabytes(self.key_bytes),
			self.open,
			self.open / self.job * 100.0,
			self.check,
			self.check / self.job * 100.0,
			megabytes(self.bytes),
			megabytes(self.caches),
			megabytes(self.accumulators),
			megabytes(self.kept),
		)
	}
}

/// Least squares of the logarithm of a share over that of the weights.
fn slope(rows: &[Row], share: impl Fn(&Row) -> f64) -> f64 {
	let points: Vec<(f64, f64)> = rows
		.iter()
		.map(|row| ((row.weights as f64).ln(), share(row).ln()))
		.collect();
	let count = points.len() as f64;
	let mean = points.iter().fold((0.0, 0.0), |mean, point| {
		(mean.0 + point.0 / count, mean.1 + point.1 / count)
	});
	let covariance: f64 = points.iter().map(|point| (point.0 - mean.0) * (point.1 - mean.1)).sum();
	covariance / points.iter().map(|point| (point.0 - mean.0).powi(2)).sum::<f64>()
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
	let start = Instant::now();
	let result = run();
	(result, start.elapsed().as_secs_f64())
}

fn measure(program: &Program, arguments: &Arguments) -> Result<Row> {
	let artifact = Repeated::new(program);
	let mut random = rand::rng();
	let (key, key_seconds) = timed(|| Key::make(program, &artifact, &mut random));
	let key = key?;
	let key_bytes = key.to_bytes();
	let key = Key::from_bytes(&key_bytes, &artifact.tree.root())?;
	let options = Options {
		threads: NonZeroUsize::MIN,
		..Options::default()
	};
	let model = Model::from_weights(program, &artifact, options)?;
	let input = Input::Tokens(prompt(arguments.prompt));
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: arguments.tokens,
		ignore_stop: true,
	};
	let (run, job) = timed(|| model.run_retained(&input, &generation, &mut ()));
	let (output, retained) = run?;
	let statement = Statement {
		program,
		artifact: artifact.tree.root(),
		input: &input,
		generation: &generation,
		output: &output,
		trace: retained.boundaries().root(),
	};
	let (mut open_seconds, mut check_seconds) = (f64::INFINITY, f64::INFINITY);
	let mut sizes = (0, 0, 0);
	for _ in 0..arguments.runs {
		let positions = draw(statement.layout().positions, arguments.positions, &mut random)?;
		let (opened, seconds) =
			timed(|| open(&model, &artifact, &statement, &retained, &positions).map(|opening| opening.to_bytes()));
		let opened = opened?;
		open_seconds = open_seconds.min(seconds);
		let limit = largest_opening(&statement, &positions);
		let (verdict, seconds) = timed(|| {
			let opening = Opening::from_bytes(&opened, limit)?;
			let verdict = check(&key, &statement, &positions, black_box(&opening));
			let [(_, caches), (_, accumulators), ..] = opening.sizes();
			sizes = (opened.len(), caches, accumulators);
			Ok::<_, Box<dyn std::error::Error>>(verdict?)
		});
		if verdict? != Verdict::Holds {
			return Err("an honest job does not hold".into());
		}
		check_seconds = check_seconds.min(seconds);
	}
	Ok(Row {
		weights: program
			.instances()
			.map(|instance| program.tensors[usize::from(instance.tensor.0)].shape.weights())
			.sum(),
		job,
		key: key_seconds,
		key_bytes: key_bytes.len(),
		open: open_seconds,
		check: check_seconds,
		bytes: sizes.0,
		caches: sizes.1,
		accumulators: sizes.2,
		kept: retained.bytes(),
	})
}

/// An artifact of which every matrix has a few rows that take turns.
struct Repeated {
	program: Program,
	/// By bytes of a row.
	matrices: BTreeMap<u64, Vec<Vec<u8>>>,
	/// By tensor: vectors and rotation tables.
	others: BTreeMap<u16, Vec<Vec<u8>>>,
	tree: ArtifactTree,
}

impl Repeated {
	fn new(program: &Program) -> Self {
		let mut noise = Noise::new(1);
		let (mut matrices, mut others) = (BTreeMap::new(), BTreeMap::new());
		for (index, tensor) in (0u16..).zip(&program.tensors) {
			match tensor.shape {
				Shape::Matrix { columns, .. } => {
					let row = |_| {
						let scales =
							(0..columns / 32).flat_map(|_| ((6 << 10) + (noise.next() % 2048) as u16).to_le_bytes());
						let mut row: Vec<u8> = scales.collect();
						row.extend((0..columns).map(|_| noise.within(127) as i8 as u8));
						row
					};
					matrices
						.entry(tensor.shape.row_bytes())
						.or_insert_with(|| (0..ROWS).map(row).collect());
				}
				Shape::Vector { length } => {
					let values = (0..length).flat_map(|_| (65536 + noise.within(32768)).to_le_bytes());
					others.insert(index, vec![values.collect()]);
				}
				Shape::Rotation { positions, pairs } => {
					let row = |position| {
						let couple = |k| {
							let angle = f64::from(position) * 10_000f64.powf(-f64::from(k) / f64::from(pairs));
							[angle.cos(), angle.sin()].map(|x| (x * f64::from(1 << 30)).round() as i32)
						};
						(0..pairs).flat_map(couple).flat_map(i32::to_le_bytes).collect()
					};
					others.insert(index, (0..positions).map(row).collect());
				}
			}
		}
		let mut artifact = Self {
			program: program.clone(),
			matrices,
			others,
			tree: ArtifactTree::new(&program_hash(program), &[], &[]),
		};
		// Only tables of which rows are shown need their root.
		let shown = |tensor| {
			program.ops().any(|op| match op {
				Op::Embed { table, .. } | Op::Rotate { table, .. } => *table == tensor,
				_ => false,
			})
		};
		let roots = program.instances().map(|instance| match shown(instance.tensor) {
			true => artifact
				.leaf_hashes(instance.tensor, instance.layer)
				.map(|hashes| merkle::root(&hashes)),
			false => Some(Hash32::default()),
		});
		let roots: Vec<Hash32> = roots.map(Option::unwrap_or_default).collect();
		artifact.tree = ArtifactTree::new(&program_hash(program), &roots, &[]);
		artifact
	}
}

impl Weights for Repeated {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		if let Some(rows) = self.others.get(&tensor.0) {
			return Some(rows.get(row as usize)?);
		}
		let rows = self
			.matrices
			.get(&self.program.tensors.get(usize::from(tensor.0))?.shape.row_bytes())?;
		let turn = row.wrapping_mul(2_654_435_761) >> 7;
		let turn = turn.wrapping_add(u32::from(tensor.0) * 7 + u32::from(layer.unwrap_or(0)) * 13);
		Some(rows.get((turn % ROWS) as usize)?)
	}
}

impl OpenArtifact for Repeated {
	fn tree(&self) -> &ArtifactTree {
		&self.tree
	}

	fn leaf_hashes(&self, tensor: TensorIndex, layer: Option<u16>) -> Option<Vec<Hash32>> {
		let leaves = Leaves::new(self.program.tensors.get(usize::from(tensor.0))?.shape);
		let rows = |leaf: u64| {
			// The shapes measured have rows that fit a leaf.
			let first = leaf * leaves.rows_per_leaf();
			let rows = (first..first + leaves.rows_per_leaf()).map_while(|row| {
				leaves.of_row(row as u32)?;
				self.row(tensor, layer, row as u32)
			});
			leaf_hash(&rows.collect::<Vec<_>>().concat())
		};
		Some((0..leaves.count()).map(rows).collect())
	}
}
