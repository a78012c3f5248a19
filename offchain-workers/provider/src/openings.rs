//! Openings for light audits: made one at a time, in no more than a tenth of a worker's time, and kept until they are fetched.

use crate::pool::Failure;
use assay_protocol::dispute::OwnedStatement;
use parking_lot::Mutex;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Openings that may be made at once after a quiet time.
const BURST: u32 = 8;
/// How long it takes until one more may be made.
const EVERY: Duration = Duration::from_secs(5);
/// One that takes long counts as many as this many times its own time: after a restart the job runs again for it.
const SHARE: u32 = 10;
/// Bytes of openings that are kept; the last is kept whatever it takes.
const KEPT_BYTES: usize = 512 << 20;

/// An opening, or why there is none.
pub type Opened = Result<Arc<Vec<u8>>, NotOpened>;

/// Why nothing is opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotOpened {
	/// Another is being made.
	#[error("another opening is being made: ask again in a moment")]
	Busy,
	/// Too many were made of late.
	#[error(
		"too much was asked: {BURST} openings at once and one each {} s, or fewer that take longer, are made here; ask again in {} s",
		EVERY.as_secs(),
		after.as_secs().max(1)
	)]
	TooMany {
		/// When the next may be made.
		after: Duration,
	},
	/// It cannot be made.
	#[error(transparent)]
	Failed(#[from] Failure),
}

/// What is opened: a claim's statement, and its positions.
type Asked = (OwnedStatement, Vec<u32>);

/// Makes openings and keeps them.
#[derive(Default)]
pub(crate) struct Openings {
	/// Held while one is made.
	making: Mutex<()>,
	state: Mutex<State>,
}

#[derive(Default)]
struct State {
	/// Asked for last, last.
	kept: Vec<(Asked, Arc<Vec<u8>>)>,
	allowance: Allowance,
}

impl Openings {
	/// An opening, which is made if it is not at hand.
	pub(crate) fn get(
		&self,
		statement: &OwnedStatement,
		positions: &[u32],
		make: impl FnOnce() -> Result<Vec<u8>, Failure>,
	) -> Opened {
		self.get_at(Instant::now(), statement, positions, make)
	}

	fn get_at(
		&self,
		now: Instant,
		statement: &OwnedStatement,
		positions: &[u32],
		make: impl FnOnce() -> Result<Vec<u8>, Failure>,
	) -> Opened {
		if let Some(kept) = self.kept(statement, positions) {
			return Ok(kept);
		}
		let _making = self.making.try_lock().ok_or(NotOpened::Busy)?;
		let begun = Instant::now();
		self.state
			.lock()
			.allowance
			.take(now)
			.map_err(|after| NotOpened::TooMany { after })?;
		let made = make();
		let mut state = self.state.lock();
		state.allowance.charge(begun.elapsed());
		let made = Arc::new(made?);
		state.kept.push(((statement.clone(), positions.to_vec()), made.clone()));
		while state.kept.len() > 1 && state.kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > KEPT_BYTES {
			state.kept.remove(0);
		}
		Ok(made)
	}

	fn kept(&self, statement: &OwnedStatement, positions: &[u32]) -> Option<Arc<Vec<u8>>> {
		let mut state = self.state.lock();
		let found = |((other, at), _): &(Asked, Arc<Vec<u8>>)| at == positions && other == statement;
		let index = state.kept.iter().position(found)?;
		let entry = state.kept.remove(index);
		let bytes = entry.1.clone();
		state.kept.push(entry);
		Some(bytes)
	}
}

/// How much may be asked for: [`BURST`] at once, and one more each [`EVERY`].
#[derive(Default)]
struct Allowance {
	/// When it is whole again; none at the beginning.
	whole_at: Option<Instant>,
}

impl Allowance {
	/// Takes one, or says after how long there is one.
	fn take(&mut self, now: Instant) -> Result<(), Duration> {
		let whole_at = self.whole_at.map_or(now, |at| at.max(now));
		let owed = whole_at - now;
		if let Some(after) = (owed + EVERY)
			.checked_sub(EVERY * BURST)
			.filter(|after| !after.is_zero())
		{
			return Err(after);
		}
		self.whole_at = Some(whole_at + EVERY);
		Ok(())
	}

	/// What was taken has cost so much time.
	fn charge(&mut self, elapsed: Duration) {
		let more = elapsed.saturating_mul(SHARE).saturating_sub(EVERY);
		self.whole_at = self.whole_at.map(|at| at + more);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_exact::{Generation, Input, Output, Sampler};
	use assay_samples::programs::decoder;
	use assay_trace::{Hash32, TraceRoot};

	fn a_statement(job: u32) -> OwnedStatement {
		OwnedStatement {
			program: decoder(),
			artifact: Hash32([1; 32]),
			input: Input::Tokens(vec![job]),
			generation: Generation {
				sampler: Sampler::Greedy,
				max_tokens: 1,
				ignore_stop: true,
			},
			output: Output::Tokens(vec![2]),
			trace: TraceRoot(Hash32([3; 32])),
		}
	}

	#[test]
	fn what_was_opened_is_not_opened_again() {
		let openings = Openings::default();
		let first = openings
			.get(&a_statement(1), &[3, 4], || Ok(vec![7]))
			.expect("it is made");
		let again = openings.get(&a_statement(1), &[3, 4], || Err(Failure::Cancelled));
		assert!(Arc::ptr_eq(&first, &again.expect("it is kept")));
		for (job, positions) in [(2, &[3, 4][..]), (1, &[3])] {
			let other = openings.get(&a_statement(job), positions, || Err(Failure::Cancelled));
			assert_eq!(other.err(), Some(NotOpened::Failed(Failure::Cancelled)));
		}
	}

	#[test]
	fn one_is_made_at_a_time() {
		let openings = Openings::default();
		let made = openings.get(&a_statement(1), &[3], || {
			let other = openings.get(&a_statement(2), &[3], || Ok(vec![]));
			assert_eq!(other.err(), Some(NotOpened::Busy));
			Ok(vec![7])
		});
		assert!(made.is_ok());
		assert!(openings.get(&a_statement(2), &[3], || Ok(vec![])).is_ok());
	}

	#[test]
	fn no_more_are_made_than_can_be_spared() {
		let (openings, start) = (Openings::default(), Instant::now());
		let ask = |job, now| openings.get_at(now, &a_statement(job), &[0], || Ok(vec![0]));
		for job in 0..BURST {
			assert!(ask(job, start).is_ok());
		}
		let refused = ask(100, start).expect_err("too much is asked");
		assert_eq!(
			refused.to_string(),
			"too much was asked: 8 openings at once and one each 5 s, or fewer that take longer, are made here; ask again in 5 s"
		);
		// What is kept costs nothing.
		assert!(ask(0, start).is_ok());
		assert!(ask(100, start + EVERY).is_ok());
		assert!(ask(101, start + EVERY).is_err());
		assert!(ask(101, start + EVERY * 2).is_ok());
		// After a quiet time there are as many as at the beginning, and no more.
		let later = start + EVERY * 1_000;
		assert!((200..200 + BURST).all(|job| ask(job, later).is_ok()));
		assert!(ask(300, later).is_err());
	}

	#[test]
	fn what_takes_long_counts_for_more() {
		let (mut allowance, start) = (Allowance::default(), Instant::now());
		assert_eq!(allowance.take(start), Ok(()));
		allowance.charge(EVERY / SHARE);
		assert_eq!(allowance.take(start), Ok(()));
		// A tenth of the time at most: after a minute's work there is none for ten.
		allowance.charge(Duration::from_secs(60));
		let after = allowance.take(start).expect_err("too much is asked");
		assert_eq!(after, Duration::from_secs(600) + EVERY * 2 - EVERY * BURST);
		assert_eq!(allowance.take(start + after), Ok(()));
	}

	#[test]
	fn the_last_is_kept_however_large_it_is() {
		let openings = Openings::default();
		let large = || Ok(vec![0; KEPT_BYTES + 1]);
		assert!(openings.get(&a_statement(1), &[0], || Ok(vec![0])).is_ok());
		assert!(openings.get(&a_statement(2), &[0], large).is_ok());
		assert!(openings.kept(&a_statement(2), &[0]).is_some());
		assert!(openings.kept(&a_statement(1), &[0]).is_none());
	}
}
