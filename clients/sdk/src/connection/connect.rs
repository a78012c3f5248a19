//! Finding the node.

use super::{
	transport::{Dial, Transport, INTERVAL},
	Assay, Config, Inner, Methods, Patience,
};
use crate::{transactions::Desks, Error, Result};
use std::{
	error::Error as StdError,
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::{
	backend::LegacyBackend,
	rpcs::{self, client::rpc_params, RpcClient},
	OnlineClient, PolkadotConfig,
};

impl Assay {
	/// Connects to the node at `url`, such as `ws://127.0.0.1:9944`.
	pub async fn connect(url: &str) -> Result<Self> {
		Self::connect_patiently(url, Patience::default(), || ()).await
	}

	/// Connects to the node at `url`, which is waited for; `waiting` is called once if it has to be.
	pub async fn connect_patiently(url: &str, patience: Patience, waiting: impl Fn()) -> Result<Self> {
		let first = reach(url, patience.start, waiting).await?;
		let genesis = genesis(&first).await.map_err(|error| other_chain(url, &error))?;
		let rpc = RpcClient::new(Transport::new(first, redial(url, genesis), patience.restart));
		let backend = LegacyBackend::<Config>::builder().build(rpc.clone());
		let client = OnlineClient::from_backend_with_config(PolkadotConfig::new(), Arc::new(backend)).await;
		Ok(Self(Arc::new(Inner {
			url: url.to_owned(),
			methods: Methods::new(rpc.clone()),
			rpc,
			client: client.map_err(|error| other_chain(url, &error))?,
			desks: Desks::default(),
		})))
	}
}

/// A first connection.
async fn reach(url: &str, patience: Duration, waiting: impl Fn()) -> Result<RpcClient> {
	let start = Instant::now();
	let mut told = false;
	loop {
		match RpcClient::from_insecure_url(url).await {
			Ok(rpc) => return Ok(rpc),
			Err(error) if is_passing(&error) && start.elapsed() < patience => {
				if !told {
					waiting();
					told = true;
				}
				tokio::time::sleep(INTERVAL).await;
			}
			Err(error) => {
				return Err(Error::NotConnected {
					url: url.to_owned(),
					waited: told.then_some(patience),
					reason: innermost(root(&error)).to_string(),
				});
			}
		}
	}
}

/// How the node is reached again: whoever answers instead of it is not taken for it.
fn redial(url: &str, chain: String) -> Dial {
	let url = url.to_owned();
	Arc::new(move || {
		let (url, chain) = (url.clone(), chain.clone());
		Box::pin(async move {
			let client = RpcClient::from_insecure_url(&url).await?;
			match genesis(&client).await? == chain {
				true => Ok(client),
				false => Err(rpcs::Error::Client("another chain answers".into())),
			}
		})
	})
}

/// The hash of the first block.
async fn genesis(client: &RpcClient) -> Result<String, rpcs::Error> {
	client.request("chain_getBlockHash", rpc_params![0]).await
}

fn other_chain(url: &str, error: &(dyn StdError + 'static)) -> Error {
	Error::OtherChain {
		url: url.to_owned(),
		reason: innermost(error).to_string(),
	}
}

/// The transport's own error, which its wrappers do not name as their source.
fn root(error: &rpcs::Error) -> &(dyn StdError + 'static) {
	match error {
		rpcs::Error::Client(inner) => match inner.downcast_ref::<rpcs::Error>() {
			Some(nested) => root(nested),
			None => &**inner,
		},
		other => other,
	}
}

/// The last in a chain of errors: the others only repeat it.
fn innermost<'e>(mut error: &'e (dyn StdError + 'static)) -> &'e (dyn StdError + 'static) {
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

	async fn error(url: &str, start: Duration) -> (String, u32) {
		let told = Cell::new(0);
		let patience = Patience {
			start,
			..Patience::default()
		};
		let connected = Assay::connect_patiently(url, patience, || told.set(told.get() + 1)).await;
		let error = connected.err().unwrap();
		assert!(error.is_disconnected(), "{error}");
		(error.to_string(), told.get())
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
