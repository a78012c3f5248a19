//! What can go wrong.

use std::{
	io,
	path::{Path, PathBuf},
};

/// Why a journal cannot be used.
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
	/// What is in a file is not what was written.
	#[error("journal {path}: what is written at byte {at} does not check")]
	Corrupt {
		/// The file.
		path: PathBuf,
		/// Where a commit, or a body, begins.
		at: u64,
	},
	/// The disk did not take an earlier commit, so that nothing more is written.
	#[error("the journal cannot be written since {0}")]
	Broken(String),
	/// The journal was closed before the commit was written.
	#[error("the journal is closed")]
	Closed,
}

impl JournalError {
	/// For what fails with a file or folder.
	pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
		move |source| Self::Io {
			path: path.into(),
			source,
		}
	}
}
