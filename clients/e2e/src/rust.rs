//! A program in Rust that knows the gateway only through the crate async-openai.

use crate::{cache, command::output};
use anyhow::Result;
use std::{env, path::PathBuf, process::Command};

/// The program, a workspace of its own.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/async-openai/Cargo.toml");
/// What it is called.
const NAME: &str = "assay-async-openai";
/// What to do where there is no cargo.
const ADVICE: &str = "see https://rustup.rs";

/// The program of `clients/e2e/async-openai`, ready to run.
pub struct Rust {
	program: PathBuf,
}

impl Rust {
	/// Makes sure that it is built. The first time takes a network and some minutes.
	pub fn new() -> Result<Self> {
		let folder = cache::folder("async-openai")?;
		let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
		let mut build = Command::new(cargo);
		build
			.args([
				"build",
				"--quiet",
				"--locked",
				"--manifest-path",
				MANIFEST,
				"--target-dir",
			])
			.arg(&folder);
		output(&mut build, "cargo build", ADVICE)?;
		Ok(Self {
			program: folder.join("debug").join(NAME),
		})
	}

	/// Runs it against a gateway, and returns what it printed.
	pub fn run(&self, arguments: &[&str], url: &str, key: &str) -> Result<String> {
		let mut command = Command::new(&self.program);
		command
			.args(arguments)
			.env("OPENAI_BASE_URL", format!("{url}/v1"))
			.env("OPENAI_API_KEY", key);
		output(&mut command, NAME, ADVICE)
	}
}
