//! Finding the node.

use super::{Chain, Config, Methods};
use anyhow::{anyhow, Result};
use std::{
	error::Error,
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::{
	backend::LegacyBackend,
	rpcs::{self, RpcClient},
	OnlineClient, PolkadotConfig,
};

/// How often a node that does not answer yet is asked again.
const INTERVAL: Duration = Duration::from_millis(500);

impl Chain {
	/// Connects to the node at `url`. A node that is starting refuses connections at first: it is waited for at most for
	/// `patience`, and `waiting` is called once if it has to be.
	pub(crate) async fn connect(url: &str, patience: Duration, waiting: impl Fn()) -> Result<Self> {
		let start = Instant::now();
		let mut told = false;
		let rpc = loop {
			match RpcClient::from_insecure_url(url).await {
				Ok(rpc) => break rpc,
				Err(error) if is_passing(&error) && start.elapsed() < patience => {
					if !told {
						waiting();
						told = true;
					}
					tokio::time::sleep(INTERVAL).await;
				}
				Err(error) => {
					let waited = match told {
						true => format!(" within {} s", patience.as_secs()),
						false => String::new(),
					};
					return Err(anyhow!(
						"no node answers at {url}{waited}: is it running, and is --url right? ({})",
						innermost(root(&error))
					));
				}
			}
		};
		let backend = LegacyBackend::<Config>::builder().build(rpc.clone());
		let client = OnlineClient::from_backend_with_config(PolkadotConfig::new(), Arc::new(backend)).await;
		Ok(Self {
			methods: Methods::new(rpc.clone()),
			rpc,
			client: client.map_err(|error| {
				anyhow!(
					"what answers at {url} is no node of this chain, or ends: {}",
					innermost(&error)
				)
			})?,
		})
	}
}

/// The transport's own error, which its wrappers do not name as their source.
fn root(error: &rpcs::Error) -> &(dyn Error + 'static) {
	match error {
		rpcs::Error::Client(inner) => match inner.downcast_ref::<rpcs::Error>() {
			Some(nested) => root(nested),
			None => &**inner,
		},
		other => other,
	}
}

/// The last in a chain of errors: the others only repeat it.
fn innermost<'e>(mut error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
	while let Some(source) = error.source() {
		error = source;
	}
	error
}

/// Whether a node that starts, or starts again, may be the reason. The transport keeps only the system's words.
fn is_passing(error: &rpcs::Error) -> bool {
	let text = innermost(root(error)).to_string();
	[
		"Connection refused",
		"Connection reset",
		"Connection aborted",
		"Broken pipe",
	]
	.iter()
	.any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{cell::Cell, net::TcpListener};

	/// A port of this machine on which nobody listens.
	fn closed_port() -> u16 {
		let listener = TcpListener::bind("127.0.0.1:0").unwrap();
		listener.local_addr().unwrap().port()
	}

	async fn error(url: &str, patience: Duration) -> (String, u32) {
		let told = Cell::new(0);
		let connected = Chain::connect(url, patience, || told.set(told.get() + 1)).await;
		(format!("{:#}", connected.err().unwrap()), told.get())
	}

	#[tokio::test]
	async fn a_node_that_is_not_there_is_waited_for_and_missed_once() {
		let url = format!("ws://127.0.0.1:{}", closed_port());
		let (text, told) = error(&url, Duration::from_millis(600)).await;
		assert_eq!(told, 1, "{text}");
		assert!(
			text.starts_with(&format!("no node answers at {url} within 0 s")),
			"{text}"
		);
		assert_eq!(text.matches("refused").count(), 1, "{text}");
		assert!(!text.contains("RPC error"), "{text}");
	}

	#[tokio::test]
	async fn who_is_not_patient_is_told_at_once() {
		let url = format!("ws://127.0.0.1:{}", closed_port());
		let (text, told) = error(&url, Duration::ZERO).await;
		assert_eq!(told, 0, "{text}");
		assert!(text.starts_with(&format!("no node answers at {url}: ")), "{text}");
	}

	#[tokio::test]
	async fn an_address_that_is_none_is_not_waited_for() {
		let (text, told) = error("nowhere", Duration::from_secs(60)).await;
		assert_eq!(told, 0, "{text}");
		assert!(text.starts_with("no node answers at nowhere: "), "{text}");
	}
}
