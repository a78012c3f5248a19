//! What is told of what was measured.

use crate::{
	common::idle::Others,
	common::machine::Machine,
	common::{load, Result},
	memory::Reading,
	side::{Measured, Phase, Side},
	size::Size,
	table,
	task::{Job, Model},
};
use serde::Serialize;
use serde_json::{json, Value};
use std::{collections::BTreeMap, num::NonZeroUsize};

/// One side's job, measured.
#[derive(Serialize)]
pub(crate) struct Sample {
	pub(crate) job: Job,
	pub(crate) measured: Measured,
	/// Cores that others kept busy meanwhile.
	pub(crate) others: Others,
	/// Whether that was more than it may be.
	pub(crate) busy: bool,
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
	pub(crate) fn speed(&self, phase: Phase) -> f64 {
		phase.tokens(self.job.tokens) as f64 / self.measured.shortest(phase)
	}
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
pub(crate) struct Limit {
	shape: String,
	threads: usize,
	side: Side,
	/// Bytes of weights that decoding reads in a second, over those of the plain loop.
	pub(crate) share_of_reading: Option<f64>,
	/// Largest number of bytes in memory for each weight.
	pub(crate) peak_per_weight: f64,
	busy: bool,
}

/// All of it.
pub(crate) struct Report {
	pub(crate) machine: Machine,
	llama_cpp: Option<String>,
	pub(crate) memory: Vec<Reading>,
	sizes: BTreeMap<String, Size>,
	samples: Vec<Sample>,
	skipped: Vec<String>,
}

impl Report {
	pub(crate) fn new(machine: Machine, llama_cpp: Option<String>) -> Self {
		Self {
			machine,
			llama_cpp,
			memory: Vec::new(),
			sizes: BTreeMap::new(),
			samples: Vec::new(),
			skipped: Vec::new(),
		}
	}

	/// Begins with a shape.
	pub(crate) fn shape(&mut self, model: &Model, runs: NonZeroUsize) -> Result<()> {
		let size = Size::of(model)?;
		println!();
		println!("shape     {}: {size}; best of {runs}", model.shape);
		self.sizes.insert(model.shape.clone(), size);
		Ok(())
	}

	/// Weights of a shape that was begun with.
	pub(crate) fn weights(&self, shape: &str) -> u64 {
		self.sizes.get(shape).map_or(0, |size| size.weights)
	}

	/// Notes what was not measured.
	pub(crate) fn skip(&mut self, what: String) {
		println!("skipped   {what}");
		self.skipped.push(what);
	}

	/// Prints samples of one shape and number of threads beside each other, and keeps them.
	pub(crate) fn compare(&mut self, samples: Vec<Sample>) {
		table::print_sides(&samples, |sample| self.limit(sample));
		table::print_ratios(&rows_by_pair(&samples));
		table::print_first_tokens(&samples);
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
		let (weights, read) = self
			.sizes
			.get(&model.shape)
			.map_or((0, 0), |size| (size.weights, size.read));
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
			busy: sample.busy || plain.is_some_and(|reading| reading.busy),
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
