//! What commitment costs the exact engine: TinyLlama-1.1B shape, random weights.
//!
//! `cargo run -p assay-engine --example bench_commit -- [--threads 1] [--prompt 128] [--tokens 32] [--runs 5]
//! [--folder DIR]`
//!
//! Runs with and without commitment take turns in one process. The quiet time adds up the shortest time that each layer
//! of each chunk took in any run (each layer of any token in decoding): what an idle machine would show.

mod common;

use assay_artifact::{synthetic, Artifact};
use assay_engine::{Model, Observer, Options};
use assay_exact::{program::Op, Generation, Input, Output, Program, Sampler};
use assay_trace::{boundary::Boundaries, cache, digest::DigestKey, vector::vector_root, Hash32, Statement, TraceRoot};
use clap::Parser;
use common::{load, processor, prompt, Moment, Result, SHAPE};
use std::{env, hint::black_box, num::NonZeroUsize, path::PathBuf, time::Instant};

/// Positions that go through the layers together.
const CHUNK: usize = 64;

/// What commitment costs the exact engine, by runs with and without it in turns.
#[derive(Parser)]
struct Arguments {
	/// Threads of the engine.
	#[arg(long, default_value = "1")]
	threads: NonZeroUsize,
	/// Tokens of the prompt.
	#[arg(long, default_value_t = 128)]
	prompt: usize,
	/// Tokens that are generated.
	#[arg(long, default_value_t = 32)]
	tokens: u32,
	/// Runs of each kind.
	#[arg(long, default_value_t = 5)]
	runs: usize,
	/// Where the model lies, and is made if it does not.
	#[arg(long, default_value_os_t = env::temp_dir().join("assay-bench"))]
	folder: PathBuf,
}

fn main() -> Result<()> {
	let arguments = Arguments::parse();
	let threads = arguments.threads;
	let job = Job {
		input: Input::Tokens(prompt(arguments.prompt)),
		prompt: arguments.prompt,
		generation: Generation {
			sampler: Sampler::Greedy,
			max_tokens: arguments.tokens,
			ignore_stop: true,
		},
	};
	let path = arguments.folder.join("tinyllama.assay");
	if !path.exists() {
		std::fs::create_dir_all(&arguments.folder)?;
		synthetic::llama(SHAPE, 1)?.pack(&path, &mut ())?;
	}
	let options = Options {
		threads,
		chunk: NonZeroUsize::new(CHUNK).ok_or("at least one position")?,
		..Options::default()
	};
	let model = Model::load(&Artifact::open(&path)?, options)?;
	let hashed = hashed_bytes(model.program());
	let rate = hash_rate(SHAPE.hidden as usize);
	println!("machine   {}, load {}", processor(), load());
	println!("tier      {}, {threads} threads", model.tier());
	println!(
		"job       prompt of {} tokens, {} generated, {} runs of each",
		job.prompt, job.generation.max_tokens, arguments.runs
	);
	println!(
		"hashing   {hashed} bytes for each position at {:.2} GB/s on one thread: {:.3} ms",
		rate / 1e9,
		hashed as f64 / rate * 1e3
	);

	let (mut plain, mut committed) = (Times::default(), Times::default());
	let mut traced = None;
	for run in 0..2 * arguments.runs {
		let mut clock = Clock::new();
		// Without, with, with, without: neither kind is always the first of its pair.
		if matches!(run % 4, 0 | 3) {
			model.run(&job.input, &job.generation, &mut clock)?;
			plain.add(&clock, &job);
		} else {
			traced = Some(model.run_committed(&job.input, &job.generation, &mut clock)?);
			committed.add(&clock, &job);
		}
	}
	println!();
	println!("                 tokens per second   per CPU second    quiet");
	println!("commitment       prefill   decode    prefill  decode   prefill  decode");
	let [without, with] = [("without", &plain), ("with", &committed)].map(|(name, times)| {
		let speeds = times.speeds(&job);
		println!(
			"{name:<15}  {:>7.1}  {:>7.2}    {:>7.1}  {:>6.2}   {:>7.1}  {:>6.2}",
			speeds[0], speeds[1], speeds[2], speeds[3], speeds[4], speeds[5]
		);
		speeds
	});
	let percent: Vec<f64> = without.iter().zip(&with).map(|(a, b)| (a / b - 1.0) * 100.0).collect();
	println!(
		"{:<15}  {:>6.2}%  {:>6.2}%    {:>6.2}%  {:>5.2}%   {:>6.2}%  {:>5.2}%",
		"overhead", percent[0], percent[1], percent[2], percent[3], percent[4], percent[5]
	);

	let ratios = |phase: usize| {
		let pairs = committed.walls.iter().zip(&plain.walls);
		let mut ratios: Vec<f64> = pairs.map(|(with, without)| with[phase] / without[phase]).collect();
		ratios.sort_by(f64::total_cmp);
		(ratios[ratios.len() / 2] - 1.0) * 100.0
	};
	println!("median of pairs  {:>6.2}%  {:>6.2}%", ratios(0), ratios(1));

	let (output, boundaries) = traced.ok_or("at least one run")?;
	retrace(&model, &job, &output, &boundaries)
}

/// An audit and a dispute's record of the same job.
fn retrace(model: &Model, job: &Job, output: &Output, boundaries: &Boundaries) -> Result<()> {
	let statement = Statement {
		program: model.program(),
		artifact: Hash32::default(),
		input: &job.input,
		generation: &job.generation,
		output,
		trace: TraceRoot(Hash32::default()),
	};
	let positions = f64::from(boundaries.layout().positions);
	let start = Moment::now();
	let audited = model.audit(&statement, DigestKey::new(&[1; 32], 0, 0), &mut ())?;
	let (wall, cpu) = Moment::now().since(start);
	println!();
	println!(
		"audit     {wall:.2} s, {:.1} positions per second, {:.1} per CPU second; same output and trace: {}",
		positions / wall,
		positions / cpu,
		audited.output == *output && audited.boundaries == *boundaries
	);
	let start = Moment::now();
	let record = model.record(&statement, &mut ())?;
	let (wall, _) = Moment::now().since(start);
	let same = record.boundaries() == *boundaries;
	println!("record    {wall:.2} s; same trace: {same}");
	if audited.output != *output || audited.boundaries != *boundaries || !same {
		return Err("a run and its repetition commit to different traces".into());
	}
	Ok(())
}

struct Job {
	input: Input,
	prompt: usize,
	generation: Generation,
}

/// Bytes of residual vectors and cache leaves that one position hands on.
fn hashed_bytes(program: &Program) -> usize {
	let residuals = (usize::from(program.layers) + 1) * program.registers[0] as usize * 4;
	let caches = program.layer.iter().filter_map(|op| match *op {
		Op::Attention { kv_heads, head_dim, .. } => Some(usize::from(kv_heads) * cache::leaf_bytes(head_dim)),
		_ => None,
	});
	residuals + caches.sum::<usize>() * usize::from(program.layers)
}

/// Bytes of vectors hashed in a second: the best of many short tries.
fn hash_rate(width: usize) -> f64 {
	let values: Vec<i32> = (0..width as i32)
		.map(|i| i.wrapping_mul(0x9e37_79b9_u32 as i32))
		.collect();
	let shortest = (0..2000).map(|_| {
		let start = Instant::now();
		black_box(vector_root(black_box(&values)));
		start.elapsed().as_secs_f64()
	});
	4.0 * width as f64 / shortest.fold(f64::INFINITY, f64::min)
}

/// Notes when layers began and tokens came.
struct Clock {
	start: Moment,
	first: Option<Moment>,
	last: Option<Moment>,
	/// Before each layer of each chunk, and after each token.
	marks: Vec<Instant>,
}

impl Clock {
	fn new() -> Self {
		let start = Moment::now();
		Self {
			start,
			first: None,
			last: None,
			marks: vec![start.wall],
		}
	}
}

impl Observer for Clock {
	fn on_token(&mut self, _: u32) {
		self.marks.push(Instant::now());
		let now = Moment::now();
		self.first.get_or_insert(now);
		self.last = Some(now);
	}

	fn should_cancel(&mut self) -> bool {
		self.marks.push(Instant::now());
		false
	}
}

/// What the runs of one kind took, in seconds.
#[derive(Default)]
struct Times {
	/// Prefill and decoding of each run by the wall clock.
	walls: Vec<[f64; 2]>,
	/// Processor time of prefill and decoding in all runs.
	cpu: [f64; 2],
	/// The shortest time of each step of prefill, and of each step of a decoded token.
	steps: [Vec<f64>; 2],
}

impl Times {
	fn add(&mut self, clock: &Clock, job: &Job) {
		let (Some(first), Some(last)) = (clock.first, clock.last) else {
			return;
		};
		let ((prefill, prefill_cpu), (decode, decode_cpu)) = (first.since(clock.start), last.since(first));
		self.walls.push([prefill, decode]);
		self.cpu[0] += prefill_cpu;
		self.cpu[1] += decode_cpu;

		let steps: Vec<f64> = clock
			.marks
			.windows(2)
			.map(|pair| (pair[1] - pair[0]).as_secs_f64())
			.collect();
		let layers = SHAPE.layers as usize;
		let prefill = job.prompt.div_ceil(CHUNK) * layers + 1;
		let shorten = |shortest: &mut Vec<f64>, steps: &[f64]| {
			shortest.resize(steps.len(), f64::INFINITY);
			shortest.iter_mut().zip(steps).for_each(|(a, b)| *a = a.min(*b));
		};
		shorten(&mut self.steps[0], &steps[..prefill]);
		for token in steps[prefill..].chunks_exact(layers + 1) {
			shorten(&mut self.steps[1], token);
		}
	}

	/// Tokens per second of prefill and decoding: by the best wall clock, by all processor time, and quiet.
	fn speeds(&self, job: &Job) -> [f64; 6] {
		let (prompt, decoded) = (job.prompt as f64, f64::from(job.generation.max_tokens) - 1.0);
		let best = |phase: usize| self.walls.iter().map(|wall| wall[phase]).fold(f64::INFINITY, f64::min);
		let runs = self.walls.len() as f64;
		let quiet = self.steps.each_ref().map(|steps| steps.iter().sum::<f64>());
		[
			prompt / best(0),
			decoded / best(1),
			runs * prompt / self.cpu[0],
			runs * decoded / self.cpu[1],
			prompt / quiet[0],
			1.0 / quiet[1],
		]
	}
}
