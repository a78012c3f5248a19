//! The chain as a node sees it from inside: what the provider works with, with channels.

use crate::chain::{
	Balance, BlockNumber, Chain, ChainError, ChannelParameters, ChannelSummary, Channels, RevealDuty, State, Version,
	Worker,
};
use assay_exact::Program;
use assay_protocol::{
	api::{AuditsApi, ChannelsApi, ModelsApi},
	audit::SignedReply,
	channel::SignedSettlement,
	operator::{WorkerKey, WorkerSignature},
	ChannelId, ModelVersion,
};
use assay_provider::{
	chain::Chain as ProviderChain,
	node::{runtime_error, NodeChain},
};
use futures::{future::BoxFuture, FutureExt};
use sc_transaction_pool_api::TransactionPool;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::{crypto::AccountId32, offchain::OffchainStorage};
use sp_runtime::traits::{Block as BlockT, SaturatedConversion};
use std::{collections::BTreeSet, time::Duration};

/// Channels that are read at a time.
const PAGE: u32 = 100;

impl<Block, Client, Pool, Storage> Chain for NodeChain<Block, Client, Pool, Storage>
where
	Self: ProviderChain,
	Block: BlockT,
	Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
	Client::Api: AuditsApi<Block, AccountId32, Balance, BlockNumber>
		+ ChannelsApi<Block, AccountId32, Balance, BlockNumber>
		+ ModelsApi<Block, AccountId32, Balance, BlockNumber>,
	Pool: TransactionPool<Block = Block> + 'static,
	Storage: OffchainStorage + 'static,
{
	fn genesis(&self) -> [u8; 32] {
		ProviderChain::genesis(self)
	}

	fn height(&self, of: State) -> BlockNumber {
		let info = self.client().info();
		match of {
			State::Best => info.best_number.saturated_into(),
			State::Finalized => info.finalized_number.saturated_into(),
		}
	}

	fn is_syncing(&self) -> bool {
		ProviderChain::is_syncing(self)
	}

	fn parameters(&self) -> Result<ChannelParameters, ChainError> {
		let (api, at) = (self.client().runtime_api(), self.client().info().best_hash);
		ChannelsApi::<Block, AccountId32, _, _>::parameters(&*api, at).map_err(runtime_error("ChannelsApi_parameters"))
	}

	fn age(&self) -> Option<Duration> {
		self.progress().age()
	}

	fn channels(&self, at: State, these: &[ChannelId]) -> Result<Channels, ChainError> {
		let info = self.client().info();
		let (number, at) = match at {
			State::Best => (info.best_number, info.best_hash),
			State::Finalized => (info.finalized_number, info.finalized_hash),
		};
		let api = self.client().runtime_api();
		let mut channels = Vec::<ChannelSummary>::new();
		for worker in self.worker_keys()? {
			let mut after: Option<ChannelId> = None;
			loop {
				let page = api
					.channels_of_worker(at, worker.clone(), after, PAGE)
					.map_err(runtime_error("ChannelsApi_channels_of_worker"))?;
				after = page.last().map(|channel| channel.id);
				channels.extend(page);
				if after.is_none() {
					break;
				}
			}
		}
		let listed: BTreeSet<_> = channels.iter().map(|channel| channel.id).collect();
		for id in these.iter().filter(|id| !listed.contains(id)) {
			let channel = api.channel(at, *id).map_err(runtime_error("ChannelsApi_channel"))?;
			channels.extend(channel);
		}
		Ok(Channels {
			height: number.saturated_into(),
			channels,
		})
	}

	fn workers(&self) -> Result<Vec<Worker>, ChainError> {
		ProviderChain::workers(self)
	}

	fn version(&self, version: ModelVersion) -> Result<Version, ChainError> {
		let (api, at) = (self.client().runtime_api(), self.client().info().best_hash);
		let unreadable = |reason: String| ChainError::Program { version, reason };
		let model = ModelsApi::<Block, AccountId32, Balance, BlockNumber>::model(&*api, at, version.model)
			.map_err(runtime_error("ModelsApi_model"))?;
		let found = model.and_then(|model| {
			let mut versions = model.versions.into_iter();
			versions.find(|known| known.version == version.version)
		});
		let program = ModelsApi::<Block, AccountId32, Balance, BlockNumber>::program(&*api, at, version)
			.map_err(runtime_error("ModelsApi_program"))?;
		let (found, program) = found
			.zip(program)
			.ok_or_else(|| unreadable("there is no such version".into()))?;
		Ok(Version {
			program: Program::decode_checked(&program).map_err(|error| unreadable(error.to_string()))?,
			artifact: found.artifact,
		})
	}

	fn sign(&self, worker: &WorkerKey, payload: &[u8]) -> Result<WorkerSignature, ChainError> {
		ProviderChain::sign(self, worker, payload)
	}

	fn settle(&self, settlement: SignedSettlement) -> BoxFuture<'_, Result<(), ChainError>> {
		async move {
			let at = self.client().info().best_hash;
			let encoded = ChannelsApi::<Block, AccountId32, Balance, BlockNumber>::settlement_transaction(
				&*self.client().runtime_api(),
				at,
				settlement,
			)
			.map_err(runtime_error("ChannelsApi_settlement_transaction"))?;
			let handed = self.hand_over(at, &encoded).await;
			handed.map_err(|reason| ChainError::ResponseRefused { reason })
		}
		.boxed()
	}

	fn reveals_due(&self) -> Result<Vec<(WorkerKey, RevealDuty)>, ChainError> {
		let (api, at) = (self.client().runtime_api(), self.client().info().best_hash);
		let mut due = Vec::new();
		for worker in self.worker_keys()? {
			let of_key = AuditsApi::<Block, AccountId32, Balance, BlockNumber>::reveals_due(&*api, at, worker.clone())
				.map_err(runtime_error("AuditsApi_reveals_due"))?;
			due.extend(of_key.into_iter().map(|duty| (worker.clone(), duty)));
		}
		Ok(due)
	}

	fn reveal(&self, reply: SignedReply<AccountId32>) -> BoxFuture<'_, Result<(), ChainError>> {
		async move {
			let at = self.client().info().best_hash;
			let encoded = AuditsApi::<Block, AccountId32, Balance, BlockNumber>::reply_transaction(
				&*self.client().runtime_api(),
				at,
				reply,
			)
			.map_err(runtime_error("AuditsApi_reply_transaction"))?;
			let handed = self.hand_over(at, &encoded).await;
			handed.map_err(|reason| ChainError::ResponseRefused { reason })
		}
		.boxed()
	}
}
