//! API keys: who may ask, and how much each may spend. They are kept as hashes, in a file that the command line writes and the
//! server reads again when it has changed.

use crate::{
	journal::{read, replace},
	ledger::KeyNumber,
	money,
};
use anyhow::{ensure, Context, Result};
use assay_sdk::Balance;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
	fs::File,
	num::NonZeroU32,
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
};

/// The file in the folder of a gateway.
pub const FILE: &str = "keys.jsonl";
/// What every key begins with, so that one that was published by mistake is found.
const PREFIX: &str = "sk-assay-";
/// Random bytes of a key: nobody guesses it, so that its hash needs no salt.
const SECRET_BYTES: usize = 32;

/// A key, without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Key {
	/// Its number.
	pub number: KeyNumber,
	/// What it is called.
	pub name: String,
	/// What it may spend in all, in smallest units.
	#[serde(with = "money")]
	pub limit: Balance,
	/// Requests that it may send in a minute, if not as many as others.
	pub requests_per_minute: Option<NonZeroU32>,
	/// Tokens that it may ask for in a minute, if not as many as others.
	pub tokens_per_minute: Option<NonZeroU32>,
	/// When it was made, in seconds since 1970.
	pub created: u64,
	/// Whether it is refused.
	pub revoked: bool,
	/// SHA-256 of the secret.
	digest: String,
}

impl Key {
	/// Whoever asks an open gateway: there is no limit but what the account has.
	pub(crate) fn open() -> Self {
		Self {
			number: KeyNumber(0),
			name: "open".into(),
			limit: Balance::MAX,
			requests_per_minute: None,
			tokens_per_minute: None,
			created: 0,
			revoked: false,
			digest: String::new(),
		}
	}
}

/// What a key is given. What is left out stays as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Terms {
	/// What it may spend in all, in smallest units. One below what it has spent stops it.
	pub limit: Option<Balance>,
	/// Requests that it may send in a minute.
	pub requests_per_minute: Option<NonZeroU32>,
	/// Tokens that it may ask for in a minute.
	pub tokens_per_minute: Option<NonZeroU32>,
}

impl Terms {
	fn apply(self, key: &mut Key) {
		key.limit = self.limit.unwrap_or(key.limit);
		key.requests_per_minute = self.requests_per_minute.or(key.requests_per_minute);
		key.tokens_per_minute = self.tokens_per_minute.or(key.tokens_per_minute);
	}
}

/// Makes a key on these terms, and returns it with its secret, which is kept nowhere. It may spend nothing unless they say so.
pub fn create(folder: &Path, name: &str, terms: Terms, now: u64) -> Result<(Key, String)> {
	let secret = format!("{PREFIX}{}", hex::encode(rand::random::<[u8; SECRET_BYTES]>()));
	let key = edit(folder, |keys| {
		let taken = keys.iter().any(|key| key.name == name && !key.revoked);
		ensure!(!taken, "there is a key called `{name}` already");
		let last = keys.iter().map(|key| key.number.0).max().unwrap_or(0);
		let mut key = Key {
			// Number 0 is whoever asks an open gateway.
			number: KeyNumber(last.checked_add(1).context("there are no more numbers")?),
			name: name.to_owned(),
			limit: 0,
			requests_per_minute: None,
			tokens_per_minute: None,
			created: now,
			revoked: false,
			digest: digest(&secret),
		};
		terms.apply(&mut key);
		keys.push(key.clone());
		Ok(key)
	})?;
	Ok((key, secret))
}

/// Has a key refused from now on. What it has spent stays known.
pub fn revoke(folder: &Path, name: &str) -> Result<Key> {
	of_name(folder, name, |key| key.revoked = true)
}

/// Gives a key other terms, from the next request on.
pub fn change(folder: &Path, name: &str, terms: Terms) -> Result<Key> {
	of_name(folder, name, |key| terms.apply(key))
}

/// Edits the key of a name that is accepted.
fn of_name(folder: &Path, name: &str, set: impl FnOnce(&mut Key)) -> Result<Key> {
	edit(folder, |keys| {
		let key = keys.iter_mut().find(|key| key.name == name && !key.revoked);
		let key = key.with_context(|| format!("there is no key called `{name}`"))?;
		set(key);
		Ok(key.clone())
	})
}

/// All keys, revoked ones too.
pub fn list(folder: &Path) -> Result<Vec<Key>> {
	read(&folder.join(FILE))
}

fn edit<T>(folder: &Path, edit: impl FnOnce(&mut Vec<Key>) -> Result<T>) -> Result<T> {
	let lock = File::create(folder.join("keys.lock")).with_context(|| folder.display().to_string())?;
	lock.lock()?;
	let mut keys = list(folder)?;
	let edited = edit(&mut keys)?;
	replace(&folder.join(FILE), &keys)?;
	Ok(edited)
}

fn digest(secret: &str) -> String {
	hex::encode(Sha256::digest(secret))
}

/// The keys as the server knows them.
#[derive(Debug)]
pub struct Keys {
	folder: PathBuf,
	known: Mutex<(Option<Stamp>, Vec<Key>)>,
}

/// What is another when the file was written anew. Its time alone does not tell: clocks of file systems tick some times in a
/// hundredth of a second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
	file: u64,
	bytes: u64,
	seconds: i64,
	nanoseconds: i64,
}

impl Keys {
	/// The keys in a folder.
	pub fn open(folder: &Path) -> Result<Self> {
		let keys = Self {
			folder: folder.into(),
			known: Mutex::default(),
		};
		keys.refresh()?;
		Ok(keys)
	}

	/// Whether there is none that is accepted.
	pub fn is_empty(&self) -> bool {
		self.known.lock().1.iter().all(|key| key.revoked)
	}

	/// The key with a secret, unless it is revoked.
	pub fn find(&self, secret: &str) -> Option<Key> {
		if let Err(error) = self.refresh() {
			// The keys of before stay in force.
			log::error!("keys: {error:#}");
		}
		let digest = digest(secret);
		let known = self.known.lock();
		known.1.iter().find(|key| !key.revoked && key.digest == digest).cloned()
	}

	fn refresh(&self) -> Result<()> {
		let mut known = self.known.lock();
		let now = self.folder.join(FILE).metadata().ok().map(|file| Stamp {
			file: file.ino(),
			bytes: file.len(),
			seconds: file.mtime(),
			nanoseconds: file.mtime_nsec(),
		});
		if known.0 != now {
			*known = (now, list(&self.folder)?);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn up_to(limit: Balance) -> Terms {
		Terms {
			limit: Some(limit),
			..Terms::default()
		}
	}

	#[test]
	fn a_key_is_accepted_until_it_is_revoked() {
		let folder = tempfile::tempdir().unwrap();
		let keys = Keys::open(folder.path()).unwrap();
		assert!(keys.is_empty());
		let (key, secret) = create(folder.path(), "alice", up_to(5), 7).unwrap();
		assert_eq!(keys.find(&secret), Some(key));
		assert_eq!(keys.find(&secret[1..]), None);
		assert!(!keys.is_empty());
		revoke(folder.path(), "alice").unwrap();
		assert_eq!(keys.find(&secret), None);
		assert!(keys.is_empty());
	}

	#[test]
	fn terms_are_others_from_the_next_request_on_and_those_not_named_stay() {
		let folder = tempfile::tempdir().unwrap();
		let (_, secret) = create(folder.path(), "alice", up_to(5), 7).unwrap();
		let keys = Keys::open(folder.path()).unwrap();
		let terms = || {
			let key = keys.find(&secret).unwrap();
			(
				key.limit,
				key.requests_per_minute.map(NonZeroU32::get),
				key.tokens_per_minute,
			)
		};
		assert_eq!(terms(), (5, None, None));
		change(folder.path(), "alice", up_to(50)).unwrap();
		let slower = Terms {
			requests_per_minute: NonZeroU32::new(3),
			..Terms::default()
		};
		change(folder.path(), "alice", slower).unwrap();
		assert_eq!(terms(), (50, Some(3), None));
		revoke(folder.path(), "alice").unwrap();
		assert!(change(folder.path(), "alice", up_to(500)).is_err());
	}

	#[test]
	fn the_file_does_not_hold_the_secret() {
		let folder = tempfile::tempdir().unwrap();
		let (_, secret) = create(folder.path(), "alice", up_to(5), 7).unwrap();
		let file = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
		assert!(
			!file.contains(&secret[PREFIX.len()..]) && file.contains("\"limit\":\"5\""),
			"{file}"
		);
	}

	#[test]
	fn numbers_and_names_are_not_given_twice() {
		let folder = tempfile::tempdir().unwrap();
		let (first, _) = create(folder.path(), "alice", up_to(5), 7).unwrap();
		assert!(create(folder.path(), "alice", up_to(5), 7).is_err());
		revoke(folder.path(), "alice").unwrap();
		let (second, _) = create(folder.path(), "alice", up_to(5), 7).unwrap();
		assert_eq!((first.number, second.number), (KeyNumber(1), KeyNumber(2)));
		assert!(revoke(folder.path(), "bob").is_err());
	}
}
