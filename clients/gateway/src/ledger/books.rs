//! What the lines of the ledger come to.

use super::{Account, Charge, ChargeNumber, KeyNumber, Stage};
use crate::money;
use anyhow::{Context, Result};
use assay_sdk::Balance;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// A line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub(super) enum Line {
	/// What a key had spent when the journal was written anew.
	Spent {
		key: KeyNumber,
		#[serde(with = "money")]
		amount: Balance,
	},
	/// The number of the next charge when the journal was written anew.
	Next { number: ChargeNumber },
	/// Money is reserved.
	Reserved { number: ChargeNumber, charge: Charge },
	/// A charge has got so far.
	Stage { number: ChargeNumber, stage: Stage },
	/// The charge is over.
	Settled {
		number: ChargeNumber,
		#[serde(with = "money")]
		cost: Balance,
	},
}

/// All accounts and open charges.
#[derive(Debug, Default)]
pub(super) struct Books {
	pub(super) accounts: HashMap<KeyNumber, Account>,
	open: BTreeMap<ChargeNumber, Charge>,
	/// The number of the next charge.
	pub(super) next: u64,
}

impl Books {
	pub(super) fn of(lines: Vec<Line>) -> Result<Self> {
		let mut books = Self::default();
		books.take_all(lines)?;
		Ok(books)
	}

	pub(super) fn account(&self, key: KeyNumber) -> Account {
		self.accounts.get(&key).copied().unwrap_or_default()
	}

	pub(super) fn charge(&self, number: ChargeNumber) -> Option<Charge> {
		self.open.get(&number).copied()
	}

	pub(super) fn open(&self) -> impl Iterator<Item = (ChargeNumber, Charge)> + '_ {
		self.open.iter().map(|(number, charge)| (*number, *charge))
	}

	pub(super) fn take_all(&mut self, lines: Vec<Line>) -> Result<()> {
		lines.into_iter().try_for_each(|line| self.take(line))
	}

	fn take(&mut self, line: Line) -> Result<()> {
		const TOO_MUCH: &str = "the ledger tells of more money than there is";
		match line {
			Line::Spent { key, amount } => {
				let spent = &mut self.accounts.entry(key).or_default().spent;
				*spent = spent.checked_add(amount).context(TOO_MUCH)?;
			}
			Line::Next { number } => self.next = number.0,
			Line::Reserved { number, charge } => {
				let reserved = &mut self.accounts.entry(charge.key).or_default().reserved;
				let total = charge.most.total().context(TOO_MUCH)?;
				*reserved = reserved.checked_add(total).context(TOO_MUCH)?;
				self.next = self
					.next
					.max(number.0.checked_add(1).context("there are no more numbers")?);
				self.open.insert(number, charge);
			}
			Line::Stage { number, stage } => {
				let charge = self
					.open
					.get_mut(&number)
					.context("a charge gets further that is not open")?;
				charge.stage = stage;
			}
			Line::Settled { number, cost } => {
				let charge = self
					.open
					.remove(&number)
					.context("a charge is settled that is not open")?;
				let account = self.accounts.entry(charge.key).or_default();
				let total = charge.most.total().context(TOO_MUCH)?;
				account.reserved = account
					.reserved
					.checked_sub(total)
					.context("more is settled than was reserved")?;
				account.spent = account.spent.checked_add(cost).context(TOO_MUCH)?;
			}
		}
		Ok(())
	}

	/// The shortest journal that tells the same.
	pub(super) fn lines(&self) -> Vec<Line> {
		let mut accounts: Vec<_> = self.accounts.iter().collect();
		accounts.sort_by_key(|(key, _)| **key);
		let spent = accounts.into_iter().map(|(key, account)| Line::Spent {
			key: *key,
			amount: account.spent,
		});
		let open = self.open.iter().map(|(number, charge)| Line::Reserved {
			number: *number,
			charge: *charge,
		});
		let next = Line::Next {
			number: ChargeNumber(self.next),
		};
		spent.chain(std::iter::once(next)).chain(open).collect()
	}
}
