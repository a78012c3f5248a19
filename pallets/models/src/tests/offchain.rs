use super::*;
use crate::{heartbeat::NotSent, Call, LastHeartbeat};
use assay_protocol::operator::{Heartbeat, Operators as _, ProviderReadiness, PROVIDER_READINESS, WORKER_KEY_TYPE};
use codec::{Decode, Encode};
use frame_support::{
	assert_ok,
	pallet_prelude::{Hooks, TransactionSource},
	traits::Authorize,
};
use sp_core::offchain::{
	testing::{OffchainState, PoolState, TestOffchainExt, TestTransactionPoolExt},
	OffchainDbExt, OffchainStorage, OffchainWorkerExt, Timestamp, TransactionPoolExt,
};
use sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt};
use std::sync::Arc;

const NOW: u64 = 1_700_000_000_000;
const NOBODY: [AccountId; 0] = [];

/// A node: what its off-chain worker can reach.
struct Node {
	ext: sp_io::TestExternalities,
	offchain: Arc<parking_lot::RwLock<OffchainState>>,
	pool: Arc<parking_lot::RwLock<PoolState>>,
}

impl Node {
	/// Olga and Otto serve since block 1. The node holds the worker keys of `keys`; its provider service is ready.
	fn with_keys(keys: &[AccountId]) -> Self {
		let mut ext = ExtBuilder::default().published().operators([OLGA, OTTO]).build();
		let keystore = MemoryKeystore::new();
		for key in keys {
			let seed = format!("0x{}", hex_of(&[u8::try_from(*key).unwrap(); 32]));
			let public = keystore.sr25519_generate_new(WORKER_KEY_TYPE, Some(&seed)).unwrap();
			assert_eq!(WorkerKey::from(public), key_of(*key));
		}
		let (offchain, offchain_state) = TestOffchainExt::new();
		let (pool, pool_state) = TestTransactionPoolExt::new();
		ext.register_extension(KeystoreExt::new(keystore));
		ext.register_extension(OffchainDbExt::new(offchain.clone()));
		ext.register_extension(OffchainWorkerExt::new(offchain));
		ext.register_extension(TransactionPoolExt::new(pool));
		ext.execute_with(|| {
			assert_ok!(serve(OLGA));
			assert_ok!(serve(OTTO));
		});
		let node = Self {
			ext,
			offchain: offchain_state,
			pool: pool_state,
		};
		node.clock(NOW);
		node.provider_ready_until(NOW + 10_000);
		node
	}

	fn clock(&self, millis: u64) {
		self.offchain.write().timestamp = Timestamp::from_unix_millis(millis);
	}

	fn provider_ready_until(&self, millis: u64) {
		self.provider_ready_for(&[OLGA, OTTO], millis);
	}

	fn provider_ready_for(&self, operators: &[AccountId], until: u64) {
		let keys = operators.iter().map(|operator| key_of(*operator)).collect();
		self.offchain.write().persistent_storage.set(
			b"",
			PROVIDER_READINESS,
			&ProviderReadiness { until, keys }.encode(),
		);
	}

	/// Imports block `number` and returns the operators whose heartbeats were submitted, having checked that the next
	/// block accepts each of them.
	fn import(&mut self, number: u64) -> Vec<AccountId> {
		let pool = self.pool.clone();
		self.ext.execute_with(|| {
			System::set_block_number(number);
			ModelRegistry::offchain_worker(number);
			System::set_block_number(number + 1);
			let submitted = core::mem::take(&mut pool.write().transactions);
			submitted.iter().map(|bytes| operator_of(bytes)).collect()
		})
	}

	/// Includes a heartbeat of `operator` in block `number`.
	fn include(&mut self, operator: AccountId, number: u64) {
		self.ext
			.execute_with(|| LastHeartbeat::<Test>::insert(operator, number));
	}
}

fn hex_of(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn operator_of(transaction: &[u8]) -> AccountId {
	let extrinsic = Extrinsic::decode(&mut &transaction[..]).expect("the pool holds extrinsics");
	let RuntimeCall::ModelRegistry(Call::heartbeat { heartbeat, signature }) = extrinsic.function else {
		panic!("the off-chain worker submitted something else");
	};
	let call = RuntimeCall::from(Call::heartbeat {
		heartbeat: heartbeat.clone(),
		signature,
	});
	assert!(
		call.authorize(TransactionSource::Local).unwrap().is_ok(),
		"{heartbeat:?} is not valid"
	);
	heartbeat.operator
}

#[test]
fn a_node_sends_the_heartbeats_of_its_keys_when_they_are_due() {
	let mut node = Node::with_keys(&[OLGA]);
	// In the first period both were heard when they made their offers.
	assert_eq!(node.import(PERIOD - 2), NOBODY);
	// The block after this one is the first of the second period.
	assert_eq!(node.import(PERIOD - 1), [OLGA]);

	let mut node = Node::with_keys(&[OLGA, OTTO]);
	let mut both = node.import(PERIOD);
	both.sort();
	assert_eq!(both, [OLGA, OTTO]);

	let mut node = Node::with_keys(&[]);
	assert_eq!(node.import(PERIOD), NOBODY);
}

#[test]
fn a_heartbeat_is_sent_once() {
	let mut node = Node::with_keys(&[OLGA]);
	assert_eq!(node.import(PERIOD), [OLGA]);
	// The worker runs again on a fork and on the next blocks while the first is in the pool.
	assert_eq!(node.import(PERIOD), NOBODY);
	assert_eq!(node.import(PERIOD + 1), NOBODY);
	node.include(OLGA, PERIOD + 2);
	assert_eq!(node.import(PERIOD + 8), NOBODY);
	assert_eq!(node.import(2 * PERIOD), [OLGA]);
}

#[test]
fn a_heartbeat_that_was_lost_is_sent_again() {
	let mut node = Node::with_keys(&[OLGA]);
	assert_eq!(node.import(PERIOD), [OLGA]);
	assert_eq!(node.import(PERIOD + 4), NOBODY);
	assert_eq!(node.import(PERIOD + 5), [OLGA]);
}

#[test]
fn a_node_whose_provider_is_not_ready_is_silent() {
	let mut node = Node::with_keys(&[OLGA]);
	node.provider_ready_until(NOW - 1);
	assert_eq!(node.import(PERIOD), NOBODY);
	node.provider_ready_until(NOW);
	assert_eq!(node.import(PERIOD), [OLGA]);

	let mut node = Node::with_keys(&[OLGA]);
	node.offchain.write().persistent_storage.remove(b"", PROVIDER_READINESS);
	assert_eq!(node.import(PERIOD), NOBODY);

	let mut node = Node::with_keys(&[OLGA]);
	node.offchain
		.write()
		.persistent_storage
		.set(b"", PROVIDER_READINESS, &[1, 2]);
	assert_eq!(node.import(PERIOD), NOBODY);

	let mut node = Node::with_keys(&[OLGA]);
	node.clock(NOW + 10_001);
	assert_eq!(node.import(PERIOD), NOBODY);
}

#[test]
fn p23_a_node_is_silent_for_operators_whose_offers_its_provider_cannot_keep() {
	let mut node = Node::with_keys(&[OLGA, OTTO]);
	node.provider_ready_for(&[OTTO], NOW + 10_000);
	assert_eq!(node.import(PERIOD), [OTTO]);
	node.provider_ready_for(&[], NOW + 10_000);
	assert_eq!(node.import(PERIOD + 5), NOBODY);
	// Once it can, the heartbeat goes out in the same period.
	node.provider_ready_for(&[OLGA, OTTO], NOW + 10_000);
	node.include(OTTO, PERIOD + 6);
	assert_eq!(node.import(PERIOD + 6), [OLGA]);

	// Without heartbeats the offer is not listed any more.
	node.ext.execute_with(|| {
		System::set_block_number(PERIOD + 6 + GRACE);
		assert!(!ModelRegistry::is_listed(&OLGA));
		assert!(ModelRegistry::is_listed(&OTTO));
	});
}

#[test]
fn a_node_is_silent_for_operators_that_take_no_work() {
	let mut node = Node::with_keys(&[OLGA, OTTO]);
	node.ext.execute_with(|| {
		assert_ok!(Staking::chill(signed(OLGA)));
		assert_ok!(ModelRegistry::unserve(signed(OTTO), FIRST));
	});
	assert_eq!(node.import(PERIOD), NOBODY);
}

#[test]
fn a_key_without_its_secret_blocks_nothing() {
	let mut node = Node::with_keys(&[OLGA]);
	node.ext.execute_with(|| {
		let ottos = key_of(OTTO);
		System::set_block_number(PERIOD);
		assert_eq!(
			ModelRegistry::send_heartbeat(OTTO, &ottos, PERIOD),
			Err(NotSent::NotSigned)
		);
		// The lock is free again: the reason is the same the second time.
		assert_eq!(
			ModelRegistry::send_heartbeat(OTTO, &ottos, PERIOD),
			Err(NotSent::NotSigned)
		);
		assert_ok!(ModelRegistry::send_heartbeat(OLGA, &key_of(OLGA), PERIOD));
		assert_eq!(
			ModelRegistry::send_heartbeat(OLGA, &key_of(OLGA), PERIOD),
			Err(NotSent::WaitingForInclusion)
		);
		assert_eq!(Staking::of_worker_key(&key_of(OLGA)), Some(OLGA));
	});
	assert_eq!(node.pool.read().transactions.len(), 1);
	let payload = Heartbeat {
		operator: OLGA,
		period: 1u64,
	}
	.signing_payload(&[69; 32]);
	assert!(payload.starts_with(b"assay/heartbeat"));
}
