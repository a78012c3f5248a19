//! The test chain: two hundred units for everyone, a minimum bond of a hundred, a limit of a tenth.

mod bonding;
mod commitments;
mod genesis;
mod leaving;
mod properties;
mod worker_keys;

use crate::{self as pallet_assay_staking, HoldReason, Pallet};
use assay_protocol::operator::{possession_payload, WorkerKey, WorkerPair, WorkerSignature};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{Inspect, InspectHold},
		tokens::imbalance::ResolveTo,
	},
};
use sp_core::Pair;
use sp_runtime::{BuildStorage, Permill};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const DAVE: AccountId = 4;
pub(crate) const TREASURY: AccountId = 99;

pub(crate) const FUNDS: Balance = 1_000;
pub(crate) const MIN_BOND: Balance = 100;
pub(crate) const UNBONDING_PERIOD: u64 = 20;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeTask
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Staking = pallet_assay_staking;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

parameter_types! {
	pub const MinBond: Balance = MIN_BOND;
	pub const UnbondingPeriod: u64 = UNBONDING_PERIOD;
	pub const MaxOperators: u32 = 3;
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const Treasury: AccountId = TREASURY;
}

impl pallet_assay_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ResolveTo<Treasury, Balances>;
	type MinBond = MinBond;
	type UnbondingPeriod = UnbondingPeriod;
	type MaxOperators = MaxOperators;
	type CommitmentLimit = CommitmentLimit;
	type WeightInfo = ();
}

/// Builds a chain for a test.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	operators: Vec<(AccountId, WorkerKey, Balance)>,
}

impl ExtBuilder {
	/// An operator at genesis, whose worker key is that of its account.
	pub(crate) fn operator(self, account: AccountId, bond: Balance) -> Self {
		self.operator_with_key(account, key_of(account).public(), bond)
	}

	pub(crate) fn operator_with_key(mut self, account: AccountId, key: WorkerKey, bond: Balance) -> Self {
		self.operators.push((account, key, bond));
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: [ALICE, BOB, CAROL, DAVE, TREASURY].map(|who| (who, FUNDS)).to_vec(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_assay_staking::GenesisConfig::<Test> {
			operators: self.operators,
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.register_extension(sp_keystore::KeystoreExt::new(
			sp_keystore::testing::MemoryKeystore::new(),
		));
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Runs `test`, then checks the invariants.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Pallet::<Test>::do_try_state().expect("the invariants hold after the test");
		})
	}
}

/// The worker keypair that `account` uses unless a test says otherwise.
pub(crate) fn key_of(account: AccountId) -> WorkerPair {
	numbered_key(u8::try_from(account).unwrap())
}

pub(crate) fn numbered_key(number: u8) -> WorkerPair {
	WorkerPair::from_seed(&[number; 32])
}

/// The signature of `key` that shows it may be registered for `account`.
pub(crate) fn proof(key: &WorkerPair, account: AccountId) -> WorkerSignature {
	let genesis = System::block_hash(0);
	key.sign(&possession_payload(&account, &genesis.0))
}

pub(crate) fn register(account: AccountId, bond: Balance) -> sp_runtime::DispatchResult {
	let key = key_of(account);
	let proof = proof(&key, account);
	Staking::register_operator(RuntimeOrigin::signed(account), key.public(), proof, bond)
}

pub(crate) fn held(account: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Bond.into(), &account)
}

pub(crate) fn free(account: AccountId) -> Balance {
	Balances::balance(&account)
}
