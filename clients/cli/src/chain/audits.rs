//! Reading audits.

use super::{AccountId, Block, BlockNumber, Chain};
use anyhow::{bail, Result};
use assay_protocol::{
	audit::{AuditRates, AuditSummary},
	JobId, ModelVersion,
};

/// An audit as the runtime describes it.
pub(crate) type Audit = AuditSummary<AccountId, BlockNumber>;

impl Chain {
	/// The audit of a job's last claim; an error if there is none.
	pub(crate) async fn audit(&self, job: JobId, at: Block) -> Result<Audit> {
		if let Some(audit) = self.ask("AuditsApi_audit", (job,), at).await? {
			return Ok(audit);
		}
		// A job that is unknown says so itself.
		let job = self.job(job, at).await?;
		bail!("job {} has no claim yet that could be audited", job.id)
	}

	/// The auditors of a version; an error if there is no such version.
	pub(crate) async fn auditors(&self, version: ModelVersion, at: Block) -> Result<Vec<AccountId>> {
		self.version(version, at).await?;
		self.ask("AuditsApi_auditors", (version,), at).await
	}

	/// How likely the next claim of an operator is to be audited.
	pub(crate) async fn audit_rates(&self, operator: AccountId, at: Block) -> Result<AuditRates> {
		self.ask("AuditsApi_rates", (operator,), at).await
	}
}
