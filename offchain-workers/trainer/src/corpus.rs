//! WordNet's database files as training text: one document per word sense.
//!
//! A line of `data.{noun,verb,adj,adv}` is one set of synonyms; its fields are described in
//! wndb(5WN):
//!
//! ```text
//! 02082690 05 n 03 aardvark 0 ant_bear 0 anteater 2 003 @ ... | nocturnal burrowing mammal ...
//! offset   file  |  word, id                           pointers | gloss
//!                type and number of words (hexadecimal)
//! ```

use std::{fs, path::Path};

use anyhow::{bail, Context, Result};

/// One synonym set in `HELD_OUT_EVERY` is never trained on.
pub const HELD_OUT_EVERY: usize = 50;

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
		let mut corpus = Self::default();
		let mut sets = 0usize;
		for name in FILES {
			let path = folder.join(name);
			let text = fs::read_to_string(&path)
				.with_context(|| format!("reading {} (Debian package wordnet-base)", path.display()))?;
			if corpus.licence.is_empty() {
				corpus.licence = licence(&text);
			}
			for (number, line) in text.lines().enumerate() {
				if line.starts_with("  ") {
					continue;
				}
				let entry = Entry::parse(line).with_context(|| format!("{} line {}", path.display(), number + 1))?;
				sets += 1;
				if sets % HELD_OUT_EVERY == 0 {
					corpus.held_out.extend(entry.documents().take(1));
				} else {
					corpus.training.extend(entry.documents());
				}
			}
		}
		Ok(corpus)
	}

	/// About `bytes` of the held-out documents, evenly spread over the parts of speech.
	pub fn held_out_excerpt(&self, bytes: usize) -> Vec<String> {
		let total: usize = self.held_out.iter().map(|document| document.len() + 1).sum();
		let stride = (total / bytes.max(1)).max(1);
		self.held_out.iter().step_by(stride).cloned().collect()
	}
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

	fn documents(&self) -> impl Iterator<Item = String> + '_ {
		self.words
			.iter()
			.map(|word| format!("{word} ({}): {}", self.part_of_speech, self.gloss))
	}
}

/// The word as a reader writes it: `Eiffel_Tower` becomes `eiffel tower`, and the marker of an
/// adjective's position (`alone(p)`) goes.
fn headword(field: &str) -> String {
	let word = field.split_once('(').map_or(field, |(word, _marker)| word);
	word.replace('_', " ").to_lowercase()
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

	const LINE: &str = "02082690 05 n 03 aardvark 0 ant_bear 0 Orycteropus_afer 2 001 @ 02075296 n 0000 | nocturnal burrowing mammal  ";

	#[test]
	fn a_line_becomes_one_document_per_word() {
		let documents: Vec<String> = Entry::parse(LINE).unwrap().documents().collect();
		assert_eq!(
			documents,
			[
				"aardvark (noun): nocturnal burrowing mammal",
				"ant bear (noun): nocturnal burrowing mammal",
				"orycteropus afer (noun): nocturnal burrowing mammal",
			]
		);
	}

	#[test]
	fn an_adjective_loses_its_position_marker() {
		let line = "00014490 00 s 01 alone(p) 0 000 | isolated from others";
		let documents: Vec<String> = Entry::parse(line).unwrap().documents().collect();
		assert_eq!(documents, ["alone (adjective): isolated from others"]);
	}

	#[test]
	fn a_damaged_line_says_what_is_wrong() {
		let error = |line| format!("{:#}", Entry::parse(line).unwrap_err());
		assert_eq!(error("00014490 00 s 01 alone 0 000"), "no gloss");
		assert_eq!(error("1 00 x 01 alone 0 | g"), "unknown type of synonym set `x`");
		assert_eq!(error("1 00 n 03 alone 0 | g"), "1 words, 3 expected");
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
