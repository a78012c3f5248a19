//! The test chain: a thousand units for everyone, a minimum bond of a hundred, a minimum delegation of ten, a limit of a
//! tenth; periods of five blocks, of which stake waits for four after the one in which it asks to leave.

mod bonding;
mod commitments;
mod cost;
mod delegation;
mod genesis;
mod holders;
mod leaving;
mod order;
mod preferences;
mod properties;
mod queries;
mod redelegation;
mod rewards;
mod security;
mod slashing;
mod unbonding;
mod worker_keys;

use crate::{self as pallet_assay_staking, HoldReason, Pallet};
pub(crate) use assay_protocol::operator::Rewards as _;
use assay_protocol::operator::{possession_payload, Operators as _, WorkerKey, WorkerPair, WorkerSignature};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{Balanced, Inspect, InspectHold},
		tokens::imbalance::ResolveTo,
	},
	PalletId,
};
use sp_core::Pair;
use sp_runtime::{BuildStorage, DispatchResult, Permill};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const DAVE: AccountId = 4;
pub(crate) const EVE: AccountId = 5;
pub(crate) const TREASURY: AccountId = 99;

pub(crate) const FUNDS: Balance = 1_000;
pub(crate) const MIN_BOND: Balance = 100;
pub(crate) const MIN_DELEGATION: Balance = 10;
pub(crate) const PERIOD: u64 = 5;
pub(crate) const UNBONDING_PERIOD: u64 = 20;
/// The block from which stake is free that asked to leave in the first block.
pub(crate) const FREE_FROM: u64 = PERIOD + UNBONDING_PERIOD;
pub(crate) const COMMISSION_NOTICE: u64 = 30;

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
	pub const PotId: PalletId = PalletId(*b"test/pot");
	pub const MinBond: Balance = MIN_BOND;
	pub const MinDelegation: Balance = MIN_DELEGATION;
	pub const Period: u64 = PERIOD;
	pub const UnbondingPeriod: u64 = UNBONDING_PERIOD;
	pub static SettlingPeriod: u64 = 0;
	pub const MaxOperators: u32 = 3;
	pub const MaxCommission: Permill = Permill::from_percent(50);
	pub const CommissionNotice: u64 = COMMISSION_NOTICE;
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(40);
	pub const Treasury: AccountId = TREASURY;
}

impl pallet_assay_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ResolveTo<Treasury, Balances>;
	type PotId = PotId;
	type MinBond = MinBond;
	type MinDelegation = MinDelegation;
	type Period = Period;
	type UnbondingPeriod = UnbondingPeriod;
	type SettlingPeriod = SettlingPeriod;
	type MaxLeverage = frame_support::traits::ConstU32<9>;
	type MaxOperators = MaxOperators;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = OwnCommitmentLimit;
	type MaxCommission = MaxCommission;
	type CommissionNotice = CommissionNotice;
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
			balances: [ALICE, BOB, CAROL, DAVE, EVE, TREASURY]
				.map(|who| (who, FUNDS))
				.to_vec(),
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

pub(crate) fn register(account: AccountId, bond: Balance) -> DispatchResult {
	let key = key_of(account);
	let proof = proof(&key, account);
	Staking::register_operator(RuntimeOrigin::signed(account), key.public(), proof, bond)
}

pub(crate) fn held(account: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Bond.into(), &account)
}

/// All that a fault of `operator` can reach, however old.
pub(crate) fn at_risk(operator: AccountId) -> Balance {
	Staking::at_risk(&operator, u32::MAX)
}

pub(crate) fn free(account: AccountId) -> Balance {
	Balances::balance(&account)
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn delegate(member: AccountId, operator: AccountId, amount: Balance) -> DispatchResult {
	Staking::delegate(signed(member), operator, amount)
}

pub(crate) fn unbond(member: AccountId, operator: AccountId, amount: Balance) -> DispatchResult {
	Staking::unbond(signed(member), operator, amount)
}

pub(crate) fn withdraw(member: AccountId, operator: AccountId) -> DispatchResult {
	Staking::withdraw_unbonded(signed(member), operator)
}

pub(crate) fn settle(member: AccountId, operator: AccountId) {
	Staking::settle(signed(EVE), operator, member).expect("there is a position to settle");
}

/// What `member` has bonded behind `operator` when everything that slashes took is counted.
pub(crate) fn bonded(member: AccountId, operator: AccountId) -> Balance {
	Staking::position(&operator, &member).map_or(0, |(position, _)| position.amount)
}

/// What `member` has unbonding.
pub(crate) fn unbonding(member: AccountId, operator: AccountId) -> Balance {
	Staking::position(&operator, &member).map_or(0, |(position, _)| position.held() - position.amount)
}

/// What `member` has earned and not claimed.
pub(crate) fn earned(member: AccountId, operator: AccountId) -> Balance {
	Staking::position(&operator, &member).map_or(0, |(position, _)| position.earned.amount)
}

/// New money for an operator and its members.
pub(crate) fn reward(operator: AccountId, amount: Balance) {
	Staking::reward(&operator, Balances::issue(amount)).expect("the reward can be given");
}

pub(crate) fn go_to(block: u64) {
	System::set_block_number(block);
}

pub(crate) fn last_event(event: crate::Event<Test>) {
	System::assert_last_event(event.into());
}
