//! WordNet's database files as training text: one document per word sense, in plain words.
//!
//! A line of `data.{noun,verb,adj,adv}` is one set of synonyms; its fields are described in
//! wndb(5WN):
//!
//! ```text
//! 02082690 05 n 03 aardvark 0 ant_bear 0 anteater 2 003 @ ... | nocturnal burrowing mammal ...
//! offset   file  |  word, id                           pointers | gloss
//!                type and number of words (hexadecimal)
//! ```
//!
//! A small model that has seen little learns to write plain English sooner than the whole of
//! English, so of a gloss only the parts in common words are kept, and names are left out.

use std::{
	cmp::Reverse,
	collections::{HashMap, HashSet},
	fs,
	path::Path,
};

use anyhow::{bail, Context, Result};

/// One synonym set in `HELD_OUT_EVERY` is never trained on.
pub const HELD_OUT_EVERY: usize = 50;

/// A word is common when it is among this many most frequent ones of all glosses.
pub const COMMON_WORDS: usize = 4000;

/// The database files read, in this order.
const FILES: [&str; 4] = ["data.noun", "data.verb", "data.adj", "data.adv"];

/// The documents of WordNet, split by synonym set so that no gloss is on both sides.
#[derive(Debug, Default)]
pub struct Corpus {
	/// One document per word sense.
	pub training: Vec<String>,
	/// One document per synonym set, under its first word.
	pub held_out: Vec<String>,
	/// The licence that heads every database file.
	pub licence: String,
}

impl Corpus {
	/// Reads the database files of `folder`.
	pub fn read(folder: &Path) -> Result<Self> {
		let mut texts = Vec::new();
		for name in FILES {
			let path = folder.join(name);
			let text = fs::read_to_string(&path)
				.with_context(|| format!("reading {} (Debian package wordnet-base)", path.display()))?;
			texts.push((path, text));
		}
		let mut entries = Vec::new();
		for (path, text) in &texts {
			for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with("  ")) {
				let entry = Entry::parse(line).with_context(|| format!("{} line {}", path.display(), number + 1))?;
				entries.push(entry);
			}
		}
		let licence = texts.first().map(|(_, text)| licence(text)).unwrap_or_default();
		Ok(Self {
			licence,
			..Self::split(&entries, COMMON_WORDS)
		})
	}

	fn split(entries: &[Entry<'_>], common_words: usize) -> Self {
		let common = most_frequent(entries.iter().map(|entry| entry.gloss), common_words);
		let mut corpus = Self::default();
		let in_plain_words = entries.iter().filter_map(|entry| {
			let documents = entry.documents(&plain_gloss(entry.gloss, &common)?);
			(!documents.is_empty()).then_some(documents)
		});
		for (number, documents) in in_plain_words.enumerate() {
			if (number + 1).is_multiple_of(HELD_OUT_EVERY) {
				corpus.held_out.extend(documents.into_iter().take(1));
			} else {
				corpus.training.extend(documents);
			}
		}
		corpus
	}
}

/// The words of a text in lower case.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
	text.split(|c: char| !c.is_alphanumeric())
		.filter(|word| !word.is_empty())
		.map(str::to_lowercase)
}

/// The `count` most frequent words; among equally frequent ones the first of the alphabet.
fn most_frequent<'a>(texts: impl Iterator<Item = &'a str>, count: usize) -> HashSet<String> {
	let mut frequency: HashMap<String, usize> = HashMap::new();
	texts
		.flat_map(words)
		.for_each(|word| *frequency.entry(word).or_default() += 1);
	let mut ranked: Vec<(String, usize)> = frequency.into_iter().collect();
	ranked.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
	ranked.into_iter().take(count).map(|(word, _)| word).collect()
}

/// The parts of a gloss (definition, remarks, examples) that hold only common words, or nothing
/// when the definition itself does not. A semicolon inside brackets or quotes parts nothing whole.
fn plain_gloss(gloss: &str, common: &HashSet<String>) -> Option<String> {
	let plain = |part: &&str| {
		let whole =
			part.matches('(').count() == part.matches(')').count() && part.matches('"').count().is_multiple_of(2);
		whole && words(part).all(|word| common.contains(&word))
	};
	let parts: Vec<&str> = gloss.split("; ").collect();
	let kept: Vec<&str> = parts.iter().copied().filter(plain).collect();
	(kept.first() == parts.first()).then(|| kept.join("; "))
}

/// One synonym set.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
	part_of_speech: &'static str,
	words: Vec<String>,
	gloss: &'a str,
}

impl<'a> Entry<'a> {
	fn parse(line: &'a str) -> Result<Self> {
		let (data, gloss) = line.split_once(" | ").context("no gloss")?;
		let fields: Vec<&str> = data.split(' ').collect();
		let [_offset, _file, kind, count, rest @ ..] = fields.as_slice() else {
			bail!("{} fields, at least 4 expected", fields.len());
		};
		let part_of_speech = match *kind {
			"n" => "noun",
			"v" => "verb",
			"a" | "s" => "adjective",
			"r" => "adverb",
			other => bail!("unknown type of synonym set `{other}`"),
		};
		let count = usize::from_str_radix(count, 16)
			.with_context(|| format!("number of words `{count}` is not hexadecimal"))?;
		let words: Vec<String> = rest.iter().step_by(2).take(count).map(|word| headword(word)).collect();
		if words.is_empty() || words.len() < count {
			bail!("{} words, {count} expected", words.len());
		}
		Ok(Self {
			part_of_speech,
			words,
			gloss: gloss.trim(),
		})
	}

	/// One document per word that is not a name.
	fn documents(&self, gloss: &str) -> Vec<String> {
		let words = self.words.iter().filter(|word| !word.contains(char::is_uppercase));
		words
			.map(|word| format!("{word} ({}): {gloss}", self.part_of_speech))
			.collect()
	}
}

/// The word as a reader writes it: `ant_bear` becomes `ant bear`, and the marker of an
/// adjective's position (`alone(p)`) goes.
fn headword(field: &str) -> String {
	let word = field.split_once('(').map_or(field, |(word, _marker)| word);
	word.replace('_', " ")
}

/// The numbered header lines without their numbers.
fn licence(text: &str) -> String {
	let lines = text.lines().take_while(|line| line.starts_with("  ")).map(|line| {
		line.trim_start()
			.trim_start_matches(|c: char| c.is_ascii_digit())
			.trim()
	});
	lines.collect::<Vec<_>>().join("\n").trim().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
	use super::*;

	const LINE: &str =
		"02082690 05 n 03 aardvark 0 ant_bear 0 Orycteropus_afer 2 001 @ 02075296 n 0000 | burrowing mammal  ";

	fn documents(line: &str) -> Vec<String> {
		let entry = Entry::parse(line).unwrap();
		entry.documents(entry.gloss)
	}

	#[test]
	fn a_line_becomes_one_document_per_word_that_is_no_name() {
		assert_eq!(
			documents(LINE),
			["aardvark (noun): burrowing mammal", "ant bear (noun): burrowing mammal"]
		);
	}

	#[test]
	fn an_adjective_loses_its_position_marker() {
		let line = "00014490 00 s 01 alone(p) 0 000 | isolated from others";
		assert_eq!(documents(line), ["alone (adjective): isolated from others"]);
	}

	#[test]
	fn a_damaged_line_says_what_is_wrong() {
		let error = |line| format!("{:#}", Entry::parse(line).unwrap_err());
		assert_eq!(error("00014490 00 s 01 alone 0 000"), "no gloss");
		assert_eq!(error("1 00 x 01 alone 0 | g"), "unknown type of synonym set `x`");
		assert_eq!(error("1 00 n 03 alone 0 | g"), "1 words, 3 expected");
	}

	#[test]
	fn the_most_frequent_words_are_common() {
		let common = most_frequent(["The sea; the Land", "the land, a lake"].into_iter(), 3);
		assert_eq!(common, HashSet::from(["the", "land", "a"].map(str::to_owned)));
	}

	#[test]
	fn a_gloss_keeps_its_parts_in_common_words() {
		let common = HashSet::from(["a", "big", "lake"].map(str::to_owned));
		let plain = |gloss| plain_gloss(gloss, &common);
		assert_eq!(
			plain("a lake; \"a loch\"; \"a big lake\"").unwrap(),
			"a lake; \"a big lake\""
		);
		assert_eq!(plain("a lake (big; lake)"), None);
		assert_eq!(plain("a loch; \"a lake\""), None);
	}

	#[test]
	fn synonym_sets_are_split_and_the_licence_kept() {
		let folder = tempfile::tempdir().unwrap();
		let nouns: String = (0..120)
			.map(|i| format!("1 00 n 02 a{i} 0 b{i} 0 000 | gloss {i}  \n"))
			.collect();
		fs::write(
			folder.path().join("data.noun"),
			format!("  1 Licence of  \n  2 the text.  \n{nouns}"),
		)
		.unwrap();
		for name in &FILES[1..] {
			fs::write(folder.path().join(name), "").unwrap();
		}
		let corpus = Corpus::read(folder.path()).unwrap();
		assert_eq!(corpus.licence, "Licence of\nthe text.\n");
		assert_eq!(corpus.held_out, ["a49 (noun): gloss 49", "a99 (noun): gloss 99"]);
		assert_eq!(corpus.training.len(), 2 * 118);
		assert!(!corpus.training.iter().any(|document| document.ends_with("gloss 49")));
	}
}
