//! The ports that the node listens on.
//!
//! Left to themselves, `sc-service` takes any port when that of JSON-RPC is taken, and none when that of Prometheus is, and
//! the network listens nowhere when its port is, all without a word. Whoever names a port wants that one.

use sc_cli::{Error, Result, RunCmd};
use sc_network::{multiaddr::Protocol, Multiaddr};
use sc_service::Configuration;
use std::{
	io::ErrorKind,
	net::{IpAddr, SocketAddr, TcpListener},
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
				"JSON-RPC listens",
				"--rpc-port",
				asked && !endpoint.retry_random_port,
			)?;
			log::warn!("JSON-RPC listens on any free port instead: see below, `Running JSON-RPC server`");
		}
	}
	let network = &run.network_params;
	let asked = network.port.is_some() || !network.listen_addr.is_empty();
	for address in &mut config.network.listen_addresses {
		let Some(socket) = socket_of(address) else { continue };
		if is_taken(socket) {
			taken(socket, "other nodes reach this one", "--port", asked)?;
			*address = address
				.iter()
				.map(|part| match part {
					Protocol::Tcp(_) => Protocol::Tcp(0),
					other => other,
				})
				.collect();
			log::warn!("the network listens on any free port instead: `system_localListenAddresses` tells it");
		}
	}
	if let Some(prometheus) = &config.prometheus_config {
		if is_taken(prometheus.port) {
			let asked = run.prometheus_params.prometheus_port.is_some();
			taken(prometheus.port, "Prometheus listens", "--prometheus-port", asked)?;
			log::warn!("there are no metrics of this node");
		}
	}
	Ok(())
}

/// The address of a socket, if it is one of TCP.
fn socket_of(address: &Multiaddr) -> Option<SocketAddr> {
	let mut parts = address.iter();
	let ip = match parts.next()? {
		Protocol::Ip4(ip) => IpAddr::from(ip),
		Protocol::Ip6(ip) => IpAddr::from(ip),
		_ => return None,
	};
	match parts.next()? {
		Protocol::Tcp(port) => Some(SocketAddr::new(ip, port)),
		_ => None,
	}
}

fn is_taken(address: SocketAddr) -> bool {
	TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

fn taken(address: SocketAddr, what: &str, option: &str, asked: bool) -> Result<()> {
	let text = format!("{address}, where {what}, is taken by another process: choose a port with {option}");
	if asked {
		return Err(Error::Input(text));
	}
	log::warn!("{text}");
	Ok(())
}
