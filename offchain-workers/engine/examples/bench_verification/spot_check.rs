//! Steps that a random number draws, opened by the worker and judged by the referee.

use crate::common::Result;
use assay_artifact::Artifact;
use assay_trace::{
	check_step,
	draw::{draw_place, draw_step},
	execution::Record,
	prover::Prover,
	Hash32, Statement, Verdict,
};
use codec::Encode;
use std::{num::NonZeroUsize, time::Instant};

/// Runs of the referee over one step, of which the shortest counts.
const RUNS: usize = 3;

/// What one spot-check takes.
pub(crate) struct SpotCheck {
	/// Seconds of a worker that has the values of the execution: the inside of a cell and the opening of a step, on average.
	pub(crate) worker: f64,
	/// Seconds of the referee, natively, on average.
	pub(crate) referee: f64,
	/// The longest of them.
	pub(crate) slowest: f64,
	/// Bytes of an opening, on average.
	pub(crate) bytes: f64,
	/// Bytes of the longest.
	pub(crate) longest: usize,
}

/// Draws so many steps of a claim as the chain does and has each opened and judged.
pub(crate) fn measure(
	statement: &Statement<'_>,
	artifact: &Artifact,
	record: &Record,
	steps: NonZeroUsize,
) -> Result<SpotCheck> {
	let prover = Prover::new(*statement, artifact, record);
	let layout = statement.layout();
	let mut all = SpotCheck {
		worker: 0.0,
		referee: 0.0,
		slowest: 0.0,
		bytes: 0.0,
		longest: 0,
	};
	let count = steps.get() as f64;
	for seed in 0..steps.get() as u64 {
		let random = |purpose: &[u8]| Hash32::of(&[b"assay/bench", purpose, &seed.to_le_bytes()]);
		let place = draw_place(&layout, &random(b"cell")).ok_or("an execution has cells")?;
		let step = draw_step(statement, place, &random(b"step")).ok_or("a cell has steps")?;
		let start = Instant::now();
		let cell = prover.cell(place)?;
		let (opening, _) = prover.open(place, step, &cell)?;
		all.worker += start.elapsed().as_secs_f64() / count;
		let (roots, bytes) = (cell.roots(), opening.encoded_size());
		let mut shortest = f64::INFINITY;
		for _ in 0..RUNS {
			let shown = opening.clone();
			let start = Instant::now();
			let verdict = check_step(statement, place, &roots, step, shown)?;
			shortest = shortest.min(start.elapsed().as_secs_f64());
			if verdict != Verdict::Holds {
				return Err(format!("the referee refutes an honest step: {step:?} of {place:?}").into());
			}
		}
		all.referee += shortest / count;
		all.slowest = all.slowest.max(shortest);
		all.bytes += bytes as f64 / count;
		all.longest = all.longest.max(bytes);
	}
	Ok(all)
}
