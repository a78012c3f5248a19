//! `assay job`.

mod deliver;
mod quote;
mod show;
mod submit;

use super::Context;
use crate::{life::follow, views::JobView, Outcome};
use anyhow::Result;
use assay_library::Text;
use assay_protocol::{job::JobOutput, JobId};
use assay_sdk::{jobs::Job, keys::account as parse_account, AccountId, Assay, Call};
use clap::Subcommand;
use serde_json::json;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
	/// Submit a job and hold its highest fee.
	Submit(submit::Submit),
	/// Say what a job would cost, without submitting it.
	Quote(quote::Ask),
	/// Print each change in the life of a job, until it is over.
	Watch {
		/// The job.
		job: JobId,
	},
	/// Show a job with its output.
	Show {
		/// The job.
		job: JobId,
	},
	/// List jobs, newest first.
	List {
		/// Only those of this account.
		#[arg(long, value_parser = parse_account, conflicts_with = "mine")]
		consumer: Option<AccountId>,
		/// Only those of the signing account.
		#[arg(long)]
		mine: bool,
		/// How many.
		#[arg(long, default_value_t = 20)]
		limit: u32,
	},
	/// Cancel a job that waits for an operator; the whole fee comes back.
	Cancel {
		/// The job.
		job: JobId,
	},
	/// Move a job on whose time has come, instead of waiting until the chain does.
	Advance {
		/// The job.
		job: JobId,
	},
	/// Run an assigned job on this machine and deliver its result: what the provider inside a node does by itself.
	Deliver(deliver::Deliver),
}

impl JobCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Submit(command) => command.run(context).await,
			Self::Quote(command) => command.run(context).await,
			Self::Watch { job } => watch(context, &context.chain().await?, job, None).await,
			Self::Show { job } => show::show(context, job).await,
			Self::List { consumer, mine, limit } => {
				let mine = if mine { Some(context.account()?) } else { None };
				show::list(context, consumer.or(mine), limit).await
			}
			Self::Cancel { job } => {
				context
					.submit_and_tell(Call::cancel(job), &format!("job {job} cancelled"))
					.await
			}
			Self::Advance { job } => {
				context
					.submit_and_tell(Call::advance(job), &format!("job {job} moved on"))
					.await
			}
			Self::Deliver(command) => command.run(context).await,
		}
	}
}

/// Follows a job to its end and shows it; `submitted` is what its submission came to.
async fn watch(
	context: &Context,
	chain: &Assay,
	id: JobId,
	submitted: Option<&assay_sdk::jobs::Submitted>,
) -> Result<Outcome> {
	let life = follow(chain, id, context.finalized, |change| {
		context.output.progress(&change.text())
	})
	.await?;
	let view = view(context, chain, &life.job).await?;
	let (receipt, room) = submitted.map(|submitted| (&submitted.receipt, submitted.room)).unzip();
	let document = json!({ "changes": life.changes, "job": view, "room": room, "receipt": receipt });
	context.output.answer(&document, || format!("\n{}", view.text()));
	let delivered = matches!(view.state, crate::views::StateView::Final { .. });
	Ok(if delivered {
		Outcome::Done
	} else {
		Outcome::Unfavourable
	})
}

/// A job with its output in words, if it has one and the model's tokenizer is at hand.
async fn view(context: &Context, chain: &Assay, job: &Job) -> Result<JobView> {
	let text = match &job.output {
		Some(JobOutput::Tokens(tokens)) => {
			let version = chain.models().at(chain.best().await?).version(job.version).await?;
			let artifact = context.library.find(job.artifact)?;
			match (artifact, version.tokenizer) {
				(Some(artifact), Some(hash)) => Some(Text::of(&artifact, hash)?.decode(tokens)?),
				_ => None,
			}
		}
		_ => None,
	};
	Ok(JobView::new(job, text))
}
