//! The durable record of jobs: one file for each attempt, replaced atomically.
//!
//! A file is the magic `ASSAYJ01`, the SHA-256 of the payload, and the payload: an [`Entry`] in SCALE. A file that does
//! not check is moved aside with the suffix `.corrupt`; its job is run again.

use crate::chain::{Assignment, WorkKey};
use assay_protocol::job::SignedResult;
use codec::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::{
	collections::BTreeMap,
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"ASSAYJ01";
const EXTENSION: &str = "job";

/// What is known of one attempt at a job.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Entry {
	/// The chain it belongs to.
	pub genesis: [u8; 32],
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

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
	/// A file operation failed.
	#[error("journal {path}: {source}")]
	Io {
		/// The file or folder.
		path: PathBuf,
		/// What the system said.
		source: io::Error,
	},
	/// Another process works with this folder.
	#[error("journal {0} is in use by another process")]
	InUse(PathBuf),
}

/// The journal of one provider, all of it also in memory.
#[derive(Debug)]
pub struct Journal {
	folder: PathBuf,
	genesis: [u8; 32],
	entries: BTreeMap<WorkKey, Entry>,
	/// Held for as long as the journal is open.
	_lock: File,
}

impl Journal {
	/// Opens the journal in `folder`, creating it if needed. Entries of other chains stay on disk untouched.
	pub fn open(folder: &Path, genesis: [u8; 32]) -> Result<Self, JournalError> {
		fs::create_dir_all(folder).map_err(at(folder))?;
		let lock_path = folder.join("lock");
		let lock = File::options()
			.create(true)
			.truncate(false)
			.write(true)
			.open(&lock_path)
			.map_err(at(&lock_path))?;
		lock.try_lock().map_err(|_| JournalError::InUse(folder.into()))?;
		let mut journal = Self {
			folder: folder.into(),
			genesis,
			entries: BTreeMap::new(),
			_lock: lock,
		};
		for file in fs::read_dir(folder).map_err(at(folder))? {
			let path = file.map_err(at(folder))?.path();
			if path.extension().is_some_and(|extension| extension == EXTENSION) {
				journal.load(&path)?;
			}
		}
		Ok(journal)
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
		let entry = Entry {
			genesis: self.genesis,
			assignment,
			state,
		};
		let payload = entry.encode();
		let path = self.path(&key);
		let partial = path.with_extension("partial");
		let write = || -> io::Result<()> {
			let mut file = File::create(&partial)?;
			file.write_all(MAGIC)?;
			file.write_all(&Sha256::digest(&payload))?;
			file.write_all(&payload)?;
			file.sync_all()?;
			fs::rename(&partial, &path)?;
			File::open(&self.folder)?.sync_all()
		};
		write().map_err(at(&path))?;
		self.entries.insert(key, entry);
		Ok(())
	}

	/// Removes an attempt.
	pub fn forget(&mut self, key: &WorkKey) -> Result<(), JournalError> {
		if self.entries.remove(key).is_some() {
			let path = self.path(key);
			fs::remove_file(&path).map_err(at(&path))?;
		}
		Ok(())
	}

	fn path(&self, (job, attempt): &WorkKey) -> PathBuf {
		let chain = hex::encode(&self.genesis[..4]);
		self.folder.join(format!("{chain}-{job}-{attempt}.{EXTENSION}"))
	}

	fn load(&mut self, path: &Path) -> Result<(), JournalError> {
		let bytes = fs::read(path).map_err(at(path))?;
		match parse(&bytes) {
			Some(entry) if entry.genesis == self.genesis => {
				self.entries.insert(entry.assignment.key(), entry);
			}
			Some(_) => log::debug!("journal entry {} belongs to another chain", path.display()),
			None => {
				let aside = path.with_extension("corrupt");
				log::warn!(
					"journal entry {} does not check, moved to {}",
					path.display(),
					aside.display()
				);
				fs::rename(path, &aside).map_err(at(path))?;
			}
		}
		Ok(())
	}
}

/// The entry in a file's bytes, if they check.
pub(crate) fn parse(bytes: &[u8]) -> Option<Entry> {
	let rest = bytes.strip_prefix(MAGIC)?;
	let (digest, mut payload) = rest.split_at_checked(32)?;
	if Sha256::digest(payload).as_slice() != digest {
		return None;
	}
	let entry = Entry::decode(&mut payload).ok()?;
	payload.is_empty().then_some(entry)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> JournalError + '_ {
	move |source| JournalError::Io {
		path: path.into(),
		source,
	}
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
	fn a_damaged_entry_is_moved_aside() {
		let folder = tempfile::tempdir().unwrap();
		let assignment = an_assignment(7);
		let mut journal = Journal::open(folder.path(), GENESIS).unwrap();
		journal.record(assignment.clone(), EntryState::Failed).unwrap();
		let path = journal.path(&assignment.key());
		drop(journal);
		let whole = fs::read(&path).unwrap();
		for damage in [
			whole[..whole.len() - 1].to_vec(),
			[&whole[..], b"x"].concat(),
			b"ASSAYJ01".to_vec(),
			vec![],
		] {
			fs::write(&path, damage).unwrap();
			let journal = Journal::open(folder.path(), GENESIS).unwrap();
			assert!(journal.keys().is_empty());
			assert!(path.with_extension("corrupt").exists());
		}
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
