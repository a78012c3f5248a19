//! Programs in Python that know the gateway only through the public client of OpenAI.

use crate::{cache, command::output};
use anyhow::{Context, Result};
use frame_support::Hashable;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
};

/// The programs, and the exact packages they use.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openai");
/// The file that says which packages.
const PACKAGES: &str = "requirements.txt";
/// What to do where there is no Python.
const ADVICE: &str = "scripts/setup installs Python 3 with venv";

/// A Python with OpenAI's client.
pub struct Python {
	interpreter: PathBuf,
}

impl Python {
	/// Makes sure that the packages are there. The first time takes a network.
	pub fn new() -> Result<Self> {
		let packages = Path::new(PROGRAMS).join(PACKAGES);
		let listed = fs::read(&packages).with_context(|| packages.display().to_string())?;
		let folder = cache::folder("python")?;
		let key = hex::encode(listed.blake2_128());
		// An environment knows its own place, so the place it is made at is the one it stays at: what is complete has a mark.
		let environment = folder.join(&key);
		cache::once(&folder, &format!("{key}.complete"), |mark| {
			if environment.exists() {
				fs::remove_dir_all(&environment)?;
			}
			let mut make = Command::new("python3");
			make.args(["-m", "venv"]).arg(&environment);
			output(&mut make, "python3 -m venv", ADVICE)?;
			let mut install = Command::new(environment.join("bin/pip"));
			install
				.args([
					"install",
					"--quiet",
					"--disable-pip-version-check",
					"--no-deps",
					"--requirement",
				])
				.arg(&packages);
			output(&mut install, "pip install", ADVICE)?;
			Ok(fs::write(mark, "")?)
		})?;
		Ok(Self {
			interpreter: environment.join("bin/python"),
		})
	}

	/// Runs a program of `clients/e2e/openai` against a gateway, and returns what it printed.
	pub fn run(&self, program: &str, arguments: &[&str], url: &str, key: &str) -> Result<String> {
		self.run_source(&source(program)?, arguments, url, key)
	}

	/// The same for the text of a program.
	pub fn run_source(&self, source: &str, arguments: &[&str], url: &str, key: &str) -> Result<String> {
		output(&mut self.command(source, arguments, url, key), "python -c", ADVICE)
	}

	/// Starts a program of `clients/e2e/openai` and does not wait for it.
	pub fn start(&self, program: &str, arguments: &[&str], url: &str, key: &str) -> Result<Running> {
		let mut command = self.command(&source(program)?, arguments, url, key);
		command.stdin(Stdio::null()).stdout(Stdio::null());
		Ok(Running(command.spawn().context(ADVICE)?))
	}

	fn command(&self, source: &str, arguments: &[&str], url: &str, key: &str) -> Command {
		let mut command = Command::new(&self.interpreter);
		command
			.args(["-c", source])
			.args(arguments)
			.env("OPENAI_BASE_URL", format!("{url}/v1"))
			.env("OPENAI_API_KEY", key);
		command
	}
}

/// A program that runs; it is killed when this is dropped.
pub struct Running(Child);

impl Drop for Running {
	fn drop(&mut self) {
		// Nothing can be done about a process that cannot be killed.
		let _ = self.0.kill().and_then(|()| self.0.wait());
	}
}

fn source(program: &str) -> Result<String> {
	let program = Path::new(PROGRAMS).join(program);
	fs::read_to_string(&program).with_context(|| program.display().to_string())
}
