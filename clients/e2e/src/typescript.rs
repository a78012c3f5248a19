//! The SDK in TypeScript, built from its lock file as whoever installs it builds it.

use crate::{
	cache,
	command::output,
	node_js::{packages, ADVICE, INSTALLED},
};
use anyhow::{Context, Result};
use frame_support::Hashable;
use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	process::Command,
};

/// The package.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../typescript");
/// Its name in the user's cache.
const NAME: &str = "typescript";
/// What it is made of. Whatever else is in the folder was made from this.
const SOURCES: [&str; 12] = [
	".papi/metadata",
	".papi/polkadot-api.json",
	".papi/whitelist.ts",
	"e2e",
	"examples",
	"package-lock.json",
	"package.json",
	"scripts",
	"src",
	"tests",
	"tsconfig.json",
	"tsconfig.tests.json",
];

/// The package of `clients/typescript`, built.
pub struct TypeScript {
	folder: PathBuf,
}

impl TypeScript {
	/// Makes sure that it is built. The first time takes a network and a minute.
	pub fn new() -> Result<Self> {
		let package = Path::new(PACKAGE);
		let packages = packages(package, "typescript-packages", &[])?;
		let sources = sources(package)?;
		let key = hex::encode(sources.blake2_128());
		let build = |folder: &Path| {
			for (name, content) in &sources {
				let file = folder.join(name);
				let parent = file.parent().context("a file in no folder")?;
				fs::create_dir_all(parent)
					.and_then(|()| fs::write(&file, content))
					.with_context(|| name.clone())?;
			}
			std::os::unix::fs::symlink(packages, folder.join(INSTALLED))?;
			npm(folder, "build", &[]).map(|_| ())
		};
		let folder = cache::once(&cache::folder(NAME)?, &key, build)?;
		Ok(Self { folder })
	}

	/// Runs a script of the package, and returns what it printed.
	pub fn npm(&self, script: &str, environment: &[(&str, &str)]) -> Result<String> {
		npm(&self.folder, script, environment)
	}

	/// Runs an example of the package in a folder, and returns what it printed.
	pub fn example(&self, name: &str, arguments: &[&str], folder: &Path) -> Result<String> {
		let mut command = Command::new("node");
		command
			.arg(self.folder.join("build/examples").join(name).with_extension("js"))
			.args(arguments)
			.current_dir(folder);
		output(&mut command, name, ADVICE)
	}
}

fn npm(folder: &Path, script: &str, environment: &[(&str, &str)]) -> Result<String> {
	let mut command = Command::new("npm");
	command
		.args(["run", script])
		.envs(environment.iter().copied())
		.current_dir(folder);
	output(&mut command, &format!("npm run {script}"), ADVICE)
}

/// The files of the package by their names in it.
fn sources(package: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
	let mut sources = BTreeMap::new();
	for name in SOURCES {
		collect(package, name, &mut sources).with_context(|| format!("{name} of {PACKAGE}"))?;
	}
	Ok(sources)
}

fn collect(package: &Path, name: &str, sources: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
	let path = package.join(name);
	if path.is_file() {
		sources.insert(name.to_owned(), fs::read(path)?);
		return Ok(());
	}
	for entry in fs::read_dir(path)? {
		let entry = entry?.file_name();
		let entry = entry.to_str().context("a file with a strange name")?;
		collect(package, &format!("{name}/{entry}"), sources)?;
	}
	Ok(())
}
