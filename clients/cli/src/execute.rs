//! Running a job here.

use crate::output::Output as Show;
use anyhow::{ensure, Context, Result};
use assay_artifact::Artifact;
use assay_engine::{Model, Observer, Options};
use assay_exact::{Generation, Input, Output};
use assay_light_audit::{open_again, Opening};
use assay_trace::{execution::Record, Statement, TraceRoot};
use indicatif::ProgressBar;
use std::time::Duration;

/// Runs a job on an artifact with all cores, showing the tokens as they are counted; returns the commitment to the
/// execution too.
pub(crate) fn execute(
	artifact: &Artifact,
	input: Input,
	generation: Generation,
	show: Show,
) -> Result<(Output, TraceRoot)> {
	let model = load(artifact)?;
	let total = if artifact.program().vocabulary().is_some() && artifact.program().output_length().is_none() {
		u64::from(generation.max_tokens)
	} else {
		1
	};
	let mut progress = Tokens(show.bar(total, false));
	progress.0.set_message("tokens");
	let executed = model.run_committed(&input, &generation, &mut progress);
	progress.0.finish_and_clear();
	let (output, boundaries) = executed?;
	Ok((output, boundaries.root()))
}

/// The commitment to an execution that is fed the tokens of a statement, whether or not they are the ones it chooses.
pub(crate) fn trace_of(artifact: &Artifact, statement: &Statement<'_>, show: Show) -> Result<TraceRoot> {
	let model = load(artifact)?;
	let progress = spinner(show);
	let boundaries = model.boundaries(statement, &mut ());
	progress.finish_and_clear();
	Ok(boundaries?.root())
}

/// An artifact whose model is loaded.
pub(crate) struct Loaded {
	/// The artifact.
	pub(crate) artifact: Artifact,
	model: Model,
}

impl Loaded {
	/// Loads the model.
	pub(crate) fn new(artifact: Artifact) -> Result<Self> {
		let model = load(&artifact)?;
		Ok(Self { artifact, model })
	}

	/// What a worker shows of some positions of an execution that is fed the tokens of a statement.
	pub(crate) fn open(&self, statement: &Statement<'_>, positions: &[u32], show: Show) -> Result<Opening> {
		let progress = spinner(show);
		let opening = open_again(&self.model, &self.artifact, statement, positions);
		progress.finish_and_clear();
		Ok(opening?)
	}

	/// What an execution that is fed the tokens of a statement leaves behind, from which any step of it can be shown.
	pub(crate) fn record(&self, statement: &Statement<'_>, show: Show) -> Result<Record> {
		let progress = spinner(show);
		let record = self.model.record(statement, &mut ());
		progress.finish_and_clear();
		Ok(record?)
	}
}

/// Whether the artifact's program is the one that is registered.
pub(crate) fn check_program(artifact: &Artifact, registered: &[u8]) -> Result<()> {
	ensure!(
		artifact.program_bytes() == registered,
		"{} holds another program than the one that is registered",
		artifact.path().display()
	);
	Ok(())
}

fn load(artifact: &Artifact) -> Result<Model> {
	Model::load(artifact, Options::default()).context("the model cannot be loaded")
}

fn spinner(show: Show) -> ProgressBar {
	let progress = show.spinner("running the job");
	progress.enable_steady_tick(Duration::from_millis(100));
	progress
}

struct Tokens(ProgressBar);

impl Observer for Tokens {
	fn on_token(&mut self, _token: u32) {
		self.0.inc(1);
	}
}
