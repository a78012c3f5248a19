//! The local test network: four validators with their workers, which run on when this program has ended.
//! `scripts/testnet` builds and calls it.

use anyhow::{bail, ensure, Context, Result};
use assay_e2e::{finalised, until, Assay, Binaries, Node, NodeOptions, Ports, Rpc, VALIDATORS};
use clap::Parser;
use comfy_table::{presets::NOTHING, Table};
use serde::{Deserialize, Serialize};
use std::{
	env, fs,
	net::{SocketAddr, TcpListener},
	path::PathBuf,
	process::{Command, ExitCode},
	thread,
	time::Duration,
};

/// How long a node may take to find the others, or to end.
const LIMIT: Duration = Duration::from_secs(60);

/// Four validators with their workers on this machine.
#[derive(Debug, Parser)]
struct Testnet {
	/// Stop the nodes; the chain stays for the next start.
	#[arg(long, conflicts_with = "status")]
	down: bool,
	/// Show what runs; exit with 1 if it is not everything.
	#[arg(long)]
	status: bool,
	/// Where the first node listens for clients; the others have the ports after it.
	#[arg(long, default_value_t = 9944, value_name = "PORT")]
	rpc_port: u16,
	/// Where the first node listens for other nodes; the others have the ports after it.
	#[arg(long, default_value_t = 30333, value_name = "PORT")]
	p2p_port: u16,
	/// Folder of everything [default: assay/testnet in the user's folder for state].
	#[arg(long, env = "ASSAY_TESTNET", value_name = "DIR")]
	folder: Option<PathBuf>,
}

fn main() -> ExitCode {
	let testnet = Testnet::parse();
	match testnet.run() {
		Ok(code) => code,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

impl Testnet {
	fn run(&self) -> Result<ExitCode> {
		let folder = match &self.folder {
			Some(folder) => folder.clone(),
			None => state_folder()?,
		};
		// Nodes and their command lines must find it from wherever they are called.
		let folder = std::path::absolute(folder)?;
		let network = Network { folder };
		if self.down {
			network.stop()?;
			return Ok(ExitCode::SUCCESS);
		}
		if self.status {
			let runs = network.running()?.len();
			println!("{}\n{runs} of {} nodes run", network.table()?, VALIDATORS.len());
			return Ok(match runs == VALIDATORS.len() {
				true => ExitCode::SUCCESS,
				false => ExitCode::FAILURE,
			});
		}
		if network.running()?.len() == VALIDATORS.len() {
			println!("The network is running.");
		} else {
			network.start(self)?;
		}
		println!("\n{}", network.guide()?);
		Ok(ExitCode::SUCCESS)
	}
}

/// The folder for what programs of this user remember.
fn state_folder() -> Result<PathBuf> {
	let state = match env::var_os("XDG_STATE_HOME") {
		Some(state) => PathBuf::from(state),
		None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".local/state"),
	};
	Ok(state.join("assay/testnet"))
}

/// What is remembered of a node that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Started {
	name: String,
	process: u32,
	rpc: u16,
	p2p: u16,
}

impl Started {
	fn rpc(&self) -> Rpc {
		Rpc {
			address: SocketAddr::from(([127, 0, 0, 1], self.rpc)),
		}
	}

	fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.rpc)
	}
}

/// The network in its folder.
struct Network {
	folder: PathBuf,
}

impl Network {
	fn base(&self, name: &str) -> PathBuf {
		self.folder.join("nodes").join(name)
	}

	fn log(&self, name: &str) -> PathBuf {
		self.folder.join("logs").join(format!("{name}.log"))
	}

	fn models(&self) -> PathBuf {
		self.folder.join("models")
	}

	/// The file that says which process a node is.
	fn pid_file(&self, name: &str) -> PathBuf {
		self.folder.join("run").join(format!("{name}.json"))
	}

	/// The session keys that a validator has registered, once it has.
	fn keys_file(&self, name: &str) -> PathBuf {
		self.base(name).join("session-keys.json")
	}

	/// The nodes that run.
	fn running(&self) -> Result<Vec<Started>> {
		let mut running = vec![];
		for name in VALIDATORS {
			let file = self.pid_file(name);
			if !file.exists() {
				continue;
			}
			let started: Started = serde_json::from_slice(&fs::read(&file)?)
				.with_context(|| format!("{} is damaged: remove it", file.display()))?;
			if self.runs(&started) {
				running.push(started);
			}
		}
		Ok(running)
	}

	/// Whether the process is still the node's: its number may be another's by now.
	fn runs(&self, started: &Started) -> bool {
		let base = self.base(&started.name);
		let line = fs::read(format!("/proc/{}/cmdline", started.process)).unwrap_or_default();
		line.split(|byte| *byte == 0)
			.any(|word| word == base.as_os_str().as_encoded_bytes())
	}

	/// Starts the nodes that do not run, and waits until all of them make blocks final, with keys of their own.
	fn start(&self, ports: &Testnet) -> Result<()> {
		let binaries = Binaries::find()?;
		for folder in ["logs", "run", "models"] {
			let folder = self.folder.join(folder);
			fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
		}
		// Kept, so that the chain goes on whatever is built later.
		let chain = self.folder.join("chain.json");
		if !chain.exists() {
			fs::copy(assay_e2e::chain(&binaries, "local", |_| ())?, &chain)?;
		}
		let mut network = self.running()?;
		let mut nodes = vec![];
		for (index, name) in (0u16..).zip(VALIDATORS) {
			if network.iter().any(|started| started.name == name) {
				continue;
			}
			let ports = Ports {
				rpc: port(ports.rpc_port, index)?,
				p2p: port(ports.p2p_port, index)?,
			};
			println!("==> starting {name}");
			// What the key's name stands for besides session keys: the account's worker key, so that it works.
			let mut arguments = format!("--validator --{name} --unsafe-force-node-key-generation --chain ");
			arguments.push_str(&chain.display().to_string());
			let mut arguments: Vec<_> = arguments.split(' ').map(String::from).collect();
			for other in &network {
				arguments.extend(["--bootnodes".into(), other.rpc().bootnode()?]);
			}
			let options = NodeOptions {
				name: name.into(),
				base: self.base(name),
				models: self.models(),
				log: self.log(name),
				ports,
				detached: true,
				arguments,
				environment: vec![],
			};
			let node = Node::start(&binaries, options)?;
			let started = Started {
				name: name.into(),
				process: node.process()?,
				rpc: ports.rpc,
				p2p: ports.p2p,
			};
			fs::write(self.pid_file(name), serde_json::to_string(&started)?)?;
			network.push(started);
			nodes.push(node);
		}
		println!("==> waiting until the nodes know each other and blocks are final");
		for started in &network {
			started.rpc().meets(&started.name, VALIDATORS.len() - 1)?;
		}
		finalised(&nodes, network[0].rpc().best()? + 1)?;
		self.register_keys(&binaries, &network)?;
		nodes.into_iter().for_each(Node::leave);
		Ok(())
	}

	/// Has each node make session keys that nobody else has, and registers them in the way of any validator.
	fn register_keys(&self, binaries: &Binaries, network: &[Started]) -> Result<()> {
		let without: Vec<_> = network
			.iter()
			.filter(|started| !self.keys_file(&started.name).exists())
			.collect();
		if without.is_empty() {
			return Ok(());
		}
		println!("==> registering session keys");
		thread::scope(|scope| {
			let register = |started: &Started| {
				let assay = Assay::new(binaries, started.url(), self.models()).signing_as(&account(&started.name));
				let keys = assay.ok("validator keys --finalized")?;
				fs::write(self.keys_file(&started.name), keys.to_string())?;
				println!("    {}: from session {}", started.name, keys["from_session"]);
				anyhow::Ok(())
			};
			let registrations: Vec<_> = without
				.iter()
				.map(|started| scope.spawn(move || register(started)))
				.collect();
			for registration in registrations {
				match registration.join() {
					Ok(done) => done?,
					Err(_) => bail!("a registration panicked"),
				}
			}
			Ok(())
		})
	}

	/// Stops the nodes.
	fn stop(&self) -> Result<()> {
		let running = self.running()?;
		for started in &running {
			let number = started.process.to_string();
			let told = Command::new("kill").arg(&number).status().context("kill")?;
			ensure!(told.success(), "{} (process {number}) takes no signal", started.name);
		}
		for started in &running {
			until(&format!("{} to end", started.name), LIMIT, || {
				Ok(ended(started.process).then_some(()))
			})?;
		}
		for name in VALIDATORS {
			let file = self.pid_file(name);
			if file.exists() {
				fs::remove_file(&file).with_context(|| file.display().to_string())?;
			}
		}
		match running.len() {
			0 => println!("The network does not run."),
			count => println!("{count} nodes stopped; the chain stays in {}", self.folder.display()),
		}
		Ok(())
	}

	/// The nodes, and where they are.
	fn table(&self) -> Result<Table> {
		let mut table = Table::new();
		table
			.load_preset(NOTHING)
			.set_header(["node", "role", "RPC", "p2p port", "process", "log"]);
		for started in self.running()? {
			table.add_row([
				started.name.clone(),
				format!("validates and works for {}", account(&started.name)),
				started.url(),
				started.p2p.to_string(),
				started.process.to_string(),
				self.log(&started.name).display().to_string(),
			]);
		}
		Ok(table)
	}

	/// The nodes, and what can be done with them.
	fn guide(&self) -> Result<String> {
		let running = self.running()?;
		let first = running.first().context("no node runs")?;
		let (assay, url) = (Binaries::find()?.assay, first.url());
		let assay = assay.display();
		Ok(format!(
			"{}\n\n\
			 look:   {assay} --url {url} validator list\n\
			 use:    export ASSAY_URL={url} ASSAY_SURI=//Eve ASSAY_MODELS_DIR={}\n\
			 \x20       (//Alice to //Ferdie hold money; docs/operators.md registers and serves a model)\n\
			 stop:   scripts/testnet --down\n\
			 forget: rm -r {}",
			self.table()?,
			self.models().display(),
			self.folder.display()
		))
	}
}

/// Whether a process has given back all it had.
fn ended(process: u32) -> bool {
	// One that has, but whom nobody asked for its end yet, is still listed: as a zombie.
	let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
	state.is_empty()
		|| state
			.rsplit(')')
			.next()
			.is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// The well-known account of a validator's name.
fn account(name: &str) -> String {
	let (first, rest) = name.split_at(1);
	format!("//{}{rest}", first.to_uppercase())
}

/// A port after the first that nobody listens on.
fn port(first: u16, index: u16) -> Result<u16> {
	let port = first.checked_add(index).context("there are no ports above 65535")?;
	TcpListener::bind(("127.0.0.1", port)).with_context(|| {
		format!("port {port}: stop what listens there, or choose others by --rpc-port and --p2p-port")
	})?;
	Ok(port)
}
