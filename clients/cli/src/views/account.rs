//! Accounts.

use crate::output::fields;
use assay_sdk::{accounts::Balances, AccountId};
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
