//! What an account has.

use crate::{calls::number, reading::room, AccountId, Amount, Balance, Call, Error, Receipt, Result, Sending, Signer};
use serde::Serialize;
use std::fmt;
use subxt::dynamic::{self, At, Value};

/// The money of an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Balances {
	/// What it may spend, apart from what is frozen.
	pub free: Amount,
	/// Held by pallets, in all.
	pub held: Amount,
	/// What a transfer that keeps the account can move.
	pub transferable: Amount,
	/// Held, by reason.
	pub holds: Vec<Hold>,
}

/// Money held for a reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Hold {
	/// Pallet and reason.
	pub reason: String,
	/// How much.
	pub amount: Amount,
}

/// What stands against what in a question of money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Funds {
	/// Whose.
	pub account: AccountId,
	/// What it may spend, apart from what is frozen.
	pub free: Amount,
	/// What a transfer that keeps the account can move.
	pub transferable: Amount,
	/// What the transaction itself costs.
	pub fee: Amount,
}

impl fmt::Display for Funds {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let Self {
			account,
			free,
			transferable,
			fee,
		} = self;
		write!(
			f,
			"{account} has {free} free, of which it can spend {transferable}, and the transaction itself costs {fee}"
		)
	}
}

room! {
	/// What accounts have.
	Accounts
}

impl Accounts<'_> {
	/// What an account has to keep.
	pub async fn existential_deposit(&self) -> Result<Balance> {
		let at = self.0.block().await?;
		let client = self.0.assay.client().at_block(at.hash).await?;
		let deposit = client
			.constants()
			.entry(dynamic::constant("Balances", "ExistentialDeposit"))?;
		Ok(deposit)
	}

	/// The money of an account.
	pub async fn balances(&self, account: AccountId) -> Result<Balances> {
		let room = Self(self.0.fixed().await?);
		let at = room.0.block().await?;
		let client = self.0.assay.client().at_block(at.hash).await?;
		let storage = client.storage();
		let accounts = dynamic::storage::<(AccountId,), Value>("System", "Account");
		// An account that does not exist has nothing.
		let info = storage
			.try_fetch(accounts, (account,))
			.await?
			.map(|stored| stored.decode())
			.transpose()?;
		let amount = |name: &str| match &info {
			Some(info) => info
				.at("data")
				.at(name)
				.and_then(Value::as_u128)
				.ok_or_else(|| Error::unreadable("this chain stores accounts", None)),
			None => Ok(0),
		};
		let (free, held, frozen) = (amount("free")?, amount("reserved")?, amount("frozen")?);
		let deposit = room.existential_deposit().await?;
		let untouchable = frozen.saturating_sub(held).max(deposit);
		let address = dynamic::storage::<(AccountId,), Value>("Balances", "Holds");
		let holds = match storage.try_fetch(address, (account,)).await? {
			Some(value) => holds(&value.decode()?),
			None => vec![],
		};
		Ok(Balances {
			free: Amount(free),
			held: Amount(held),
			transferable: Amount(free.saturating_sub(untouchable)),
			holds,
		})
	}

	/// Sends money and keeps the sender's account.
	pub async fn transfer(&self, signer: &Signer, to: AccountId, amount: Balance) -> Result<Receipt> {
		let call = Call::transfer(to, amount);
		self.0.assay.submit(&call, signer, Sending::default()).await
	}
}

/// Reads a list of `{ id: Pallet(Reason), amount }`.
fn holds<T: Clone>(list: &Value<T>) -> Vec<Hold> {
	use subxt::ext::scale_value::{Composite, ValueDef};
	let mut list = list;
	// A bounded list is a structure around its list.
	while let ValueDef::Composite(Composite::Unnamed(inner)) = &list.value {
		match inner.as_slice() {
			[only] if only.at("id").is_none() => list = only,
			_ => break,
		}
	}
	let ValueDef::Composite(items) = &list.value else {
		return vec![];
	};
	let read = |item: &Value<T>| {
		let amount = Amount(number(item.at("amount")?)?);
		let ValueDef::Variant(pallet) = &item.at("id")?.value else {
			return None;
		};
		let reason = match pallet.values.values().next().map(|reason| &reason.value) {
			Some(ValueDef::Variant(reason)) => format!("{}.{}", pallet.name, reason.name),
			_ => pallet.name.clone(),
		};
		Some(Hold { reason, amount })
	};
	items.values().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn hold(pallet: &str, reason: &str, amount: u128) -> Value {
		let reason = Value::unnamed_variant(pallet, [Value::unnamed_variant(reason, [])]);
		Value::named_composite([("id", reason), ("amount", Value::u128(amount))])
	}

	#[test]
	fn holds_are_named_by_pallet_and_reason() {
		let two = Value::unnamed_composite([hold("Jobs", "Escrow", 5), hold("Staking", "Bond", 7)]);
		let expected = vec![
			Hold {
				reason: "Jobs.Escrow".into(),
				amount: Amount(5),
			},
			Hold {
				reason: "Staking.Bond".into(),
				amount: Amount(7),
			},
		];
		assert_eq!(holds(&two), expected);
		assert_eq!(holds(&Value::unnamed_composite([two])), expected);
		assert_eq!(
			holds(&Value::unnamed_composite([hold("Jobs", "Escrow", 5)])),
			expected[..1]
		);
		assert_eq!(holds(&Value::<()>::unnamed_composite([])), vec![]);
	}
}
