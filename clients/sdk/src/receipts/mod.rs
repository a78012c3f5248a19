//! Receipts: how a job ended, proved to whoever has no node. What they are and how they are verified is in the crate
//! `assay-receipt`; here they are collected from a node.

mod checkpoint;
mod collect;

pub use assay_receipt::{AuthoritySet, Checkpoint, Error as Flaw, Receipt, Settlement, MAX_BYTES};
pub use checkpoint::CheckpointFile;
pub use collect::Receipts;

use crate::{audits::Audit, jobs::Job, AccountId};
use sp_runtime::AccountId32;

/// A job that is over, as [`Jobs::get`](crate::jobs::Jobs::get) tells of it.
pub fn job(settlement: &Settlement) -> Job {
	let record = &settlement.record;
	let claim = settlement.claim.as_ref();
	Job {
		id: settlement.job,
		consumer: account(&record.consumer),
		version: record.version,
		artifact: record.artifact,
		input: settlement.input.clone(),
		generation: record.generation,
		max_fee: record.max_fee,
		named_operator: record.named_operator.as_ref().map(account),
		submitted_at: record.submitted_at,
		attempt: record.attempt,
		state: record.state.clone().map(|operator| account(&operator), |amount| amount),
		output: claim.map(|claim| claim.output.clone()),
		trace: claim.map(|claim| claim.trace),
		claim: claim.map(|claim| claim.root),
	}
}

/// The audit of its last claim, as [`Audits::of`](crate::audits::Audits::of) tells of it.
pub fn audit(settlement: &Settlement) -> Option<Audit> {
	let audit = settlement.audit.as_ref()?;
	let auditors = audit.auditors.iter();
	Some(Audit {
		job: settlement.job,
		attempt: audit.attempt,
		operator: account(&audit.operator),
		phase: audit.phase,
		spot_check: audit.spot_check,
		auditors: auditors
			.map(|auditor| (account(&auditor.account), auditor.state))
			.collect(),
		values_of: audit.values_of,
		// The record does not say whether the job was a batch.
		receipt: None,
	})
}

/// The operators whose attempts at the job failed.
pub fn failed(settlement: &Settlement) -> Vec<AccountId> {
	settlement.record.failed.iter().map(account).collect()
}

fn account(account: &AccountId32) -> AccountId {
	AccountId::from(<[u8; 32]>::from(account.clone()))
}
