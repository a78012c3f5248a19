//! What one test makes and the others use: they are processes of their own and run side by side.

use crate::binaries::Binaries;
use anyhow::{Context, Result};
use frame_support::Hashable;
use std::{
	env,
	fs::{self, File},
	path::{Path, PathBuf},
};

/// A folder of the user's cache for what was made with these programs: those of other clones have another.
pub(crate) fn folder_of(binaries: &Binaries, name: &str) -> Result<PathBuf> {
	let node = binaries.node.as_os_str().as_encoded_bytes().to_vec();
	folder(&format!("{name}/{}", hex::encode(node.blake2_128())))
}

/// Whether a file was made after the node was built.
pub(crate) fn is_newer(file: &Path, binaries: &Binaries) -> Result<bool> {
	Ok(fs::metadata(file)?.modified()? >= fs::metadata(&binaries.node)?.modified()?)
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

/// What is called `name` in a folder. Unless it is there and `good`, `make` makes it, at the path it is given.
pub(crate) fn once(
	folder: &Path,
	name: &str,
	good: impl FnOnce(&Path) -> Result<bool>,
	make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
	let made = folder.join(name);
	// Held until this function returns: others wait, and then find what was made.
	let turn = File::create(folder.join(format!("{name}.lock")))?;
	turn.lock().with_context(|| format!("the lock of {}", made.display()))?;
	if !made.exists() || !good(&made)? {
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
	fn what_is_there_and_good_is_not_made_again() {
		let folder = tempfile::tempdir().unwrap();
		let make = |text: &'static str| move |path: &Path| Ok(fs::write(path, text)?);
		let read = |path: PathBuf| fs::read_to_string(path).unwrap();
		let once = |good: bool, text| once(folder.path(), "thing", |_| Ok(good), make(text));
		assert_eq!(read(once(true, "first").unwrap()), "first");
		assert_eq!(read(once(true, "second").unwrap()), "first");
		assert_eq!(read(once(false, "third").unwrap()), "third");
	}

	#[test]
	fn what_was_interrupted_is_made_again() {
		let folder = tempfile::tempdir().unwrap();
		let interrupted = |path: &Path| {
			fs::create_dir(path)?;
			anyhow::bail!("interrupted")
		};
		assert!(once(folder.path(), "thing", |_| Ok(true), interrupted).is_err());
		let made = once(folder.path(), "thing", |_| Ok(true), |path| Ok(fs::create_dir(path)?)).unwrap();
		assert!(made.is_dir());
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
				scope.spawn(|| once(folder.path(), "thing", |_| Ok(true), make).unwrap());
			}
		});
		assert_eq!(fs::read_to_string(folder.path().join("count")).unwrap(), ".");
	}
}
