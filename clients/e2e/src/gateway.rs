//! The gateway as a program that others run.

use crate::{binaries::Binaries, node::metrics_at, wait::until};
use anyhow::{bail, ensure, Context, Result};
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::Duration,
};

/// How long a gateway may take to listen.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What its log says before its addresses.
const LISTENING: &str = "listening at ";
const METRICS: &str = "metrics at http://";

/// `assay-gateway serve` in a folder of its own, with Bob's money.
pub struct Gateway {
	program: PathBuf,
	folder: PathBuf,
	node: String,
	models: PathBuf,
	/// Further arguments.
	arguments: Vec<String>,
	running: Running,
}

/// A process, and where it listens.
struct Running {
	process: Child,
	url: String,
	/// Where it tells its metrics.
	metrics: String,
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
		Self::start_with(binaries, folder, node, models, &[])
	}

	/// The same with further arguments.
	pub fn start_with(
		binaries: &Binaries,
		folder: &Path,
		node: &str,
		models: &Path,
		arguments: &[&str],
	) -> Result<Self> {
		let program = binaries.gateway()?;
		let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
		Ok(Self {
			running: launch(&program, folder, node, models, &arguments)?,
			arguments,
			program,
			folder: folder.into(),
			node: node.into(),
			models: models.into(),
		})
	}

	/// Kills it without a warning, and starts it again, at another address.
	pub fn restart(&mut self) -> Result<()> {
		self.kill()?;
		self.running = launch(&self.program, &self.folder, &self.node, &self.models, &self.arguments)?;
		Ok(())
	}

	/// Its address.
	pub fn url(&self) -> &str {
		&self.running.url
	}

	/// What `key list` says.
	pub fn keys(&self) -> Result<String> {
		output(Self::command(&self.program, &self.folder).args(["key", "list"]))
	}

	/// Its ledger since it was started, as it is on the disk.
	pub fn ledger(&self) -> Result<String> {
		Ok(fs::read_to_string(self.folder.join("spent.journal"))?)
	}

	/// What it tells Prometheus.
	pub fn metrics(&self) -> Result<String> {
		metrics_at(&self.running.metrics)
	}

	fn kill(&mut self) -> Result<()> {
		self.running.process.kill()?;
		self.running.process.wait()?;
		Ok(())
	}
}

impl Drop for Gateway {
	fn drop(&mut self) {
		// Nothing can be done about a process that cannot be killed.
		let _ = self.kill();
	}
}

/// Starts a gateway, and waits until it listens.
fn launch(program: &Path, folder: &Path, node: &str, models: &Path, arguments: &[String]) -> Result<Running> {
	let log = folder.join("gateway.log");
	let mut process = Gateway::command(program, folder)
		.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"])
		.args(["--suri", "//Bob", "--url", node])
		.arg("--models-dir")
		.arg(models)
		.args(arguments)
		.stdin(Stdio::null())
		.stderr(File::create(&log)?)
		.spawn()
		.with_context(|| program.display().to_string())?;
	let listening = until("the gateway to listen", START_LIMIT, || {
		let said = fs::read_to_string(&log)?;
		if let Some(status) = process.try_wait()? {
			bail!("the gateway ended with {status}: {said}");
		}
		let after = |words: &str, end: &str| Some(said.split_once(words)?.1.split_once(end)?.0.to_owned());
		Ok(after(LISTENING, "/v1").zip(after(METRICS, "/metrics")))
	});
	match listening {
		Ok((url, metrics)) => Ok(Running { process, url, metrics }),
		Err(error) => {
			// Nothing can be done about a process that cannot be killed.
			let _ = process.kill().and_then(|()| process.wait());
			Err(error)
		}
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
