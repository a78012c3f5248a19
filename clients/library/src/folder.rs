//! The folder of artifacts, by root.

use anyhow::{Context, Result};
use assay_artifact::Artifact;
use assay_trace::Hash32;
use std::path::{Path, PathBuf};

/// Ending of artifact files.
const ENDING: &str = "assay";

/// Where artifacts lie.
#[derive(Clone, Debug, clap::Args)]
pub struct Library {
	/// Folder of artifacts; `import` writes there and everything that runs a model looks there [default:
	/// ~/.local/share/assay/models].
	#[arg(long = "models-dir", global = true, env = "ASSAY_MODELS_DIR", value_name = "FOLDER")]
	folder: Option<PathBuf>,
}

impl Library {
	/// The folder.
	pub fn folder(&self) -> Result<PathBuf> {
		if let Some(folder) = &self.folder {
			return Ok(folder.clone());
		}
		let data = std::env::var_os("XDG_DATA_HOME")
			.map(PathBuf::from)
			.filter(|folder| folder.is_absolute());
		let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")));
		Ok(data.context("no home folder: pass --models-dir")?.join("assay/models"))
	}

	/// A path in the folder, which is made if it is absent, for an artifact called `name`.
	pub fn path_for(&self, name: &str) -> Result<PathBuf> {
		let folder = self.folder()?;
		std::fs::create_dir_all(&folder).with_context(|| format!("folder {}", folder.display()))?;
		Ok(folder.join(format!("{}.{ENDING}", slug(name))))
	}

	/// The artifact with a root, if the folder has it. Files that are no artifacts are passed over.
	pub fn find(&self, root: Hash32) -> Result<Option<Artifact>> {
		let folder = self.folder()?;
		let Ok(files) = std::fs::read_dir(&folder) else {
			return Ok(None);
		};
		let paths = files.filter_map(|file| Some(file.ok()?.path()));
		let artifacts = paths.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
		Ok(artifacts
			.filter_map(|path| Artifact::open(path).ok())
			.find(|artifact| artifact.root() == root))
	}

	/// The artifact with a root, from `file` or from the folder, with every byte verified.
	pub fn verified(&self, root: Hash32, file: Option<&Path>) -> Result<Artifact> {
		let artifact = match file {
			Some(file) => Artifact::open(file)?,
			None => self.find(root)?.with_context(|| {
				let folder = self.folder().unwrap_or_default();
				format!(
					"no artifact with root {} in {}: import the model, or pass --artifact",
					root,
					folder.display()
				)
			})?,
		};
		let found = artifact.root();
		anyhow::ensure!(
			found == root,
			"{} has root {}, wanted is {}",
			artifact.path().display(),
			found,
			root
		);
		artifact.verify()?;
		Ok(artifact)
	}
}

/// A name as part of a file name.
fn slug(name: &str) -> String {
	let kept = |c: char| {
		if c.is_ascii_alphanumeric() || c == '.' {
			c.to_ascii_lowercase()
		} else {
			'-'
		}
	};
	let slug: String = name.chars().map(kept).collect();
	let slug = slug.trim_matches(['-', '.']);
	if slug.is_empty() {
		"model".into()
	} else {
		slug.into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn names_become_file_names() {
		assert_eq!(
			slug("sentence-transformers/all-MiniLM-L6-v2"),
			"sentence-transformers-all-minilm-l6-v2"
		);
		assert_eq!(slug("../.."), "model");
		assert_eq!(slug("Qwen2.5 0.5B"), "qwen2.5-0.5b");
	}

	#[test]
	fn garbage_in_the_folder_is_passed_over() {
		let folder = tempfile::tempdir().unwrap();
		std::fs::write(folder.path().join("broken.assay"), b"not an artifact").unwrap();
		let library = Library {
			folder: Some(folder.path().into()),
		};
		assert!(library.find(Hash32([1; 32])).unwrap().is_none());
		let error = library.verified(Hash32([1; 32]), None).unwrap_err().to_string();
		assert!(error.contains("no artifact with root 0x0101"), "{error}");
	}

	#[test]
	fn an_absent_folder_holds_nothing() {
		let library = Library {
			folder: Some("/nonexistent/models".into()),
		};
		assert!(library.find(Hash32([1; 32])).unwrap().is_none());
	}
}
