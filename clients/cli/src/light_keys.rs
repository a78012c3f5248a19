//! The files of secret keys to artifacts, with which jobs are verified lightly.

use anyhow::{Context, Result};
use assay_library::Library;
use assay_light_audit::Key;
use assay_trace::Hash32;
use std::{
	fs,
	io::Write,
	path::{Path, PathBuf},
};

/// Where the key to an artifact lies.
pub(crate) fn key_path(library: &Library, artifact: &Hash32) -> Result<PathBuf> {
	Ok(library.folder()?.join(format!("{artifact}.light-key")))
}

/// Reads the key to an artifact, from a file or from where it lies.
pub(crate) fn read_key(library: &Library, file: Option<&Path>, artifact: &Hash32) -> Result<Key> {
	let path = match file {
		Some(file) => file.to_owned(),
		None => key_path(library, artifact)?,
	};
	let bytes = fs::read(&path);
	let bytes = bytes.with_context(|| format!("no key {}: make one with `assay audit key`", path.display()))?;
	Key::from_bytes(&bytes, artifact).with_context(|| format!("key {}", path.display()))
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
	let named = || format!("key {}", path.display());
	let folder = path
		.parent()
		.filter(|folder| !folder.as_os_str().is_empty())
		.unwrap_or(Path::new("."));
	fs::create_dir_all(folder).with_context(named)?;
	// Such files are made for their owner alone.
	let mut file = tempfile::NamedTempFile::new_in(folder).with_context(named)?;
	file.write_all(bytes).with_context(named)?;
	file.as_file().sync_all().with_context(named)?;
	file.persist(path).with_context(named)?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_key_is_for_its_owner_alone() {
		use std::os::unix::fs::PermissionsExt;
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("keys/a.key");
		write_secret(&path, b"one").unwrap();
		write_secret(&path, b"another").unwrap();
		assert_eq!(fs::read(&path).unwrap(), b"another");
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
	}
}
