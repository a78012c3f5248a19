//! Who makes blocks, and with which keys.

use super::harmless;
use crate::{
	amount::Amount,
	chain::{AccountId, Receipt, StakedOperator},
	output::fields,
};
use serde::Serialize;

/// Session keys that were registered.
#[derive(Serialize)]
pub(crate) struct KeysView<'a> {
	account: AccountId,
	keys: String,
	/// The first session in which they hold.
	from_session: u32,
	#[serde(flatten)]
	receipt: &'a Receipt,
}

impl<'a> KeysView<'a> {
	/// Describes keys of an account that hold from a session on.
	pub(crate) fn new(account: AccountId, keys: &[u8], from_session: u32, receipt: &'a Receipt) -> Self {
		Self {
			account,
			keys: hexadecimal(keys),
			from_session,
			receipt,
		}
	}

	/// All there is to know.
	pub(crate) fn text(&self) -> String {
		fields([
			("validator", Some(self.account.to_string())),
			("session keys", Some(self.keys.clone())),
			("registered", Some(format!("block {}", self.receipt.block))),
			("hold from", Some(format!("session {}", self.from_session))),
			("fee", Some(self.receipt.fee.to_string())),
		])
	}
}

/// A validator of a session.
#[derive(Serialize)]
pub(crate) struct ValidatorView {
	account: AccountId,
	identity: String,
	/// All stake behind it; none if it is no operator.
	stake: Option<Amount>,
	/// Whether it misbehaved and has no say for the rest of the session.
	disabled: bool,
	/// The session keys it registered last.
	keys: Option<String>,
}

impl ValidatorView {
	/// Describes a validator.
	pub(crate) fn new(
		account: AccountId,
		operator: Option<&StakedOperator>,
		keys: Option<Vec<u8>>,
		disabled: bool,
	) -> Self {
		Self {
			account,
			identity: operator.map_or_else(String::new, |operator| operator.identity.clone()),
			stake: operator.map(|operator| Amount(operator.own.saturating_add(operator.delegated))),
			disabled,
			keys: keys.map(|keys| hexadecimal(&keys)),
		}
	}

	/// One line of a list.
	pub(crate) fn row(&self) -> [String; 4] {
		[
			self.account.to_string(),
			harmless(&self.identity),
			if self.disabled { "disabled" } else { "validates" }.into(),
			self.stake.map_or_else(|| "none".into(), |stake| stake.to_string()),
		]
	}

	/// The header of a list.
	pub(crate) const HEADER: [&'static str; 4] = ["validator", "says it is", "state", "stake behind it"];
}

fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_validator_without_stake_is_listed_too() {
		let account = AccountId::from([8; 32]);
		let view = ValidatorView::new(account, None, Some(vec![7, 255]), true);
		assert_eq!(view.row()[1..], ["", "disabled", "none"]);
		let document = serde_json::to_value(&view).unwrap();
		assert_eq!(document["stake"], serde_json::Value::Null);
		assert_eq!(document["keys"], "0x07ff");
	}
}
