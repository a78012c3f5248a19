//! Documents: what they show of programs, and the commands that their readers paste.

use anyhow::{ensure, Context, Result};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// The folder of the repository.
const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// What a block of code begins and ends with.
const FENCE: &str = "```";
/// The language of blocks that readers paste.
const PASTED: &str = "sh";
/// Follows the language of a block that a test cannot paste; the reason follows it.
const NOT_RUN: &str = "not-run:";
/// The number after one of these words is another in every run: heights, times, and the money of whoever earns by blocks.
const BEFORE_VARYING: [&str; 4] = ["block", "seconds", "free", "after"];

/// A page of Markdown.
#[derive(Clone, Debug)]
pub struct Document {
	path: PathBuf,
	text: String,
}

/// Commands for readers to paste.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Commands {
	/// The line of the document in which the first stands.
	pub line: usize,
	/// The commands, without the indentation of their block.
	pub lines: Vec<String>,
	/// Why no test runs them.
	pub not_run: Option<String>,
}

impl Document {
	/// Reads a page.
	pub fn read(path: impl Into<PathBuf>) -> Result<Self> {
		let path = path.into();
		let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
		Ok(Self { path, text })
	}

	/// Reads a page of this repository, such as `docs/layout.md`.
	pub fn of_the_repository(name: &str) -> Result<Self> {
		Self::read(Path::new(REPOSITORY).join(name))
	}

	/// Where it is.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// The text block between the comments `<!-- NAME -->` and `<!-- /NAME -->`.
	pub fn shown(&self, name: &str) -> Result<&str> {
		self.block(name, "text")
	}

	/// The block of a language between the comments `<!-- NAME -->` and `<!-- /NAME -->`.
	pub fn block(&self, name: &str, language: &str) -> Result<&str> {
		let (from, to) = self.place(name)?;
		let block = self.text[from..to].trim().strip_prefix(FENCE);
		block
			.and_then(|block| block.strip_prefix(language)?.strip_prefix('\n'))
			.and_then(|block| block.strip_suffix(FENCE))
			.map(str::trim_end)
			.with_context(|| format!("no {language} block in <!-- {name} --> of {}", self.path.display()))
	}

	/// Puts another text in its place, also in the file.
	pub fn show(&mut self, name: &str, text: &str) -> Result<()> {
		let (from, to) = self.place(name)?;
		self.text
			.replace_range(from..to, &format!("\n```text\n{}\n```\n", text.trim()));
		fs::write(&self.path, &self.text).with_context(|| self.path.display().to_string())
	}

	/// From where to where the inside of a pair of comments is.
	fn place(&self, name: &str) -> Result<(usize, usize)> {
		let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
		let missing = |comment: &str| format!("no {comment} in {}", self.path.display());
		let from = self.text.find(&open).with_context(|| missing(&open))? + open.len();
		let length = self.text[from..].find(&close).with_context(|| missing(&close))?;
		Ok((from, from + length))
	}

	/// The blocks of commands for readers to paste, in their order.
	pub fn commands(&self) -> Result<Vec<Commands>> {
		let mut blocks = vec![];
		let mut lines = self.text.lines().enumerate();
		while let Some((index, line)) = lines.next() {
			let indentation = line.len() - line.trim_start().len();
			let Some(language) = line.trim_start().strip_prefix(FENCE) else {
				continue;
			};
			let inside: Vec<&str> = lines
				.by_ref()
				.map(|(_, line)| line)
				.take_while(|line| line.trim() != FENCE)
				.collect();
			let (language, rest) = language.split_once(' ').unwrap_or((language, ""));
			if language != PASTED {
				continue;
			}
			let not_run = match rest.trim() {
				"" => None,
				rest => {
					let reason = rest.strip_prefix(NOT_RUN).map(str::trim).unwrap_or_default();
					let place = format!("{} line {}", self.path.display(), index + 1);
					ensure!(!reason.is_empty(), "{place}: `{rest}` is not `{NOT_RUN} REASON`");
					Some(reason.to_owned())
				}
			};
			blocks.push(Commands {
				// Lines are counted from 1, and the first follows the fence.
				line: index + 2,
				lines: inside
					.iter()
					.map(|line| line.get(indentation..).unwrap_or_default().to_owned())
					.collect(),
				not_run,
			});
		}
		Ok(blocks)
	}

	/// A script of the commands that a test runs, each in the line in which the document has it.
	pub fn script(&self) -> Result<String> {
		let mut script = String::new();
		let mut written = 1;
		for block in self.commands()?.iter().filter(|block| block.not_run.is_none()) {
			script.push_str(&"\n".repeat(block.line - written));
			for line in &block.lines {
				script.push_str(line);
				script.push('\n');
			}
			written = block.line + block.lines.len();
		}
		Ok(script)
	}
}

/// Whether two runs printed the same, but for numbers that are others in every run.
pub fn same_but_for_time(one: &str, other: &str) -> bool {
	one.trim()
		.lines()
		.map(without_time)
		.eq(other.trim().lines().map(without_time))
}

/// A line without the numbers that are others in every run, and without its alignment, which depends on them.
fn without_time(line: &str) -> String {
	let mut words: Vec<String> = vec![];
	let mut varies = false;
	for word in line.split_whitespace() {
		let rest = word.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
		words.push(if varies { format!("…{rest}") } else { word.into() });
		varies = BEFORE_VARYING.contains(&word);
	}
	words.join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A page with some text in a folder.
	fn page(text: &str) -> Result<(tempfile::TempDir, Document)> {
		let folder = tempfile::tempdir()?;
		let path = folder.path().join("page.md");
		fs::write(&path, text)?;
		Ok((folder, Document::read(path)?))
	}

	const COMMANDS: &str =
		"# Title\n\n```sh\nfirst\n```\n\n```text\nno command\n```\n\n```sh not-run: it takes a day\n\
		slow\n```\n\n1. A list.\n\n   ```sh\n   if true; then\n     second\n   fi\n   ```\n";

	#[test]
	fn commands_are_found_with_their_lines_and_without_their_indentation() {
		let (_folder, page) = page(COMMANDS).unwrap();
		let blocks = page.commands().unwrap();
		let found: Vec<_> = blocks
			.iter()
			.map(|block| (block.line, block.lines.join("|"), block.not_run.as_deref()))
			.collect();
		assert_eq!(
			found,
			[
				(4, "first".into(), None),
				(12, "slow".into(), Some("it takes a day")),
				(18, "if true; then|  second|fi".into(), None),
			]
		);
	}

	#[test]
	fn a_script_has_each_command_in_the_line_of_the_document() {
		let (_folder, page) = page(COMMANDS).unwrap();
		let script = page.script().unwrap();
		let lines: Vec<_> = script
			.lines()
			.enumerate()
			.filter(|(_, line)| !line.is_empty())
			.collect();
		assert_eq!(
			lines,
			[(3, "first"), (17, "if true; then"), (18, "  second"), (19, "fi")]
		);
	}

	#[test]
	fn a_block_is_not_left_out_without_a_reason() {
		for mark in ["not-run:", "not-run", "later"] {
			let (_folder, page) = page(&format!("```sh {mark}\nfirst\n```\n")).unwrap();
			let error = page.commands().unwrap_err().to_string();
			assert!(error.contains("line 1") && error.contains(mark), "{error}");
		}
	}

	#[test]
	fn a_shown_text_is_replaced_in_the_file_and_nothing_else_is() {
		let before = "a\n<!-- demo -->\n```text\nold\n```\n<!-- /demo -->\nz\n";
		let (_folder, mut page) = page(before).unwrap();
		assert_eq!(page.shown("demo").unwrap(), "old");
		page.show("demo", "\nnew\n  lines\n").unwrap();
		assert_eq!(page.shown("demo").unwrap(), "new\n  lines");
		assert_eq!(
			fs::read_to_string(page.path()).unwrap(),
			before.replace("old", "new\n  lines")
		);
		let error = page.shown("other").unwrap_err().to_string();
		assert!(error.contains("<!-- other -->"), "{error}");
	}

	#[test]
	fn only_numbers_that_vary_may_differ() {
		let line = "block     6  Final  0.5 ASY to all; operator free 9.25 ASY, held 3 ASY\nseconds  36";
		let later = "block   106  Final  0.5 ASY to all; operator free 19.5 ASY, held 3 ASY\nseconds  7";
		assert!(same_but_for_time(line, later));
		for (same, other) in [
			("0.5", "0.6"),
			("held 3", "held 4"),
			("Final", "Open"),
			("\n", "\nmore\n"),
		] {
			assert!(!same_but_for_time(line, &later.replace(same, other)), "{other}");
		}
	}
}
