//! A file of lines that survives a crash: each is on the disk before [`Journal::append`] returns, and one that was cut off is
//! taken away when the file is opened. One program at a time writes to it; anybody may read it meanwhile.

use anyhow::{ensure, Context, Result};
use serde::{de::DeserializeOwned, Serialize};
use std::{
	fs::{self, File, OpenOptions, TryLockError},
	io::{self, Write},
	path::{Path, PathBuf},
};

/// The file, open for writing.
#[derive(Debug)]
pub(crate) struct Journal {
	path: PathBuf,
	file: File,
	/// Held as long as this program may write.
	_lock: File,
	/// Lines since it was written anew.
	lines: usize,
	/// Why nothing more can be written: the end of the file is unknown.
	broken: Option<String>,
}

impl Journal {
	/// Opens the journal at `path`, makes it if there is none, and replaces its lines by those that `compact` makes of them.
	pub(crate) fn open<L: Serialize + DeserializeOwned>(
		path: &Path,
		compact: impl FnOnce(Vec<L>) -> Result<Vec<L>>,
	) -> Result<Self> {
		let lock = File::create(path.with_extension("lock")).with_context(|| path.display().to_string())?;
		match lock.try_lock() {
			Ok(()) => {}
			Err(TryLockError::WouldBlock) => anyhow::bail!("{} is in use by another gateway", path.display()),
			Err(TryLockError::Error(error)) => return Err(error).context(format!("the lock of {}", path.display())),
		}
		let lines = compact(read(path)?)?;
		let file = replace(path, &lines)?;
		Ok(Self {
			path: path.into(),
			file,
			_lock: lock,
			lines: 0,
			broken: None,
		})
	}

	/// Writes lines, all or none of them, and returns when the disk has them.
	pub(crate) fn append<L: Serialize>(&mut self, lines: &[L]) -> Result<()> {
		if let Some(reason) = &self.broken {
			anyhow::bail!("{} cannot be written since {reason}", self.path.display());
		}
		let text = text(lines)?;
		let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
		if let Err(error) = written {
			self.broken = Some(error.to_string());
			return Err(error).with_context(|| self.path.display().to_string());
		}
		self.lines += lines.len();
		Ok(())
	}

	/// How many lines were written since it was written anew.
	pub(crate) fn lines(&self) -> usize {
		self.lines
	}

	/// Writes it anew with these lines, which must tell the same.
	pub(crate) fn rewrite<L: Serialize>(&mut self, lines: &[L]) -> Result<()> {
		self.file = replace(&self.path, lines)?;
		self.lines = 0;
		Ok(())
	}
}

/// The whole lines of a journal; none if there is no file. What a crash has cut off at its end is passed over.
pub(crate) fn read<L: DeserializeOwned>(path: &Path) -> Result<Vec<L>> {
	let text = match fs::read_to_string(path) {
		Ok(text) => text,
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
		Err(error) => return Err(error).with_context(|| path.display().to_string()),
	};
	let whole = text.rfind('\n').map_or("", |end| &text[..end]);
	whole
		.lines()
		.enumerate()
		.map(|(index, line)| {
			serde_json::from_str(line).with_context(|| format!("{} line {}", path.display(), index + 1))
		})
		.collect()
}

/// Puts a file of these lines, which only its owner reads, in the place of another at once; returns it open at its end.
pub(crate) fn replace<L: Serialize>(path: &Path, lines: &[L]) -> Result<File> {
	let written = || -> io::Result<File> { write_whole(path, &text(lines).map_err(io::Error::other)?) };
	written().with_context(|| path.display().to_string())
}

/// The same with these bytes.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<File> {
	let new = path.with_extension("new");
	let mut options = OpenOptions::new();
	options.write(true).create(true).truncate(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	let mut file = options.open(&new)?;
	file.write_all(bytes)?;
	file.sync_all()?;
	fs::rename(&new, path)?;
	// The name is on the disk when the folder is.
	let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
	File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
	Ok(file)
}

fn text<L: Serialize>(lines: &[L]) -> Result<Vec<u8>> {
	let mut text = vec![];
	for line in lines {
		let line = serde_json::to_vec(line)?;
		ensure!(!line.contains(&b'\n'), "a line with an end inside");
		text.extend(line);
		text.push(b'\n');
	}
	Ok(text)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn open(path: &Path) -> Result<Journal> {
		Journal::open(path, Ok::<Vec<u32>, _>)
	}

	#[test]
	fn lines_are_there_after_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("test.journal");
		open(&path).unwrap().append(&[1, 2]).unwrap();
		open(&path).unwrap().append(&[3]).unwrap();
		assert_eq!(read::<u32>(&path).unwrap(), [1, 2, 3]);
	}

	#[test]
	fn a_line_that_was_cut_off_is_taken_away() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("test.journal");
		fs::write(&path, "1\n23").unwrap();
		open(&path).unwrap().append(&[4]).unwrap();
		assert_eq!(read::<u32>(&path).unwrap(), [1, 4]);
	}

	#[test]
	fn a_line_that_makes_no_sense_is_an_error_with_its_place() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("test.journal");
		fs::write(&path, "1\nx\n").unwrap();
		let error = format!("{:#}", open(&path).unwrap_err());
		assert!(error.contains("test.journal line 2"), "{error}");
	}

	#[test]
	fn two_gateways_do_not_share_one() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("test.journal");
		let first = open(&path).unwrap();
		let error = open(&path).unwrap_err().to_string();
		assert!(error.contains("in use by another gateway"), "{error}");
		drop(first);
		open(&path).unwrap();
	}
}
