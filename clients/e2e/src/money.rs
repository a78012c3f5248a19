//! Where the money is.

use crate::{assay::Assay, party::account, rpc::Rpc};
use anyhow::{ensure, Context, Result};
use codec::{Decode, Encode};
use frame_support::{storage::storage_prefix, Blake2_128Concat, StorageHasher};
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

/// What some accounts have after a block, and what there is in all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Books {
	/// The block's height.
	pub(crate) height: u32,
	/// All money there is.
	pub(crate) issuance: u128,
	/// Free and held, by account.
	accounts: BTreeMap<&'static str, u128>,
}

impl Books {
	/// Of the block at a height. All there is must lie in some account.
	pub(crate) fn at(rpc: Rpc, height: u32, accounts: &[&'static str]) -> Result<Self> {
		let block = rpc.block_hash(height)?;
		let read = |key: Vec<u8>| rpc.storage(&key, &block);
		let held = |name: &&'static str| -> Result<(&'static str, u128)> {
			let mut key = storage_prefix(b"System", b"Account").to_vec();
			key.extend(Blake2_128Concat::hash(&account(name)?.encode()));
			let Some(stored) = read(key)? else {
				return Ok((*name, 0));
			};
			// After four counters: free and held.
			let (_, free, held) = <([u32; 4], u128, u128)>::decode(&mut &stored[..])?;
			Ok((*name, free + held))
		};
		let accounts = accounts.iter().map(held).collect::<Result<_>>()?;
		let issuance = read(storage_prefix(b"Balances", b"TotalIssuance").to_vec())?;
		let issuance = u128::decode(&mut &issuance.context("no issuance")?[..])?;
		let all = rpc.money_at(&block)?;
		ensure!(all == issuance, "accounts have {all}, but {issuance} was issued");
		Ok(Self {
			height,
			issuance,
			accounts,
		})
	}

	/// What an account has in all.
	pub(crate) fn of(&self, account: &str) -> u128 {
		self.accounts.get(account).copied().unwrap_or_default()
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
