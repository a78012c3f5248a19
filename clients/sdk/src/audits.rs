//! Audits of claims.

use crate::{reading::room, AccountId, BlockNumber, Error, Missing, Result};
use assay_protocol::{
	audit::{AuditRates, AuditSummary},
	JobId, ModelVersion,
};

/// An audit as the runtime describes it.
pub type Audit = AuditSummary<AccountId, BlockNumber>;

room! {
	/// Audits of claims.
	Audits
}

impl Audits<'_> {
	/// The audit of a job's last claim; an error if there is none.
	pub async fn of(&self, job: JobId) -> Result<Audit> {
		let room = Self(self.0.fixed().await?);
		if let Some(audit) = room.0.ask("AuditsApi_audit", (job,)).await? {
			return Ok(audit);
		}
		// A job that is unknown says so itself.
		let job = crate::jobs::Jobs(room.0).get(job).await?;
		Err(Error::missing(Missing::Audit(job.id)))
	}

	/// The auditors of a version; an error if there is no such version.
	pub async fn auditors(&self, version: ModelVersion) -> Result<Vec<AccountId>> {
		let room = Self(self.0.fixed().await?);
		crate::models::Models(room.0).version(version).await?;
		room.0.ask("AuditsApi_auditors", (version,)).await
	}

	/// How likely the next claim of an operator is to be audited.
	pub async fn rates(&self, operator: AccountId) -> Result<AuditRates> {
		self.0.ask("AuditsApi_rates", (operator,)).await
	}
}
