//! The command line as a program that others run.

use crate::binaries::Binaries;
use anyhow::{ensure, Context, Result};
use serde_json::Value;
use std::{path::PathBuf, process::Command};

/// `assay --json` with a node, a folder of artifacts and an account.
#[derive(Clone, Debug)]
pub struct Assay {
	program: PathBuf,
	url: String,
	models: PathBuf,
	account: Option<String>,
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
	/// The process's exit code.
	pub code: i32,
	/// The document on standard output.
	pub document: Value,
	/// Standard error.
	pub log: String,
}

impl Assay {
	/// The command line for the node at `url`.
	pub fn new(binaries: &Binaries, url: impl Into<String>, models: impl Into<PathBuf>) -> Self {
		Self {
			program: binaries.assay.clone(),
			url: url.into(),
			models: models.into(),
			account: None,
		}
	}

	/// The same, signing as `account`, such as `//Bob`.
	pub fn signing_as(&self, account: &str) -> Self {
		Self {
			account: Some(account.into()),
			..self.clone()
		}
	}

	/// The same with another folder of artifacts.
	pub fn with_models(&self, models: impl Into<PathBuf>) -> Self {
		Self {
			models: models.into(),
			..self.clone()
		}
	}

	/// Runs a command, whatever it answers. The line is split at spaces; `'…'` keeps them.
	pub fn run(&self, line: &str) -> Result<Answer> {
		let output = self
			.command(line)
			.output()
			.with_context(|| self.program.display().to_string())?;
		let text = String::from_utf8(output.stdout)?;
		let document = serde_json::from_str(&text);
		let log = String::from_utf8_lossy(&output.stderr).into_owned();
		Ok(Answer {
			code: output.status.code().context("the command was killed")?,
			document: document.with_context(|| format!("`{line}` answered `{text}`, not one document:\n{log}"))?,
			log,
		})
	}

	/// Runs a command that must succeed.
	pub fn ok(&self, line: &str) -> Result<Value> {
		let Answer { code, document, log } = self.run(line)?;
		ensure!(code == 0, "`{line}` ended with {code}: {document} {log}");
		Ok(document)
	}

	/// Runs a command that must fail, and returns its error.
	pub fn error(&self, line: &str) -> Result<String> {
		let Answer { code, document, .. } = self.run(line)?;
		ensure!(code == 1, "`{line}` ended with {code} instead of 1: {document}");
		Ok(document["error"]
			.as_str()
			.context("a failure without an error")?
			.to_owned())
	}

	/// The command, ready to be run.
	pub fn command(&self, line: &str) -> Command {
		let mut command = Command::new(&self.program);
		command
			.args(words(line))
			.args(["--json", "--url", &self.url])
			.arg("--models-dir")
			.arg(&self.models);
		// What the machine's user has set must not leak into a test.
		for variable in [
			"ASSAY_URL",
			"ASSAY_SURI",
			"ASSAY_KEY_FILE",
			"ASSAY_MODELS_DIR",
			"ASSAY_WORKER_SURI",
		] {
			command.env_remove(variable);
		}
		command.args(self.account.iter().flat_map(|account| ["--suri", account]));
		command
	}
}

/// The words of a line; the inside of quotes is one word.
fn words(line: &str) -> Vec<&str> {
	let parts = line.split('\'').enumerate();
	parts
		.flat_map(|(index, part)| {
			if index % 2 == 1 {
				vec![part]
			} else {
				part.split_whitespace().collect()
			}
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn quotes_keep_spaces() {
		assert_eq!(
			words("job submit --text 'a  b' --watch"),
			["job", "submit", "--text", "a  b", "--watch"]
		);
		assert_eq!(words("--text ''"), ["--text", ""]);
	}
}
