//! Node processes.

use crate::{binaries::Binaries, cache, rpc::Rpc, wait::until};
use anyhow::{bail, ensure, Context, Result};
use serde_json::json;
use std::{
	fs::{File, OpenOptions},
	io::{Read, Seek, SeekFrom, Write},
	net::{SocketAddr, TcpStream, ToSocketAddrs},
	os::unix::process::CommandExt,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::Duration,
};

/// How long a node may take to answer.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long a node may take to end.
const END_LIMIT: Duration = Duration::from_secs(90);
/// Lines of its log that a node which does not start shows.
const SHOWN_LINES: usize = 20;
/// Name of a node's log, in the folder of its data.
pub(crate) const LOG_FILE: &str = "node.log";

/// How to run a node.
#[derive(Clone, Debug)]
pub struct NodeOptions {
	/// What logs call it.
	pub name: String,
	/// Folder of its data; it stays when the node is killed.
	pub base: PathBuf,
	/// Folder of its artifacts.
	pub models: PathBuf,
	/// The file of its log.
	pub log: PathBuf,
	/// Where it listens for other nodes and for clients; 0 is any free port.
	pub ports: Ports,
	/// Whether signals for this program, such as that of Ctrl-C, spare it.
	pub detached: bool,
	/// Further arguments: the chain, the role, the worker.
	pub arguments: Vec<String>,
	/// Environment.
	pub environment: Vec<(String, String)>,
}

impl NodeOptions {
	/// Whether the arguments say where its metrics are.
	fn tells_metrics(&self) -> bool {
		self.arguments.iter().any(|argument| argument == "--prometheus-port")
	}
}

/// The ports of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ports {
	/// For other nodes.
	pub p2p: u16,
	/// For clients.
	pub rpc: u16,
}

/// A running node. It is killed when this is dropped, unless it was [left](Node::leave).
pub struct Node {
	binaries: Binaries,
	options: NodeOptions,
	process: Option<Child>,
	rpc: Rpc,
	p2p_port: u16,
}

impl Node {
	/// Starts a node and waits until it answers.
	pub fn start(binaries: &Binaries, options: NodeOptions) -> Result<Self> {
		std::fs::create_dir_all(&options.base)?;
		std::fs::create_dir_all(&options.models)?;
		let mut node = Self {
			binaries: binaries.clone(),
			process: None,
			rpc: Rpc {
				address: SocketAddr::from(([127, 0, 0, 1], 0)),
			},
			// It listens there again when it starts again: others know it by that.
			p2p_port: options.ports.p2p,
			options,
		};
		node.launch()?;
		Ok(node)
	}

	/// Starts the process. The first that was ever started of these programs compiles the runtime for all, and the others wait
	/// until it has.
	fn launch(&mut self) -> Result<()> {
		let compiled = cache::folder_of(&self.binaries, "runtimes")?;
		let mut is_first = false;
		cache::once(&compiled, "compiled", |mark| {
			is_first = true;
			self.launch_with(&compiled)?;
			Ok(File::create(mark).map(|_| ())?)
		})?;
		match is_first {
			true => Ok(()),
			false => self.launch_with(&compiled),
		}
	}

	fn launch_with(&mut self, compiled: &Path) -> Result<()> {
		let mut log = OpenOptions::new().create(true).append(true).open(self.log())?;
		let before = log.seek(SeekFrom::End(0))?;
		let mut command = Command::new(&self.binaries.node);
		command
			.args(&self.options.arguments)
			.arg("--base-path")
			.arg(&self.options.base)
			.arg("--models-dir")
			.arg(&self.options.models)
			.args([
				"--name",
				&self.options.name,
				"--rpc-port",
				&self.options.ports.rpc.to_string(),
			])
			.args(match self.options.ports.p2p {
				0 => ["--listen-addr".into(), format!("/ip4/127.0.0.1/tcp/{}", self.p2p_port)],
				port => ["--port".into(), port.to_string()],
			})
			.arg("--runtime-cache")
			.arg(compiled)
			.args(["--no-mdns", "--no-telemetry"])
			.args((!self.options.tells_metrics()).then_some("--no-prometheus"))
			.envs(self.options.environment.iter().cloned())
			.stdin(Stdio::null())
			.stdout(log.try_clone()?)
			.stderr(log);
		if self.options.detached {
			command.process_group(0);
		}
		self.process = Some(
			command
				.spawn()
				.with_context(|| self.binaries.node.display().to_string())?,
		);
		let what = format!("node {} to answer (log {})", self.options.name, self.log().display());
		self.rpc = until(&what, START_LIMIT, || {
			if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().transpose()) {
				bail!(
					"node {} ended with {}:\n{}",
					self.options.name,
					status?,
					tail(&self.log(), SHOWN_LINES)
				);
			}
			Ok(rpc_address(&self.log(), before)?.map(|address| Rpc { address }))
		})?;
		until(&what, START_LIMIT, || {
			Ok(self.rpc.call("system_health", json!([])).ok())
		})?;
		self.p2p_port = self.rpc.p2p_port()?;
		Ok(())
	}

	/// Its JSON-RPC server.
	pub fn rpc(&self) -> Rpc {
		self.rpc
	}

	/// The address clients connect to.
	pub fn url(&self) -> String {
		format!("ws://{}", self.rpc.address)
	}

	/// How it is run.
	pub fn options(&self) -> &NodeOptions {
		&self.options
	}

	/// The address other nodes connect to.
	pub fn bootnode(&self) -> Result<String> {
		self.rpc.bootnode()
	}

	/// Where its log is.
	pub fn log(&self) -> PathBuf {
		self.options.log.clone()
	}

	/// The number of its process.
	pub fn process(&self) -> Result<u32> {
		let process = self.process.as_ref();
		Ok(process
			.with_context(|| format!("node {} does not run", self.options.name))?
			.id())
	}

	/// Lets the process run on.
	pub fn leave(mut self) {
		self.process = None;
	}

	/// Ends the process at once, as `kill -9` does.
	pub fn kill(&mut self) -> Result<()> {
		if let Some(mut process) = self.process.take() {
			process.kill()?;
			process.wait()?;
		}
		Ok(())
	}

	/// Asks the process to end, as the terminal and service managers do, and returns what it wrote into its log since.
	pub fn terminate(&mut self) -> Result<String> {
		let mut log = File::open(self.log())?;
		log.seek(SeekFrom::End(0))?;
		self.signal("-TERM")?;
		let what = format!("node {} to end", self.options.name);
		let status = until(&what, END_LIMIT, || {
			let process = self.process.as_mut();
			Ok(process.map(Child::try_wait).transpose()?.flatten())
		})?;
		self.process = None;
		let mut last = vec![];
		log.read_to_end(&mut last)?;
		let last = String::from_utf8_lossy(&last).into_owned();
		ensure!(
			status.success(),
			"node {} ended with {status}:\n{last}",
			self.options.name
		);
		Ok(last)
	}

	/// Stops the process where it is, as a machine does that has no time for it.
	pub fn pause(&self) -> Result<()> {
		self.signal("-STOP")
	}

	/// Lets a paused process go on.
	pub fn resume(&self) -> Result<()> {
		self.signal("-CONT")
	}

	fn signal(&self, signal: &str) -> Result<()> {
		let number = self.process()?.to_string();
		let told = Command::new("kill").args([signal, &number]).status().context("kill")?;
		ensure!(told.success(), "process {number} takes no signal");
		Ok(())
	}

	/// What it tells Prometheus, if its arguments said where.
	pub fn metrics(&self) -> Result<String> {
		let log = std::fs::read_to_string(self.log())?;
		let mut addresses = log
			.lines()
			.filter_map(|line| line.split_once("Prometheus exporter started at "));
		let (_, address) = addresses.next_back().context("it tells no metrics")?;
		metrics_at(address.trim())
	}

	/// Starts a killed node again on the data it left.
	pub fn restart(&mut self) -> Result<()> {
		ensure!(self.process.is_none(), "node {} still runs", self.options.name);
		self.launch()
	}

	/// Puts a worker key into the keystore of a node that does not run yet.
	pub fn insert_worker_key(binaries: &Binaries, base: &Path, chain: &str, secret: &str) -> Result<()> {
		Self::insert_key(binaries, base, chain, ("assa", "sr25519"), secret)
	}

	/// Puts a key of some type and scheme into the keystore of a node that does not run yet.
	pub fn insert_key(
		binaries: &Binaries,
		base: &Path,
		chain: &str,
		(kind, scheme): (&str, &str),
		secret: &str,
	) -> Result<()> {
		let output = Command::new(&binaries.node)
			.args([
				"key",
				"insert",
				"--chain",
				chain,
				"--key-type",
				kind,
				"--scheme",
				scheme,
				"--suri",
				secret,
			])
			.arg("--base-path")
			.arg(base)
			.output()?;
		ensure!(
			output.status.success(),
			"key insert: {}",
			String::from_utf8_lossy(&output.stderr)
		);
		Ok(())
	}
}

impl Drop for Node {
	fn drop(&mut self) {
		// Nothing can be done about a process that cannot be killed.
		let _ = self.kill();
	}
}

/// What Prometheus is told at an address.
pub(crate) fn metrics_at(address: impl ToSocketAddrs) -> Result<String> {
	http(address, "GET /metrics HTTP/1.0\r\n\r\n")
}

/// The whole answer to a request after which the server hangs up.
pub(crate) fn http(address: impl ToSocketAddrs, request: &str) -> Result<String> {
	let mut stream = TcpStream::connect(address)?;
	stream.write_all(request.as_bytes())?;
	let mut answer = String::new();
	stream.read_to_string(&mut answer)?;
	Ok(answer)
}

/// Finds the address in the part of a log that begins at `from`.
fn rpc_address(log: &Path, from: u64) -> Result<Option<SocketAddr>> {
	let mut file = File::open(log)?;
	file.seek(SeekFrom::Start(from))?;
	let mut bytes = vec![];
	file.read_to_end(&mut bytes)?;
	let text = String::from_utf8_lossy(&bytes);
	// The last line may still be being written.
	let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
	let mut addresses = lines
		.filter_map(|line| line.split_once("Running JSON-RPC server: addr="))
		.map(|(_, rest)| rest);
	let first = addresses.next().and_then(|rest| rest.split([',', '\n', ' ']).next());
	Ok(first.and_then(|address| address.trim().parse().ok()))
}

/// The last lines of a file.
pub(crate) fn tail(file: &Path, count: usize) -> String {
	let text = std::fs::read(file)
		.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
		.unwrap_or_default();
	let lines: Vec<_> = text.lines().collect();
	lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_address_is_read_from_the_log_of_this_start_only() {
		let folder = tempfile::tempdir().unwrap();
		let log = folder.path().join("node.log");
		let first = "2026 Running JSON-RPC server: addr=127.0.0.1:4001,[::1]:4001\n";
		std::fs::write(&log, first).unwrap();
		assert_eq!(rpc_address(&log, 0).unwrap().unwrap().port(), 4001);
		assert!(rpc_address(&log, first.len() as u64).unwrap().is_none());
		std::fs::write(&log, format!("{first}2026 Running JSON-RPC server: addr=127.0.0.1:40")).unwrap();
		assert!(rpc_address(&log, first.len() as u64).unwrap().is_none());
	}
}
