//! `assay job deliver`.

use crate::{
	commands::{verify::read_output, Context},
	execute::{check_program, execute},
	keys::WorkerSource,
	Outcome,
};
use anyhow::{ensure, Context as _, Result};
use assay_protocol::{
	job::{JobOutput, JobResult, SignedResult},
	Attempt, JobId,
};
use assay_trace::claim::claim_root;
use serde_json::json;
use sp_core::Pair;
use std::path::PathBuf;

/// What to deliver.
#[derive(Debug, clap::Args)]
pub(crate) struct Deliver {
	/// The job.
	job: JobId,
	#[command(flatten)]
	worker: WorkerSource,
	/// The model's artifact; looked for in the folder of artifacts if absent.
	#[arg(long, value_name = "FILE")]
	artifact: Option<PathBuf>,
	/// Deliver this output, a JSON document such as `{"tokens":[1,2]}`, instead of running the job.
	#[arg(long, value_name = "FILE")]
	output: Option<PathBuf>,
	/// Answer this attempt; the present one if absent.
	#[arg(long)]
	attempt: Option<Attempt>,
}

impl Deliver {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let worker = self.worker.pair()?;
		let chain = context.chain().await?;
		let at = chain.best().await?;
		let job = chain.job(self.job, at).await?;
		let attempt = self.attempt.unwrap_or(job.attempt);
		let output = match &self.output {
			Some(file) => read_output(file)?.to_output()?,
			None => {
				let artifact = context.library.verified(job.artifact, self.artifact.as_deref())?;
				check_program(&artifact, &chain.program(job.version, at).await?)?;
				execute(&artifact, job.input.clone().into(), job.generation, context.output)?
			}
		};
		let claim = claim_root(
			job.id.0,
			attempt.0,
			&job.artifact,
			&job.input.clone().into(),
			&job.generation,
			&output,
		);
		let output = JobOutput::try_from(output)
			.ok()
			.context("the output is too long for a result")?;
		let result = JobResult {
			job: job.id,
			attempt,
			output,
			claim,
		};
		let signature = worker.sign(&result.signing_payload(&chain.genesis()));
		let transaction = chain
			.result_transaction(&SignedResult { result, signature }, at)
			.await?;
		ensure!(!transaction.is_empty(), "the runtime made no transaction of the result");
		let receipt = chain.submit_result(transaction, context.finalized).await;
		let receipt = receipt.with_context(|| format!("the result of job {}", self.job))?;
		let document = json!({ "job": self.job, "claim": claim.to_string(), "receipt": receipt });
		context.output.answer(&document, || {
			format!("result of job {} claimed in block {}", self.job, receipt.block)
		});
		Ok(Outcome::Done)
	}
}
