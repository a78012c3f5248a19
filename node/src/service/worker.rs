//! The embedded worker: the provider service on the node's own chain.

use super::{Block, FullBackend, FullClient, TransactionPool};
use crate::cli::WorkerParams;
use assay_protocol::operator::WORKER_KEY_TYPE;
use assay_provider::{metrics::Metrics, models::Models, node, Provider, Settings};
use futures::FutureExt;
use sc_client_api::Backend;
use sc_service::{Error, SpawnTaskHandle};
use sp_keystore::KeystorePtr;
use std::{num::NonZeroUsize, panic::AssertUnwindSafe, path::PathBuf, sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

const LOG: &str = "assay::worker";
/// How long the service rests after it failed.
const RESTART_AFTER: Duration = Duration::from_secs(10);
/// How often the worker looks which offers it can keep.
const SURVEY_EVERY: Duration = Duration::from_secs(5);

/// The chain as this node sees it.
type NodeChain = node::NodeChain<Block, FullClient, TransactionPool, <FullBackend as Backend<Block>>::OffchainStorage>;

/// What the worker needs of the node.
pub(super) struct Node {
	/// The chain.
	pub(super) client: Arc<FullClient>,
	/// Its database, for the off-chain storage in which the worker says that it is ready.
	pub(super) backend: Arc<FullBackend>,
	/// Where results go.
	pub(super) transaction_pool: Arc<TransactionPool>,
	/// Holds the worker keys.
	pub(super) keystore: KeystorePtr,
	/// How far the node is behind the present.
	pub(super) progress: Arc<dyn node::Progress>,
	/// Folder of the chain's data.
	pub(super) data_path: PathBuf,
	/// Jobs that are run at the same time at most.
	pub(super) jobs_at_once: NonZeroUsize,
	/// Where metrics go.
	pub(super) registry: Option<Registry>,
}

impl Node {
	/// The chain as this node sees it.
	pub(super) fn chain(&self) -> NodeChain {
		NodeChain::new(
			self.client.clone(),
			self.transaction_pool.clone(),
			self.keystore.clone(),
			self.backend.offchain_storage(),
			self.progress.clone(),
		)
	}
}

/// Puts the worker key of a well-known development account into the keystore.
pub(super) fn insert_dev_key(keystore: &KeystorePtr, seed: &str) -> Result<(), Error> {
	keystore
		.sr25519_generate_new(WORKER_KEY_TYPE, Some(seed))
		.map_err(|error| Error::Other(format!("the keystore takes no worker key for {seed}: {error}")))?;
	Ok(())
}

/// The models that the worker runs.
pub(super) fn models(params: &WorkerParams) -> Arc<Models> {
	let folder = params.models_dir();
	let cores = params.cores();
	log::info!(target: LOG, "the worker runs the models in {} with {cores} of the cores", folder.display());
	Arc::new(Models::new(folder, None, cores))
}

/// Starts the worker. If it fails it is started again; the node goes on either way.
pub(super) fn spawn(spawner: &SpawnTaskHandle, node: Arc<Node>, models: Arc<Models>) -> Result<(), Error> {
	let metrics = node
		.registry
		.as_ref()
		.map(Metrics::register)
		.transpose()
		.map_err(|error| Error::Other(format!("the worker's metrics cannot be registered: {error}")))?;
	let settings = Settings {
		journal: node.data_path.join("jobs"),
		jobs_at_once: node.jobs_at_once.get(),
		survey_every: SURVEY_EVERY,
	};
	let worker = async move {
		loop {
			let run = AssertUnwindSafe(run(&node, models.clone(), &settings, metrics.clone())).catch_unwind();
			match run.await {
				Ok(Ok(())) => return,
				Ok(Err(error)) => log::error!(target: LOG, "{error}"),
				Err(_) => log::error!(target: LOG, "the provider service panicked"),
			}
			log::error!(target: LOG, "starting again in {RESTART_AFTER:?}");
			tokio::time::sleep(RESTART_AFTER).await;
		}
	};
	spawner.spawn("worker", Some("worker"), worker);
	Ok(())
}

async fn run(
	node: &Node,
	models: Arc<Models>,
	settings: &Settings,
	metrics: Option<Metrics>,
) -> Result<(), assay_provider::journal::JournalError> {
	let events = node::events::<Block, _>(&*node.client);
	Provider::new(Arc::new(node.chain()), models, settings, metrics)?
		.run(events)
		.await;
	Ok(())
}
