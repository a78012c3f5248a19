//! The book against a chain, a pool and others who sign with the same account.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Blocks that a transaction lives.
const LIFE: BlockNumber = 8;

#[test]
fn twenty_at_once_get_twenty_nonces_in_a_row() {
	let mut book = NonceBook::default();
	let nonces: Vec<_> = (0..20).map(|_| book.reserve(5, 1, 64)).collect();
	assert_eq!(nonces, (5..25).collect::<Vec<_>>());
}

#[test]
fn a_nonce_that_is_given_back_is_the_next() {
	let mut book = NonceBook::default();
	for expected in [5, 6, 7] {
		assert_eq!(book.reserve(5, 1, 64), expected);
	}
	book.give_back(6);
	assert_eq!(book.reserve(5, 1, 64), 6);
	assert_eq!(book.reserve(5, 1, 64), 8);
}

#[test]
fn a_nonce_that_another_program_took_is_passed_over() {
	let mut book = NonceBook::default();
	assert_eq!(book.reserve(5, 1, 64), 5);
	assert_eq!(book.reserve(7, 1, 64), 7);
	// The node may lag behind what it said before.
	assert_eq!(book.reserve(5, 1, 64), 6);
	assert_eq!(book.reserve(5, 1, 64), 8);
}

#[test]
fn an_included_nonce_is_not_used_again_while_a_reorganisation_may_send_its_transaction_back() {
	let mut book = NonceBook::default();
	assert_eq!(book.reserve(5, 1, 64), 5);
	book.included(5);
	assert_eq!(book.reserve(5, 64, 128), 6);
	assert_eq!(book.reserve(5, 65, 129), 5);
}

#[test]
fn a_nonce_is_free_after_the_life_of_its_transaction_and_does_not_hold_up_the_next_for_ever() {
	let mut book = NonceBook::default();
	assert_eq!(book.reserve(5, 1, 64), 5);
	book.sent(5, [1].into());
	assert_eq!(book.reserve(5, 64, 128), 6);
	assert_eq!(book.reserve(5, 65, 129), 5);
}

#[test]
fn what_comes_before_a_transaction_is_what_waits_with_lower_nonces() {
	let mut book = NonceBook::default();
	for byte in 5..9 {
		let nonce = book.reserve(5, 1, 64);
		book.sent(nonce, [byte].into());
	}
	book.included(5);
	book.give_back(6);
	let before: Vec<_> = book.before(8).iter().map(|bytes| bytes.to_vec()).collect();
	assert_eq!(before, [[7]]);
}

#[test]
fn a_nonce_that_is_never_sent_is_given_back_and_one_that_is_sent_is_not() {
	let desk = Arc::new(Desk::default());
	let dropped = desk.reserve(5, 1, 64);
	assert_eq!(dropped.nonce, 5);
	drop(dropped);
	let mut sent = desk.reserve(5, 1, 64);
	assert_eq!(sent.nonce, 5);
	sent.sent(&[1]);
	drop(sent);
	assert_eq!(desk.reserve(5, 1, 64).nonce, 6);
}

#[test]
fn accounts_have_desks_of_their_own() {
	let desks = Desks::default();
	let [one, other] = [1, 2].map(|byte| AccountId::from([byte; 32]));
	let first = desks.of(&one).reserve(5, 1, 64);
	assert_eq!(desks.of(&one).reserve(5, 1, 64).nonce, 6);
	assert_eq!(desks.of(&other).reserve(5, 1, 64).nonce, 5);
	assert_eq!(first.nonce, 5);
}

/// Who sent a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sender {
	/// This program, and which of its calls it carries.
	Here(usize),
	/// Another program with the same key.
	Elsewhere,
}

/// A chain with its pool, as one account sees it.
#[derive(Default)]
struct Chain {
	now: BlockNumber,
	/// Who sent what is included, by nonce.
	included: Vec<Sender>,
	/// Waiting, with the last block that can hold it.
	pool: BTreeMap<u64, (Sender, BlockNumber)>,
}

impl Chain {
	fn nonce(&self) -> u64 {
		self.included.len() as u64
	}

	/// The nonce that the node expects next, as it says.
	fn expected(&self) -> u64 {
		let mut next = self.nonce();
		while self.pool.contains_key(&next) {
			next += 1;
		}
		next
	}

	/// Puts a transaction into the pool, unless its nonce is taken.
	fn send(&mut self, nonce: u64, sender: Sender, last: BlockNumber) -> bool {
		let free = nonce >= self.nonce() && !self.pool.contains_key(&nonce);
		if free {
			self.pool.insert(nonce, (sender, last));
		}
		free
	}

	/// Makes a block of at most so many transactions, and returns them.
	fn make_block(&mut self, room: usize) -> Vec<(u64, Sender)> {
		self.now += 1;
		let now = self.now;
		self.pool.retain(|_, (_, last)| *last >= now);
		let mut block = vec![];
		while block.len() < room {
			let nonce = self.nonce();
			let Some((sender, _)) = self.pool.remove(&nonce) else {
				break;
			};
			self.included.push(sender);
			block.push((nonce, sender));
		}
		block
	}
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Happening {
	/// A call of ours, of those that have none, takes a nonce; the node says that it expects up to so much less than it does.
	Reserve { lag: u64 },
	/// One of those that have a nonce and are not sent is sent.
	Send(usize),
	/// One of those fails before it is sent.
	Refuse(usize),
	/// Another program sends.
	Outside,
	/// A block takes up to so many.
	Block(usize),
	/// The pool loses one.
	Lose(usize),
	/// The node restarts: its pool is empty.
	Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
	prop_oneof![
		6 => (0..3u64).prop_map(|lag| Happening::Reserve { lag }),
		6 => any::<usize>().prop_map(Happening::Send),
		1 => any::<usize>().prop_map(Happening::Refuse),
		2 => Just(Happening::Outside),
		3 => (0..6usize).prop_map(Happening::Block),
		1 => any::<usize>().prop_map(Happening::Lose),
		1 => Just(Happening::Restart),
	]
}

/// A call of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
	/// It has no nonce.
	Idle,
	/// It has one and is not sent.
	Reserved { nonce: u64, last: BlockNumber },
	/// It is on its way.
	Sent { nonce: u64, last: BlockNumber },
	/// It is in a block.
	Included { nonce: u64, last: BlockNumber },
}

impl Call {
	/// The nonce that it holds at a block.
	fn holds(self, now: BlockNumber) -> Option<u64> {
		match self {
			Self::Idle => None,
			Self::Reserved { nonce, last } | Self::Sent { nonce, last } | Self::Included { nonce, last } => {
				(last >= now).then_some(nonce)
			}
		}
	}
}

/// This program with its calls, before the chain.
struct Play {
	chain: Chain,
	book: NonceBook,
	calls: Vec<Call>,
}

impl Play {
	fn new(calls: usize) -> Self {
		Self {
			chain: Chain::default(),
			book: NonceBook::default(),
			calls: vec![Call::Idle; calls],
		}
	}

	fn pick(&self, number: usize, wanted: impl Fn(&Call) -> bool) -> Option<usize> {
		let all: Vec<_> = (0..self.calls.len())
			.filter(|index| wanted(&self.calls[*index]))
			.collect();
		(!all.is_empty()).then(|| all[number % all.len()])
	}

	fn held(&self) -> BTreeSet<u64> {
		self.calls
			.iter()
			.filter_map(|call| call.holds(self.chain.now))
			.collect()
	}

	fn reserve(&mut self, call: usize, lag: u64) {
		let expected = self.chain.expected().saturating_sub(lag).max(self.chain.nonce());
		let held = self.held();
		let last = self.chain.now + LIFE;
		let nonce = self.book.reserve(expected, self.chain.now, last);
		assert!(nonce >= expected, "{nonce} is used up: {expected} is expected");
		assert!(!held.contains(&nonce), "{nonce} is in use");
		for below in expected..nonce {
			assert!(
				held.contains(&below),
				"{nonce} waits for {below}, which nobody here has"
			);
		}
		self.calls[call] = Call::Reserved { nonce, last };
	}

	fn send(&mut self, call: usize) {
		let Call::Reserved { nonce, last } = self.calls[call] else {
			return;
		};
		match last >= self.chain.now && self.chain.send(nonce, Sender::Here(call), last) {
			true => {
				self.book.sent(nonce, [0].into());
				self.calls[call] = Call::Sent { nonce, last };
			}
			false => self.refuse(call),
		}
	}

	fn refuse(&mut self, call: usize) {
		if let Some(nonce) = self.calls[call].holds(self.chain.now) {
			self.book.give_back(nonce);
		}
		self.calls[call] = Call::Idle;
	}

	fn make_block(&mut self, room: usize) {
		for (nonce, sender) in self.chain.make_block(room) {
			let Sender::Here(call) = sender else {
				continue;
			};
			let Call::Sent { nonce: own, last } = self.calls[call] else {
				panic!("call {call} is included as {nonce} and is {:?}", self.calls[call]);
			};
			assert_eq!(own, nonce);
			self.book.included(nonce);
			self.calls[call] = Call::Included { nonce, last };
		}
		// What no block can hold any more is tried again; that its nonce is free, the book knows by itself.
		for call in &mut self.calls {
			if matches!(call, Call::Sent { last, .. } | Call::Reserved { last, .. } if *last < self.chain.now) {
				*call = Call::Idle;
			}
		}
	}

	fn go_on(&mut self, happening: Happening) {
		match happening {
			Happening::Reserve { lag } => {
				if let Some(call) = self.pick(0, |call| *call == Call::Idle) {
					self.reserve(call, lag);
				}
			}
			Happening::Send(number) => {
				if let Some(call) = self.pick(number, |call| matches!(call, Call::Reserved { .. })) {
					self.send(call);
				}
			}
			Happening::Refuse(number) => {
				if let Some(call) = self.pick(number, |call| matches!(call, Call::Reserved { .. })) {
					self.refuse(call);
				}
			}
			Happening::Outside => {
				let (nonce, last) = (self.chain.expected(), self.chain.now + LIFE);
				assert!(self.chain.send(nonce, Sender::Elsewhere, last));
			}
			Happening::Block(room) => self.make_block(room),
			Happening::Lose(number) => {
				let nonces: Vec<_> = self.chain.pool.keys().copied().collect();
				if let Some(nonce) = nonces.get(number % nonces.len().max(1)) {
					self.chain.pool.remove(nonce);
				}
			}
			Happening::Restart => self.chain.pool.clear(),
		}
	}
}

proptest! {
	/// Each number that is handed out is new, not used up, and leaves no gap that nobody here fills, whatever happens. In the
	/// end all calls are included, once each.
	#[test]
	fn every_call_is_included_once_whatever_happens_to_others(
		calls in 1..24usize,
		happenings in prop::collection::vec(happening(), 0..160),
	) {
		let mut play = Play::new(calls);
		for happening in happenings {
			play.go_on(happening);
		}
		// From here on the node keeps what it is sent and the others are silent. Lives end, and what waits goes on.
		for _ in 0..4 * LIFE {
			for call in 0..calls {
				if play.calls[call] == Call::Idle {
					play.reserve(call, 0);
				}
				play.send(call);
			}
			play.make_block(calls);
		}
		for call in 0..calls {
			let times = play.chain.included.iter().filter(|sender| **sender == Sender::Here(call)).count();
			prop_assert_eq!(times, 1, "call {}", call);
		}
	}
}
