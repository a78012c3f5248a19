//! The segments, and where in them the last of each record is.

use crate::{
	frame::{self, Change, Check, Entry},
	segment::{Found, Place, Segment},
	JournalError, Known, Shape,
};
use std::{
	collections::{BTreeMap, HashMap},
	mem,
	path::{Path, PathBuf},
};

/// Bytes that a record takes beside its key, head and body.
const BESIDE: u64 = 32;

/// Where a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Location {
	segment: u64,
	/// Where its body begins, which no other record's does in this segment unless it is empty.
	at: u64,
	length: u32,
	check: Check,
	/// Bytes that it takes.
	bytes: u64,
}

/// All of a journal but its writer.
pub(crate) struct Store {
	folder: PathBuf,
	shape: Shape,
	segments: BTreeMap<u64, Segment>,
	records: HashMap<Vec<u8>, Location>,
	/// Bytes of all records.
	live: u64,
}

impl Store {
	pub(crate) fn open(folder: &Path, shape: Shape) -> Result<(Self, Vec<Known>), JournalError> {
		let (mut store, known) = Self::read(folder, shape, Segment::open)?;
		if store.segments.is_empty() {
			store.segments.insert(1, Segment::create(folder, 1)?);
		}
		Ok((store, known))
	}

	/// What is in a folder that somebody else may be writing to.
	pub(crate) fn peek(folder: &Path) -> Result<Vec<Known>, JournalError> {
		Self::read(folder, Shape::default(), Segment::peek).map(|(_, known)| known)
	}

	fn read(
		folder: &Path,
		shape: Shape,
		open: impl Fn(&Path, u64, bool) -> Result<(Segment, Vec<Found>), JournalError>,
	) -> Result<(Self, Vec<Known>), JournalError> {
		let mut store = Self {
			folder: folder.into(),
			shape,
			segments: BTreeMap::new(),
			records: HashMap::new(),
			live: 0,
		};
		let mut heads = BTreeMap::new();
		let numbers = Segment::numbers(folder)?;
		for number in &numbers {
			let (segment, commits) = open(folder, *number, Some(number) == numbers.last())?;
			store.segments.insert(*number, segment);
			for Found { at, entries } in commits {
				for (entry, begin) in entries {
					store.take(*number, at + begin, &entry);
					match entry {
						Entry::Put { key, head, .. } => heads.insert(key, head),
						Entry::Remove { key } => heads.remove(&key),
					};
				}
			}
		}
		Ok((store, heads.into_iter().collect()))
	}

	/// Takes note of an entry of a commit whose body begins there.
	fn take(&mut self, segment: u64, at: u64, entry: &Entry) {
		let before = match entry {
			Entry::Put {
				key,
				head,
				length,
				check,
			} => {
				let bytes = BESIDE + (key.len() + head.len()) as u64 + u64::from(*length);
				self.live += bytes;
				let location = Location {
					segment,
					at,
					length: *length,
					check: *check,
					bytes,
				};
				self.records.insert(key.clone(), location)
			}
			Entry::Remove { key } => self.records.remove(key),
		};
		self.live -= before.map_or(0, |before| before.bytes);
	}

	pub(crate) fn find(&self, key: &[u8]) -> Option<Place> {
		let location = self.records.get(key)?;
		Some(Place {
			segment: self.segments.get(&location.segment)?.clone(),
			at: location.at,
			length: location.length,
			check: location.check,
		})
	}

	pub(crate) fn bytes(&self) -> u64 {
		self.segments.values().map(|segment| segment.length).sum()
	}

	/// The segment that grows, of which there is always one.
	pub(crate) fn last(&self) -> (u64, Segment) {
		let (number, segment) = self.segments.last_key_value().expect("there is a segment");
		(*number, segment.clone())
	}

	/// Takes note of commits that were appended to a segment, which is now so long.
	pub(crate) fn appended(&mut self, number: u64, segment: Segment, entries: &[(Entry, u64)]) {
		self.segments.insert(number, segment);
		for (entry, at) in entries {
			self.take(number, *at, entry);
		}
	}

	pub(crate) fn shape(&self) -> Shape {
		self.shape
	}

	pub(crate) fn folder(&self) -> &Path {
		&self.folder
	}

	/// The first segment, if so much is not of use any more that what is in it should be written again.
	pub(crate) fn to_clean(&self) -> Option<(u64, Segment)> {
		let room = self.live.saturating_mul(2).saturating_add(2 * self.shape.segment);
		let (number, segment) = self.segments.first_key_value()?;
		(self.segments.len() > 1 && self.bytes() > room).then(|| (*number, segment.clone()))
	}

	/// Of entries found in a segment, which are still of use.
	pub(crate) fn live(&self, number: u64, commits: Vec<Found>) -> Vec<(Vec<u8>, Vec<u8>, Place)> {
		let entries = commits
			.into_iter()
			.flat_map(|Found { at, entries }| entries.into_iter().map(move |(entry, begin)| (entry, at + begin)));
		// Of several under one key the last is the one.
		let mut live = BTreeMap::new();
		for (entry, at) in entries {
			let Entry::Put { key, head, .. } = entry else {
				continue;
			};
			let is_there = |location: &&Location| location.segment == number && location.at == at;
			if self.records.get(&key).filter(is_there).is_some() {
				if let Some(place) = self.find(&key) {
					live.insert(key, (head, place));
				}
			}
		}
		live.into_iter()
			.map(|(key, (head, place))| (key, head, place))
			.collect()
	}

	/// A segment that was cleaned is not there any more.
	pub(crate) fn remove(&mut self, number: u64) -> Option<Segment> {
		self.segments.remove(&number)
	}
}

/// Commits as one piece, with where, from its beginning, bodies begin.
#[derive(Default)]
pub(crate) struct Piece {
	pub(crate) bytes: Vec<u8>,
	pub(crate) entries: Vec<(Entry, u64)>,
}

impl Piece {
	pub(crate) fn add(&mut self, changes: Vec<Change>) {
		let begin = self.bytes.len() as u64;
		let entries = frame::write(changes, &mut self.bytes);
		self.entries
			.extend(entries.into_iter().map(|(entry, at)| (entry, begin + at)));
	}

	/// Where bodies begin in a segment that was so long before.
	pub(crate) fn entries_from(&mut self, length: u64) -> Vec<(Entry, u64)> {
		mem::take(&mut self.entries)
			.into_iter()
			.map(|(entry, at)| (entry, length + at))
			.collect()
	}
}
