//! The programs under test.

use anyhow::{ensure, Context, Result};
use std::path::{Path, PathBuf};

/// Names the folder of the programs where it is not the one this program was built in.
const VARIABLE: &str = "ASSAY_BIN_DIR";

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Binaries {
	/// `assay-node`.
	pub node: PathBuf,
	/// `assay`.
	pub assay: PathBuf,
}

impl Binaries {
	/// The runtime's next version, to upgrade a chain to.
	pub fn next_runtime(&self) -> Result<Vec<u8>> {
		let path = self.node.with_file_name("next_runtime.wasm");
		std::fs::read(&path).with_context(|| format!("{}: scripts/next-runtime builds it", path.display()))
	}

	/// `assay-gateway`.
	pub fn gateway(&self) -> Result<PathBuf> {
		let folder = self.node.parent().context("a node in no folder")?;
		find(folder, "assay-gateway")
	}

	/// An example of the SDK, which is built with the tests.
	pub fn example(&self, name: &str) -> Result<PathBuf> {
		let path = self.node.with_file_name("examples").join(name);
		ensure!(
			path.is_file(),
			"{} is missing: `cargo build --workspace --examples` builds it",
			path.display()
		);
		Ok(path)
	}

	/// Finds the programs in `ASSAY_BIN_DIR` or beside this program.
	pub fn find() -> Result<Self> {
		let folder = match std::env::var_os(VARIABLE) {
			Some(folder) => PathBuf::from(folder),
			None => {
				let this = std::env::current_exe().context("this program's own path")?;
				let folder = this.parent().context("this program lies in no folder")?;
				// Tests lie in `deps`, one below the programs.
				if folder.ends_with("deps") {
					folder.parent().unwrap_or(folder)
				} else {
					folder
				}
				.to_path_buf()
			}
		};
		Ok(Self {
			node: find(&folder, "assay-node")?,
			assay: find(&folder, "assay")?,
		})
	}
}

fn find(folder: &Path, name: &str) -> Result<PathBuf> {
	let path = folder.join(name);
	ensure!(
		path.is_file(),
		"{} is missing: build it with `cargo build -p assay-node -p assay-cli -p assay-gateway`, or name its folder in {VARIABLE}",
		path.display()
	);
	Ok(path)
}
