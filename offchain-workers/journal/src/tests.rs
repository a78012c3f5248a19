use crate::{Change, Journal, JournalError, Known, Shape};
use proptest::prelude::*;
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
};

/// Segments so small that a few records fill one.
const SMALL: Shape = Shape { segment: 300 };

fn open(folder: &Path) -> (Journal, Vec<Known>) {
	Journal::open_shaped(folder, SMALL).unwrap()
}

fn put(key: u8, body: &[u8]) -> Change {
	Change::put([key], format!("head {key}"), body)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
	let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
	let mut segments: Vec<_> = files
		.filter(|path| path.extension().is_some_and(|extension| extension == "journal"))
		.collect();
	segments.sort();
	segments
}

/// Everything in a journal.
fn contents(journal: &Journal, known: Vec<Known>) -> BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)> {
	let body = |key: &[u8]| journal.body(key).unwrap().unwrap();
	known
		.into_iter()
		.map(|(key, head)| (key.clone(), (head, body(&key))))
		.collect()
}

#[test]
fn records_are_there_after_a_restart() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, known) = open(folder.path());
	assert_eq!(known, []);
	let first = journal.commit(vec![put(1, b"one"), put(2, b"two")]);
	let second = journal.commit(vec![put(1, b"another"), Change::remove([2]), put(3, b"")]);
	second.wait().unwrap();
	first.wait().unwrap();
	drop(journal);
	let (journal, known) = open(folder.path());
	let expected = [(1, "another"), (3, "")].map(|(key, body)| {
		let head = format!("head {key}").into_bytes();
		(vec![key], (head, body.as_bytes().to_vec()))
	});
	assert_eq!(contents(&journal, known), BTreeMap::from(expected));
	assert_eq!(journal.body(&[2]).unwrap(), None);
}

#[test]
fn a_commit_nobody_waits_for_is_made() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, _) = open(folder.path());
	drop(journal.commit(vec![put(1, b"one")]));
	drop(journal);
	assert_eq!(open(folder.path()).1.len(), 1);
}

#[test]
fn two_processes_cannot_share_a_journal() {
	let folder = tempfile::tempdir().unwrap();
	let first = open(folder.path());
	first.0.commit(vec![put(1, b"one")]).wait().unwrap();
	assert_eq!(Journal::peek(folder.path()).unwrap(), [(vec![1], b"head 1".to_vec())]);
	assert!(matches!(Journal::open(folder.path()), Err(JournalError::InUse(_))));
	drop(first);
	open(folder.path());
}

/// Three commits in one segment, with what the journal holds after each of them.
fn three_commits(folder: &Path) -> Vec<BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>> {
	let mut after = vec![BTreeMap::new()];
	for commit in [
		vec![put(1, b"one"), put(2, b"two")],
		vec![put(1, b"another"), Change::remove([2])],
		vec![put(3, b"three")],
	] {
		let (journal, _) = open(folder);
		journal.commit(commit).wait().unwrap();
		drop(journal);
		let (journal, known) = open(folder);
		after.push(contents(&journal, known));
	}
	assert_eq!(segments(folder).len(), 1);
	after
}

#[test]
fn a_crash_at_any_byte_leaves_whole_commits_and_all_that_were_durable() {
	let folder = tempfile::tempdir().unwrap();
	let after = three_commits(folder.path());
	let path = segments(folder.path()).remove(0);
	let whole = fs::read(&path).unwrap();
	let mut seen = 0;
	for length in 0..=whole.len() {
		fs::write(&path, &whole[..length]).unwrap();
		let (journal, known) = open(folder.path());
		let found = contents(&journal, known);
		let commits = after.iter().position(|state| *state == found);
		let commits = commits.unwrap_or_else(|| panic!("after {length} bytes: {found:?}"));
		assert!(commits >= seen, "{length} bytes");
		seen = commits;
		// And it goes on from there.
		journal.commit(vec![put(9, b"nine")]).wait().unwrap();
		drop(journal);
		assert_eq!(open(folder.path()).1.len(), found.len() + 1);
	}
	assert_eq!(seen, 3);
}

#[test]
fn what_a_crash_has_mixed_up_at_the_end_is_taken_away() {
	let folder = tempfile::tempdir().unwrap();
	let after = three_commits(folder.path());
	let path = segments(folder.path()).remove(0);
	let whole = fs::read(&path).unwrap();
	for at in 8..whole.len() {
		let mut damaged = whole.clone();
		damaged[at] ^= 1;
		fs::write(&path, &damaged).unwrap();
		let (journal, known) = open(folder.path());
		let found = contents(&journal, known);
		assert!(after[..3].contains(&found), "byte {at}: {found:?}");
	}
}

#[test]
fn damage_elsewhere_is_an_error_with_its_place() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, _) = open(folder.path());
	for key in 0..20 {
		journal.commit(vec![put(key, &[key; 40])]).wait().unwrap();
	}
	drop(journal);
	let first = segments(folder.path()).remove(0);
	let whole = fs::read(&first).unwrap();
	let damage = |at: usize| {
		let mut damaged = whole.clone();
		damaged[at] ^= 1;
		fs::write(&first, &damaged).unwrap();
		Journal::open_shaped(folder.path(), SMALL).map(|(journal, _)| journal)
	};
	for at in [0, 8, 12, 30] {
		let error = damage(at).err().expect("it is found").to_string();
		let place = if at == 0 { 0 } else { 8 };
		assert!(
			error.ends_with(&format!("journal: what is written at byte {place} does not check")),
			"{error}"
		);
	}
	// Bodies are looked at when they are read.
	let body = whole.windows(40).position(|bytes| bytes == [0; 40]).unwrap();
	let journal = damage(body + 7).unwrap();
	let error = journal.body(&[0]).unwrap_err().to_string();
	assert!(
		error.ends_with(&format!("what is written at byte {body} does not check")),
		"{error}"
	);
	assert_eq!(journal.body(&[1]).unwrap(), Some(vec![1; 40]));
}

#[test]
fn the_disk_holds_little_more_than_is_of_use() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, _) = open(folder.path());
	journal.commit(vec![put(255, b"stays")]).wait().unwrap();
	for round in 0..300u32 {
		let key = (round % 5) as u8;
		journal.commit(vec![put(key, &[7; 50])]).wait().unwrap();
	}
	drop(journal);
	let (journal, known) = open(folder.path());
	assert_eq!(known.len(), 6);
	let size: u64 = segments(folder.path())
		.iter()
		.map(|path| fs::metadata(path).unwrap().len())
		.sum();
	assert_eq!(journal.bytes(), size);
	// Six records of about a hundred bytes, twice, and two segments.
	assert!(size < 2_500, "{size}");
	assert_eq!(journal.body(&[255]).unwrap(), Some(b"stays".to_vec()));
}

#[test]
fn a_crash_before_a_segment_that_was_cleaned_is_deleted_changes_nothing() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, _) = open(folder.path());
	journal
		.commit(vec![put(1, b"old"), put(2, b"gone"), put(3, b"stays")])
		.wait()
		.unwrap();
	journal
		.commit(vec![put(1, b"new"), Change::remove([2])])
		.wait()
		.unwrap();
	let first = segments(folder.path()).remove(0);
	let mut before = fs::read(&first).unwrap();
	while first.exists() {
		before = fs::read(&first).unwrap_or(before);
		journal.commit(vec![put(4, &[4; 60])]).wait().unwrap();
	}
	drop(journal);
	let (journal, known) = open(folder.path());
	let expected = contents(&journal, known);
	assert_eq!(expected.len(), 3);
	drop(journal);
	fs::write(&first, before).unwrap();
	let (journal, known) = open(folder.path());
	assert_eq!(contents(&journal, known), expected);
}

#[test]
fn bodies_can_be_read_while_others_write() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, _) = open(folder.path());
	journal.commit(vec![put(255, &[9; 100])]).wait().unwrap();
	std::thread::scope(|scope| {
		for thread in 0..4u8 {
			let (journal, folder) = (&journal, folder.path());
			scope.spawn(move || {
				for round in 0..50 {
					assert!(!Journal::peek(folder).unwrap().is_empty());
					let (key, body) = ([thread, round % 7], [round; 64]);
					journal.commit(vec![Change::put(key, [], body)]).wait().unwrap();
					assert_eq!(journal.body(&key).unwrap(), Some(body.to_vec()));
					assert_eq!(journal.body(&[255]).unwrap(), Some(vec![9; 100]));
				}
			});
		}
	});
}

#[test]
fn what_the_disk_does_not_take_ends_the_journal() {
	let folder = tempfile::tempdir().unwrap();
	let (journal, _) = Journal::open_shaped(folder.path(), Shape { segment: 0 }).unwrap();
	journal.commit(vec![put(1, b"one")]).wait().unwrap();
	// The name of the next segment is taken: it cannot be made.
	let next = segments(folder.path()).len() as u64 + 1;
	fs::create_dir(folder.path().join(format!("{next:08}.journal"))).unwrap();
	assert!(journal.commit(vec![put(2, b"two")]).wait().is_err());
	let error = journal.commit(vec![put(3, b"three")]).wait().unwrap_err().to_string();
	assert!(error.starts_with("the journal cannot be written since "), "{error}");
	assert_eq!(journal.body(&[1]).unwrap(), Some(b"one".to_vec()));
}

#[derive(Clone, Debug)]
enum Act {
	Commit(Vec<(u8, Option<u8>)>),
	Restart,
}

fn an_act() -> impl Strategy<Value = Act> {
	let change = (0u8..12, prop::option::weighted(0.7, 0u8..120));
	prop_oneof![
		9 => prop::collection::vec(change, 1..6).prop_map(Act::Commit),
		1 => Just(Act::Restart),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// Against a map in memory: with segments of a few records, so that they are cleaned all the time.
	#[test]
	fn it_holds_what_was_put_and_not_removed(acts in prop::collection::vec(an_act(), 1..80)) {
		let folder = tempfile::tempdir().unwrap();
		let mut expected = BTreeMap::new();
		let (mut journal, _) = open(folder.path());
		for act in acts {
			match act {
				Act::Commit(changes) => {
					let commit = changes.into_iter().map(|(key, body)| match body {
						Some(length) => {
							let (head, body) = (vec![key, length], vec![length; length.into()]);
							expected.insert(vec![key], (head.clone(), body.clone()));
							Change::put([key], head, body)
						}
						None => {
							expected.remove([key].as_slice());
							Change::remove([key])
						}
					});
					journal.commit(commit.collect()).wait().unwrap();
				}
				Act::Restart => {
					drop(journal);
					let known;
					(journal, known) = open(folder.path());
					prop_assert_eq!(contents(&journal, known), expected.clone());
				}
			}
			for (key, (_, body)) in &expected {
				let found = journal.body(key).unwrap();
				prop_assert_eq!(found.as_ref(), Some(body));
			}
		}
		drop(journal);
		let (journal, known) = open(folder.path());
		prop_assert_eq!(contents(&journal, known), expected);
	}
}
