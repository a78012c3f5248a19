//! What the node answers over JSON-RPC besides Substrate's own methods: thin readings of the
//! runtime's API. RPC holds no keys that move money.

mod amount;
mod audits;
mod block;
mod disputes;
mod error;
mod jobs;
mod models;
mod parameters;
mod provider;
mod staking;

use crate::service::{Block, EndpointSign, FullBackend, FullClient, SelectChain, TransactionPool};
use assay_provider::models::Models;
use assay_runtime::{BlockNumber, Hash};
use audits::AuditsApiServer;
use disputes::DisputesApiServer;
use jobs::JobsApiServer;
use jsonrpsee::RpcModule;
use models::ModelsApiServer;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use parameters::checked;
use provider::ProviderApiServer;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_consensus_grandpa_rpc::GrandpaApiServer;
use sc_rpc::SubscriptionTaskExecutor;
use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
use sp_keystore::KeystorePtr;
use staking::StakingApiServer;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What the methods about finality need.
pub(crate) struct Grandpa {
	/// The state of the present round.
	pub(crate) voter_state: SharedVoterState,
	/// Who votes.
	pub(crate) authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// Justifications as they come.
	pub(crate) justification_stream: GrandpaJustificationStream<Block>,
	/// Proofs that a block is final.
	pub(crate) finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// What the methods need.
pub(crate) struct Dependencies {
	/// The chain.
	pub(crate) client: Arc<FullClient>,
	/// Transactions waiting for a block.
	pub(crate) transaction_pool: Arc<TransactionPool>,
	/// The rule by which the best block is chosen.
	pub(crate) select_chain: SelectChain,
	/// The node's keys, to tell which slots are its own and for whom its worker works.
	pub(crate) keystore: KeystorePtr,
	/// The models of its worker; absent where it has none.
	pub(crate) models: Option<Arc<Models>>,
	/// Where that answers requests; absent where it does not.
	pub(crate) endpoint: Option<EndpointSign>,
	/// Knows BABE's epochs.
	pub(crate) babe_worker: BabeWorkerHandle<Block>,
	/// Knows about finality.
	pub(crate) grandpa: Grandpa,
	/// The chain's specification.
	pub(crate) chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	/// Runs subscriptions.
	pub(crate) executor: SubscriptionTaskExecutor,
}

/// All methods.
pub(crate) fn create(dependencies: Dependencies) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	let Dependencies {
		client,
		transaction_pool,
		select_chain,
		keystore,
		models,
		endpoint,
		babe_worker,
		grandpa,
		chain_spec,
		executor,
	} = dependencies;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), transaction_pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(checked(models::Models::new(client.clone()).into_rpc(), models::TAKEN)?)?;
	module.merge(checked(jobs::Jobs::new(client.clone()).into_rpc(), jobs::TAKEN)?)?;
	module.merge(checked(
		disputes::Disputes::new(client.clone()).into_rpc(),
		disputes::TAKEN,
	)?)?;
	module.merge(checked(audits::Audits::new(client.clone()).into_rpc(), audits::TAKEN)?)?;
	module.merge(checked(
		staking::Staking::new(client.clone()).into_rpc(),
		staking::TAKEN,
	)?)?;
	module.merge(checked(
		provider::Provider::new(client.clone(), keystore.clone(), models, endpoint).into_rpc(),
		provider::TAKEN,
	)?)?;
	let sync_state = SyncState::new(
		chain_spec,
		client.clone(),
		grandpa.authority_set.clone(),
		babe_worker.clone(),
	)?;
	module.merge(sync_state.into_rpc())?;
	module.merge(Babe::new(client, babe_worker, keystore, select_chain).into_rpc())?;
	module.merge(
		sc_consensus_grandpa_rpc::Grandpa::new(
			executor,
			grandpa.authority_set,
			grandpa.voter_state,
			grandpa.justification_stream,
			grandpa.finality_proofs,
		)
		.into_rpc(),
	)?;
	Ok(module)
}
