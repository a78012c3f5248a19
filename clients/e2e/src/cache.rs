//! What one test makes and the others use: they are processes of their own and run side by side.

use crate::binaries::Binaries;
use anyhow::{Context, Result};
use frame_support::Hashable;
use std::{
	env,
	fs::{self, File},
	path::{Path, PathBuf},
	time::UNIX_EPOCH,
};

/// A folder of the user's cache for what was made with these programs: those of other clones have another. When they are
/// built anew it is empty again.
pub(crate) fn folder_of(binaries: &Binaries, name: &str) -> Result<PathBuf> {
	let clone = binaries.node.as_os_str().as_encoded_bytes().to_vec();
	let clone = folder(&format!("{name}/{}", hex::encode(clone.blake2_128())))?;
	let node = fs::metadata(&binaries.node)?;
	let built = node.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
	let folder = clone.join(format!("{built}-{}", node.len()));
	if !folder.exists() {
		for other in fs::read_dir(&clone)?.flatten().filter(|other| other.path() != folder) {
			// Others that run side by side do so too.
			let _ = fs::remove_dir_all(other.path());
		}
		fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
	}
	Ok(folder)
}

/// A folder of this name in the user's cache.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
	let base = match env::var_os("XDG_CACHE_HOME") {
		Some(folder) => PathBuf::from(folder),
		None => PathBuf::from(env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache"),
	};
	let folder = base.join("assay").join(name);
	fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
	Ok(folder)
}

/// What is called `name` in a folder. Unless it is there, `make` makes it, at the path it is given.
pub(crate) fn once(folder: &Path, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
	let made = folder.join(name);
	// Held until this function returns: others wait, and then find what was made.
	let turn = File::create(folder.join(format!("{name}.lock")))?;
	turn.lock().with_context(|| format!("the lock of {}", made.display()))?;
	if !made.exists() {
		// What was interrupted is done again; only what is complete gets the name.
		let unfinished = folder.join(format!("{name}.new"));
		if unfinished.is_dir() {
			fs::remove_dir_all(&unfinished)?;
		}
		make(&unfinished)?;
		fs::rename(&unfinished, &made).with_context(|| made.display().to_string())?;
	}
	Ok(made)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::thread;

	#[test]
	fn what_is_there_is_not_made_again() {
		let folder = tempfile::tempdir().unwrap();
		let make = |text: &'static str| move |path: &Path| Ok(fs::write(path, text)?);
		let read = |path: PathBuf| fs::read_to_string(path).unwrap();
		let once = |text| once(folder.path(), "thing", make(text));
		assert_eq!(read(once("first").unwrap()), "first");
		assert_eq!(read(once("second").unwrap()), "first");
	}

	#[test]
	fn what_was_interrupted_is_made_again() {
		let folder = tempfile::tempdir().unwrap();
		let interrupted = |path: &Path| {
			fs::create_dir(path)?;
			anyhow::bail!("interrupted")
		};
		assert!(once(folder.path(), "thing", interrupted).is_err());
		let made = once(folder.path(), "thing", |path| Ok(fs::create_dir(path)?)).unwrap();
		assert!(made.is_dir());
	}

	#[test]
	fn programs_that_are_built_anew_have_an_empty_folder() {
		let folder = tempfile::tempdir().unwrap();
		let node = folder.path().join("assay-node");
		fs::write(&node, "one").unwrap();
		let binaries = Binaries {
			assay: folder.path().join("assay"),
			node,
		};
		let of_first = folder_of(&binaries, "tests").unwrap();
		fs::write(of_first.join("thing"), "").unwrap();
		assert_eq!(folder_of(&binaries, "tests").unwrap(), of_first);
		assert!(of_first.join("thing").exists());
		fs::write(&binaries.node, "another").unwrap();
		let of_second = folder_of(&binaries, "tests").unwrap();
		assert!(!of_first.exists() && of_second.read_dir().unwrap().next().is_none());
		fs::remove_dir_all(of_second.parent().unwrap()).unwrap();
	}

	#[test]
	fn who_comes_meanwhile_waits_for_it() {
		let folder = tempfile::tempdir().unwrap();
		let make = |path: &Path| {
			let text = fs::read_to_string(folder.path().join("count")).unwrap_or_default();
			fs::write(folder.path().join("count"), format!("{text}."))?;
			Ok(fs::write(path, "")?)
		};
		thread::scope(|scope| {
			for _ in 0..8 {
				scope.spawn(|| once(folder.path(), "thing", make).unwrap());
			}
		});
		assert_eq!(fs::read_to_string(folder.path().join("count")).unwrap(), ".");
	}
}
