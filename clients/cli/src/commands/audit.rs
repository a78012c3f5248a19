//! `assay audit`.

use super::{
	light::{make_key, write_opening},
	parse_version, Context,
};
use crate::{
	output::table,
	views::{AuditView, AuditorView, Places, RatesView},
	Outcome,
};
use anyhow::{Context as _, Result};
use assay_protocol::{JobId, ModelVersion};
use assay_sdk::{keys::account as parse_account, AccountId, Call};
use clap::Subcommand;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
	/// Become an auditor of a model version, as the signing operator: whoever is drawn has to run a job of another
	/// operator again in time, or loses stake. The node of the operator's worker does that by itself.
	Offer {
		/// Model version, such as 3.0.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
	},
	/// Stop being an auditor of a model version. What the operator was drawn for is still due.
	Withdraw {
		/// Model version.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
	},
	/// Show the audit of a job's last claim.
	Show {
		/// The job.
		job: JobId,
	},
	/// List the auditors of a model version.
	Auditors {
		/// Model version.
		#[arg(value_parser = parse_version)]
		version: ModelVersion,
	},
	/// Make a secret key to a model, with which `assay verify --light` looks at its claims without the weights.
	Key {
		/// Model version, such as 3.0, or an artifact's file.
		model: String,
		/// Where the key goes; beside the artifacts, by their root, if absent.
		#[arg(long, value_name = "FILE")]
		out: Option<PathBuf>,
	},
	/// Open positions of a job as this machine executes it, and write what a worker sends to whoever verifies it lightly.
	Open {
		/// The job.
		job: JobId,
		/// The positions, such as 3,9.
		#[arg(long, value_delimiter = ',', required = true)]
		positions: Vec<u32>,
		/// Where the opening goes.
		#[arg(long, value_name = "FILE")]
		out: PathBuf,
		/// The model's artifact; looked for in the folder of artifacts if absent.
		#[arg(long, value_name = "FILE")]
		artifact: Option<PathBuf>,
	},
	/// Show how likely the next claim of an operator is to be audited.
	Rates {
		/// Its address, or a development name; the signing account if absent.
		#[arg(value_parser = parse_account)]
		operator: Option<AccountId>,
	},
}

impl AuditCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Offer { version } => {
				context
					.submit_and_tell(Call::offer_audits(version), &format!("auditor of {version}"))
					.await
			}
			Self::Withdraw { version } => {
				let done = format!("no auditor of {version} any more");
				context.submit_and_tell(Call::withdraw_audits(version), &done).await
			}
			Self::Show { job } => {
				let (chain, at) = context.reading().await?;
				let audit = chain.audits().at(at).of(job).await?;
				let statement = chain.jobs().at(at).statement(audit.job, audit.attempt).await?;
				let view = AuditView::new(&audit);
				context
					.output
					.answer(&view, || view.text(&Places::of(statement.as_ref())));
				Ok(Outcome::Done)
			}
			Self::Auditors { version } => {
				let (chain, at) = context.reading().await?;
				let mut views = vec![];
				for auditor in chain.audits().at(at).auditors(version).await? {
					views.push(AuditorView::new(
						auditor,
						chain.operators().at(at).find(auditor).await?.as_ref(),
					));
				}
				context.output.answer(&views, || match views.is_empty() {
					true => format!("nobody audits {version}"),
					false => table(AuditorView::HEADER, 1, views.iter().map(AuditorView::row).collect()),
				});
				Ok(Outcome::Done)
			}
			Self::Key { model, out } => make_key(context, &model, out).await,
			Self::Open {
				job,
				positions,
				out,
				artifact,
			} => write_opening(context, job, positions, &out, artifact.as_deref()).await,
			Self::Rates { operator } => {
				let operator = match operator {
					Some(operator) => operator,
					None => context.account()?,
				};
				let (chain, at) = context.reading().await?;
				let known = chain.operators().at(at).find(operator).await?;
				known.with_context(|| format!("{operator} is not an operator"))?;
				let view = RatesView::new(operator, &chain.audits().at(at).rates(operator).await?);
				context.output.answer(&view, || view.text());
				Ok(Outcome::Done)
			}
		}
	}
}
