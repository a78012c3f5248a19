//! The endpoint: requests of channels are answered beside the jobs of the worker.

use super::worker::Node;
use crate::cli::WorkerParams;
use assay_endpoint::{
	chain::Chain,
	desk::Credit,
	metrics::Metrics,
	server::{serve, Identity, Limits, Server},
	Endpoint, Settings,
};
use assay_provider::{models::Models, node};
use assay_runtime::opaque::Block;
use assay_trace::Hash32;
use futures::FutureExt;
use sc_service::{Error, SpawnTaskHandle};
use std::{
	net::{SocketAddr, TcpListener},
	panic::AssertUnwindSafe,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use tokio::sync::oneshot;

const LOG: &str = "assay::endpoint";
/// How long the endpoint rests after it failed.
const RESTART_AFTER: Duration = Duration::from_secs(10);
/// Requests that wait for their turn.
const WAITING: usize = 64;
/// Bytes on disk from which on no more requests are taken.
const DISK: u64 = 16 << 30;

/// Where consumers come in.
pub(super) struct Door {
	listener: TcpListener,
	identity: Identity,
	/// What is told of it.
	pub(super) sign: Sign,
}

/// What has to be known to come in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sign {
	/// Where the endpoint listens.
	pub(crate) address: SocketAddr,
	/// By what it is known: SHA-256 of its public key.
	pub(crate) key_hash: Hash32,
}

/// The folder of the endpoint.
fn folder(data_path: &Path) -> PathBuf {
	data_path.join("endpoint")
}

/// Listens where the command line says, if it does. A port that is taken is an error, now.
pub(super) fn open(params: &WorkerParams, data_path: &Path) -> Result<Option<Door>, Error> {
	let Some(address) = params.endpoint_addr() else {
		return Ok(None);
	};
	let failed = |reason: String| Error::Other(format!("the endpoint cannot listen on {address}: {reason}"));
	let listener = TcpListener::bind(address).map_err(|error| failed(error.to_string()))?;
	listener
		.set_nonblocking(true)
		.map_err(|error| failed(error.to_string()))?;
	let identity = Identity::open(&folder(data_path)).map_err(|error| failed(error.to_string()))?;
	let sign = Sign {
		address: listener.local_addr().map_err(|error| failed(error.to_string()))?,
		key_hash: identity.key_hash,
	};
	log::info!(
		target: LOG,
		"requests are answered at {}, by a server whose key has the hash {}: `assay operator endpoint` tells consumers where",
		sign.address, sign.key_hash
	);
	Ok(Some(Door {
		listener,
		identity,
		sign,
	}))
}

/// Starts the endpoint. If it fails it is started again; the node goes on either way.
///
/// - `door`: where requests come in. Without one none are answered, but what was answered before is settled and revealed.
pub(super) fn spawn(
	spawner: &SpawnTaskHandle,
	node: Arc<Node>,
	models: Arc<Models>,
	door: Option<Door>,
) -> Result<(), Error> {
	if door.is_none() {
		if !folder(&node.data_path).exists() {
			return Ok(());
		}
		log::info!(
			target: LOG,
			"no requests are answered without --endpoint-addr; what was answered before is settled, and revealed if it is drawn"
		);
	}
	let metrics = node
		.registry
		.as_ref()
		.map(Metrics::register)
		.transpose()
		.map_err(|error| Error::Other(format!("the endpoint's metrics cannot be registered: {error}")))?;
	let endpoint = async move {
		loop {
			let run = AssertUnwindSafe(run(&node, models.clone(), door.as_ref(), metrics.clone())).catch_unwind();
			match run.await {
				Ok(Ok(())) => log::error!(target: LOG, "the endpoint has ended"),
				Ok(Err(error)) => log::error!(target: LOG, "{error}"),
				Err(_) => log::error!(target: LOG, "the endpoint panicked"),
			}
			log::error!(target: LOG, "starting again in {RESTART_AFTER:?}");
			tokio::time::sleep(RESTART_AFTER).await;
		}
	};
	spawner.spawn("endpoint", Some("worker"), endpoint);
	Ok(())
}

async fn run(
	node: &Arc<Node>,
	models: Arc<Models>,
	door: Option<&Door>,
	metrics: Option<Metrics>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
	let settings = Settings {
		journal: folder(&node.data_path),
		credit: Credit::default(),
		at_once: node.jobs_at_once.get(),
		waiting: WAITING,
		disk: DISK,
	};
	let chain: Arc<dyn Chain> = Arc::new(node.chain());
	let endpoint = tokio::task::spawn_blocking(move || Endpoint::open(chain, models, settings, metrics)).await??;
	let follow = endpoint.clone().follow(node::events::<Block, _>(&*node.client));
	let Some(door) = door else {
		follow.await;
		return Ok(());
	};
	let server = Server {
		listener: tokio::net::TcpListener::from_std(door.listener.try_clone()?)?,
		identity: door.identity.clone(),
		limits: Limits::default(),
	};
	let (end, ended) = oneshot::channel::<()>();
	let serve = serve(endpoint, server, async {
		// It ends either way.
		let _ = ended.await;
	});
	let follow = async {
		follow.await;
		drop(end);
	};
	futures::join!(serve, follow);
	Ok(())
}
