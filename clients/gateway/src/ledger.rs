//! What keys have spent. The most that a job can cost is *reserved*, on the disk, before the job is submitted, and *settled* to
//! what it did cost when the job is over: whatever happens between, a key never spends more than its limit.

use crate::{
	journal::{self, Journal},
	money,
};
use anyhow::{Context, Result};
use assay_protocol::JobId;
use assay_sdk::Balance;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
	collections::{BTreeMap, HashMap},
	path::Path,
};

/// The file in the folder of a gateway.
pub const FILE: &str = "spent.journal";

/// Lines after which the journal is written anew, with what is still of use.
const LONG: usize = 100_000;

/// The number of an API key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct KeyNumber(pub u32);

/// The number of a charge: a job that a key pays for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ChargeNumber(pub u64);

/// The most that a job can cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Most {
	/// What the chain holds until the job is over: its highest fee.
	#[serde(with = "money")]
	pub escrow: Balance,
	/// What its transaction and its room may cost beside.
	#[serde(with = "money")]
	pub beside: Balance,
}

impl Most {
	/// In all; nothing if it is beyond all money.
	pub fn total(&self) -> Option<Balance> {
		self.escrow.checked_add(self.beside)
	}
}

/// A job that is on the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OnChain {
	/// The job.
	pub job: JobId,
	/// What its transaction and its room did cost.
	#[serde(with = "money")]
	pub beside: Balance,
}

/// A charge that is not settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Charge {
	/// Who pays.
	pub key: KeyNumber,
	/// What is reserved.
	pub most: Most,
	/// When, in seconds since 1970.
	pub since: u64,
	/// The job, once it is known to be on the chain.
	pub on_chain: Option<OnChain>,
}

/// A line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
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
	/// The job is on the chain.
	Sent { number: ChargeNumber, on_chain: OnChain },
	/// The charge is over.
	Settled {
		number: ChargeNumber,
		#[serde(with = "money")]
		cost: Balance,
	},
}

/// What a key has spent, and what is reserved for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
	/// By charges that are settled.
	pub spent: Balance,
	/// For charges that are not.
	pub reserved: Balance,
}

/// All accounts and open charges.
#[derive(Debug, Default)]
struct Books {
	accounts: HashMap<KeyNumber, Account>,
	open: BTreeMap<ChargeNumber, Charge>,
	next: u64,
}

/// Why nothing was reserved.
#[derive(Debug, thiserror::Error)]
pub enum NotReserved {
	/// The key has too little left.
	#[error("the key has {left} smallest units left, the request may cost {most}")]
	BeyondLimit {
		/// What is left.
		left: Balance,
		/// What the request may cost.
		most: Balance,
	},
	/// Nobody has so much.
	#[error("the request may cost more than there is money")]
	BeyondMoney,
	/// The disk did not take it.
	#[error("the ledger cannot be written: {0:#}")]
	Disk(anyhow::Error),
}

/// The ledger.
#[derive(Debug)]
pub struct Ledger(Mutex<(Books, Journal)>);

impl Ledger {
	/// Opens the ledger in a folder, for this program alone.
	pub fn open(folder: &Path) -> Result<Self> {
		let mut books = Books::default();
		let journal = Journal::open(&folder.join(FILE), |lines: Vec<Line>| {
			books = Books::of(lines)?;
			Ok(books.lines())
		})?;
		Ok(Self(Mutex::new((books, journal))))
	}

	/// Reserves what jobs of a key can cost, for all of them or none. A key has at most `limit` spent and reserved.
	pub fn reserve(
		&self,
		key: KeyNumber,
		limit: Balance,
		jobs: &[Most],
		now: u64,
	) -> Result<Vec<ChargeNumber>, NotReserved> {
		let totals: Option<Vec<_>> = jobs.iter().map(Most::total).collect();
		let most = totals.and_then(money::sum).ok_or(NotReserved::BeyondMoney)?;
		let (books, journal) = &mut *self.0.lock();
		let account = books.account(key);
		let used = account.total().ok_or(NotReserved::BeyondMoney)?;
		// A limit may have been lowered below what is spent.
		let left = limit.saturating_sub(used);
		if most > left {
			return Err(NotReserved::BeyondLimit { left, most });
		}
		let mut lines = vec![];
		let mut numbers = vec![];
		for (number, most) in (books.next..).map(ChargeNumber).zip(jobs) {
			let charge = Charge {
				key,
				most: *most,
				since: now,
				on_chain: None,
			};
			lines.push(Line::Reserved { number, charge });
			numbers.push(number);
		}
		journal.append(&lines).map_err(NotReserved::Disk)?;
		books.take_all(lines).map_err(NotReserved::Disk)?;
		Ok(numbers)
	}

	/// Notes that the job of a charge is on the chain.
	pub fn sent(&self, number: ChargeNumber, on_chain: OnChain) -> Result<()> {
		self.write(Line::Sent { number, on_chain })
	}

	/// Settles a charge to what it did cost. Nobody pays more than was reserved for the charge; the rest would be the gateway's.
	/// Returns what the key pays.
	pub fn settle(&self, number: ChargeNumber, cost: Balance) -> Result<Balance> {
		let (books, journal) = &mut *self.0.lock();
		let charge = books.open.get(&number).context("the charge is settled already")?;
		let reserved = charge.most.total().context("more is reserved than there is money")?;
		let line = Line::Settled {
			number,
			cost: cost.min(reserved),
		};
		if cost > reserved {
			log::error!(
				"charge {} did cost {cost}, {reserved} were reserved: the gateway bears the rest",
				number.0
			);
		}
		journal.append(std::slice::from_ref(&line))?;
		books.take(line)?;
		if journal.lines() > LONG {
			journal.rewrite(&books.lines())?;
		}
		Ok(cost.min(reserved))
	}

	fn write(&self, line: Line) -> Result<()> {
		let (books, journal) = &mut *self.0.lock();
		journal.append(std::slice::from_ref(&line))?;
		books.take(line)
	}

	/// The charges that are not settled.
	pub fn open_charges(&self) -> Vec<(ChargeNumber, Charge)> {
		self.0
			.lock()
			.0
			.open
			.iter()
			.map(|(number, charge)| (*number, *charge))
			.collect()
	}

	/// What a key has spent.
	pub fn account(&self, key: KeyNumber) -> Account {
		self.0.lock().0.account(key)
	}
}

/// What every key has spent, by the ledger in a folder, which another program may be writing.
pub fn accounts(folder: &Path) -> Result<HashMap<KeyNumber, Account>> {
	Ok(Books::of(journal::read(&folder.join(FILE))?)?.accounts)
}

impl Account {
	fn total(&self) -> Option<Balance> {
		self.spent.checked_add(self.reserved)
	}
}

impl Books {
	fn of(lines: Vec<Line>) -> Result<Self> {
		let mut books = Self::default();
		books.take_all(lines)?;
		Ok(books)
	}

	fn account(&self, key: KeyNumber) -> Account {
		self.accounts.get(&key).copied().unwrap_or_default()
	}

	fn take_all(&mut self, lines: Vec<Line>) -> Result<()> {
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
			Line::Sent { number, on_chain } => {
				let charge = self
					.open
					.get_mut(&number)
					.context("a job of a charge that is not open")?;
				charge.on_chain = Some(on_chain);
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
	fn lines(&self) -> Vec<Line> {
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

#[cfg(test)]
mod tests {
	use super::*;
	use std::thread;

	const KEY: KeyNumber = KeyNumber(1);

	fn most(escrow: Balance, beside: Balance) -> Most {
		Most { escrow, beside }
	}

	#[test]
	fn a_key_pays_what_its_jobs_did_cost() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Ledger::open(folder.path()).unwrap();
		let charges = ledger.reserve(KEY, 100, &[most(50, 10), most(20, 10)], 7).unwrap();
		assert_eq!(ledger.account(KEY), Account { spent: 0, reserved: 90 });
		assert_eq!(ledger.settle(charges[0], 33).unwrap(), 33);
		assert_eq!(
			ledger.account(KEY),
			Account {
				spent: 33,
				reserved: 30
			}
		);
		assert!(ledger.settle(charges[0], 33).is_err());
	}

	#[test]
	fn all_jobs_of_a_request_are_reserved_or_none() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Ledger::open(folder.path()).unwrap();
		let error = ledger.reserve(KEY, 100, &[most(50, 10), most(40, 1)], 7).unwrap_err();
		assert!(
			matches!(error, NotReserved::BeyondLimit { left: 100, most: 101 }),
			"{error}"
		);
		assert_eq!(ledger.account(KEY), Account::default());
		let error = ledger.reserve(KEY, Balance::MAX, &[most(Balance::MAX, 0), most(1, 0)], 7);
		assert!(matches!(error, Err(NotReserved::BeyondMoney)));
	}

	#[test]
	fn a_cost_above_the_reserve_is_not_the_keys() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Ledger::open(folder.path()).unwrap();
		let charge = ledger.reserve(KEY, 100, &[most(100, 0)], 7).unwrap()[0];
		assert_eq!(ledger.settle(charge, 101).unwrap(), 100);
		assert_eq!(ledger.account(KEY).spent, 100);
	}

	#[test]
	fn what_was_reserved_before_a_crash_is_reserved_after_it() {
		let folder = tempfile::tempdir().unwrap();
		let on_chain = OnChain {
			job: JobId(9),
			beside: 4,
		};
		let before = {
			let ledger = Ledger::open(folder.path()).unwrap();
			let charges = ledger
				.reserve(KEY, 100, &[most(30, 5), most(30, 5), most(10, 5)], 7)
				.unwrap();
			ledger.settle(charges[0], 20).unwrap();
			ledger.sent(charges[1], on_chain).unwrap();
			ledger.open_charges()
		};
		// Twice: the second time from the shortened journal.
		for _ in 0..2 {
			let ledger = Ledger::open(folder.path()).unwrap();
			assert_eq!(
				ledger.account(KEY),
				Account {
					spent: 20,
					reserved: 50
				}
			);
			assert_eq!(ledger.open_charges(), before);
			assert_eq!(accounts(folder.path()).unwrap()[&KEY], ledger.account(KEY));
		}
		let ledger = Ledger::open(folder.path()).unwrap();
		assert_eq!(ledger.reserve(KEY, 100, &[most(30, 0)], 8).unwrap(), [ChargeNumber(3)]);
		assert!(ledger.reserve(KEY, 100, &[most(1, 0)], 8).is_err());
	}

	#[test]
	fn a_key_never_reserves_more_than_its_limit_however_many_ask_at_once() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Ledger::open(folder.path()).unwrap();
		let granted: usize = thread::scope(|scope| {
			let threads: Vec<_> = (0..8)
				.map(|_| {
					let reserve = || {
						(0..10)
							.filter(|_| ledger.reserve(KEY, 100, &[most(6, 1)], 7).is_ok())
							.count()
					};
					scope.spawn(reserve)
				})
				.collect();
			threads.into_iter().map(|thread| thread.join().unwrap()).sum()
		});
		assert_eq!(granted, 14);
		assert_eq!(ledger.account(KEY), Account { spent: 0, reserved: 98 });
	}
}
