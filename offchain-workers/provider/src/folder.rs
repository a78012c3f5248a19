//! The folder of artifacts: which files it holds, and what is known of each.
//!
//! What is known holds for one state of a file. Whenever something is wanted the folder is listed anew, and a file whose
//! fingerprint differs is looked at as if it had never been seen: what once failed does not stay refused after it was
//! replaced, and what once was good is not trusted after it was changed.

use assay_artifact::Artifact;
use assay_trace::merkle::Hash32;
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fs::Metadata,
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
};

const LOG: &str = "assay::provider";
/// Suffix of artifact files.
const EXTENSION: &str = "assay";

/// Why an artifact is not at hand.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Absence {
	/// No file states its root.
	#[error("no file in {folder} has the root {root}{others}")]
	NotInFolder {
		/// The folder.
		folder: PathBuf,
		/// What was looked for.
		root: Hash32,
		/// Why the folder, or files in it, cannot be read; empty if all can.
		others: String,
	},
	/// The file that states its root cannot be used.
	#[error("{path}: {reason}")]
	Refused {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
}

/// What tells one state of a file from another. The time of the last change of its inode is the one that nobody can set, and
/// tells a file apart that was overwritten with its old length and its old modification time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fingerprint {
	device: u64,
	inode: u64,
	length: u64,
	modified: (i64, i64),
	changed: (i64, i64),
}

impl Fingerprint {
	fn of(data: &Metadata) -> Self {
		Self {
			device: data.dev(),
			inode: data.ino(),
			length: data.len(),
			modified: (data.mtime(), data.mtime_nsec()),
			changed: (data.ctime(), data.ctime_nsec()),
		}
	}
}

/// How much is known of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
	/// It states a root; its bytes were not read yet.
	Unread,
	/// Its bytes have the root that it states.
	Verified,
	/// It cannot be used.
	Refused,
}

/// A file as others are told of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ArtifactFile {
	/// Its name in the folder.
	pub file: String,
	/// The root that it states, if it can be opened.
	pub root: Option<Hash32>,
	/// How much is known of it.
	pub state: FileState,
}

#[derive(Clone, Debug)]
struct Known {
	print: Fingerprint,
	root: Option<Hash32>,
	verdict: Verdict,
}

#[derive(Clone, Debug)]
enum Verdict {
	Unread,
	Verified,
	Refused(String),
}

/// A file that states the root that was looked for.
#[derive(Clone, Debug)]
pub(crate) struct Found {
	/// Where it is.
	pub(crate) path: PathBuf,
	/// Its state when it was found.
	pub(crate) print: Fingerprint,
	/// Whether its bytes are known to have the root.
	pub(crate) verified: bool,
}

/// The folder, as it was when something was wanted last.
#[derive(Debug)]
pub(crate) struct Folder {
	path: PathBuf,
	/// Why it could not be listed.
	unlisted: Option<String>,
	files: BTreeMap<PathBuf, Known>,
}

impl Folder {
	/// The folder at `path`, which may be absent.
	pub(crate) fn new(path: PathBuf) -> Self {
		Self {
			path,
			unlisted: None,
			files: BTreeMap::new(),
		}
	}

	/// A file that states `root` and is not known to be bad.
	pub(crate) fn find(&mut self, root: &Hash32) -> Result<Found, Absence> {
		self.scan();
		let mut refused = None;
		for (path, known) in self.files.iter().filter(|(_, known)| known.root == Some(*root)) {
			match &known.verdict {
				Verdict::Refused(reason) => {
					refused.get_or_insert(Absence::Refused {
						path: path.clone(),
						reason: reason.clone(),
					});
				}
				verdict => {
					return Ok(Found {
						path: path.clone(),
						print: known.print.clone(),
						verified: matches!(verdict, Verdict::Verified),
					})
				}
			}
		}
		Err(refused.unwrap_or_else(|| self.nowhere(root)))
	}

	/// Notes what became known of a file that was found; returns why it cannot be used. A file that has changed meanwhile is
	/// looked at again all the same, for what is noted belongs to the state that was found.
	pub(crate) fn note(&mut self, found: &Found, checked: Result<(), String>) -> Result<(), Absence> {
		if let Some(known) = self.files.get_mut(&found.path) {
			if known.print == found.print {
				known.verdict = match &checked {
					Ok(()) => Verdict::Verified,
					Err(reason) => Verdict::Refused(reason.clone()),
				};
			}
		}
		checked.map_err(|reason| Absence::Refused {
			path: found.path.clone(),
			reason,
		})
	}

	/// All files.
	pub(crate) fn list(&mut self) -> Vec<ArtifactFile> {
		self.scan();
		let files = self.files.iter().map(|(path, known)| ArtifactFile {
			file: path
				.file_name()
				.map(|name| name.to_string_lossy().into_owned())
				.unwrap_or_default(),
			root: known.root,
			state: match known.verdict {
				Verdict::Unread => FileState::Unread,
				Verdict::Verified => FileState::Verified,
				Verdict::Refused(_) => FileState::Refused,
			},
		});
		files.collect()
	}

	fn nowhere(&self, root: &Hash32) -> Absence {
		let unopened = self.files.values().filter(|known| known.root.is_none());
		let reasons = unopened.filter_map(|known| match &known.verdict {
			Verdict::Refused(reason) => Some(reason.as_str()),
			_ => None,
		});
		let others: String = self
			.unlisted
			.as_deref()
			.into_iter()
			.chain(reasons)
			.map(|reason| format!("; {reason}"))
			.collect();
		Absence::NotInFolder {
			folder: self.path.clone(),
			root: *root,
			others,
		}
	}

	fn scan(&mut self) {
		let listed = match std::fs::read_dir(&self.path) {
			Ok(listed) => listed,
			Err(error) => {
				self.unlisted = Some(format!("it cannot be listed: {error}"));
				self.files.clear();
				return;
			}
		};
		self.unlisted = None;
		let mut present = BTreeMap::new();
		for path in listed.filter_map(|file| Some(file.ok()?.path())) {
			if path.extension().is_none_or(|extension| extension != EXTENSION) {
				continue;
			}
			// Taken before the file is opened: a change in between makes it differ the next time.
			let Ok(data) = path.metadata() else { continue };
			let print = Fingerprint::of(&data);
			let known = match self.files.remove(&path) {
				Some(known) if known.print == print => known,
				_ => look(&path, print),
			};
			present.insert(path, known);
		}
		for (path, _) in core::mem::replace(&mut self.files, present) {
			log::info!(target: LOG, "{} is gone", path.display());
		}
	}
}

/// Opens a file that is new, or has changed.
fn look(path: &Path, print: Fingerprint) -> Known {
	let (root, verdict) = match Artifact::open(path) {
		Ok(artifact) => {
			log::info!(target: LOG, "artifact {} in {}", artifact.root(), path.display());
			(Some(artifact.root()), Verdict::Unread)
		}
		Err(error) => {
			let error = error.to_string();
			let name = path.display().to_string();
			let reason = if error.contains(&name) {
				error
			} else {
				format!("{name}: {error}")
			};
			log::warn!(target: LOG, "{reason}");
			(None, Verdict::Refused(reason))
		}
	};
	Known { print, root, verdict }
}
