//! Running a job here.

use crate::output::Output as Show;
use anyhow::{ensure, Context, Result};
use assay_artifact::Artifact;
use assay_engine::{Model, Observer, Options};
use assay_exact::{Generation, Input, Output};
use indicatif::ProgressBar;

/// Runs a job on an artifact with all cores, showing the tokens as they are counted.
pub(crate) fn execute(artifact: &Artifact, input: Input, generation: Generation, show: Show) -> Result<Output> {
	let model = Model::load(artifact, Options::default()).context("the model cannot be loaded")?;
	let total = if artifact.program().vocabulary().is_some() && artifact.program().output_length().is_none() {
		u64::from(generation.max_tokens)
	} else {
		1
	};
	let mut progress = Tokens(show.bar(total, false));
	progress.0.set_message("tokens");
	let output = model.run(&input, &generation, &mut progress);
	progress.0.finish_and_clear();
	Ok(output?)
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

struct Tokens(ProgressBar);

impl Observer for Tokens {
	fn on_token(&mut self, _token: u32) {
		self.0.inc(1);
	}
}
