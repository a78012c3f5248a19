//! The running node: network, RPC, authoring and finality.

use super::{
	discovery, endpoint,
	parts::{inherent_data_providers, new_parts, JUSTIFICATION_PERIOD},
	progress::Progress,
	worker, Block, Consensus, Parts,
};
use crate::{cli::WorkerParams, rpc};
use assay_runtime::Hash;
use futures::FutureExt;
use sc_client_api::Backend;
use sc_consensus_babe::{BabeParams, SlotProportion};
use sc_consensus_grandpa::{FinalityProofProvider, SharedVoterState, VotingRulesBuilder};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkBackend, NetworkWorker};
use sc_service::{Configuration, Error, TaskManager, WarpSyncConfig};
use sc_telemetry::Telemetry;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::{path::Path, sync::Arc, time::Duration};

/// How long a vote takes to reach the other validators.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);
/// The share of a slot in which its block is built; the rest is for its way through the network.
const PROPOSAL_PORTION: f32 = 2.0 / 3.0;
/// When finality stalls, authors slow down to one block in this many slots, but never stop.
const MAXIMUM_BACKOFF: u32 = 10;

/// Starts a node. Machine code of the runtime is kept in `runtime_cache`.
pub(crate) fn new_full(
	config: Configuration,
	worker: &WorkerParams,
	runtime_cache: Option<&Path>,
) -> Result<TaskManager, Error> {
	let parts = new_parts(&config, runtime_cache)?;
	match config.network.network_backend {
		NetworkBackendType::Libp2p => start::<NetworkWorker<Block, Hash>>(config, parts, worker),
		NetworkBackendType::Litep2p => start::<Litep2pNetworkBackend>(config, parts, worker),
	}
}

fn start<Network: NetworkBackend<Block, Hash>>(
	config: Configuration,
	parts: Parts,
	worker_params: &WorkerParams,
) -> Result<TaskManager, Error> {
	let Parts {
		client,
		backend,
		mut task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus {
			block_import,
			babe_link,
			babe_worker,
			grandpa_link,
			mut telemetry,
		},
	} = parts;
	let keystore = keystore_container.keystore();
	let role = config.role;
	let force_authoring = config.force_authoring;
	let disable_grandpa = config.disable_grandpa;
	let name = config.network.node_name.clone();
	let registry = config.prometheus_registry().cloned();
	let data_path = config.data_path.clone();
	let discovered = discovery::settings(&config.network);
	if let Some(seed) = &config.dev_key_seed {
		worker::insert_dev_key(&keystore, seed)?;
	}
	let offchain_pool = OffchainTransactionPoolFactory::new(transaction_pool.clone());

	let mut net_config =
		sc_network::config::FullNetworkConfiguration::<_, _, Network>::new(&config.network, registry.clone());
	let metrics = Network::register_notification_metrics(registry.as_ref());
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&client.chain_info().genesis_hash, &config.chain_spec);
	let (grandpa_protocol_config, grandpa_notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, Network>(
		grandpa_protocol.clone(),
		metrics.clone(),
		net_config.peer_store_handle(),
	);
	net_config.add_notification_protocol(grandpa_protocol_config);

	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	if config.offchain_worker.enabled {
		let offchain_workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			keystore: Some(keystore.clone()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(offchain_pool.clone()),
			network_provider: Arc::new(network.clone()),
			is_validator: role.is_authority(),
			// The runtime's off-chain workers have light duties only and speak to nobody.
			enable_http_requests: false,
			custom_extensions: |_| Vec::new(),
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-work",
			offchain_workers
				.run(client.clone(), task_manager.spawn_handle())
				.boxed(),
		);
	}

	let models = worker_params
		.is_on(role.is_authority())
		.then(|| worker::models(worker_params));
	let door = endpoint::open(worker_params, &data_path)?;
	if door.is_some() && models.is_none() {
		let reason = "--endpoint-addr is for a node whose worker runs: --worker on";
		return Err(Error::Other(reason.into()));
	}
	let voter_state = SharedVoterState::empty();
	let rpc_builder = {
		let client = client.clone();
		let transaction_pool = transaction_pool.clone();
		let select_chain = select_chain.clone();
		let keystore = keystore.clone();
		let models = models.clone();
		let endpoint = door.as_ref().map(|door| door.sign);
		let voter_state = voter_state.clone();
		let chain_spec = config.chain_spec.cloned_box();
		let justification_stream = grandpa_link.justification_stream();
		let authority_set = grandpa_link.shared_authority_set().clone();
		let finality_proofs = FinalityProofProvider::new_for_service(backend.clone(), Some(authority_set.clone()));
		Box::new(move |executor| {
			rpc::create(rpc::Dependencies {
				client: client.clone(),
				transaction_pool: transaction_pool.clone(),
				select_chain: select_chain.clone(),
				keystore: keystore.clone(),
				models: models.clone(),
				endpoint,
				babe_worker: babe_worker.clone(),
				grandpa: rpc::Grandpa {
					voter_state: voter_state.clone(),
					authority_set: authority_set.clone(),
					justification_stream: justification_stream.clone(),
					finality_proofs: finality_proofs.clone(),
				},
				chain_spec: chain_spec.cloned_box(),
				executor,
			})
			.map_err(Into::into)
		})
	};
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: client.clone(),
		backend: backend.clone(),
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	if let Some(models) = models {
		let progress = Progress {
			client: client.clone(),
			oracle: sync_service.clone(),
			slot_duration: babe_link.config().slot_duration(),
		};
		let node = Arc::new(worker::Node {
			client: client.clone(),
			backend,
			transaction_pool: transaction_pool.clone(),
			keystore: keystore.clone(),
			progress: Arc::new(progress),
			data_path,
			jobs_at_once: worker_params.jobs_at_once(),
			registry: registry.clone(),
		});
		worker::spawn(&task_manager.spawn_handle(), node.clone(), models.clone())?;
		endpoint::spawn(&task_manager.spawn_handle(), node, models, door)?;
	}

	if role.is_authority() {
		discovery::spawn(
			&task_manager,
			discovered,
			client.clone(),
			network.clone(),
			keystore.clone(),
			registry.clone(),
		);
		let slot_duration = babe_link.config().slot_duration();
		let babe = sc_consensus_babe::start_babe(BabeParams {
			keystore: keystore.clone(),
			client: client.clone(),
			select_chain,
			env: sc_basic_authorship::ProposerFactory::new(
				task_manager.spawn_handle(),
				client,
				transaction_pool,
				registry.as_ref(),
				telemetry.as_ref().map(Telemetry::handle),
			),
			block_import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: move |_, ()| async move { Ok(inherent_data_providers(slot_duration)) },
			force_authoring,
			backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging {
				max_interval: MAXIMUM_BACKOFF,
				..Default::default()
			}),
			babe_link,
			block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry.as_ref().map(Telemetry::handle),
		})?;
		task_manager
			.spawn_essential_handle()
			.spawn_blocking("babe", Some("block-authoring"), babe);
	}

	if !disable_grandpa {
		// Full nodes run the voter too: without authority keys it follows the votes and so learns
		// of finality as early as the validators do.
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: GOSSIP_DURATION,
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(name),
				observer_enabled: false,
				keystore: role.is_authority().then_some(keystore),
				local_role: role,
				telemetry: telemetry.as_ref().map(Telemetry::handle),
				protocol_name: grandpa_protocol,
			},
			link: grandpa_link,
			network,
			sync: sync_service,
			notification_service: grandpa_notifications,
			voting_rule: VotingRulesBuilder::default().build(),
			prometheus_registry: registry,
			shared_voter_state: voter_state,
			telemetry: telemetry.as_ref().map(Telemetry::handle),
			offchain_tx_pool_factory: offchain_pool,
		})?;
		task_manager
			.spawn_essential_handle()
			.spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}
