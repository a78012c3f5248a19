//! The job, run plain and with commitment in turns.
//!
//! A busy machine only ever makes things slower. So the time of a job is the sum of the shortest times that each of its tokens took
//! in any of its runs.

use crate::common::{prompt, Result};
use assay_engine::{Model, Observer};
use assay_exact::{Generation, Input, Output, Sampler};
use assay_trace::boundary::Boundaries;
use std::{num::NonZeroUsize, time::Instant};

/// A prompt and how many tokens follow it.
pub(crate) struct Job {
	pub(crate) input: Input,
	pub(crate) generation: Generation,
}

impl Job {
	pub(crate) fn new(length: NonZeroUsize, tokens: u32) -> Self {
		Self {
			input: Input::Tokens(prompt(length.get())),
			generation: Generation {
				sampler: Sampler::Greedy,
				max_tokens: tokens,
				ignore_stop: true,
			},
		}
	}

	/// Runs it so often plain and so often with commitment. Neither kind is always the first of its pair.
	pub(crate) fn run(&self, model: &Model, runs: NonZeroUsize) -> Result<Run> {
		let (mut plain, mut committed) = (Times::default(), Times::default());
		let mut traced = None;
		for run in 0..2 * runs.get() {
			let mut clock = Clock::new();
			if matches!(run % 4, 0 | 3) {
				model.run(&self.input, &self.generation, &mut clock)?;
				plain.add(&clock);
			} else {
				traced = Some(model.run_committed(&self.input, &self.generation, &mut clock)?);
				committed.add(&clock);
			}
		}
		let (output, boundaries) = traced.ok_or("at least one run")?;
		Ok(Run {
			output,
			boundaries,
			plain: plain.phases(),
			committed: committed.phases(),
		})
	}
}

/// What the runs gave.
pub(crate) struct Run {
	pub(crate) output: Output,
	pub(crate) boundaries: Boundaries,
	/// Seconds of prefill and of decoding.
	pub(crate) plain: [f64; 2],
	/// The same with commitment.
	pub(crate) committed: [f64; 2],
}

/// Notes when tokens came.
struct Clock {
	/// At the start, and after each token.
	marks: Vec<Instant>,
}

impl Clock {
	fn new() -> Self {
		Self {
			marks: vec![Instant::now()],
		}
	}
}

impl Observer for Clock {
	fn on_token(&mut self, _: u32) {
		self.marks.push(Instant::now());
	}
}

/// The shortest time to each token from the one before it, in seconds; to the first from the start.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
	fn add(&mut self, clock: &Clock) {
		let steps = clock.marks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64());
		self.0.resize(clock.marks.len() - 1, f64::INFINITY);
		self.0.iter_mut().zip(steps).for_each(|(a, b)| *a = a.min(b));
	}

	/// Seconds of prefill, and of the tokens after the first.
	fn phases(&self) -> [f64; 2] {
		[self.0.iter().take(1).sum(), self.0.iter().skip(1).sum()]
	}
}
