//! What receipts prove.

use super::{AuditView, Elements, JobView, Places};
use crate::output::fields;
use assay_sdk::{
	receipts::{self, Settlement},
	AccountId, Amount, BlockNumber,
};
use serde::Serialize;

/// How a job ended, and by what it is proved.
#[derive(Serialize)]
pub(crate) struct SettlementView {
	/// Hash of the first block of the chain.
	genesis: String,
	/// The block whose state has it.
	block: BlockNumber,
	block_hash: String,
	/// The authorities that signed that block.
	set: u64,
	job: JobView,
	/// Absent if the job was refunded.
	fee: Option<Amount>,
	/// Operators whose attempts failed.
	failed: Vec<AccountId>,
	/// Of the last claim; absent if there was none.
	audit: Option<AuditView>,
}

impl SettlementView {
	/// Describes a settlement.
	pub(crate) fn new(settlement: &Settlement) -> Self {
		Self {
			genesis: format!("{:?}", settlement.genesis),
			block: settlement.block,
			block_hash: format!("{:?}", settlement.hash),
			set: settlement.set.id,
			job: JobView::new(&receipts::job(settlement), None),
			fee: settlement.record.fee.map(Amount),
			failed: receipts::failed(settlement),
			audit: receipts::audit(settlement).map(|audit| AuditView::new(&audit)),
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let job = &self.job;
		let failed: Vec<_> = self.failed.iter().map(ToString::to_string).collect();
		let text = fields([
			("job", Some(job.id.to_string())),
			("state", Some(job.state.text())),
			("model", Some(job.model.clone())),
			("artifact", Some(job.artifact.clone())),
			("consumer", Some(job.consumer.to_string())),
			("operator", job.state.operator().map(|operator| operator.to_string())),
			("input", Some(job.input.preview())),
			("output", job.output.as_ref().map(Elements::preview)),
			("trace", job.trace.clone()),
			("claim", job.claim.clone()),
			("fee", self.fee.map(|fee| fee.to_string())),
			("failed", Some(failed.join(", ")).filter(|failed| !failed.is_empty())),
			("chain", Some(self.genesis.clone())),
			("proved by", Some(format!("block {}, {}", self.block, self.block_hash))),
			("signed by", Some(format!("the authorities of set {}", self.set))),
		]);
		match &self.audit {
			Some(audit) => format!("{text}\n\n{}", audit.text(&Places::of(None))),
			None => text,
		}
	}
}
