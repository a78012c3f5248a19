//! Scripts for Node.js that know Assay only through public packages.

use crate::{cache, command::output};
use anyhow::{ensure, Context, Result};
use frame_support::Hashable;
use std::{
	ffi::OsStr,
	fs,
	path::{Path, PathBuf},
	process::Command,
};
use tempfile::TempDir;

/// The files that say which packages.
const PACKAGES: [&str; 2] = ["package.json", "package-lock.json"];
/// Where packages are, for Node.js.
pub(crate) const INSTALLED: &str = "node_modules";
/// The oldest Node.js that has all that the packages need.
const OLDEST_NODE: u32 = 20;
/// What to do about it.
pub(crate) const ADVICE: &str = "scripts/setup installs Node.js 20 or newer with npm";

/// The scripts of a folder of this crate, ready to run.
pub(crate) struct Scripts {
	/// Copies of the scripts beside a link to their packages: Node.js looks for these above the script, and nothing of
	/// them may lie in the clone.
	folder: TempDir,
}

impl Scripts {
	/// Makes sure that the packages of a folder are there. The first time takes a network and half a minute.
	pub(crate) fn of(name: &str) -> Result<Self> {
		let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
		// What is optional is a light client that no script uses.
		let packages = packages(&scripts, name, &["--omit=optional"])?;
		let folder = tempfile::Builder::new().prefix(&format!("assay-{name}-")).tempdir()?;
		std::os::unix::fs::symlink(packages, folder.path().join(INSTALLED))?;
		for entry in fs::read_dir(&scripts).with_context(|| scripts.display().to_string())? {
			let script = entry?.path();
			if script.extension() == Some(OsStr::new("mjs")) {
				let name = script.file_name().context("a script without a name")?;
				fs::copy(&script, folder.path().join(name)).with_context(|| script.display().to_string())?;
			}
		}
		Ok(Self { folder })
	}

	/// Runs a script that must succeed, and returns what it printed.
	pub(crate) fn run(&self, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<String> {
		let mut command = Command::new("node");
		command
			.arg(self.folder.path().join(script))
			.args(arguments)
			.envs(environment.iter().copied());
		output(&mut command, &format!("{script} {}", arguments.join(" ")), ADVICE)
	}
}

/// The packages that the lock file of a folder names, installed with `options`. Every clone with the same lock file shares them.
/// The first time takes a network and half a minute.
pub(crate) fn packages(scripts: &Path, name: &str, options: &[&str]) -> Result<PathBuf> {
	check_node()?;
	let lock = fs::read(scripts.join("package-lock.json")).with_context(|| format!("the lock file of {name}"))?;
	let key = hex::encode(lock.blake2_128());
	let install = |folder: &Path| {
		fs::create_dir(folder)?;
		for file in PACKAGES {
			fs::copy(scripts.join(file), folder.join(file)).with_context(|| file.to_owned())?;
		}
		let mut command = Command::new("npm");
		command
			.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
			.args(options)
			.current_dir(folder);
		output(&mut command, "npm ci", ADVICE).map(|_| ())
	};
	let folder = cache::once(&cache::folder(name)?, &key, install)?;
	Ok(folder.join(INSTALLED))
}

fn check_node() -> Result<()> {
	let mut command = Command::new("node");
	command.arg("--version");
	let version = output(&mut command, "node --version", ADVICE)?;
	let version = version.trim();
	ensure!(
		major(version).is_some_and(|major| major >= OLDEST_NODE),
		"Node.js is {version}, {OLDEST_NODE} or newer is needed: {ADVICE}"
	);
	Ok(())
}

/// The first number of a version as `node --version` prints it.
fn major(version: &str) -> Option<u32> {
	version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_version_of_node_is_read() {
		assert_eq!(major("v20.20.2"), Some(20));
		assert_eq!(major("v8.0.0"), Some(8));
		assert_eq!(major("20.1"), None);
	}
}
