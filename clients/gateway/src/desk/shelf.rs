//! What is known of orders: what was bought within a minute is not bought again.

use super::{
	purchase::{OnShelf, Teller},
	Order,
};
use crate::ledger::KeyNumber;
use codec::Encode;
use std::{
	collections::{HashMap, VecDeque},
	time::{Duration, Instant},
};

/// How long what was answered is answered again.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Answers that are remembered at most; the oldest are forgotten first.
const MOST_REMEMBERED: usize = 4_096;

/// What makes two orders the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Identity {
	key: KeyNumber,
	// The chain's own form of the order: equal bytes are equal jobs.
	order: Vec<u8>,
	unseeded: bool,
}

impl Identity {
	pub(super) fn new(order: &Order, key: KeyNumber) -> Self {
		let asked = &order.asked;
		Self {
			key,
			order: (asked.version, &asked.input, asked.generation).encode(),
			unseeded: order.unseeded,
		}
	}
}

/// What is known of orders.
#[derive(Default)]
pub(super) struct Shelf {
	places: HashMap<Identity, (u64, OnShelf)>,
	/// Those that are over, oldest first.
	over: VecDeque<(Instant, Identity, u64)>,
	next: u64,
}

impl Shelf {
	/// What is known of an order, unless its purchase was interrupted.
	pub(super) fn standing(&self, identity: &Identity) -> Option<&OnShelf> {
		let (_, standing) = self.places.get(identity)?;
		(!standing.is_interrupted()).then_some(standing)
	}

	/// Purchases that are being submitted.
	pub(super) fn begun(&self) -> usize {
		self.places.values().filter(|(_, standing)| standing.is_begun()).count()
	}

	pub(super) fn put(&mut self, identity: Identity, standing: OnShelf) {
		self.places.insert(identity, (self.next, standing));
		self.next = self.next.wrapping_add(1);
	}

	/// Takes an order away, as if it had never been there.
	pub(super) fn take_back(&mut self, identity: &Identity) {
		self.places.remove(identity);
	}

	/// Forgets what has been over for long enough, and the oldest if there is too much.
	pub(super) fn forget(&mut self) {
		while let Some((since, identity, number)) = self.over.front() {
			if since.elapsed() < REMEMBERED && self.over.len() <= MOST_REMEMBERED {
				return;
			}
			// A later order of the same identity may stand in its place.
			let is_in_place = |(standing, _): &(u64, OnShelf)| standing == number;
			if self.places.get(identity).is_some_and(is_in_place) {
				self.places.remove(identity);
			}
			self.over.pop_front();
		}
	}

	/// A purchase is over, or goes on for those who wait for it only.
	///
	/// - `keep`: whether it is an answer for whoever asks again.
	pub(super) fn end(&mut self, identity: &Identity, teller: &Teller, keep: bool) {
		// A later unseeded order of the same identity may stand in its place.
		let standing = self.places.get(identity);
		let Some((number, _)) = standing.filter(|(_, standing)| teller.is_of(standing)) else {
			return;
		};
		match keep {
			true => self.over.push_back((Instant::now(), identity.clone(), *number)),
			false => {
				self.places.remove(identity);
			}
		}
	}
}
