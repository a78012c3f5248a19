#![doc = include_str!("../README.md")]

mod commit;
mod error;
mod frame;
mod segment;
mod store;
mod writer;

pub use commit::Commit;
pub use error::JournalError;
pub use frame::Change;

use parking_lot::Mutex;
use std::{
	fs::File,
	io::ErrorKind::NotFound,
	path::{Path, PathBuf},
	sync::Arc,
	thread::JoinHandle,
};
use store::Store;
use writer::Queue;

/// How the files of a journal are cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
	/// Bytes after which a segment is full.
	pub segment: u64,
}

impl Default for Shape {
	fn default() -> Self {
		Self { segment: 16 << 20 }
	}
}

/// A journal that is open.
pub struct Journal {
	store: Arc<Mutex<Store>>,
	queue: Arc<Queue>,
	writer: Option<JoinHandle<()>>,
	/// Held for as long as the journal is open.
	_lock: File,
}

/// A record that is in a journal: its key and its head.
pub type Known = (Vec<u8>, Vec<u8>);

impl Journal {
	/// Opens the journal in `folder`, which is made if there is none; returns the records in it by key.
	pub fn open(folder: &Path) -> Result<(Self, Vec<Known>), JournalError> {
		Self::open_shaped(folder, Shape::default())
	}

	/// The same with segments of another size.
	pub fn open_shaped(folder: &Path, shape: Shape) -> Result<(Self, Vec<Known>), JournalError> {
		let lock = lock(folder)?;
		let (store, known) = Store::open(folder, shape)?;
		let (store, queue) = (Arc::new(Mutex::new(store)), Arc::new(Queue::default()));
		let writer = writer::start(store.clone(), queue.clone(), folder)?;
		let journal = Self {
			store,
			queue,
			writer: Some(writer),
			_lock: lock,
		};
		Ok((journal, known))
	}

	/// The records in a folder by key, while another process may be working with it: as they were at some moment.
	pub fn peek(folder: &Path) -> Result<Vec<Known>, JournalError> {
		loop {
			let gone = |error: &JournalError| matches!(error, JournalError::Io { path, source } if source.kind() == NotFound && path != folder);
			match Store::peek(folder) {
				// What was in a segment that was cleaned meanwhile is at the end now.
				Err(error) if gone(&error) => {}
				known => return known,
			}
		}
	}

	/// Makes some changes, all of them or none, after those of earlier commits.
	pub fn commit(&self, changes: Vec<Change>) -> Commit {
		self.queue.push(changes)
	}

	/// The body of a record, once the commit that put it is durable.
	pub fn body(&self, key: &[u8]) -> Result<Option<Vec<u8>>, JournalError> {
		// Files are read without the lock, and may be deleted meanwhile: they stay readable while they are open.
		let found = self.store.lock().find(key);
		found.map(|place| place.read()).transpose()
	}

	/// Bytes on disk.
	pub fn bytes(&self) -> u64 {
		self.store.lock().bytes()
	}
}

/// Waits until the last commits are durable.
impl Drop for Journal {
	fn drop(&mut self) {
		self.queue.close();
		if let Some(writer) = self.writer.take() {
			// It panics where the store is inconsistent, and has said so then.
			let _ = writer.join();
		}
	}
}

/// Makes a folder if there is none, and keeps other processes out of it for as long as the file is open.
fn lock(folder: &Path) -> Result<File, JournalError> {
	std::fs::create_dir_all(folder).map_err(JournalError::at(folder))?;
	let path: PathBuf = folder.join("lock");
	let lock = File::options()
		.create(true)
		.truncate(false)
		.write(true)
		.open(&path)
		.map_err(JournalError::at(&path))?;
	lock.try_lock().map_err(|error| match error {
		std::fs::TryLockError::WouldBlock => JournalError::InUse(folder.into()),
		std::fs::TryLockError::Error(source) => JournalError::Io { path, source },
	})?;
	Ok(lock)
}

#[cfg(test)]
mod tests;
