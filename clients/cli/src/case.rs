//! A claim that was run on this machine.

use crate::{execute::Loaded, output::Output, views::Places};
use anyhow::Result;
use assay_artifact::Artifact;
use assay_dispute::Execution;
use assay_protocol::{
	dispute::{Accusation, DisputedClaim, OwnedStatement},
	Attempt, JobId,
};
use assay_trace::{claim::ClaimRoot, execution::Record};
use std::sync::Arc;

/// A claim and what its job gives here.
pub(crate) struct Case {
	/// The job.
	pub(crate) job: JobId,
	/// The attempt that made the claim.
	pub(crate) attempt: Attempt,
	/// The claim's root.
	pub(crate) claim: ClaimRoot,
	/// Words for its cells and steps.
	pub(crate) places: Places,
	loaded: Arc<Loaded>,
	statement: OwnedStatement,
	record: Record,
}

impl Case {
	/// Runs the job of a claim, fed the claimed tokens, on its artifact.
	pub(crate) fn run(loaded: Arc<Loaded>, claim: DisputedClaim, show: Output) -> Result<Self> {
		let (job, attempt, root) = (claim.job, claim.attempt, claim.root());
		let statement = OwnedStatement::new(loaded.artifact.program().clone(), claim);
		let record = loaded.record(&statement.as_statement(), show)?;
		Ok(Self {
			job,
			attempt,
			claim: root,
			places: Places::of(Some(&statement)),
			loaded,
			statement,
			record,
		})
	}

	/// What this machine computes, held against the claim.
	pub(crate) fn execution(&self) -> Execution<'_, Artifact> {
		Execution::new(&self.loaded.artifact, &self.statement, &self.record)
	}

	/// What is wrong with the claim, if anything is.
	pub(crate) fn accuse(&self) -> Result<Option<Accusation>> {
		Ok(self.execution().accuse()?)
	}
}
