//! The exact engine beside candle and llama.cpp on the same random weights: `scripts/bench engine` builds and starts it.
//!
//! Each side runs in a process of its own, one at a time, while others leave the machine alone, or nothing is reported.
//! Weights are made once for each shape and lie as an artifact and as a GGUF file in Q8_0 in the folder.

mod chart;
#[path = "../common/mod.rs"]
mod common;
mod llama_cpp;
mod memory;
mod report;
mod side;
mod size;
mod table;
mod task;

use assay_engine::Tier;
use clap::Parser;
use common::{idle::Policy, known_shape, machine::Machine, Result};
use llama_cpp::LlamaBench;
use memory::Reading;
use report::{Report, Sample};
use side::{Phase, Side};
use std::{
	env, fs,
	num::NonZeroUsize,
	path::{Path, PathBuf},
};
use task::{Job, Model, Task};

/// Measures the exact engine beside candle in f32, candle in Q8_0 and llama.cpp in Q8_0, all on the same random weights.
///
/// Every side runs in a process of its own; the best of its runs counts. One job runs at a time (batch 1);
/// bench_batch measures several. Prefill is the time to the first token, decoding that of the tokens after it. If others keep the
/// machine busy before, while or after something is measured, it is measured again, and in the end nothing is reported.
/// The tier is that of ASSAY_KERNEL, or the fastest of this processor.
#[derive(Parser)]
#[command(name = "scripts/bench engine")]
struct Arguments {
	/// Shapes of models: 1M, 15M, 110M, 1.1B, 7B.
	#[arg(long, value_delimiter = ',', default_value = "15M,110M,1.1B", value_parser = known_shape)]
	shapes: Vec<String>,
	/// What is measured: prefill-N for prompts of N tokens, decode.
	#[arg(long, value_delimiter = ',', default_value = "prefill-128,prefill-512,decode")]
	phases: Vec<Phase>,
	/// Numbers of threads.
	#[arg(long, value_delimiter = ',', default_value = "1,2")]
	threads: Vec<NonZeroUsize>,
	/// Tiers of our kernels, each measured in the same run.
	#[arg(long, value_delimiter = ',')]
	tiers: Vec<Tier>,
	/// What ours is measured against: candle-f32, candle-q8_0, llama.cpp-q8_0 (which needs --llama-bench).
	#[arg(long, value_delimiter = ',', value_parser = Side::opponent)]
	against: Option<Vec<Side>>,
	/// llama.cpp's own measuring program, as scripts/fetch-llama-cpp builds it.
	#[arg(long, value_name = "PATH")]
	llama_bench: Option<PathBuf>,
	/// Tokens that are decoded behind a prompt of 128.
	#[arg(long, default_value = "32")]
	tokens: NonZeroUsize,
	/// Runs of each phase; by default 20 up to 15M, 10 at 110M, 3 at 1.1B and 2 at 7B.
	#[arg(long)]
	runs: Option<NonZeroUsize>,
	/// Where the models lie, and are made if they do not: 2.2 bytes a weight.
	#[arg(long, default_value_os_t = env::temp_dir().join("assay-bench"), value_name = "DIR")]
	folder: PathBuf,
	/// How many cores others may keep busy.
	#[arg(long, default_value_t = 0.1, value_name = "CORES")]
	idle: f64,
	/// Report all the same on a busy machine, each such row marked.
	#[arg(long)]
	busy: bool,
	/// End with a line of JSON.
	#[arg(long)]
	json: bool,
	/// Write all that was measured, every run of it.
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
	/// Draw the ratios as an SVG.
	#[arg(long, value_name = "FILE")]
	chart: Option<PathBuf>,
}

fn main() {
	let done = match task::from_parent() {
		Some(task) => task.and_then(|task| task.perform()),
		None => compare(&Arguments::parse()),
	};
	if let Err(error) = done {
		eprintln!("error: {error}");
		std::process::exit(1);
	}
}

/// Measures all sides and reports.
fn compare(arguments: &Arguments) -> Result<()> {
	let llama = arguments.llama_bench.as_deref().map(LlamaBench::open).transpose()?;
	let sides = sides(arguments, llama.is_some())?;
	fs::create_dir_all(&arguments.folder)?;
	for name in &arguments.shapes {
		let model = Model::of(name, &arguments.folder);
		if !model.exists() {
			eprintln!("making the weights of {name}");
			task::start(&Task::Prepare(model))?;
		}
	}

	let policy = Policy::new(arguments.idle, arguments.busy);
	policy.wait()?;
	let machine = Machine::describe();
	println!("machine   {machine}");
	println!("load      {}; {}", common::load(), policy.describe());
	if let Some(llama) = &llama {
		println!("against   {}", llama.version);
	}
	let mut report = Report::new(machine, llama.map(|llama| llama.version));
	for &threads in &arguments.threads {
		let read = || task::result(&Task::Read { threads });
		let (mut reading, others): (Reading, _) = policy.measure("the read loop", read)?;
		reading.busy = !policy.is_idle(others);
		println!("memory    {reading}");
		report.memory.push(reading);
	}
	for name in &arguments.shapes {
		let model = Model::of(name, &arguments.folder);
		let runs = arguments.runs.unwrap_or_else(|| model.runs());
		report.shape(&model, runs)?;
		for &threads in &arguments.threads {
			let job = |side| Job {
				model: model.clone(),
				side,
				threads,
				phases: arguments.phases.clone(),
				tokens: arguments.tokens,
				runs,
			};
			let mut samples = Vec::new();
			for &side in &sides {
				match side.does_not_fit(report.weights(name)) {
					Some(reason) => report.skip(format!("{name} on {side}: {reason}")),
					None => samples.push(measure(arguments, &policy, job(side))?),
				}
			}
			report.compare(samples);
		}
	}
	policy.wait()?;
	report.finish();
	println!();
	println!("load      {} at the end", common::load());
	write_results(arguments, &report)
}

/// Measures one side's job.
fn measure(arguments: &Arguments, policy: &Policy, job: Job) -> Result<Sample> {
	let what = format!("{} at {} with {} threads", job.side, job.model.shape, job.threads);
	let (measured, others) = policy.measure(&what, || match (job.side, &arguments.llama_bench) {
		(Side::LlamaCppQ8_0, Some(path)) => llama_cpp::measure(path, &job),
		_ => task::result(&Task::Side(job.clone())),
	})?;
	Ok(Sample::new(job, measured, others, policy.is_idle(others)))
}

/// Ours with each tier, and whom it is measured against.
fn sides(arguments: &Arguments, llama: bool) -> Result<Vec<Side>> {
	let tiers = match arguments.tiers.as_slice() {
		[] => vec![Tier::detect()?],
		tiers => tiers.to_vec(),
	};
	if let Some(missing) = tiers.iter().find(|tier| !tier.is_available()) {
		return Err(format!("this processor lacks the instructions of tier {missing}").into());
	}
	Ok(tiers
		.into_iter()
		.map(Side::Assay)
		.chain(opponents(arguments, llama)?)
		.collect())
}

/// Whom ours is measured against.
fn opponents(arguments: &Arguments, llama: bool) -> Result<Vec<Side>> {
	let Some(named) = &arguments.against else {
		let mut all = vec![Side::CandleF32, Side::CandleQ8_0];
		all.extend(llama.then_some(Side::LlamaCppQ8_0));
		return Ok(all);
	};
	if named.contains(&Side::LlamaCppQ8_0) && !llama {
		return Err("llama.cpp is measured by its own program: name it with --llama-bench".into());
	}
	Ok(named.clone())
}

fn write_results(arguments: &Arguments, report: &Report) -> Result<()> {
	let written = |path: &Path| println!("written   {}", path.display());
	if let Some(path) = &arguments.out {
		fs::write(path, serde_json::to_string_pretty(&report.raw())? + "\n")?;
		written(path);
	}
	if let Some(path) = &arguments.chart {
		chart::draw(path, report)?;
		written(path);
	}
	if arguments.json {
		println!("{}", report.summary());
	}
	Ok(())
}
