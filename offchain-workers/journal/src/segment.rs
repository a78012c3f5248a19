//! One file of a journal.

use crate::{
	frame::{check, placed, Check, Entry, PREFIX},
	JournalError,
};
use codec::Decode;
use std::{
	fs::{self, File},
	io::{self, ErrorKind, Write},
	path::{Path, PathBuf},
	sync::Arc,
};

const MAGIC: &[u8; 8] = b"ASSAYJ02";
const EXTENSION: &str = "journal";

/// A file of a journal.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
	pub(crate) path: Arc<PathBuf>,
	file: Arc<File>,
	/// Bytes that are written.
	pub(crate) length: u64,
}

/// A commit as it was found.
pub(crate) struct Found {
	/// Where it begins.
	pub(crate) at: u64,
	/// Its entries, and where, from there on, each body begins.
	pub(crate) entries: Vec<(Entry, u64)>,
}

impl Segment {
	/// Numbers of the segments in a folder, in their order.
	pub(crate) fn numbers(folder: &Path) -> Result<Vec<u64>, JournalError> {
		let mut numbers = vec![];
		for file in fs::read_dir(folder).map_err(JournalError::at(folder))? {
			let path = file.map_err(JournalError::at(folder))?.path();
			let stem = path.file_stem().and_then(|stem| stem.to_str());
			let is_segment = path.extension().is_some_and(|extension| extension == EXTENSION);
			numbers.extend(stem.filter(|_| is_segment).and_then(|stem| stem.parse::<u64>().ok()));
		}
		numbers.sort_unstable();
		Ok(numbers)
	}

	fn path(folder: &Path, number: u64) -> PathBuf {
		folder.join(format!("{number:08}.{EXTENSION}"))
	}

	/// Makes the file of a segment, which must not be there.
	pub(crate) fn create(folder: &Path, number: u64) -> Result<Self, JournalError> {
		let path = Self::path(folder, number);
		let made = || -> io::Result<File> {
			let mut options = File::options();
			options.read(true).append(true).create_new(true);
			#[cfg(unix)]
			std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
			let mut file = options.open(&path)?;
			file.write_all(MAGIC)?;
			file.sync_all()?;
			File::open(folder)?.sync_all()?;
			Ok(file)
		};
		let file = Arc::new(made().map_err(JournalError::at(&path))?);
		Ok(Self {
			path: Arc::new(path),
			file,
			length: MAGIC.len() as u64,
		})
	}

	/// Opens one. Of the last, what was cut off at its end is taken away.
	pub(crate) fn open(folder: &Path, number: u64, is_last: bool) -> Result<(Self, Vec<Found>), JournalError> {
		let path = Self::path(folder, number);
		let failed = |error| JournalError::at(&path)(error);
		let file = File::options().read(true).append(true).open(&path).map_err(failed)?;
		let (mut segment, found, end) = Self::scan(&path, file, is_last)?;
		if segment.length < end || end == 0 {
			log::warn!(
				"journal {}: {} bytes that a crash had cut off are taken away",
				path.display(),
				end - segment.length
			);
			segment.file.set_len(segment.length).map_err(failed)?;
			if segment.length == 0 {
				(&*segment.file).write_all(MAGIC).map_err(failed)?;
				segment.length = MAGIC.len() as u64;
			}
			segment.file.sync_all().map_err(failed)?;
		}
		Ok((segment, found))
	}

	/// Looks at one that somebody else may be writing to.
	pub(crate) fn peek(folder: &Path, number: u64, is_last: bool) -> Result<(Self, Vec<Found>), JournalError> {
		let path = Self::path(folder, number);
		let file = File::open(&path).map_err(JournalError::at(&path))?;
		let (segment, found, _) = Self::scan(&path, file, is_last)?;
		Ok((segment, found))
	}

	/// The whole commits of one, with its length as far as these go, and the length of its file. Only the last may have more.
	fn scan(path: &Path, file: File, is_last: bool) -> Result<(Self, Vec<Found>, u64), JournalError> {
		let end = file.metadata().map_err(JournalError::at(path))?.len();
		let mut segment = Self {
			path: Arc::new(path.into()),
			file: Arc::new(file),
			length: 0,
		};
		let mut begun = [0; MAGIC.len()];
		let magic = MAGIC.len() as u64;
		if end < magic && is_last {
			// A crash came before the file had anything in it.
			return Ok((segment, vec![], end));
		}
		if end < magic || segment.read_at(&mut begun, 0).is_err() || begun != *MAGIC {
			return Err(segment.corrupt(0));
		}
		segment.length = magic;
		let mut found = vec![];
		while segment.length < end {
			match segment.commit_at(segment.length, end, is_last)? {
				Some((commit, next)) => {
					found.push(commit);
					segment.length = next;
				}
				None if is_last => break,
				None => return Err(segment.corrupt(segment.length)),
			}
		}
		Ok((segment, found, end))
	}

	/// The commit at a place and where the next begins, if it is whole.
	fn commit_at(&self, at: u64, end: u64, with_bodies: bool) -> Result<Option<(Found, u64)>, JournalError> {
		let read = |at: u64, length: u64| -> Result<Option<Vec<u8>>, JournalError> {
			if at.checked_add(length).is_none_or(|next| next > end) {
				return Ok(None);
			}
			let Ok(length) = usize::try_from(length) else {
				return Ok(None);
			};
			let mut bytes = vec![0; length];
			self.read_at(&mut bytes, at).map_err(JournalError::at(&self.path))?;
			Ok(Some(bytes))
		};
		let Some(prefix) = read(at, PREFIX as u64)? else {
			return Ok(None);
		};
		let (length, own) = prefix.split_at(4);
		let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
		let Some(head) = read(at + PREFIX as u64, length.into())?.filter(|head| check(head) == own) else {
			return Ok(None);
		};
		let mut rest = &head[..];
		let Some(entries) = Vec::<Entry>::decode(&mut rest).ok().filter(|_| rest.is_empty()) else {
			return Ok(None);
		};
		let entries = placed(entries, length);
		let bodies: u64 = entries.iter().map(|(entry, _)| entry.length()).sum();
		let next = at + PREFIX as u64 + u64::from(length) + bodies;
		if next > end {
			return Ok(None);
		}
		for (entry, begin) in &entries {
			let Entry::Put { length, check: own, .. } = entry else {
				continue;
			};
			if with_bodies && read(at + begin, (*length).into())?.is_none_or(|body| check(&body) != *own) {
				return Ok(None);
			}
		}
		Ok(Some((Found { at, entries }, next)))
	}

	/// All commits.
	pub(crate) fn commits(&self) -> Result<Vec<Found>, JournalError> {
		let (mut at, mut found) = (MAGIC.len() as u64, vec![]);
		while at < self.length {
			let (commit, next) = self
				.commit_at(at, self.length, false)?
				.ok_or_else(|| self.corrupt(at))?;
			found.push(commit);
			at = next;
		}
		Ok(found)
	}

	/// Appends bytes, and returns when the disk has them.
	pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
		let written = (&*self.file).write_all(bytes).and_then(|()| self.file.sync_data());
		written.map_err(JournalError::at(&self.path))?;
		self.length += bytes.len() as u64;
		Ok(())
	}

	/// Deletes the file.
	pub(crate) fn delete(self, folder: &Path) -> Result<(), JournalError> {
		let deleted = fs::remove_file(&*self.path).and_then(|()| File::open(folder)?.sync_all());
		deleted.map_err(JournalError::at(&self.path))
	}

	fn corrupt(&self, at: u64) -> JournalError {
		JournalError::Corrupt {
			path: self.path.to_path_buf(),
			at,
		}
	}

	#[cfg(unix)]
	fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
		std::os::unix::fs::FileExt::read_exact_at(&*self.file, bytes, at)
	}

	#[cfg(not(unix))]
	fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
		use std::io::{Read, Seek, SeekFrom};
		// Elsewhere a position belongs to a handle: each reader has its own.
		let mut file = File::open(&*self.path)?;
		file.seek(SeekFrom::Start(at))?;
		file.read_exact(bytes)
	}
}

/// Where a body is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
	pub(crate) segment: Segment,
	pub(crate) at: u64,
	pub(crate) length: u32,
	pub(crate) check: Check,
}

impl Place {
	/// Reads it.
	pub(crate) fn read(&self) -> Result<Vec<u8>, JournalError> {
		let mut bytes = vec![0; self.length as usize];
		match self.segment.read_at(&mut bytes, self.at) {
			Ok(()) if check(&bytes) == self.check => Ok(bytes),
			Err(error) if error.kind() != ErrorKind::UnexpectedEof => Err(JournalError::at(&self.segment.path)(error)),
			_ => Err(self.segment.corrupt(self.at)),
		}
	}
}
