//! The durable record of jobs.

use crate::chain::{Assignment, WorkKey};
use assay_journal::{Change, Journal as Records};
use assay_protocol::job::SignedResult;
use codec::{Decode, DecodeAll, Encode};
use std::{collections::BTreeMap, path::Path};

pub use assay_journal::JournalError;

/// What is known of one attempt at a job.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Entry {
	/// The work.
	pub assignment: Assignment,
	/// How far it is.
	pub state: EntryState,
}

/// How far an attempt is.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum EntryState {
	/// Execution began; `tries` counts how often, this time included.
	#[codec(index = 0)]
	Started {
		/// Executions begun so far.
		tries: u32,
	},
	/// The result is known and signed.
	#[codec(index = 1)]
	Finished(SignedResult),
	/// It was refused, for a reason that may pass: it is tried again while there is time.
	#[codec(index = 2)]
	Failed,
	/// It began too often without an end, and is not tried again: it may be what ends the process.
	#[codec(index = 3)]
	GivenUp,
}

/// The journal of one provider, all of it also in memory.
pub struct Journal {
	records: Records,
	genesis: [u8; 32],
	entries: BTreeMap<WorkKey, Entry>,
}

impl Journal {
	/// Opens the journal in `folder`, creating it if needed. Entries of other chains stay on disk untouched.
	pub fn open(folder: &Path, genesis: [u8; 32]) -> Result<Self, JournalError> {
		let (records, known) = Records::open(folder)?;
		Ok(Self {
			records,
			genesis,
			entries: entries(known, genesis),
		})
	}

	/// The entry of an attempt.
	pub fn get(&self, key: &WorkKey) -> Option<&Entry> {
		self.entries.get(key)
	}

	/// All attempts, oldest job first.
	pub fn keys(&self) -> Vec<WorkKey> {
		self.entries.keys().copied().collect()
	}

	/// Records where an attempt stands. When this returns, the record survives a crash of the machine.
	pub fn record(&mut self, assignment: Assignment, state: EntryState) -> Result<(), JournalError> {
		let key = assignment.key();
		let entry = Entry { assignment, state };
		let change = Change::put((self.genesis, key).encode(), entry.encode(), []);
		self.records.commit(vec![change]).wait()?;
		self.entries.insert(key, entry);
		Ok(())
	}

	/// Removes an attempt.
	pub fn forget(&mut self, key: &WorkKey) -> Result<(), JournalError> {
		if self.entries.remove(key).is_some() {
			let change = Change::remove((self.genesis, *key).encode());
			self.records.commit(vec![change]).wait()?;
		}
		Ok(())
	}
}

/// The attempts of a chain among some records.
pub(crate) fn entries(known: Vec<assay_journal::Known>, genesis: [u8; 32]) -> BTreeMap<WorkKey, Entry> {
	let entry = |(key, head): (Vec<u8>, Vec<u8>)| {
		let (chain, key) = <([u8; 32], WorkKey)>::decode_all(&mut &key[..]).ok()?;
		if chain != genesis {
			log::debug!("the journal has an entry of another chain");
			return None;
		}
		let entry = Entry::decode_all(&mut &head[..]);
		if let Err(error) = &entry {
			// Its job is run again.
			log::warn!("the journal's entry of job {} does not decode: {error}", key.0);
		}
		Some((key, entry.ok()?))
	};
	known.into_iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::service::tests::{an_assignment, GENESIS};

	#[test]
	fn entries_survive_reopening() {
		let folder = tempfile::tempdir().unwrap();
		let assignment = an_assignment(7);
		let mut journal = Journal::open(folder.path(), GENESIS).unwrap();
		journal
			.record(assignment.clone(), EntryState::Started { tries: 1 })
			.unwrap();
		journal
			.record(assignment.clone(), EntryState::Started { tries: 2 })
			.unwrap();
		drop(journal);
		let mut journal = Journal::open(folder.path(), GENESIS).unwrap();
		assert_eq!(
			journal.get(&assignment.key()).unwrap().state,
			EntryState::Started { tries: 2 }
		);
		journal.forget(&assignment.key()).unwrap();
		drop(journal);
		assert!(Journal::open(folder.path(), GENESIS).unwrap().keys().is_empty());
	}

	#[test]
	fn an_entry_that_makes_no_sense_is_passed_over() {
		let folder = tempfile::tempdir().unwrap();
		let (records, _) = Records::open(folder.path()).unwrap();
		let key = (GENESIS, an_assignment(7).key()).encode();
		records.commit(vec![Change::put(key, [1, 2], [])]).wait().unwrap();
		drop(records);
		assert!(Journal::open(folder.path(), GENESIS).unwrap().keys().is_empty());
	}

	#[test]
	fn two_processes_cannot_share_a_journal() {
		let folder = tempfile::tempdir().unwrap();
		let _first = Journal::open(folder.path(), GENESIS).unwrap();
		assert!(matches!(
			Journal::open(folder.path(), GENESIS),
			Err(JournalError::InUse(_))
		));
	}

	#[test]
	fn entries_of_another_chain_are_left_alone() {
		let folder = tempfile::tempdir().unwrap();
		let mut other = Journal::open(folder.path(), [9; 32]).unwrap();
		other.record(an_assignment(7), EntryState::Failed).unwrap();
		drop(other);
		assert!(Journal::open(folder.path(), GENESIS).unwrap().keys().is_empty());
		assert_eq!(Journal::open(folder.path(), [9; 32]).unwrap().keys().len(), 1);
	}
}
