//! Commits as bytes.

use codec::{Decode, Encode};
use sha2::{Digest, Sha256};

/// Half of a SHA-256: against mishaps, not against anybody.
pub(crate) type Check = [u8; 16];

/// Bytes before the head of a commit: its length and its check.
pub(crate) const PREFIX: usize = 4 + 16;

/// One change of a commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
	/// There is a record with this key, in place of any that there was.
	Put {
		/// The key.
		key: Vec<u8>,
		/// What is there when the journal is opened.
		head: Vec<u8>,
		/// What is read when it is asked for.
		body: Vec<u8>,
	},
	/// There is none.
	Remove {
		/// The key.
		key: Vec<u8>,
	},
}

impl Change {
	/// Puts a record.
	pub fn put(key: impl Into<Vec<u8>>, head: impl Into<Vec<u8>>, body: impl Into<Vec<u8>>) -> Self {
		Self::Put {
			key: key.into(),
			head: head.into(),
			body: body.into(),
		}
	}

	/// Removes one.
	pub fn remove(key: impl Into<Vec<u8>>) -> Self {
		Self::Remove { key: key.into() }
	}
}

/// A change as the head of a commit has it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub(crate) enum Entry {
	#[codec(index = 0)]
	Put {
		key: Vec<u8>,
		head: Vec<u8>,
		length: u32,
		check: Check,
	},
	#[codec(index = 1)]
	Remove { key: Vec<u8> },
}

impl Entry {
	/// Bytes of its body.
	pub(crate) fn length(&self) -> u64 {
		match self {
			Self::Put { length, .. } => u64::from(*length),
			Self::Remove { .. } => 0,
		}
	}
}

/// Appends a commit to `bytes`; says where, from the beginning of the commit, each body begins.
///
/// # Panics
///
/// If a body or all heads have four gibibytes: nobody here has so much to say.
pub(crate) fn write(changes: Vec<Change>, bytes: &mut Vec<u8>) -> Vec<(Entry, u64)> {
	let mut bodies = Vec::new();
	let entries: Vec<_> = changes
		.into_iter()
		.map(|change| match change {
			Change::Put { key, head, body } => {
				let entry = Entry::Put {
					key,
					head,
					length: u32::try_from(body.len()).expect("a body is shorter than 4 GiB"),
					check: check(&body),
				};
				bodies.push(body);
				entry
			}
			Change::Remove { key } => Entry::Remove { key },
		})
		.collect();
	let head = entries.encode();
	let length = u32::try_from(head.len()).expect("heads are shorter than 4 GiB");
	bytes.extend(length.to_le_bytes());
	bytes.extend(check(&head));
	bytes.extend(head);
	bodies.iter().for_each(|body| bytes.extend(body));
	placed(entries, length)
}

/// Entries of a head of so many bytes with where their bodies begin.
pub(crate) fn placed(entries: Vec<Entry>, head: u32) -> Vec<(Entry, u64)> {
	let mut at = PREFIX as u64 + u64::from(head);
	let place = |entry: Entry| {
		let begin = at;
		at += entry.length();
		(entry, begin)
	};
	entries.into_iter().map(place).collect()
}

/// What bytes are checked with.
pub(crate) fn check(bytes: &[u8]) -> Check {
	let mut check = Check::default();
	check.copy_from_slice(&Sha256::digest(bytes)[..16]);
	check
}
