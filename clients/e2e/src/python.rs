//! Programs in Python that know the gateway only through the public client of OpenAI.

use crate::cache;
use anyhow::{ensure, Context, Result};
use frame_support::Hashable;
use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
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
		// An environment knows its own place, so the place it is made at is the one it stays at: what is complete has a mark.
		let environment = folder.join(hex::encode(listed.blake2_128()));
		cache::once(
			&folder,
			&format!("{}.complete", hex::encode(listed.blake2_128())),
			|mark| {
				if environment.exists() {
					fs::remove_dir_all(&environment)?;
				}
				run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
				let mut install = Command::new(environment.join("bin/pip"));
				run(install
					.args([
						"install",
						"--quiet",
						"--disable-pip-version-check",
						"--no-deps",
						"--requirement",
					])
					.arg(&packages))?;
				Ok(fs::write(mark, "")?)
			},
		)?;
		Ok(Self {
			interpreter: environment.join("bin/python"),
		})
	}

	/// Runs a program of `clients/e2e/openai` against a gateway, and returns what it printed.
	pub fn run(&self, program: &str, arguments: &[&str], url: &str, key: &str) -> Result<String> {
		let program = Path::new(PROGRAMS).join(program);
		let source = fs::read_to_string(&program).with_context(|| program.display().to_string())?;
		self.run_source(&source, arguments, url, key)
	}

	/// The same for the text of a program.
	pub fn run_source(&self, source: &str, arguments: &[&str], url: &str, key: &str) -> Result<String> {
		run(Command::new(&self.interpreter)
			.args(["-c", source])
			.args(arguments)
			.env("OPENAI_BASE_URL", format!("{url}/v1"))
			.env("OPENAI_API_KEY", key))
	}
}

/// Standard output of a command that must succeed.
fn run(command: &mut Command) -> Result<String> {
	let program = command.get_program().display().to_string();
	let output = command
		.output()
		.with_context(|| format!("{program} cannot be run: {ADVICE}"))?;
	let printed = String::from_utf8_lossy(&output.stdout).into_owned();
	ensure!(
		output.status.success(),
		"{program} ended with {}:\n{printed}{}",
		output.status,
		String::from_utf8_lossy(&output.stderr)
	);
	Ok(printed)
}
