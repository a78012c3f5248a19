//! `assay job deliver`.

use crate::{
	commands::{verify::read_output, Context},
	execute::{check_program, execute, trace_of},
	keys::WorkerSource,
	Outcome,
};
use anyhow::{ensure, Context as _, Result};
use assay_protocol::{
	job::{JobOutput, JobResult, JobState, SignedResult},
	Attempt, JobId,
};
use assay_trace::{claim::claim_root, Statement, TraceRoot};
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
	/// Deliver this output, a JSON document such as `{"tokens":[1,2]}`, with the trace of an execution that is fed its
	/// tokens, instead of what the job gives.
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
		let job = chain.jobs().at(at).get(self.job).await?;
		let attempt = self.attempt.unwrap_or(job.attempt);
		let stated = self.output.as_deref().map(|file| read_output(file, None)).transpose()?;
		let artifact = context.library.verified(job.artifact, self.artifact.as_deref())?;
		check_program(&artifact, &chain.models().at(at).program(job.version).await?)?;
		let input = job.input.clone().into();
		let (output, trace) = match stated {
			Some(stated) => {
				let output = stated.to_output()?;
				let statement = Statement {
					program: artifact.program(),
					artifact: job.artifact,
					input: &input,
					generation: &job.generation,
					output: &output,
					trace: TraceRoot::default(),
				};
				let trace = trace_of(&artifact, &statement, context.output)?;
				(output, trace)
			}
			None => execute(&artifact, input.clone(), job.generation, context.output)?,
		};
		let claim = claim_root(
			job.id.0,
			attempt.0,
			&job.artifact,
			&input,
			&job.generation,
			&output,
			&trace,
		);
		let output = JobOutput::try_from(output)
			.ok()
			.context("the output is too long for a result")?;
		let result = JobResult {
			job: job.id,
			attempt,
			output,
			trace,
			claim,
		};
		let signature = worker.sign(&result.signing_payload(&chain.genesis()));
		let transaction = chain
			.jobs()
			.at(at)
			.result_transaction(&SignedResult { result, signature })
			.await?;
		ensure!(!transaction.is_empty(), "the runtime made no transaction of the result");
		let last = match job.state {
			JobState::Assigned { deadline, .. } => deadline,
			_ => at.number,
		};
		let receipt = chain.submit_unsigned(transaction, last, context.finalized).await;
		let receipt = receipt.with_context(|| format!("the result of job {}", self.job))?;
		let document = json!({
			"job": self.job,
			"trace": trace.to_string(),
			"claim": claim.to_string(),
			"receipt": receipt,
		});
		context.output.answer(&document, || {
			format!("result of job {} claimed in block {}", self.job, receipt.block)
		});
		Ok(Outcome::Done)
	}
}
