//! The ports that the node listens on.
//!
//! Left to itself, `sc-service` takes any port when that of JSON-RPC is taken, and none when that of Prometheus is, without
//! a word. Whoever names a port wants that one.

use sc_cli::{Error, Result, RunCmd};
use sc_service::Configuration;
use std::{
	io::ErrorKind,
	net::{SocketAddr, TcpListener},
};

/// Refuses to start on a taken port that was asked for, and warns of one that was not.
pub(crate) fn check(config: &mut Configuration, run: &RunCmd) -> Result<()> {
	let asked = run.rpc_params.rpc_port.is_some() || !run.rpc_params.experimental_rpc_endpoint.is_empty();
	for endpoint in config.rpc.addr.iter_mut().flatten() {
		if run.rpc_params.rpc_port.is_some() {
			endpoint.retry_random_port = false;
		}
		// The second address, of IPv6, is left out where there is none.
		if !endpoint.is_optional && is_taken(endpoint.listen_addr) {
			taken(
				endpoint.listen_addr,
				"JSON-RPC",
				"--rpc-port",
				asked && !endpoint.retry_random_port,
			)?;
			log::warn!("JSON-RPC listens on any free port instead: see below, `Running JSON-RPC server`");
		}
	}
	if let Some(prometheus) = &config.prometheus_config {
		if is_taken(prometheus.port) {
			let asked = run.prometheus_params.prometheus_port.is_some();
			taken(prometheus.port, "Prometheus", "--prometheus-port", asked)?;
			log::warn!("there are no metrics of this node");
		}
	}
	Ok(())
}

fn is_taken(address: SocketAddr) -> bool {
	TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

fn taken(address: SocketAddr, what: &str, option: &str, asked: bool) -> Result<()> {
	let text =
		format!("{address}, where {what} should listen, is taken by another process: choose a port with {option}");
	if asked {
		return Err(Error::Input(text));
	}
	log::warn!("{text}");
	Ok(())
}
