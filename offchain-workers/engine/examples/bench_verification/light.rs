//! Light audits of the job: a few positions, opened by the worker and checked with a key in place of the weights.

use crate::common::Result;
use assay_artifact::Artifact;
use assay_engine::Model;
use assay_light_audit::{check, draw, largest_opening, open, Key, Opening, Verdict};
use assay_trace::Statement;
use std::{hint::black_box, num::NonZeroU32, time::Instant};

/// What one takes.
pub(crate) struct LightAudit {
	/// Seconds of a worker that has kept the caches of the job.
	pub(crate) worker: f64,
	/// Seconds of whoever has a key.
	pub(crate) checker: f64,
	/// Bytes of the opening.
	pub(crate) bytes: usize,
	/// Seconds to make the key, once for a model.
	pub(crate) key: f64,
	/// Bytes of it.
	pub(crate) key_bytes: usize,
	/// Bytes that the worker keeps for it.
	pub(crate) kept: usize,
}

/// Audits a claim so often, at so many positions each time; the shortest counts.
pub(crate) fn measure(
	model: &Model,
	artifact: &Artifact,
	statement: &Statement<'_>,
	positions: NonZeroU32,
	runs: usize,
) -> Result<LightAudit> {
	let mut random = rand::rng();
	let start = Instant::now();
	let key = Key::make(statement.program, artifact, &mut random)?;
	let mut light = LightAudit {
		worker: f64::INFINITY,
		checker: f64::INFINITY,
		bytes: 0,
		key: start.elapsed().as_secs_f64(),
		key_bytes: key.to_bytes().len(),
		kept: 0,
	};
	let retained = model.retained(statement, &mut ())?;
	light.kept = retained.bytes();
	for _ in 0..runs.max(1) {
		let positions = draw(statement.layout().positions, positions.get(), &mut random)?;
		let start = Instant::now();
		let opened = open(model, artifact, statement, &retained, &positions)?.to_bytes();
		light.worker = light.worker.min(start.elapsed().as_secs_f64());
		light.bytes = opened.len();
		let limit = largest_opening(statement, &positions);
		let start = Instant::now();
		let opening = Opening::from_bytes(&opened, limit)?;
		let verdict = check(&key, statement, &positions, black_box(&opening))?;
		light.checker = light.checker.min(start.elapsed().as_secs_f64());
		if verdict != Verdict::Holds {
			return Err("a light audit fails an honest job".into());
		}
	}
	Ok(light)
}
