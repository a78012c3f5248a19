//! The nonces of the accounts that sign over one connection.
//!
//! The chain includes the transactions of an account in the order of their nonces, without a gap. A node tells which one it
//! expects next, but knows nothing of a transaction that is being signed, and for a moment nothing of one that it was just
//! sent. So whoever signs several at once keeps a book: the next nonce is the lowest that the node may expect and that nobody
//! here holds. Whoever else signs with the account is seen in what the node expects.

use crate::{AccountId, BlockNumber};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, HashMap},
	hash::{BuildHasher, RandomState},
	sync::Arc,
};

/// The nonces of one account that are in use here.
#[derive(Debug, Default)]
pub(super) struct NonceBook {
	held: BTreeMap<u64, Held>,
}

/// A nonce in use.
#[derive(Debug)]
struct Held {
	/// The last block that can hold its transaction: after it the nonce is free, whatever became of it.
	last: BlockNumber,
	/// Its transaction, while that waits for a block.
	waiting: Option<Arc<[u8]>>,
}

impl NonceBook {
	/// Takes a nonce for a transaction that lives until block `last`, where the node expects `expected` next and its best
	/// block is `now`.
	pub(super) fn reserve(&mut self, expected: u64, now: BlockNumber, last: BlockNumber) -> u64 {
		self.held.retain(|_, held| held.last >= now);
		// A gap that somebody gave back comes first: what is above it waits for it.
		let nonce = self
			.held
			.range(expected..)
			.map(|(nonce, _)| *nonce)
			.zip(expected..)
			.find(|(held, candidate)| held != candidate)
			.map(|(_, candidate)| candidate);
		let after_all = || match self.held.range(expected..).next_back() {
			Some((last, _)) => last.saturating_add(1),
			None => expected,
		};
		let nonce = nonce.unwrap_or_else(after_all);
		self.held.insert(nonce, Held { last, waiting: None });
		nonce
	}

	/// A transaction with the nonce is on its way into the pool.
	pub(super) fn sent(&mut self, nonce: u64, transaction: Arc<[u8]>) {
		if let Some(held) = self.held.get_mut(&nonce) {
			held.waiting = Some(transaction);
		}
	}

	/// A block holds the transaction. The nonce stays in use as long as a reorganisation may send it back into the pool.
	pub(super) fn included(&mut self, nonce: u64) {
		if let Some(held) = self.held.get_mut(&nonce) {
			held.waiting = None;
		}
	}

	/// No transaction with the nonce from here is or will be in a block.
	pub(super) fn give_back(&mut self, nonce: u64) {
		self.held.remove(&nonce);
	}

	/// The transactions that have to be in a block before one with this nonce, in their order.
	pub(super) fn before(&self, nonce: u64) -> Vec<Arc<[u8]>> {
		let below = self.held.range(..nonce);
		below.filter_map(|(_, held)| held.waiting.clone()).collect()
	}
}

/// The desks at which transactions are signed, one for each account.
pub(crate) struct Desks {
	desks: Mutex<HashMap<[u8; 32], Arc<Desk>>>,
	/// Another one in each program and for each connection.
	pub(super) salt: u64,
}

impl Default for Desks {
	fn default() -> Self {
		Self {
			desks: Mutex::default(),
			salt: RandomState::new().hash_one(0),
		}
	}
}

impl Desks {
	/// The desk of an account.
	pub(super) fn of(&self, account: &AccountId) -> Arc<Desk> {
		self.desks.lock().entry(account.0).or_default().clone()
	}
}

/// Where transactions of one account are signed.
#[derive(Default)]
pub(super) struct Desk {
	/// Whose turn it is. One transaction after the other goes into the pool, so that none waits there for the nonce of another
	/// that is refused.
	pub(super) turn: tokio::sync::Mutex<()>,
	book: Mutex<NonceBook>,
}

impl Desk {
	/// Takes a nonce, as [`NonceBook::reserve`] does, until it is given back.
	pub(super) fn reserve(self: &Arc<Self>, expected: u64, now: BlockNumber, last: BlockNumber) -> Reserved {
		Reserved {
			nonce: self.book.lock().reserve(expected, now, last),
			desk: self.clone(),
			unsent: true,
		}
	}
}

/// A nonce in use. One that is dropped before its transaction is sent is given back; after that it is in use until it is said
/// what became of the transaction, or that cannot be included any more.
pub(super) struct Reserved {
	desk: Arc<Desk>,
	pub(super) nonce: u64,
	unsent: bool,
}

impl Reserved {
	/// See [`NonceBook::sent`].
	pub(super) fn sent(&mut self, transaction: &[u8]) {
		self.unsent = false;
		self.desk.book.lock().sent(self.nonce, transaction.into());
	}

	/// See [`NonceBook::included`].
	pub(super) fn included(&self) {
		self.desk.book.lock().included(self.nonce);
	}

	/// See [`NonceBook::give_back`].
	pub(super) fn give_back(&self) {
		self.desk.book.lock().give_back(self.nonce);
	}

	/// See [`NonceBook::before`].
	pub(super) fn before(&self) -> Vec<Arc<[u8]>> {
		self.desk.book.lock().before(self.nonce)
	}
}

impl Drop for Reserved {
	fn drop(&mut self) {
		if self.unsent {
			self.give_back();
		}
	}
}

#[cfg(test)]
mod tests;
