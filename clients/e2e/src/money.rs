//! Where the money is.

use crate::{assay::Assay, rpc::Rpc};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// Smallest units of an ASY.
pub const ASY: u128 = 1_000_000_000_000;

/// The treasury's account: nobody has its key.
pub const TREASURY: &str = "0x6d6f646c61737361797472730000000000000000000000000000000000000000";

/// Reads an amount from a document: a string of smallest units.
pub fn amount(value: &Value) -> Result<u128> {
	let text = value.as_str().with_context(|| format!("{value} is not an amount"))?;
	Ok(text.parse()?)
}

/// The money of some accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Money {
	/// Free and held, by account.
	accounts: BTreeMap<String, (u128, u128)>,
}

impl Money {
	/// Counts the money of `accounts`, and checks that all there is lies in some account.
	pub fn count(assay: &Assay, rpc: Rpc, accounts: &[&str]) -> Result<Self> {
		let count = |account: &&str| {
			let shown = assay.ok(&format!("account show {account}"))?;
			Ok((account.to_string(), (amount(&shown["free"])?, amount(&shown["held"])?)))
		};
		rpc.check_issuance()?;
		Ok(Self {
			accounts: accounts.iter().map(count).collect::<Result<_>>()?,
		})
	}

	/// What an account has free.
	pub fn free(&self, account: &str) -> u128 {
		self.accounts[account].0
	}

	/// What is held from an account.
	pub fn held(&self, account: &str) -> u128 {
		self.accounts[account].1
	}

	/// What an account has in all.
	pub fn total(&self, account: &str) -> u128 {
		self.free(account) + self.held(account)
	}
}

/// What a fee becomes: to the operator, to the publisher, to the treasury. Recomputed here, apart from the chain's code:
/// 5 % to the treasury and `royalty` millionths to the publisher, each rounded down, the rest to the operator.
pub fn shares(fee: u128, royalty: u128) -> (u128, u128, u128) {
	let treasury = fee * 5 / 100;
	let publisher = fee * royalty / 1_000_000;
	(fee - treasury - publisher, publisher, treasury)
}

/// What an operator is paid of its share at once; a fifth, rounded down, is shared out by stake.
pub fn at_once(share: u128) -> u128 {
	share - share * 20 / 100
}
