//! The chain as a node sees it from inside.

use crate::{
	chain::{
		Assignment, BlockNumber, Chain, ChainError, ChainEvent, Request, Requested, ServedOperator, SignedResponse,
		Worker,
	},
	handover::hand_over,
};
use assay_exact::Program;
use assay_protocol::{
	api::{AuditsApi, DisputesApi, JobsApi, ModelsApi},
	job::SignedResult,
	operator::{ProviderReadiness, WorkerKey, WorkerSignature, PROVIDER_READINESS, WORKER_KEY_TYPE},
	ModelVersion,
};
use codec::Encode;
use futures::{future::BoxFuture, stream, FutureExt, Stream, StreamExt};
use parking_lot::Mutex;
use sc_client_api::BlockchainEvents;
use sc_transaction_pool_api::TransactionPool;
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_core::{
	crypto::AccountId32,
	offchain::{OffchainStorage, STORAGE_PREFIX},
	ByteArray,
};
use sp_keystore::KeystorePtr;
use sp_runtime::traits::{Block as BlockT, Header, NumberFor, SaturatedConversion};
use std::{sync::Arc, time::Duration};

/// What a worker key signs to show that it can. Nothing that is signed for the chain begins like it.
const KEY_CHECK: &[u8] = b"assay/keystore-check";

/// How far a node is behind the present.
pub trait Progress: Send + Sync + 'static {
	/// Whether its peers tell it that they are far ahead. Without peers nobody tells it.
	fn is_syncing(&self) -> bool;

	/// How long ago its best block was made, by what that block says itself; none if it cannot be read.
	fn age(&self) -> Option<Duration>;
}

/// A node's client, pool, keystore and offchain storage, together a [`Chain`].
pub struct NodeChain<Block: BlockT, Client, Pool, Storage> {
	client: Arc<Client>,
	pool: Arc<Pool>,
	keystore: KeystorePtr,
	offchain: Option<Mutex<Storage>>,
	progress: Arc<dyn Progress>,
	genesis: [u8; 32],
	_block: core::marker::PhantomData<fn() -> Block>,
}

impl<Block, Client, Pool, Storage> NodeChain<Block, Client, Pool, Storage>
where
	Block: BlockT,
	Client: HeaderBackend<Block>,
{
	/// Binds the parts of a node together.
	pub fn new(
		client: Arc<Client>,
		pool: Arc<Pool>,
		keystore: KeystorePtr,
		offchain: Option<Storage>,
		progress: Arc<dyn Progress>,
	) -> Self {
		let mut genesis = [0; 32];
		let hash = client.info().genesis_hash;
		// A block hash of this chain has 32 bytes; another length would be cut or padded, and no result would verify.
		for (byte, from) in genesis.iter_mut().zip(hash.as_ref()) {
			*byte = *from;
		}
		Self {
			client,
			pool,
			keystore,
			offchain: offchain.map(Mutex::new),
			progress,
			genesis,
			_block: Default::default(),
		}
	}
}

impl<Block, Client, Pool, Storage> NodeChain<Block, Client, Pool, Storage>
where
	Block: BlockT,
	Pool: TransactionPool<Block = Block>,
{
	/// The client.
	pub fn client(&self) -> &Client {
		&self.client
	}

	/// The worker keys in the keystore.
	pub fn worker_keys(&self) -> Result<Vec<WorkerKey>, ChainError> {
		worker_keys(&self.keystore)
	}

	/// How far the node is behind the present.
	pub fn progress(&self) -> &dyn Progress {
		&*self.progress
	}

	/// Hands an encoded transaction to the pool, as one that block `at` asks for; the error is what the pool said.
	pub async fn hand_over(&self, at: Block::Hash, encoded: &[u8]) -> Result<(), String> {
		hand_over(&*self.pool, at, encoded).await
	}
}

/// The worker keys in a keystore. `sr25519_public_keys` of a keystore whose folder cannot be read, be it for want of file descriptors, is
/// an empty list: as if the operator had taken its keys away.
fn worker_keys(keystore: &KeystorePtr) -> Result<Vec<WorkerKey>, ChainError> {
	let keys = keystore.keys(WORKER_KEY_TYPE).map_err(|error| ChainError::Keystore {
		reason: error.to_string(),
	})?;
	// A name of another length is none of ours.
	Ok(keys.iter().filter_map(|key| WorkerKey::from_slice(key).ok()).collect())
}

/// Best and finalised blocks of a client.
pub fn events<Block, Client>(client: &Client) -> impl Stream<Item = ChainEvent> + Unpin
where
	Block: BlockT,
	Client: BlockchainEvents<Block>,
{
	let number = |header: &Block::Header| (*header.number()).saturated_into::<BlockNumber>();
	let best = client
		.import_notification_stream()
		.filter_map(move |block| async move { block.is_new_best.then(|| ChainEvent::Best(number(&block.header))) });
	let finalized = client
		.finality_notification_stream()
		.map(move |block| ChainEvent::Finalized(number(&block.header)));
	stream::select(best.boxed(), finalized.boxed())
}

impl<Block, Client, Pool, Storage> NodeChain<Block, Client, Pool, Storage>
where
	Block: BlockT,
	Client: ProvideRuntimeApi<Block> + HeaderBackend<Block>,
	Client::Api: JobsApi<Block, AccountId32, u128, BlockNumber>,
	Pool: TransactionPool<Block = Block>,
{
	fn duties_at(&self, at: Block::Hash) -> Result<Vec<Assignment>, ChainError> {
		let mut assignments = vec![];
		for worker in self.worker_keys()? {
			let api = self.client.runtime_api();
			let duties =
				JobsApi::<Block, _, _, _>::due(&*api, at, worker.clone()).map_err(runtime_error("JobsApi_due"))?;
			assignments.extend(duties.into_iter().map(|duty| Assignment {
				worker: worker.clone(),
				duty,
			}));
		}
		Ok(assignments)
	}
}

/// The worker keys in a keystore and what is expected of them, in the state of the best block.
pub fn workers<Block, Client>(client: &Client, keystore: &KeystorePtr) -> Result<Vec<Worker>, ChainError>
where
	Block: BlockT,
	Client: ProvideRuntimeApi<Block> + HeaderBackend<Block>,
	Client::Api: ModelsApi<Block, AccountId32, u128, BlockNumber>,
{
	let (api, at) = (client.runtime_api(), client.info().best_hash);
	let mut workers = vec![];
	for key in worker_keys(keystore)? {
		// The keystore lists what the names of its files say; only a signature shows what is inside.
		let flaw = match keystore.sr25519_sign(WORKER_KEY_TYPE, key.as_ref(), KEY_CHECK) {
			Ok(Some(_)) => None,
			Ok(None) => Some("the keystore does not hold its secret".into()),
			Err(error) => Some(error.to_string()),
		};
		let owner = ModelsApi::<Block, AccountId32, u128, BlockNumber>::operator_of_worker(&*api, at, key.clone())
			.map_err(runtime_error("ModelsApi_operator_of_worker"))?;
		let summary = match owner {
			Some(account) => ModelsApi::<Block, AccountId32, u128, BlockNumber>::operator(&*api, at, account)
				.map_err(runtime_error("ModelsApi_operator"))?,
			None => None,
		};
		let operator = match summary {
			Some(summary) => Some(ServedOperator {
				serving: ModelsApi::<Block, AccountId32, u128, BlockNumber>::serving(
					&*api,
					at,
					summary.account.clone(),
				)
				.map_err(runtime_error("ModelsApi_serving"))?,
				account: summary.account,
				bond: summary.bond,
				faults: summary.faults,
			}),
			None => None,
		};
		workers.push(Worker { key, flaw, operator });
	}
	Ok(workers)
}

/// That a runtime API function could not be called.
pub fn runtime_error(call: &'static str) -> impl FnOnce(ApiError) -> ChainError {
	move |error| ChainError::Runtime {
		call,
		reason: error.to_string(),
	}
}

impl<Block, Client, Pool, Storage> Chain for NodeChain<Block, Client, Pool, Storage>
where
	Block: BlockT,
	Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
	Client::Api: JobsApi<Block, AccountId32, u128, BlockNumber>
		+ AuditsApi<Block, AccountId32, u128, BlockNumber>
		+ DisputesApi<Block, AccountId32, u128, BlockNumber>
		+ ModelsApi<Block, AccountId32, u128, BlockNumber>,
	Pool: TransactionPool<Block = Block> + 'static,
	Storage: OffchainStorage + 'static,
	NumberFor<Block>: SaturatedConversion,
{
	fn genesis(&self) -> [u8; 32] {
		self.genesis
	}

	fn best(&self) -> BlockNumber {
		self.client.info().best_number.saturated_into()
	}

	fn is_syncing(&self) -> bool {
		self.progress.is_syncing()
	}

	fn duties(&self) -> Result<Vec<Assignment>, ChainError> {
		self.duties_at(self.client.info().best_hash)
	}

	fn finalized_duties(&self) -> Result<Vec<Assignment>, ChainError> {
		self.duties_at(self.client.info().finalized_hash)
	}

	fn sign(&self, worker: &WorkerKey, payload: &[u8]) -> Result<WorkerSignature, ChainError> {
		let failed = |reason: String| ChainError::Signature {
			key: hex::encode(worker.as_slice()),
			reason,
		};
		self.keystore
			.sr25519_sign(WORKER_KEY_TYPE, worker.as_ref(), payload)
			.map_err(|error| failed(error.to_string()))?
			.map(Into::into)
			.ok_or_else(|| failed("it does not hold the key".into()))
	}

	fn deliver(&self, result: SignedResult) -> BoxFuture<'_, Result<(), ChainError>> {
		let job = result.result.job;
		async move {
			let at = self.client.info().best_hash;
			let encoded = self
				.client
				.runtime_api()
				.result_transaction(at, result)
				.map_err(runtime_error("JobsApi_result_transaction"))?;
			let handed = self.hand_over(at, &encoded).await;
			handed.map_err(|reason| ChainError::Refused { job, reason })
		}
		.boxed()
	}

	fn requests(&self) -> Result<Vec<Requested>, ChainError> {
		let (api, at) = (self.client.runtime_api(), self.client.info().best_hash);
		let mut asked = vec![];
		for worker in self.worker_keys()? {
			let answers = DisputesApi::<Block, AccountId32, u128, BlockNumber>::due(&*api, at, worker.clone())
				.map_err(runtime_error("DisputesApi_due"))?;
			let replies = AuditsApi::<Block, AccountId32, u128, BlockNumber>::due(&*api, at, worker.clone())
				.map_err(runtime_error("AuditsApi_due"))?;
			let moves = DisputesApi::<Block, AccountId32, u128, BlockNumber>::moves_due(&*api, at, worker.clone())
				.map_err(runtime_error("DisputesApi_moves_due"))?;
			let requests = answers
				.into_iter()
				.map(Request::Answer)
				.chain(replies.into_iter().map(Request::Reply))
				.chain(moves.into_iter().map(Box::new).map(Request::Move));
			asked.extend(requests.map(|request| Requested {
				worker: worker.clone(),
				request,
			}));
		}
		Ok(asked)
	}

	fn program(&self, version: ModelVersion) -> Result<Program, ChainError> {
		let (api, at) = (self.client.runtime_api(), self.client.info().best_hash);
		let unreadable = |reason: String| ChainError::Program { version, reason };
		let encoded = ModelsApi::<Block, AccountId32, u128, BlockNumber>::program(&*api, at, version)
			.map_err(runtime_error("ModelsApi_program"))?
			.ok_or_else(|| unreadable("there is no such version".into()))?;
		Program::decode_checked(&encoded).map_err(|error| unreadable(error.to_string()))
	}

	fn respond(&self, response: SignedResponse) -> BoxFuture<'_, Result<(), ChainError>> {
		async move {
			let (api, at) = (self.client.runtime_api(), self.client.info().best_hash);
			let encoded = match response {
				SignedResponse::Answer(answer) => {
					DisputesApi::<Block, AccountId32, u128, BlockNumber>::answer_transaction(&*api, at, answer)
						.map_err(runtime_error("DisputesApi_answer_transaction"))?
				}
				SignedResponse::Reply(reply) => {
					AuditsApi::<Block, AccountId32, u128, BlockNumber>::reply_transaction(&*api, at, reply)
						.map_err(runtime_error("AuditsApi_reply_transaction"))?
				}
				SignedResponse::Move(signed) => {
					DisputesApi::<Block, AccountId32, u128, BlockNumber>::move_transaction(&*api, at, signed)
						.map_err(runtime_error("DisputesApi_move_transaction"))?
				}
			};
			drop(api);
			let handed = self.hand_over(at, &encoded).await;
			handed.map_err(|reason| ChainError::ResponseRefused { reason })
		}
		.boxed()
	}

	fn workers(&self) -> Result<Vec<Worker>, ChainError> {
		workers::<Block, _>(&*self.client, &self.keystore)
	}

	fn mark_ready(&self, readiness: &ProviderReadiness) {
		if let Some(storage) = &self.offchain {
			storage
				.lock()
				.set(STORAGE_PREFIX, PROVIDER_READINESS, &readiness.encode());
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sc_keystore::LocalKeystore;
	use sp_keystore::Keystore;

	#[test]
	fn q02_a_keystore_that_cannot_be_read_is_not_one_without_keys() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("keystore");
		let keystore: KeystorePtr = Arc::new(LocalKeystore::open(&path, None).unwrap());
		assert_eq!(worker_keys(&keystore).unwrap(), []);
		let public = sp_core::sr25519::Public::from_raw([7; 32]);
		keystore.insert(WORKER_KEY_TYPE, "//Worker", &public).unwrap();
		assert_eq!(worker_keys(&keystore).unwrap(), [WorkerKey::from(public)]);
		std::fs::remove_dir_all(&path).unwrap();
		assert!(matches!(worker_keys(&keystore), Err(ChainError::Keystore { .. })));
	}
}
