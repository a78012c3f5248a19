//! The network that `scripts/testnet` starts.

use anyhow::{ensure, Context, Result};
use assay_e2e::{until, Assay, Binaries, Rpc, VALIDATORS};
use serde_json::json;
use std::{
	net::{SocketAddr, TcpListener},
	path::Path,
	process::{Command, Output},
	time::Duration,
};

/// Stops the network, whatever became of the test.
struct Network {
	folder: tempfile::TempDir,
}

impl Network {
	fn call(&self, arguments: &[&str]) -> Result<Output> {
		let mut command = Command::new(env!("CARGO_BIN_EXE_assay-testnet"));
		Ok(command
			.arg("--folder")
			.arg(self.folder.path())
			.args(arguments)
			.output()?)
	}

	fn ok(&self, arguments: &[&str]) -> Result<String> {
		let output = self.call(arguments)?;
		let text = String::from_utf8(output.stdout)?;
		let log = String::from_utf8_lossy(&output.stderr);
		ensure!(output.status.success(), "{text}{log}");
		Ok(text)
	}
}

impl Drop for Network {
	fn drop(&mut self) {
		// A test that failed says why itself.
		let _ = self.call(&["--down"]);
	}
}

/// The first of some ports in a row that are free.
fn free_ports(count: usize) -> Result<u16> {
	until("free ports", Duration::from_secs(10), || {
		let first = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
		let free = (first..)
			.take(count)
			.all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
		Ok(free.then_some(first))
	})
}

fn processes(folder: &Path) -> Result<Vec<u64>> {
	let read = |name| {
		let file = folder.join("run").join(format!("{name}.json"));
		let started: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
		started["process"].as_u64().context("no process")
	};
	VALIDATORS.into_iter().map(read).collect()
}

#[test]
fn the_test_network_starts_once_registers_own_keys_and_stops() -> Result<()> {
	let network = Network {
		folder: tempfile::tempdir()?,
	};
	let folder = network.folder.path();
	let first = free_ports(2 * VALIDATORS.len())?;
	let (rpc, p2p) = (first.to_string(), (first + 4).to_string());
	let ports = ["--rpc-port", &rpc, "--p2p-port", &p2p];
	assert!(!network.call(&["--status"])?.status.success());
	let shown = network.ok(&ports)?;
	let started = processes(folder)?;

	let binaries = Binaries::find()?;
	let assay = Assay::new(&binaries, format!("ws://127.0.0.1:{first}"), folder);
	let validators = assay.ok("validator list --finalized")?;
	assert_eq!(validators.as_array().map(Vec::len), Some(VALIDATORS.len()));
	for (index, name) in (0u16..).zip(VALIDATORS) {
		assert!(shown.contains(&format!("ws://127.0.0.1:{} ", first + index)), "{shown}");
		assert!(std::fs::metadata(folder.join("logs").join(format!("{name}.log")))?.len() > 0);
		// The chain has keys of this validator that are in its node's keystore, and in no other's.
		let account = &assay.ok(&format!("account show //{}{}", name[..1].to_uppercase(), &name[1..]))?["account"];
		let mut listed = validators.as_array().into_iter().flatten();
		let listed = listed.find(|validator| validator["account"] == *account);
		let keys = &listed.with_context(|| format!("{name} is no validator"))?["keys"];
		for other in 0..4 {
			let address = SocketAddr::from(([127, 0, 0, 1], first + other));
			let has = Rpc { address }.call("author_hasSessionKeys", json!([keys]))?;
			assert_eq!(has, json!(other == index), "{name}'s keys in node {other}");
		}
	}

	// Again changes nothing.
	assert!(network.ok(&ports)?.starts_with("The network is running."));
	assert_eq!(processes(folder)?, started);
	assert!(network.ok(&["--status"])?.contains("4 of 4 nodes run"));

	assert!(network.ok(&["--down"])?.starts_with("4 nodes stopped"));
	assert!(processes(folder).is_err());
	for port in first..first + 8 {
		TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("somebody still listens on port {port}"))?;
	}
	assert!(network.ok(&["--down"])?.starts_with("The network does not run."));
	Ok(())
}
