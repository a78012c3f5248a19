//! Accounts and operators.

use crate::{
	amount::Amount,
	chain::{AccountId, Balances, BlockNumber, Operator},
	keys::worker_address,
	output::fields,
};
use anyhow::Result;
use assay_protocol::operator::FaultCounts;
use serde::Serialize;

/// An account and its money.
#[derive(Serialize)]
pub(crate) struct AccountView {
	/// Its address.
	pub(crate) account: AccountId,
	/// Its money.
	#[serde(flatten)]
	pub(crate) balances: Balances,
}

impl AccountView {
	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		let holds = self
			.balances
			.holds
			.iter()
			.map(|hold| format!("\n  {}  {}", hold.reason, hold.amount));
		fields([
			("account", Some(self.account.to_string())),
			("free", Some(self.balances.free.to_string())),
			("transferable", Some(self.balances.transferable.to_string())),
			(
				"held",
				Some(format!("{}{}", self.balances.held, holds.collect::<String>())),
			),
		])
	}
}

/// An operator.
#[derive(Serialize)]
pub(crate) struct OperatorView {
	account: AccountId,
	worker_key: AccountId,
	bond: Amount,
	committed: Amount,
	leaves_at: Option<BlockNumber>,
	faults: FaultCounts,
}

impl OperatorView {
	/// Describes an operator.
	pub(crate) fn new(operator: &Operator) -> Result<Self> {
		Ok(Self {
			account: operator.account,
			worker_key: worker_address(&operator.worker_key)?,
			bond: Amount(operator.bond),
			committed: Amount(operator.committed),
			leaves_at: operator.leaves_at,
			faults: operator.faults,
		})
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		fields([
			("operator", Some(self.account.to_string())),
			("worker key", Some(self.worker_key.to_string())),
			("bond", Some(self.bond.to_string())),
			("committed", Some(self.committed.to_string())),
			(
				"leaves",
				self.leaves_at.map(|block| format!("may withdraw from block {block}")),
			),
			("missed deadlines", Some(self.faults.missed_deadlines.to_string())),
			("wrong results", Some(self.faults.wrong_results.to_string())),
			("missed audits", Some(self.faults.missed_audits.to_string())),
			("false audits", Some(self.faults.false_audits.to_string())),
			("equivocations", Some(self.faults.equivocations.to_string())),
		])
	}
}
