//! What is told of what was measured.

use crate::{
	common::{load, Result, SHAPES},
	idle::Others,
	machine::Machine,
	memory::Reading,
	side::{Measured, Phase, Side, DECODE_PROMPT},
	task::{Job, Model},
};
use assay_artifact::Artifact;
use assay_exact::program::Op;
use serde::Serialize;
use serde_json::{json, Value};
use std::{collections::BTreeSet, fmt::Write, num::NonZeroUsize};

/// One side's job, measured.
#[derive(Serialize)]
pub(crate) struct Sample {
	job: Job,
	measured: Measured,
	/// Cores that others kept busy meanwhile.
	others: Others,
	/// Whether that was more than it may be.
	busy: bool,
}

impl Sample {
	pub(crate) fn new(job: Job, measured: Measured, others: Others, idle: bool) -> Self {
		Self {
			job,
			measured,
			others,
			busy: !idle,
		}
	}

	/// Tokens per second of the best run.
	fn speed(&self, phase: Phase) -> f64 {
		phase.tokens(self.job.tokens) as f64 / self.measured.shortest(phase)
	}
}

/// How large a model is.
#[derive(Serialize)]
struct Size {
	shape: String,
	/// All of its weights.
	weights: u64,
	/// Those that decoding reads for each token.
	read: u64,
}

/// Ours beside another side.
#[derive(Serialize)]
pub(crate) struct Row {
	pub(crate) shape: String,
	pub(crate) phase: String,
	pub(crate) threads: usize,
	batch: usize,
	pub(crate) tier: String,
	pub(crate) against: String,
	/// Tokens per second.
	ours: f64,
	/// Tokens per second.
	theirs: f64,
	pub(crate) ratio: f64,
	/// Whether others kept the machine busy.
	pub(crate) busy: bool,
}

/// How near a side is to what memory gives, and how much of it it takes.
#[derive(Serialize)]
struct Limit {
	shape: String,
	threads: usize,
	side: Side,
	/// Bytes of weights that decoding reads in a second, over those of the plain loop.
	share_of_reading: Option<f64>,
	/// Largest number of bytes in memory for each weight.
	peak_per_weight: f64,
	busy: bool,
}

/// All of it.
pub(crate) struct Report {
	pub(crate) machine: Machine,
	llama_cpp: Option<String>,
	pub(crate) memory: Vec<Reading>,
	sizes: Vec<Size>,
	samples: Vec<Sample>,
	skipped: Vec<String>,
}

impl Report {
	pub(crate) fn new(machine: Machine, llama_cpp: Option<String>) -> Self {
		Self {
			machine,
			llama_cpp,
			memory: Vec::new(),
			sizes: Vec::new(),
			samples: Vec::new(),
			skipped: Vec::new(),
		}
	}

	/// Begins with a shape.
	pub(crate) fn shape(&mut self, model: &Model, runs: NonZeroUsize) -> Result<()> {
		let artifact = Artifact::open(&model.artifact)?;
		let program = artifact.program();
		let multiplied: BTreeSet<u16> = program
			.ops()
			.filter_map(|op| match op {
				Op::Linear { weight, .. } => Some(weight.0),
				_ => None,
			})
			.collect();
		let (mut weights, mut read) = (0, 0);
		for instance in program.instances() {
			let count = program.tensors[usize::from(instance.tensor.0)].shape.weights();
			weights += count;
			read += if multiplied.contains(&instance.tensor.0) {
				count
			} else {
				0
			};
		}
		let known = SHAPES.into_iter().find(|(name, _)| *name == model.shape);
		let (name, shape) = known.ok_or("no such shape")?;
		println!();
		println!(
			"shape     {name}: {} layers of {}, {:.3} G weights, random, of which decoding reads {:.3} G; best of {runs}",
			shape.layers,
			shape.hidden,
			weights as f64 / 1e9,
			read as f64 / 1e9
		);
		self.sizes.push(Size {
			shape: name.into(),
			weights,
			read,
		});
		Ok(())
	}

	/// Weights of a shape that was begun with.
	pub(crate) fn weights(&self, shape: &str) -> u64 {
		self.size(shape).map_or(0, |size| size.weights)
	}

	fn size(&self, shape: &str) -> Option<&Size> {
		self.sizes.iter().find(|size| size.shape == shape)
	}

	/// Notes what was not measured.
	pub(crate) fn skip(&mut self, what: String) {
		println!("skipped   {what}");
		self.skipped.push(what);
	}

	/// Prints samples of one shape and number of threads beside each other, and keeps them.
	pub(crate) fn compare(&mut self, samples: Vec<Sample>) {
		let Some(Sample { job, .. }) = samples.first() else {
			return;
		};
		let (phases, threads) = (job.phases.clone(), job.threads);
		println!();
		let mut title = format!("threads  {:<29}", "tokens per second");
		for phase in &phases {
			title += &format!("  {:>11}", phase.to_string());
		}
		println!("{title}  of the read loop  peak, bytes a weight");
		for sample in &samples {
			let mut line = format!("{threads:>7}  {:<29}", sample.job.side.to_string());
			for phase in &phases {
				line += &format!("  {:>11.2}", sample.speed(*phase));
			}
			let limit = self.limit(sample);
			let share = limit
				.share_of_reading
				.map_or("-".into(), |share| format!("{:.0} %", share * 100.0));
			println!("{line}  {share:>16}  {:>20.3}{}", limit.peak_per_weight, marked(sample));
		}
		for row in rows_by_pair(&samples) {
			let Some(first) = row.first() else { continue };
			let mut line = format!(
				"{threads:>7}  {:<29}",
				format!("assay-{} / {}", first.tier, first.against)
			);
			for row in &row {
				line += &format!("  {:>11.2}", row.ratio);
			}
			let lost: Vec<&str> = row
				.iter()
				.filter(|row| row.ratio < 1.0)
				.map(|row| row.phase.as_str())
				.collect();
			if !lost.is_empty() {
				let _ = write!(line, "  loses {}", lost.join(", "));
			}
			println!("{line}{}", if first.busy { "  busy" } else { "" });
		}
		let first_tokens: Vec<String> = samples
			.iter()
			.filter_map(|sample| Some(format!("{} {}", sample.job.side, sample.measured.first_token?)))
			.collect();
		if !first_tokens.is_empty() {
			println!(
				"{threads:>7}  first token after {DECODE_PROMPT}: {}",
				first_tokens.join(", ")
			);
		}
		self.samples.extend(samples);
	}

	/// Notes how the machine was left.
	pub(crate) fn finish(&mut self) {
		self.machine.load_after = load();
	}

	fn limit(&self, sample: &Sample) -> Limit {
		let Job {
			model, side, threads, ..
		} = &sample.job;
		let (weights, read) = self.size(&model.shape).map_or((0, 0), |size| (size.weights, size.read));
		let plain = self.memory.iter().find(|reading| reading.threads == *threads);
		let decode = sample
			.job
			.phases
			.contains(&Phase::Decode)
			.then(|| sample.speed(Phase::Decode));
		let share =
			|(speed, plain): (f64, &Reading)| speed * read as f64 * side.bytes_per_weight() / plain.bytes_per_second;
		Limit {
			shape: model.shape.clone(),
			threads: threads.get(),
			side: *side,
			share_of_reading: decode.zip(plain).map(share),
			peak_per_weight: sample.measured.peak as f64 / weights as f64,
			busy: sample.busy,
		}
	}

	/// Ours beside each of the others, in the order in which they were measured.
	pub(crate) fn rows(&self) -> Vec<Row> {
		let together =
			|a: &Sample, b: &Sample| a.job.model.shape == b.job.model.shape && a.job.threads == b.job.threads;
		self.samples
			.chunk_by(together)
			.flat_map(rows_by_pair)
			.flatten()
			.collect()
	}

	/// What the last line says.
	pub(crate) fn summary(&self) -> Value {
		let limits: Vec<Limit> = self.samples.iter().map(|sample| self.limit(sample)).collect();
		json!({
			"machine": self.machine,
			"rows": self.rows(),
			"memory": self.memory,
			"limits": limits,
			"skipped": self.skipped,
		})
	}

	/// That, and every run behind it.
	pub(crate) fn raw(&self) -> Value {
		let mut raw = self.summary();
		raw["llama_cpp"] = json!(self.llama_cpp);
		raw["sizes"] = json!(self.sizes);
		raw["samples"] = json!(self.samples);
		raw
	}
}

fn marked(sample: &Sample) -> String {
	match (sample.busy, sample.others) {
		(false, _) => String::new(),
		(true, Some(cores)) => format!("  busy: others on {cores:.2} cores"),
		(true, None) => "  busy, or not: unknown".into(),
	}
}

/// For each tier of ours and each of the others, the phases.
fn rows_by_pair(samples: &[Sample]) -> Vec<Vec<Row>> {
	let mut pairs = Vec::new();
	for ours in samples {
		let Side::Assay(tier) = ours.job.side else { continue };
		for theirs in samples
			.iter()
			.filter(|sample| !matches!(sample.job.side, Side::Assay(_)))
		{
			let row = |phase: &Phase| Row {
				shape: ours.job.model.shape.clone(),
				phase: phase.to_string(),
				threads: ours.job.threads.get(),
				batch: 1,
				tier: tier.to_string(),
				against: theirs.job.side.to_string(),
				ours: ours.speed(*phase),
				theirs: theirs.speed(*phase),
				ratio: ours.speed(*phase) / theirs.speed(*phase),
				busy: ours.busy || theirs.busy,
			};
			pairs.push(ours.job.phases.iter().map(row).collect());
		}
	}
	pairs
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_engine::Tier;
	use std::path::Path;

	fn sample(side: Side, prefill: &[f64], decode: &[f64], busy: bool) -> Sample {
		let phases: Vec<Phase> = ["prefill-128", "decode"].map(|name| name.parse().unwrap()).to_vec();
		let job = Job {
			model: Model::of("15M", Path::new("")),
			side,
			threads: NonZeroUsize::MIN,
			phases,
			tokens: NonZeroUsize::new(32).unwrap(),
			runs: NonZeroUsize::new(2).unwrap(),
		};
		let seconds = [("prefill-128", prefill), ("decode", decode)];
		let measured = Measured {
			loading: None,
			seconds: seconds.map(|(phase, runs)| (phase.to_owned(), runs.to_vec())).into(),
			peak: 0,
			first_token: None,
		};
		Sample::new(job, measured, Some(0.0), !busy)
	}

	#[test]
	fn each_tier_stands_beside_each_other_side_by_the_best_runs() {
		let samples = [
			sample(Side::Assay(Tier::Portable), &[4.0, 2.0], &[8.0, 9.0], false),
			sample(Side::Assay(Tier::Avx2), &[1.0, 3.0], &[1.0, 2.0], false),
			sample(Side::CandleQ8_0, &[1.0, 2.0], &[2.0, 2.0], true),
		];
		let rows: Vec<Row> = rows_by_pair(&samples).into_iter().flatten().collect();
		let told: Vec<_> = rows
			.iter()
			.map(|row| {
				(
					row.tier.as_str(),
					row.phase.as_str(),
					row.ours,
					row.theirs,
					row.ratio,
					row.busy,
				)
			})
			.collect();
		assert_eq!(
			told,
			[
				("portable", "prefill-128", 64.0, 128.0, 0.5, true),
				("portable", "decode", 4.0, 16.0, 0.25, true),
				("avx2", "prefill-128", 128.0, 128.0, 1.0, true),
				("avx2", "decode", 32.0, 16.0, 2.0, true),
			]
		);
		assert!(rows
			.iter()
			.all(|row| row.against == "candle-q8_0" && row.threads == 1 && row.batch == 1));
	}
}
