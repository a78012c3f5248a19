//! The thread that writes.

use crate::{
	commit::Commit,
	frame::Change,
	segment::Segment,
	store::{Piece, Store},
	JournalError,
};
use futures::channel::oneshot::{channel, Sender};
use parking_lot::{Condvar, Mutex};
use std::{
	mem,
	path::Path,
	sync::Arc,
	thread::{self, JoinHandle},
};

/// Bytes that are written together while a segment is cleaned.
const CLEANED: usize = 1 << 20;

struct Waiting {
	changes: Vec<Change>,
	done: Sender<Result<(), JournalError>>,
}

#[derive(Default)]
struct State {
	waiting: Vec<Waiting>,
	closed: bool,
}

/// Commits that nobody has written yet.
#[derive(Default)]
pub(crate) struct Queue {
	state: Mutex<State>,
	wake: Condvar,
}

impl Queue {
	pub(crate) fn push(&self, changes: Vec<Change>) -> Commit {
		let (done, receiver) = channel();
		self.state.lock().waiting.push(Waiting { changes, done });
		self.wake.notify_one();
		Commit(receiver)
	}

	/// What waits, as soon as there is something; none when there is nothing and never will be.
	fn next(&self) -> Option<Vec<Waiting>> {
		let mut state = self.state.lock();
		while state.waiting.is_empty() {
			if state.closed {
				return None;
			}
			self.wake.wait(&mut state);
		}
		Some(mem::take(&mut state.waiting))
	}

	pub(crate) fn close(&self) {
		self.state.lock().closed = true;
		self.wake.notify_one();
	}
}

/// Starts the thread.
pub(crate) fn start(
	store: Arc<Mutex<Store>>,
	queue: Arc<Queue>,
	folder: &Path,
) -> Result<JoinHandle<()>, JournalError> {
	thread::Builder::new()
		.name("assay-journal".into())
		.spawn(move || run(&store, &queue))
		.map_err(JournalError::at(folder))
}

fn run(store: &Mutex<Store>, queue: &Queue) {
	// Why nothing more can be written: the end of the file is unknown.
	let mut broken: Option<String> = None;
	while let Some(waiting) = queue.next() {
		let (changes, done): (Vec<_>, Vec<_>) = waiting.into_iter().map(|one| (one.changes, one.done)).unzip();
		let written = match &broken {
			Some(_) => Ok(()),
			None => write(store, changes),
		};
		if let Err(error) = written {
			log::error!("{error}");
			broken = Some(error.to_string());
		}
		for done in done {
			// Nobody has to wait for it.
			let _ = done.send(
				broken
					.clone()
					.map_or(Ok(()), |reason| Err(JournalError::Broken(reason))),
			);
		}
		if broken.is_none() {
			if let Err(error) = clean(store) {
				log::error!("{error}");
				broken = Some(error.to_string());
			}
		}
	}
}

/// Writes commits at the end, in one piece.
fn write(store: &Mutex<Store>, commits: Vec<Vec<Change>>) -> Result<(), JournalError> {
	let mut piece = Piece::default();
	for changes in commits {
		piece.add(changes);
	}
	append(store, piece)
}

fn append(store: &Mutex<Store>, mut piece: Piece) -> Result<(), JournalError> {
	let (folder, full, (mut number, mut segment)) = {
		let store = store.lock();
		(store.folder().to_path_buf(), store.shape().segment, store.last())
	};
	if segment.length >= full {
		number += 1;
		segment = Segment::create(&folder, number)?;
	}
	let before = segment.length;
	segment.append(&piece.bytes)?;
	let entries = piece.entries_from(before);
	store.lock().appended(number, segment, &entries);
	Ok(())
}

/// Writes what is still of use in the first segment again and deletes it, while more than half of everything is not.
fn clean(store: &Mutex<Store>) -> Result<(), JournalError> {
	loop {
		// Only this thread changes the store, so that nothing of this becomes wrong meanwhile.
		let Some((number, segment)) = store.lock().to_clean() else {
			return Ok(());
		};
		let commits = segment.commits()?;
		let live = store.lock().live(number, commits);
		let mut piece = Piece::default();
		for (key, head, place) in live {
			piece.add(vec![Change::put(key, head, place.read()?)]);
			if piece.bytes.len() >= CLEANED {
				append(store, mem::take(&mut piece))?;
			}
		}
		if !piece.bytes.is_empty() {
			append(store, piece)?;
		}
		let (folder, cleaned) = {
			let mut store = store.lock();
			(store.folder().to_path_buf(), store.remove(number))
		};
		if let Some(segment) = cleaned {
			segment.delete(&folder)?;
		}
	}
}
