//! Speed and memory of the exact engine beside candle's Q8_0 on the same weights, which are random, for Llamas of some
//! shapes.
//!
//! `cargo run --release -p assay-engine --example bench_decode -- [--shapes 15M,110M,1.1B] [--threads 1,2] [--prompt 128]
//! [--tokens 32] [--runs 3] [--folder DIR] [--float]`
//!
//! The profile matters: ours keep overflow checks, but the development profile has debug assertions besides.
//! Each side runs in a process of its own, so that memory and thread pools are its own. The best of the runs counts.
//! Tokens per CPU second tell how much of a busy machine a side got: on an idle one they are tokens per second and
//! thread.

mod common;

use assay_artifact::{
	gguf,
	synthetic::{self, LlamaShape},
	Artifact,
};
use assay_engine::{float::FloatModel, Model, Observer, Options, Tier};
use assay_exact::{Generation, Input, Sampler};
use candle_core::{quantized::gguf_file, Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use common::{machine, prompt, Arguments, Moment, Result, SHAPES};
use std::{fs, num::NonZeroUsize, path::PathBuf, process::Command};

/// What to measure.
#[derive(Clone)]
struct Settings {
	shape: (&'static str, LlamaShape),
	threads: usize,
	prompt: usize,
	tokens: usize,
	runs: usize,
	folder: PathBuf,
}

/// What one side achieved.
#[derive(Clone, Copy, Default)]
struct Speed {
	/// Prompt tokens per second.
	prefill: f64,
	/// Generated tokens per second.
	decode: f64,
	/// Prompt tokens per second of processor time.
	prefill_cpu: f64,
	/// Generated tokens per second of processor time.
	decode_cpu: f64,
	/// Resident bytes after the runs.
	resident: u64,
	/// Largest number of resident bytes.
	peak: u64,
}

fn main() -> Result<()> {
	let arguments = Arguments::read();
	let mut settings = Settings {
		shape: shape(arguments.value("--shape").unwrap_or("1.1B"))?,
		threads: 1,
		prompt: arguments.number("--prompt", 128)?,
		tokens: arguments.number("--tokens", 32)?,
		runs: arguments.number("--runs", 3)?,
		folder: arguments.folder(),
	};
	if let Some(role) = arguments.value("--role") {
		settings.threads = arguments.number("--threads", 1)?;
		match role {
			"prepare" => prepare(&settings)?,
			"engine" => report(run_engine(&settings)?),
			"candle" => report(run_candle(&settings)?),
			"float" => report(run_float(&settings)?),
			other => return Err(format!("unknown role {other}").into()),
		}
		return Ok(());
	}

	fs::create_dir_all(&settings.folder)?;
	println!("machine   {}", machine());
	println!("tier      {}", Tier::detect()?);
	println!(
		"job       prompt of {} tokens, {} generated, best of {}",
		settings.prompt, settings.tokens, settings.runs
	);
	let threads = arguments.value("--threads").unwrap_or("1,2").to_owned();
	for name in arguments.value("--shapes").unwrap_or("1.1B").split(',') {
		settings.shape = shape(name)?;
		compare(&mut settings, &threads, arguments.has("--float"))?;
	}
	println!();
	println!("machine   {}, at the end", machine());
	Ok(())
}

fn shape(name: &str) -> Result<(&'static str, LlamaShape)> {
	let known = SHAPES.into_iter().find(|(known, _)| *known == name);
	Ok(known.ok_or_else(|| format!("no shape is called {name}"))?)
}

/// Measures one shape on both sides with each number of threads.
fn compare(settings: &mut Settings, threads: &str, float: bool) -> Result<()> {
	start("prepare", settings)?;
	let artifact = Artifact::open(artifact_path(settings))?;
	let weights: u64 = artifact
		.program()
		.instances()
		.map(|i| artifact.program().tensors[usize::from(i.tensor.0)].shape.weights())
		.sum();
	drop(artifact);
	let (name, shape) = settings.shape;
	println!();
	println!(
		"shape     {name}: {} layers of {}, {:.3} G weights, random; key/value cache of the job {:.3} bytes a weight",
		shape.layers,
		shape.hidden,
		weights as f64 / 1e9,
		cache_bytes(settings) as f64 / weights as f64
	);
	println!("                       tokens per second    per CPU second      bytes per weight");
	println!("threads  side          prefill    decode   prefill   decode  resident   peak");
	for threads in threads.split(',') {
		settings.threads = threads.parse()?;
		let line = |side: &str, speed: Speed| {
			let per_weight = |bytes: u64| bytes as f64 / weights as f64;
			println!(
				"{threads:>7}  {side:<12}  {:>7.1}  {:>8.2}  {:>8.1}  {:>7.2}  {:>8.3}  {:>5.3}",
				speed.prefill,
				speed.decode,
				speed.prefill_cpu,
				speed.decode_cpu,
				per_weight(speed.resident),
				per_weight(speed.peak)
			);
		};
		let engine = start("engine", settings)?;
		line("assay exact", engine);
		let candle = start("candle", settings)?;
		line("candle Q8_0", candle);
		println!(
			"{threads:>7}  {:<12}  {:>7.2}  {:>8.2}  {:>8.2}  {:>7.2}",
			"ratio",
			engine.prefill / candle.prefill,
			engine.decode / candle.decode,
			engine.prefill_cpu / candle.prefill_cpu,
			engine.decode_cpu / candle.decode_cpu
		);
		if float {
			let float = start("float", settings)?;
			line("candle f32", float);
			println!("{threads:>7}  {:<12}  {:>7.2}", "ratio", engine.prefill / float.prefill);
		}
	}
	Ok(())
}

/// Runs one side in its own process and reads its report.
fn start(role: &str, settings: &Settings) -> Result<Speed> {
	let threads = settings.threads.to_string();
	let output = Command::new(std::env::current_exe()?)
		.args([
			"--role",
			role,
			"--shape",
			settings.shape.0,
			"--threads",
			&threads,
			"--folder",
		])
		.arg(&settings.folder)
		.args([
			"--prompt",
			&settings.prompt.to_string(),
			"--tokens",
			&settings.tokens.to_string(),
		])
		.args(["--runs", &settings.runs.to_string()])
		.env("RAYON_NUM_THREADS", &threads)
		.env("CANDLE_NUM_THREADS", &threads)
		.stderr(std::process::Stdio::inherit())
		.output()?;
	if !output.status.success() {
		return Err(format!("{role} failed: {}", output.status).into());
	}
	let text = String::from_utf8(output.stdout)?;
	let mut numbers = text.split_whitespace().map(str::parse::<f64>);
	let mut next = || numbers.next().transpose().map(Option::unwrap_or_default);
	Ok(Speed {
		prefill: next()?,
		decode: next()?,
		prefill_cpu: next()?,
		decode_cpu: next()?,
		resident: next()? as u64,
		peak: next()? as u64,
	})
}

fn report(speed: Speed) {
	let Speed {
		prefill,
		decode,
		prefill_cpu,
		decode_cpu,
		resident,
		peak,
	} = speed;
	println!("{prefill} {decode} {prefill_cpu} {decode_cpu} {resident} {peak}");
}

fn artifact_path(settings: &Settings) -> PathBuf {
	settings.folder.join(format!("{}.assay", settings.shape.0))
}

fn gguf_path(settings: &Settings) -> PathBuf {
	settings.folder.join(format!("{}.gguf", settings.shape.0))
}

/// Writes the artifact and the GGUF file with the same weights, unless they are there.
fn prepare(settings: &Settings) -> Result<()> {
	let (artifact, file) = (artifact_path(settings), gguf_path(settings));
	if !artifact.exists() || !file.exists() {
		let model = synthetic::llama(settings.shape.1, 1)?;
		model.pack(&artifact, &mut ())?;
		gguf::write(&model, &file)?;
	}
	Ok(())
}

/// Notes when the first and the last token came.
#[derive(Default)]
struct Clock {
	first: Option<Moment>,
	last: Option<Moment>,
}

impl Observer for Clock {
	fn on_token(&mut self, _: u32) {
		let now = Moment::now();
		self.first.get_or_insert(now);
		self.last = Some(now);
	}
}

fn run_engine(settings: &Settings) -> Result<Speed> {
	let threads = NonZeroUsize::new(settings.threads).ok_or("at least one thread")?;
	let model = {
		let artifact = Artifact::open(artifact_path(settings))?;
		Model::load(
			&artifact,
			Options {
				threads,
				..Options::default()
			},
		)?
	};
	let input = Input::Tokens(prompt(settings.prompt));
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: settings.tokens as u32,
		ignore_stop: true,
	};
	best(settings, || {
		let (start, mut clock) = (Moment::now(), Clock::default());
		model.run(&input, &generation, &mut clock)?;
		Ok([start, clock.first.ok_or("no token")?, clock.last.ok_or("no token")?])
	})
}

fn run_candle(settings: &Settings) -> Result<Speed> {
	let device = Device::Cpu;
	let mut file = fs::File::open(gguf_path(settings))?;
	let content = gguf_file::Content::read(&mut file)?;
	let mut model = ModelWeights::from_gguf(content, &mut file, &device)?;
	let prompt = prompt(settings.prompt);
	best(settings, || {
		let start = Moment::now();
		let logits = model.forward(&Tensor::new(&prompt[..], &device)?.unsqueeze(0)?, 0)?;
		let mut token = greedy(&logits)?;
		let first = Moment::now();
		for position in prompt.len()..prompt.len() + settings.tokens - 1 {
			let logits = model.forward(&Tensor::new(&[token], &device)?.unsqueeze(0)?, position)?;
			token = greedy(&logits)?;
		}
		Ok([start, first, Moment::now()])
	})
}

fn greedy(logits: &Tensor) -> Result<u32> {
	Ok(logits.flatten_all()?.argmax(0)?.to_scalar()?)
}

/// Prefill only: the baseline keeps no cache.
fn run_float(settings: &Settings) -> Result<Speed> {
	let model = FloatModel::load_quantised(&Artifact::open(artifact_path(settings))?)?;
	let prompt = prompt(settings.prompt);
	best(settings, || {
		let start = Moment::now();
		model.logits(&prompt)?;
		let end = Moment::now();
		Ok([start, end, end])
	})
}

/// The best prefill and the best decoding of all runs, each of which gives its start, first and last token.
fn best(settings: &Settings, mut run: impl FnMut() -> Result<[Moment; 3]>) -> Result<Speed> {
	let mut speed = Speed::default();
	let faster = |best: &mut f64, tokens: usize, seconds: f64| {
		if seconds > 0.0 {
			*best = best.max(tokens as f64 / seconds);
		}
	};
	for _ in 0..settings.runs {
		let [start, first, last] = run()?;
		let ((prefill, prefill_cpu), (decode, decode_cpu)) = (first.since(start), last.since(first));
		faster(&mut speed.prefill, settings.prompt, prefill);
		faster(&mut speed.prefill_cpu, settings.prompt, prefill_cpu);
		faster(&mut speed.decode, settings.tokens - 1, decode);
		faster(&mut speed.decode_cpu, settings.tokens - 1, decode_cpu);
	}
	speed.resident = status("VmRSS")?;
	speed.peak = status("VmHWM")?;
	Ok(speed)
}

/// A line of /proc/self/status in bytes.
fn status(key: &str) -> Result<u64> {
	let status = fs::read_to_string("/proc/self/status")?;
	let line = status
		.lines()
		.find(|line| line.starts_with(key))
		.ok_or_else(|| format!("no {key}"))?;
	let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
	Ok(kilobytes * 1024)
}

/// Bytes of the engine's cache at the end of the job, its shifts aside.
fn cache_bytes(settings: &Settings) -> u64 {
	let (_, shape) = settings.shape;
	2 * u64::from(shape.kv_heads * shape.head_dim * shape.layers) * (settings.prompt + settings.tokens) as u64
}
