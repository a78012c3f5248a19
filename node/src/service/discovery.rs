//! How validators find each other: each publishes, signed with a session key, where it is.

use super::FullClient;
use futures::StreamExt;
use sc_authority_discovery::{new_worker_and_service_with_config, Role, WorkerConfig};
use sc_network::service::traits::NetworkService;
use sc_network::{config::NetworkConfiguration, Event, NetworkEventStream};
use sc_service::TaskManager;
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use substrate_prometheus_endpoint::Registry;

/// What a node publishes, and where it keeps what it finds.
pub(super) fn settings(network: &NetworkConfiguration) -> WorkerConfig {
	WorkerConfig {
		publish_non_global_ips: network.allow_non_globals_in_dht,
		public_addresses: network.public_addresses.clone(),
		// No older network has to be understood.
		strict_record_validation: true,
		persisted_cache_directory: network.net_config_path.clone(),
		..WorkerConfig::default()
	}
}

/// Publishes where this validator is, and keeps up connections to the others.
pub(super) fn spawn(
	tasks: &TaskManager,
	settings: WorkerConfig,
	client: Arc<FullClient>,
	network: Arc<dyn NetworkService>,
	keystore: KeystorePtr,
	registry: Option<Registry>,
) {
	let heard = network
		.event_stream("authority-discovery")
		.filter_map(|event| async move {
			match event {
				Event::Dht(event) => Some(event),
				_ => None,
			}
		});
	let (worker, _) = new_worker_and_service_with_config(
		settings,
		client,
		Arc::new(network),
		Box::pin(heard),
		Role::PublishAndDiscover(keystore),
		registry,
		tasks.spawn_handle(),
	);
	tasks
		.spawn_handle()
		.spawn("authority-discovery", Some("networking"), worker.run());
}
