//! `assay job show` and `assay job list`.

use super::view;
use crate::{commands::Context, output::table, views::JobView, Outcome};
use anyhow::Result;
use assay_protocol::JobId;
use assay_sdk::AccountId;

/// Shows a job.
pub(super) async fn show(context: &Context, id: JobId) -> Result<Outcome> {
	let chain = context.chain().await?;
	let at = if context.finalized {
		chain.finalized().await?
	} else {
		chain.best().await?
	};
	let job = chain.jobs().at(at).get(id).await?;
	let view = view(context, &chain, &job).await?;
	context.output.answer(&view, || view.text());
	Ok(Outcome::Done)
}

/// Lists jobs.
pub(super) async fn list(context: &Context, consumer: Option<AccountId>, limit: u32) -> Result<Outcome> {
	let chain = context.chain().await?;
	let jobs = chain.jobs().at(chain.best().await?).list(consumer, limit).await?;
	let views: Vec<_> = jobs.iter().map(|job| JobView::new(job, None)).collect();
	context.output.answer(&views, || match views.is_empty() {
		true => "no jobs".into(),
		false => table(JobView::HEADER, 4, views.iter().map(JobView::row).collect()),
	});
	Ok(Outcome::Done)
}
