//! How a transaction of the worker gets into the node's pool.
//!
//! A worker acts as soon as a block asks it to, and its pool learns of that block a little later. What a pool refuses it bans,
//! for half an hour: a reply that came before its question would not be taken again in time. So it is handed over when the pool
//! knows the block.

use codec::Decode;
use sc_transaction_pool_api::{error::IntoPoolError, TransactionFor, TransactionPool, TransactionSource};
use sp_runtime::traits::Block as BlockT;
use std::time::Duration;

/// How long a pool may take to know a block: it never knows one that was not the best for long.
const PATIENCE: Duration = Duration::from_secs(3);

/// Hands an encoded transaction to the pool, as one that block `at` asks for; the error is what the pool said.
pub(crate) async fn hand_over<Pool: TransactionPool>(
	pool: &Pool,
	at: <Pool::Block as BlockT>::Hash,
	encoded: &[u8],
) -> Result<(), String> {
	let transaction = TransactionFor::<Pool>::decode(&mut &encoded[..]).map_err(|error| error.to_string())?;
	drop(pool.ready_at_with_timeout(at, PATIENCE).await);
	match pool.submit_one(at, TransactionSource::Local, transaction).await {
		Ok(_) => Ok(()),
		Err(error) => match error.into_pool_error() {
			Ok(sc_transaction_pool_api::error::Error::AlreadyImported(_)) => Ok(()),
			Ok(error) => Err(error.to_string()),
			Err(error) => Err(error.to_string()),
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use async_trait::async_trait;
	use codec::Encode;
	use parking_lot::Mutex;
	use sc_transaction_pool_api::{
		error::Error, ImportNotificationStream, InPoolTransaction, PoolStatus, ReadyTransactions,
		TransactionStatusStreamFor, TxInvalidityReportMap,
	};
	use sp_core::H256;
	use sp_runtime::{
		generic,
		traits::BlakeTwo256,
		transaction_validity::{InvalidTransaction, TransactionTag},
		OpaqueExtrinsic,
	};
	use std::{collections::HashMap, pin::Pin, sync::Arc};

	type Block = generic::Block<generic::Header<u32, BlakeTwo256>, OpaqueExtrinsic>;
	type Ready = Box<dyn ReadyTransactions<Item = Arc<Held>> + Send>;

	/// A transaction in the pool, of which the tests see none.
	struct Held;

	impl InPoolTransaction for Held {
		type Transaction = Arc<OpaqueExtrinsic>;
		type Hash = H256;

		fn data(&self) -> &Self::Transaction {
			unreachable!()
		}
		fn hash(&self) -> &H256 {
			unreachable!()
		}
		fn priority(&self) -> &u64 {
			unreachable!()
		}
		fn longevity(&self) -> &u64 {
			unreachable!()
		}
		fn requires(&self) -> &[TransactionTag] {
			&[]
		}
		fn provides(&self) -> &[TransactionTag] {
			&[]
		}
		fn is_propagable(&self) -> bool {
			true
		}
	}

	/// Nothing is ready.
	struct Nothing;

	impl Iterator for Nothing {
		type Item = Arc<Held>;

		fn next(&mut self) -> Option<Self::Item> {
			None
		}
	}

	impl ReadyTransactions for Nothing {
		fn report_invalid(&mut self, _: &Self::Item) {}
	}

	/// A pool that learns of a block when it is asked what is ready there, and bans what it refused.
	#[derive(Default)]
	struct Pool {
		known: Mutex<Vec<H256>>,
		banned: Mutex<Vec<OpaqueExtrinsic>>,
		taken: Mutex<Vec<OpaqueExtrinsic>>,
	}

	impl Pool {
		fn take(&self, at: H256, transaction: OpaqueExtrinsic) -> Result<H256, Error> {
			if self.banned.lock().contains(&transaction) {
				return Err(Error::TemporarilyBanned);
			}
			if !self.known.lock().contains(&at) {
				self.banned.lock().push(transaction);
				return Err(Error::InvalidTransaction(InvalidTransaction::Stale));
			}
			self.taken.lock().push(transaction);
			Ok(H256::zero())
		}
	}

	#[async_trait]
	impl TransactionPool for Pool {
		type Block = Block;
		type Hash = H256;
		type InPoolTransaction = Held;
		type Error = Error;

		async fn submit_one(
			&self,
			at: H256,
			_: TransactionSource,
			transaction: OpaqueExtrinsic,
		) -> Result<H256, Error> {
			self.take(at, transaction)
		}

		async fn ready_at_with_timeout(&self, at: H256, _: Duration) -> Ready {
			self.known.lock().push(at);
			Box::new(Nothing)
		}

		async fn submit_at(
			&self,
			_: H256,
			_: TransactionSource,
			_: Vec<OpaqueExtrinsic>,
		) -> Result<Vec<Result<H256, Error>>, Error> {
			unreachable!()
		}

		async fn submit_and_watch(
			&self,
			_: H256,
			_: TransactionSource,
			_: OpaqueExtrinsic,
		) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Error> {
			unreachable!()
		}

		async fn ready_at(&self, _: H256) -> Ready {
			unreachable!()
		}

		fn ready(&self) -> Ready {
			unreachable!()
		}

		async fn report_invalid(&self, _: Option<H256>, _: TxInvalidityReportMap<H256>) -> Vec<Arc<Held>> {
			unreachable!()
		}

		fn futures(&self) -> Vec<Held> {
			unreachable!()
		}

		fn status(&self) -> PoolStatus {
			unreachable!()
		}

		fn import_notification_stream(&self) -> ImportNotificationStream<H256> {
			unreachable!()
		}

		fn on_broadcasted(&self, _: HashMap<H256, Vec<String>>) {}

		fn hash_of(&self, _: &OpaqueExtrinsic) -> H256 {
			unreachable!()
		}

		fn ready_transaction(&self, _: &H256) -> Option<Arc<Held>> {
			unreachable!()
		}
	}

	#[test]
	fn a_transaction_waits_until_the_pool_knows_the_block_that_asks_for_it() {
		let transaction = OpaqueExtrinsic::from_blob(vec![7; 40]);
		let asks = H256::repeat_byte(1);
		let pool = Pool::default();
		let handed = futures::executor::block_on(hand_over(&pool, asks, &transaction.encode()));
		assert_eq!(handed, Ok(()));
		assert_eq!(*pool.taken.lock(), [transaction]);
		// This is what would happen to one that comes too early.
		let early = OpaqueExtrinsic::from_blob(vec![8; 40]);
		let unknown = H256::repeat_byte(2);
		assert!(pool.take(unknown, early.clone()).is_err());
		let later = futures::executor::block_on(hand_over(&pool, unknown, &early.encode()));
		assert!(later.unwrap_err().contains("Banned"), "a pool takes back no ban");
	}

	#[test]
	fn what_is_no_transaction_is_refused() {
		let pool = Pool::default();
		let refused = futures::executor::block_on(hand_over(&pool, H256::zero(), &[0xff]));
		assert!(refused.is_err() && pool.taken.lock().is_empty());
	}
}
