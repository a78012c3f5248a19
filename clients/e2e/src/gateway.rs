//! The gateway as a program that others run.

use crate::{binaries::Binaries, wait::until};
use anyhow::{bail, ensure, Context, Result};
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::Duration,
};

/// How long a gateway may take to listen.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What its log says before its address.
const LISTENING: &str = "listening at ";

/// `assay-gateway serve` in a folder of its own, with Bob's money.
pub struct Gateway {
	process: Child,
	program: PathBuf,
	folder: PathBuf,
	url: String,
}

impl Gateway {
	/// The program, with its keys and books in a folder.
	fn command(program: &Path, folder: &Path) -> Command {
		let mut command = Command::new(program);
		for variable in [
			"ASSAY_URL",
			"ASSAY_SURI",
			"ASSAY_KEY_FILE",
			"ASSAY_MODELS_DIR",
			"RUST_LOG",
		] {
			command.env_remove(variable);
		}
		command.arg("--data").arg(folder);
		command
	}

	/// Makes an API key that may spend so many ASY, and returns its secret.
	pub fn key(binaries: &Binaries, folder: &Path, name: &str, limit: &str) -> Result<String> {
		let mut command = Self::command(&binaries.gateway()?, folder);
		let printed = output(command.args(["key", "create", name, "--limit", limit]))?;
		Ok(printed.trim().to_owned())
	}

	/// Starts one for the node at an address.
	pub fn start(binaries: &Binaries, folder: &Path, node: &str, models: &Path) -> Result<Self> {
		let (program, log) = (binaries.gateway()?, folder.join("gateway.log"));
		let process = Self::command(&program, folder)
			.args(["serve", "--listen", "127.0.0.1:0", "--suri", "//Bob", "--url", node])
			.arg("--models-dir")
			.arg(models)
			.stdin(Stdio::null())
			.stderr(File::create(&log)?)
			.spawn()
			.with_context(|| program.display().to_string())?;
		let mut gateway = Self {
			process,
			program,
			folder: folder.into(),
			url: String::new(),
		};
		gateway.url = until("the gateway to listen", START_LIMIT, || {
			let said = fs::read_to_string(&log)?;
			if let Some(status) = gateway.process.try_wait()? {
				bail!("the gateway ended with {status}: {said}");
			}
			let address = said.split_once(LISTENING).and_then(|(_, rest)| rest.split_once("/v1"));
			Ok(address.map(|(address, _)| address.to_owned()))
		})?;
		Ok(gateway)
	}

	/// Its address.
	pub fn url(&self) -> &str {
		&self.url
	}

	/// What `key list` says.
	pub fn keys(&self) -> Result<String> {
		output(Self::command(&self.program, &self.folder).args(["key", "list"]))
	}

	/// Kills it without a warning.
	pub fn kill(&mut self) -> Result<()> {
		self.process.kill()?;
		self.process.wait()?;
		Ok(())
	}
}

impl Drop for Gateway {
	fn drop(&mut self) {
		// Nothing can be done about a process that cannot be killed.
		let _ = self.kill();
	}
}

fn output(command: &mut Command) -> Result<String> {
	let output = command.output()?;
	ensure!(
		output.status.success(),
		"the gateway ended with {}: {}",
		output.status,
		String::from_utf8_lossy(&output.stderr)
	);
	Ok(String::from_utf8(output.stdout)?)
}
