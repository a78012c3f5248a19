//! What keys have spent. The most that a job can cost is *reserved*, on the disk, before the job is submitted, and *settled* to
//! what it did cost when the job is over: whatever happens between, a key never spends more than its limit.

mod books;

use crate::{
	journal::{self, Journal},
	money,
};
use anyhow::{Context, Result};
use assay_protocol::{ChannelId, JobId};
use assay_sdk::{Balance, Signed, H256};
use assay_trace::Hash32;
use books::{Books, Line};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
	collections::{HashMap, HashSet},
	path::Path,
	sync::Arc,
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

/// The most that an answer can cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Most {
	/// Its highest fee: what the chain holds until a job is over.
	#[serde(with = "money")]
	pub escrow: Balance,
	/// What a job's transaction and its room may cost beside.
	#[serde(with = "money")]
	pub beside: Balance,
}

impl Most {
	/// In all; nothing if it is beyond all money.
	pub fn total(&self) -> Option<Balance> {
		self.escrow.checked_add(self.beside)
	}
}

/// A job in a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OnChain {
	/// The job.
	pub job: JobId,
	/// What its transaction and its room did cost.
	#[serde(with = "money")]
	pub beside: Balance,
	/// The hash of the block.
	pub block: H256,
}

/// A request in a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OnLine {
	/// The channel.
	pub channel: ChannelId,
	/// The root of the request.
	pub request: Hash32,
}

/// How far a charge is. Where a program was stopped, it goes on from here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
	/// Nothing was signed for it: there is no job.
	Reserved,
	/// A transaction was signed, and may have been sent.
	Signed {
		/// The transaction.
		signed: Signed,
		/// The job where it was seen, in a block that may be left behind.
		seen: Option<OnChain>,
	},
	/// The job is in a final block.
	Placed(OnChain),
	/// A request was signed, and may have been sent.
	Asked(OnLine),
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
	/// How far it is.
	pub stage: Stage,
}

/// What a key has spent, and what is reserved for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
	/// By charges that are settled.
	pub spent: Balance,
	/// For charges that are not.
	pub reserved: Balance,
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
pub struct Ledger(Mutex<State>);

#[derive(Debug)]
struct State {
	books: Books,
	journal: Journal,
	/// Charges that somebody in this program still submits a job for: nobody else touches them.
	attended: HashSet<ChargeNumber>,
}

/// A charge that is attended to as long as this lives.
#[derive(Debug)]
pub struct Attended {
	ledger: Arc<Ledger>,
	number: ChargeNumber,
}

impl Attended {
	/// The charge.
	pub fn number(&self) -> ChargeNumber {
		self.number
	}
}

impl Drop for Attended {
	fn drop(&mut self) {
		self.ledger.0.lock().attended.remove(&self.number);
	}
}

impl Ledger {
	/// Opens the ledger in a folder, for this program alone.
	pub fn open(folder: &Path) -> Result<Self> {
		let mut books = Books::default();
		let journal = Journal::open(&folder.join(FILE), |lines: Vec<Line>| {
			books = Books::of(lines)?;
			Ok(books.lines())
		})?;
		Ok(Self(Mutex::new(State {
			books,
			journal,
			attended: HashSet::new(),
		})))
	}

	/// Reserves what jobs of a key can cost, for all of them or none. A key has at most `limit` spent and reserved.
	pub fn reserve(
		self: &Arc<Self>,
		key: KeyNumber,
		limit: Balance,
		jobs: &[Most],
		now: u64,
	) -> Result<Vec<Attended>, NotReserved> {
		let totals: Option<Vec<_>> = jobs.iter().map(Most::total).collect();
		let most = totals.and_then(money::sum).ok_or(NotReserved::BeyondMoney)?;
		let mut state = self.0.lock();
		let used = state.books.account(key).total().ok_or(NotReserved::BeyondMoney)?;
		// A limit may have been lowered below what is spent.
		let left = limit.saturating_sub(used);
		if most > left {
			return Err(NotReserved::BeyondLimit { left, most });
		}
		let numbers = (state.books.next..).map(ChargeNumber).zip(jobs);
		let (numbers, lines): (Vec<_>, Vec<_>) = numbers
			.map(|(number, most)| {
				let charge = Charge {
					key,
					most: *most,
					since: now,
					stage: Stage::Reserved,
				};
				(number, Line::Reserved { number, charge })
			})
			.unzip();
		state.write(lines).map_err(NotReserved::Disk)?;
		// Under the same lock: a charge is never open and unattended before its job is submitted.
		state.attended.extend(&numbers);
		let attended = numbers.into_iter().map(|number| Attended {
			ledger: self.clone(),
			number,
		});
		Ok(attended.collect())
	}

	/// Notes how far a charge is.
	pub fn advance(&self, number: ChargeNumber, stage: Stage) -> Result<()> {
		self.0.lock().write(vec![Line::Stage { number, stage }])
	}

	/// Settles a charge to what it did cost. Nobody pays more than was reserved for the charge; the rest would be the gateway's.
	/// Returns what the key pays.
	pub fn settle(&self, number: ChargeNumber, cost: Balance) -> Result<Balance> {
		let mut state = self.0.lock();
		let charge = state.books.charge(number).context("the charge is settled already")?;
		let reserved = charge.most.total().context("more is reserved than there is money")?;
		if cost > reserved {
			log::error!(
				"charge {} did cost {cost}, {reserved} were reserved: the gateway bears the rest",
				number.0
			);
		}
		let cost = cost.min(reserved);
		state.write(vec![Line::Settled { number, cost }])?;
		if state.journal.lines() > LONG {
			let lines = state.books.lines();
			state.journal.rewrite(&lines)?;
		}
		Ok(cost)
	}

	/// A charge, if it is not settled.
	pub fn charge(&self, number: ChargeNumber) -> Option<Charge> {
		self.0.lock().books.charge(number)
	}

	/// Charges that are not settled.
	pub fn open_charges(&self) -> Vec<(ChargeNumber, Charge)> {
		self.0.lock().books.open().collect()
	}

	/// Those of them that nobody attends to.
	pub fn unattended(&self) -> Vec<(ChargeNumber, Charge)> {
		let state = self.0.lock();
		let open = state.books.open();
		open.filter(|(number, _)| !state.attended.contains(number)).collect()
	}

	/// What a key has spent.
	pub fn account(&self, key: KeyNumber) -> Account {
		self.0.lock().books.account(key)
	}
}

impl State {
	/// On the disk first, then in memory.
	fn write(&mut self, lines: Vec<Line>) -> Result<()> {
		self.journal.append(&lines)?;
		self.books.take_all(lines)
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
		let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
		let charges = ledger.reserve(KEY, 100, &[most(50, 10), most(20, 10)], 7).unwrap();
		assert_eq!(ledger.account(KEY), Account { spent: 0, reserved: 90 });
		assert_eq!(ledger.settle(charges[0].number(), 33).unwrap(), 33);
		assert_eq!(
			ledger.account(KEY),
			Account {
				spent: 33,
				reserved: 30
			}
		);
		assert!(ledger.settle(charges[0].number(), 33).is_err());
	}

	#[test]
	fn all_jobs_of_a_request_are_reserved_or_none() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
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
		let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
		let charge = ledger.reserve(KEY, 100, &[most(100, 0)], 7).unwrap()[0].number();
		assert_eq!(ledger.settle(charge, 101).unwrap(), 100);
		assert_eq!(ledger.account(KEY).spent, 100);
	}

	#[test]
	fn what_was_reserved_before_a_crash_is_reserved_after_it() {
		let folder = tempfile::tempdir().unwrap();
		let signed = Signed {
			transaction: H256([1; 32]),
			first: 3,
			last: 66,
		};
		let seen = OnChain {
			job: JobId(9),
			beside: 4,
			block: H256([2; 32]),
		};
		let before = {
			let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
			let charges = ledger
				.reserve(KEY, 100, &[most(30, 5), most(30, 5), most(10, 5), most(1, 1)], 7)
				.unwrap();
			ledger.settle(charges[0].number(), 20).unwrap();
			let stage = Stage::Signed {
				signed,
				seen: Some(seen),
			};
			ledger.advance(charges[1].number(), stage).unwrap();
			ledger.advance(charges[3].number(), Stage::Placed(seen)).unwrap();
			ledger.open_charges()
		};
		// Twice: the second time from the shortened journal.
		for _ in 0..2 {
			let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
			assert_eq!(
				ledger.account(KEY),
				Account {
					spent: 20,
					reserved: 52
				}
			);
			assert_eq!(ledger.open_charges(), before);
			assert_eq!(ledger.unattended(), before);
			assert_eq!(accounts(folder.path()).unwrap()[&KEY], ledger.account(KEY));
		}
		let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
		let charges = ledger.reserve(KEY, 100, &[most(28, 0)], 8).unwrap();
		assert_eq!(charges[0].number(), ChargeNumber(4));
		assert!(ledger.reserve(KEY, 100, &[most(1, 0)], 8).is_err());
	}

	#[test]
	fn a_charge_is_attended_to_until_whoever_reserved_it_lets_go() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
		let mut charges = ledger.reserve(KEY, 100, &[most(30, 5), most(30, 5)], 7).unwrap();
		assert_eq!(ledger.unattended(), []);
		let left = charges.remove(0).number();
		let unattended: Vec<_> = ledger.unattended().into_iter().map(|(number, _)| number).collect();
		assert_eq!((unattended, ledger.open_charges().len()), (vec![left], 2));
	}

	#[test]
	fn a_key_never_reserves_more_than_its_limit_however_many_ask_at_once() {
		let folder = tempfile::tempdir().unwrap();
		let ledger = Arc::new(Ledger::open(folder.path()).unwrap());
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
