//! What verifying a job of one model costs.

use crate::{
	common::Result,
	job::Job,
	light::{self, LightAudit},
	spot_check, Arguments,
};
use assay_artifact::Artifact;
use assay_engine::{Model, Options};
use assay_trace::{digest::DigestKey, Statement};
use serde_json::{json, Value};
use std::{fmt, hint::black_box, num::NonZeroUsize, path::Path, time::Instant};

/// What the chain asks at its lowest rates (docs/economics.md): of so many claims in a hundred two auditors run the job again, of
/// so many one step is opened, which every validator judges.
const AUDITED: f64 = 0.05;
const AUDITORS: f64 = 2.0;
const SPOT_CHECKED: f64 = 0.02;
/// Validators of the chain that is spoken of.
const VALIDATORS: f64 = 20.0;

/// One part of it.
pub(crate) struct Part {
	pub(crate) name: String,
	seconds: f64,
	/// What it puts on the chain.
	bytes: Option<f64>,
}

impl Part {
	fn new(name: &str, seconds: f64) -> Self {
		Self {
			name: name.into(),
			seconds,
			bytes: None,
		}
	}
}

/// All of it.
pub(crate) struct Costs {
	shape: String,
	pub(crate) weights: u64,
	tier: String,
	threads: usize,
	/// Seconds of prefill and decoding, without any verification.
	job: [f64; 2],
	/// By how much commitment makes them longer, by runs with and without it in turns.
	overhead: [f64; 2],
	pub(crate) parts: Vec<Part>,
	light: LightAudit,
	slowest_referee: f64,
	longest_opening: usize,
	/// Whether others kept the machine busy.
	pub(crate) busy: bool,
}

impl Costs {
	fn whole(&self) -> f64 {
		self.job.iter().sum()
	}

	/// The share of the job that a part takes.
	pub(crate) fn share(&self, part: &str) -> Option<f64> {
		let part = self.parts.iter().find(|other| other.name == part)?;
		Some(part.seconds / self.whole())
	}

	/// As rows of JSON.
	pub(crate) fn rows(&self) -> Vec<Value> {
		let row = |part: &str, seconds: f64, bytes: Option<f64>| {
			json!({
				"shape": self.shape, "weights": self.weights, "part": part, "threads": self.threads, "tier": self.tier,
				"seconds": seconds, "job": self.whole(), "ratio": seconds / self.whole(), "bytes": bytes, "busy": self.busy,
			})
		};
		let phases = ["prefill", "decode"].into_iter().zip(self.job).zip(self.overhead);
		let overheads = phases.map(|((phase, job), overhead)| {
			json!({
				"shape": self.shape, "weights": self.weights, "part": format!("commitment of {phase}"), "threads": self.threads,
				"tier": self.tier, "seconds": job * overhead, "job": job, "ratio": overhead, "bytes": null, "busy": self.busy,
			})
		});
		let parts = self.parts.iter().map(|part| row(&part.name, part.seconds, part.bytes));
		overheads.chain(parts).collect()
	}
}

impl fmt::Display for Costs {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let busy = if self.busy { "; BUSY" } else { "" };
		writeln!(
			f,
			"shape     {}: {:.3} G weights, random; tier {}{busy}",
			self.shape,
			self.weights as f64 / 1e9,
			self.tier
		)?;
		writeln!(
			f,
			"job       {:.4} s: prefill {:.4}, decoding {:.4}",
			self.whole(),
			self.job[0],
			self.job[1]
		)?;
		writeln!(
			f,
			"          with commitment prefill takes {:+.2} %, decoding {:+.2} %",
			100.0 * self.overhead[0],
			100.0 * self.overhead[1]
		)?;
		for part in &self.parts {
			let bytes = part
				.bytes
				.map(|bytes| format!("  {bytes:.0} bytes"))
				.unwrap_or_default();
			let share = 100.0 * part.seconds / self.whole();
			writeln!(
				f,
				"{:<22} {:>12.6} s  {share:>10.5} % of the job{bytes}",
				part.name, part.seconds
			)?;
		}
		writeln!(
			f,
			"          the slowest step takes the referee {:.3} ms, the longest opening of one has {} bytes",
			1e3 * self.slowest_referee,
			self.longest_opening
		)?;
		writeln!(
			f,
			"          a key for light audits is made once in {:.2} s and has {:.1} MB; for them the worker keeps {:.1} MB of a job",
			self.light.key,
			self.light.key_bytes as f64 / 1e6,
			self.light.kept as f64 / 1e6
		)
	}
}

/// How often a job is run of each kind: the shorter, the more often.
fn runs(weights: u64) -> NonZeroUsize {
	let runs = match weights {
		..500_000_000 => 10,
		500_000_000..3_000_000_000 => 3,
		_ => 1,
	};
	NonZeroUsize::new(runs).unwrap_or(NonZeroUsize::MIN)
}

/// The shortest of some tries.
fn shortest<T>(tries: usize, mut what: impl FnMut() -> Result<T>) -> Result<(T, f64)> {
	let mut best: Option<(T, f64)> = None;
	for _ in 0..tries.max(1) {
		let start = Instant::now();
		let done = what()?;
		let seconds = start.elapsed().as_secs_f64();
		if best.as_ref().is_none_or(|(_, least)| seconds < *least) {
			best = Some((done, seconds));
		}
	}
	best.ok_or_else(|| "at least one try".into())
}

/// Measures a shape.
pub(crate) fn measure(shape: &str, path: &Path, arguments: &Arguments) -> Result<Costs> {
	let artifact = Artifact::open(path)?;
	let options = Options {
		threads: arguments.threads,
		tier: arguments.tier,
		..Options::default()
	};
	let model = Model::load(&artifact, options)?;
	let program = model.program();
	let weights = program
		.instances()
		.map(|instance| program.tensors[usize::from(instance.tensor.0)].shape.weights())
		.sum();
	let runs = arguments.runs.unwrap_or_else(|| runs(weights));
	let job = Job::new(arguments.prompt, arguments.tokens);
	let run = job.run(&model, runs)?;
	let statement = Statement {
		program,
		artifact: artifact.root(),
		input: &job.input,
		generation: &job.generation,
		output: &run.output,
		trace: run.boundaries.root(),
	};
	let (audited, audit) = shortest(runs.get(), || {
		Ok(model.audit(&statement, DigestKey::new(&[1; 32], 0, 0), &mut ())?)
	})?;
	let (record, recorded) = shortest(runs.get(), || Ok(model.record(&statement, &mut ())?))?;
	let (hashed, commitment) = shortest(2 * runs.get(), || Ok(black_box(record.boundaries())))?;
	if audited.output != run.output || audited.boundaries != run.boundaries || hashed != run.boundaries {
		return Err("a run and its repetition commit to different traces".into());
	}
	let check = spot_check::measure(&statement, &artifact, &record, arguments.steps)?;

	drop(record);
	let light = light::measure(&model, &artifact, &statement, arguments.positions, runs.get())?;

	let mut checker = Part::new("light audit: checker", light.checker);
	checker.bytes = Some(light.bytes as f64);
	let mut referee = Part::new("referee", check.referee);
	referee.bytes = Some(check.bytes);
	let spot_checked = recorded + check.worker + VALIDATORS * check.referee;
	let asked = commitment + AUDITED * AUDITORS * audit + SPOT_CHECKED * spot_checked;
	let overhead = |phase: usize| run.committed[phase] / run.plain[phase] - 1.0;
	Ok(Costs {
		shape: shape.into(),
		weights,
		tier: model.tier().to_string(),
		threads: model.threads(),
		job: run.plain,
		overhead: [overhead(0), overhead(1)],
		parts: vec![
			Part::new("commitment", commitment),
			Part::new("replay audit", audit),
			checker,
			Part::new("light audit: worker", light.worker),
			Part::new("values again", recorded),
			Part::new("opening a step", check.worker),
			referee,
			Part::new("all at lowest rates", asked),
		],
		light,
		slowest_referee: check.slowest,
		longest_opening: check.longest,
		busy: false,
	})
}
