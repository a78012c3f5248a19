//! The executions behind claims that may be asked about, so that a question does not run them again.

use crate::pool::Failure;
use assay_engine::Retained;
use assay_exact::{Generation, Input, Output};
use assay_protocol::{dispute::OwnedStatement, job::Duty};
use assay_trace::{execution::Record, merkle::Hash32};
use parking_lot::Mutex;
use std::sync::Arc;

/// All that an execution depends on. Not what its claim says of its trace: anybody can copy that onto another job.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Ran {
	artifact: Hash32,
	input: Input,
	generation: Generation,
	output: Output,
}

impl Ran {
	pub(crate) fn of(statement: &OwnedStatement) -> Self {
		Self {
			artifact: statement.artifact,
			input: statement.input.clone(),
			generation: statement.generation,
			output: statement.output.clone(),
		}
	}

	/// What a duty that gave this output will be claimed to be.
	pub(crate) fn duty<BlockNumber>(duty: &Duty<BlockNumber>, output: &Output) -> Self {
		Self {
			artifact: duty.artifact,
			input: duty.input.clone().into(),
			generation: duty.generation,
			output: output.clone(),
		}
	}
}

/// What is kept of an execution.
pub(crate) trait Held {
	/// Bytes that it takes.
	fn bytes(&self) -> usize;
}

impl Held for Record {
	fn bytes(&self) -> usize {
		self.bytes()
	}
}

impl Held for Retained {
	fn bytes(&self) -> usize {
		self.bytes()
	}
}

/// An execution, once it was run. The lock is held meanwhile: who asks about it at the same time waits, and nobody else.
type Slot<R> = Arc<Mutex<Option<Arc<R>>>>;

/// Executions up to a number of bytes. Whoever has claims challenged in turns does not make their worker run each again and again.
pub(crate) struct Records<R> {
	budget: usize,
	/// Asked about last, last.
	slots: Mutex<Vec<(Ran, Slot<R>)>>,
}

impl<R: Held> Records<R> {
	pub(crate) fn new(budget: usize) -> Self {
		Self {
			budget,
			slots: Mutex::default(),
		}
	}

	/// An execution, which is run if it is not at hand.
	pub(crate) fn get(&self, ran: Ran, run: impl FnOnce() -> Result<R, Failure>) -> Result<Arc<R>, Failure> {
		let slot = self.slot(ran);
		let mut record = slot.lock();
		if let Some(record) = &*record {
			return Ok(record.clone());
		}
		let made = run().map(Arc::new);
		*record = made.as_ref().ok().cloned();
		drop(record);
		match &made {
			Ok(_) => self.make_room(),
			Err(_) => self.slots.lock().retain(|(_, other)| !Arc::ptr_eq(other, &slot)),
		}
		made
	}

	/// Keeps an execution that was just run.
	pub(crate) fn put(&self, ran: Ran, record: R) {
		*self.slot(ran).lock() = Some(Arc::new(record));
		self.make_room();
	}

	/// The slot of an execution, which is now the one asked about last.
	fn slot(&self, ran: Ran) -> Slot<R> {
		let mut slots = self.slots.lock();
		let known = slots.iter().position(|(other, _)| *other == ran);
		let entry = known.map_or_else(|| (ran, Slot::default()), |index| slots.remove(index));
		let slot = entry.1.clone();
		slots.push(entry);
		slot
	}

	/// Forgets what was asked about longest ago until the rest fits, but not the last.
	fn make_room(&self) {
		let mut slots = self.slots.lock();
		// What is being run now has no size yet.
		let size = |slot: &Slot<R>| slot.try_lock().and_then(|record| Some(record.as_ref()?.bytes()));
		let mut held: usize = slots.iter().filter_map(|(_, slot)| size(slot)).sum();
		let mut index = 0;
		while held > self.budget && index + 1 < slots.len() {
			match size(&slots[index].1) {
				Some(bytes) => {
					held = held.saturating_sub(bytes);
					slots.remove(index);
				}
				None => index += 1,
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_exact::{program::Mask, Sampler};
	use assay_trace::Layout;
	use std::cell::Cell;

	fn ran(job: u32) -> Ran {
		Ran {
			artifact: Hash32([1; 32]),
			input: Input::Tokens(vec![job]),
			generation: Generation {
				sampler: Sampler::Greedy,
				max_tokens: 1,
				ignore_stop: true,
			},
			output: Output::Tokens(vec![2]),
		}
	}

	/// A record of 400 bytes.
	fn a_record() -> Record {
		let layout = Layout {
			rows: 1,
			positions: 1,
			group_size: 8,
			caches: false,
			mask: Mask::Causal,
			first_head: 0,
			heads: 0,
		};
		Record::new(layout, vec![vec![0; 100]], vec![]).expect("it has every cell")
	}

	#[test]
	fn what_is_asked_about_in_turns_is_run_once() {
		let (records, runs) = (Records::new(1_000), Cell::new(0));
		let ask = |job| {
			let run = || {
				runs.set(runs.get() + 1);
				Ok(a_record())
			};
			records.get(ran(job), run).expect("it runs")
		};
		for _ in 0..5 {
			ask(1);
			ask(2);
		}
		assert_eq!(runs.get(), 2);
		// A third does not fit, and takes the place of what was asked about longest ago.
		ask(3);
		ask(2);
		assert_eq!(runs.get(), 3);
		ask(1);
		assert_eq!(runs.get(), 4);
	}

	#[test]
	fn the_last_is_kept_however_large_it_is_and_what_failed_is_run_again() {
		let records = Records::new(0);
		let failed = records.get(ran(1), || Err(Failure::Refused("no".into())));
		assert_eq!(failed.err(), Some(Failure::Refused("no".into())));
		let first = records.get(ran(1), || Ok(a_record())).expect("it runs");
		let again = records.get(ran(1), || Err(Failure::Cancelled)).expect("it is kept");
		assert!(Arc::ptr_eq(&first, &again));
	}

	#[test]
	fn what_was_put_is_not_run_again() {
		let records = Records::new(500);
		records.put(ran(1), a_record());
		assert!(records.get(ran(1), || Err(Failure::Cancelled)).is_ok());
		// It makes room for the next like any other.
		records.put(ran(2), a_record());
		assert!(records.get(ran(1), || Err(Failure::Cancelled)).is_err());
		assert!(records.get(ran(2), || Err(Failure::Cancelled)).is_ok());
	}

	#[test]
	fn what_failed_leaves_nothing_behind() {
		let records = Records::<Record>::new(1_000);
		for job in 0..9 {
			assert!(records.get(ran(job), || Err(Failure::Cancelled)).is_err());
		}
		assert!(records.slots.lock().is_empty());
	}

	#[test]
	fn nobody_waits_for_the_execution_of_another_claim() {
		let records = Records::new(1_000);
		let nested = || {
			// While one runs, another is run and kept.
			records.get(ran(2), || Ok(a_record()))?;
			Ok(a_record())
		};
		assert!(records.get(ran(1), nested).is_ok());
		assert!(records.get(ran(2), || Err(Failure::Cancelled)).is_ok());
	}
}
