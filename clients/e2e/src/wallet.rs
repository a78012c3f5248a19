//! Wallets made by others: scripts for Node.js that know the chain only through public packages.

use crate::node_js::Scripts;
use anyhow::Result;

/// The scripts of `clients/e2e/wallets`, ready to run.
pub struct Wallet(Scripts);

impl Wallet {
	/// Makes sure that the packages are there. The first time takes a network and half a minute.
	pub fn new() -> Result<Self> {
		Scripts::of("wallets").map(Self)
	}

	/// Runs a script that must succeed, and returns what it printed.
	pub fn run(&self, script: &str, arguments: &[&str]) -> Result<String> {
		self.0.run(script, arguments, &[])
	}
}

#[cfg(test)]
mod tests {
	use std::{fs, path::Path};

	#[test]
	fn the_documented_application_is_the_one_that_runs() {
		let script =
			fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("wallets").join("jobs.mjs")).unwrap();
		let (_, rest) = script.split_once("// begin\n").unwrap();
		let (example, _) = rest.split_once("// end\n").unwrap();
		let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dapps.md");
		let page = fs::read_to_string(page).unwrap();
		assert!(
			page.contains(&format!("```js\n{example}```\n")),
			"docs/dapps.md does not show what is between the marks of wallets/jobs.mjs:\n{example}"
		);
	}
}
