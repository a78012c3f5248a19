//! `assay dispute`.

use super::Context;
use crate::{
	output::table,
	views::{DisputeView, Places, RecordView},
	Outcome,
};
use anyhow::Result;
use assay_protocol::{DisputeId, JobId};
use clap::Subcommand;
use serde_json::json;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum DisputeCommand {
	/// List disputes, newest first.
	List {
		/// Only those about this job.
		#[arg(long)]
		job: Option<JobId>,
		/// How many.
		#[arg(long, default_value_t = 20)]
		limit: u32,
	},
	/// Show a dispute and what the worker has shown in it so far.
	Show {
		/// The dispute.
		dispute: DisputeId,
	},
}

impl DisputeCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let chain = context.chain().await?;
		let at = if context.finalized {
			chain.finalized().await?
		} else {
			chain.best().await?
		};
		match self {
			Self::List { job, limit } => {
				let disputes = chain.disputes().at(at).list(job, limit).await?;
				let views: Vec<_> = disputes.iter().map(DisputeView::new).collect();
				context.output.answer(&views, || match views.is_empty() {
					true => "no disputes".into(),
					false => table(DisputeView::HEADER, 5, views.iter().map(DisputeView::row).collect()),
				});
			}
			Self::Show { dispute } => {
				let dispute = chain.disputes().at(at).get(dispute).await?;
				let record = RecordView::new(&chain.disputes().at(at).record(dispute.id).await?);
				let statement = chain.jobs().at(at).statement(dispute.job, dispute.attempt).await?;
				let places = Places::of(statement.as_ref());
				let view = DisputeView::new(&dispute);
				let document = json!({ "dispute": view, "record": record });
				context.output.answer(&document, || view.text(&record, &places));
			}
		}
		Ok(Outcome::Done)
	}
}
