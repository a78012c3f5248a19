//! The test chain: the staking pallet behind the registry, heartbeats every ten blocks, two versions for a model, three
//! versions for an operator.

mod heartbeats;
mod metadata;
mod offchain;
mod offers;
mod properties;
mod pruning;
mod queries;
mod registration;
mod removal;

use crate::{self as pallet_assay_models, sample, HoldReason, Pallet};
use assay_protocol::{
	operator::{WorkerKey, WorkerPair},
	ModelId, ModelVersion, VersionNumber,
};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{Inspect, InspectHold},
		tokens::imbalance::ResolveTo,
		ConstU32, ConstU64,
	},
};
use sp_core::Pair;
use sp_runtime::{BuildStorage, DispatchResult, Permill};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u64;
pub(crate) type TxExtension = frame_system::AuthorizeCall<Test>;
pub(crate) type Extrinsic = sp_runtime::testing::TestXt<RuntimeCall, TxExtension>;
type Block = sp_runtime::generic::Block<sp_runtime::generic::Header<u64, sp_runtime::traits::BlakeTwo256>, Extrinsic>;

/// Publishes models.
pub(crate) const PETRA: AccountId = 1;
/// Somebody else.
pub(crate) const STRANGER: AccountId = 2;
/// Cannot pay a deposit.
pub(crate) const PAUPER: AccountId = 3;
/// Operators.
pub(crate) const OLGA: AccountId = 10;
pub(crate) const OTTO: AccountId = 11;
pub(crate) const TREASURY: AccountId = 250;

pub(crate) const FUNDS: Balance = 100_000;
pub(crate) const MIN_BOND: Balance = 1_000;
pub(crate) const MIN_PRICE: Balance = 3;
pub(crate) const DEPOSIT_BASE: Balance = 100;
pub(crate) const DEPOSIT_PER_BYTE: Balance = 2;
pub(crate) const PERIOD: u64 = 10;
pub(crate) const GRACE: u64 = 24;

/// The first version of the first model.
pub(crate) const FIRST: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(0),
};
/// The second version of the first model.
pub(crate) const SECOND: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(1),
};

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
	#[runtime::pallet_index(3)]
	pub type ModelRegistry = pallet_assay_models;
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
	pub const PotId: frame_support::PalletId = frame_support::PalletId(*b"test/pot");
	pub const MaxOperators: u32 = 200;
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const Treasury: AccountId = TREASURY;
	pub const DepositBase: Balance = DEPOSIT_BASE;
	pub const DepositPerByte: Balance = DEPOSIT_PER_BYTE;
	pub const MaxRoyalty: Permill = Permill::from_percent(50);
	pub const MaxVersions: u32 = 2;
	pub const MaxServed: u32 = 3;
}

impl pallet_assay_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ResolveTo<Treasury, Balances>;
	type PotId = PotId;
	type MinBond = MinBond;
	type MinDelegation = ConstU64<1>;
	type Period = ConstU64<5>;
	type UnbondingPeriod = ConstU64<20>;
	type SettlingPeriod = ConstU64<0>;
	type MaxLeverage = frame_support::traits::ConstU32<9>;
	type MaxOperators = MaxOperators;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = CommitmentLimit;
	type MaxCommission = CommitmentLimit;
	type CommissionNotice = ConstU64<20>;
	type WeightInfo = ();
}

impl pallet_assay_models::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Operators = Staking;
	type DepositBase = DepositBase;
	type DepositPerByte = DepositPerByte;
	type MaxAnswerBytes = ConstU32<{ 1024 * 1024 }>;
	type MaxRoyalty = MaxRoyalty;
	type MinPrice = ConstU64<MIN_PRICE>;
	type MaxVersions = MaxVersions;
	type MaxServed = MaxServed;
	type HeartbeatPeriod = ConstU64<PERIOD>;
	type HeartbeatGrace = ConstU64<GRACE>;
	type HeartbeatPriority = ConstU64<1_000>;
	type WeightInfo = ();
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = Extrinsic;
}

impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;
	fn create_transaction(call: RuntimeCall, extension: Self::Extension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> Self::Extension {
		TxExtension::new()
	}
}

/// Builds a chain for a test.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	operators: Vec<AccountId>,
	published: bool,
}

impl ExtBuilder {
	/// Operators with the minimum bond.
	pub(crate) fn operators(mut self, operators: impl IntoIterator<Item = AccountId>) -> Self {
		self.operators.extend(operators);
		self
	}

	/// Petra has published the sample decoder as [`FIRST`].
	pub(crate) fn published(mut self) -> Self {
		self.published = true;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let mut balances: Vec<_> = [PETRA, STRANGER, TREASURY]
			.into_iter()
			.chain(self.operators.clone())
			.map(|who| (who, FUNDS))
			.collect();
		balances.push((PAUPER, DEPOSIT_BASE));
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances,
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		let operators = self
			.operators
			.iter()
			.map(|who| (*who, key_of(*who), MIN_BOND))
			.collect();
		pallet_assay_staking::GenesisConfig::<Test> { operators }
			.assimilate_storage(&mut storage)
			.unwrap();

		let mut ext = sp_io::TestExternalities::from(storage);
		ext.register_extension(sp_keystore::KeystoreExt::new(
			sp_keystore::testing::MemoryKeystore::new(),
		));
		ext.execute_with(|| {
			System::set_block_number(1);
			if self.published {
				register(PETRA).expect("Petra can pay the deposit");
			}
		});
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

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// The worker keypair of an operator.
pub(crate) fn pair_of(operator: AccountId) -> WorkerPair {
	WorkerPair::from_seed(&[u8::try_from(operator).unwrap(); 32])
}

pub(crate) fn key_of(operator: AccountId) -> WorkerKey {
	pair_of(operator).public()
}

/// Registers the sample decoder.
pub(crate) fn register(who: AccountId) -> DispatchResult {
	let submission = sample::submission(&sample::decoder());
	ModelRegistry::register(signed(who), sample::metadata("sample"), submission)
}

/// Adds the sample decoder as another version of the first model.
pub(crate) fn add_version(who: AccountId) -> DispatchResult {
	let submission = sample::submission(&sample::decoder());
	ModelRegistry::add_version(signed(who), ModelId(0), submission)
}

/// Serves [`FIRST`] at price 5, two jobs at a time.
/// What offers state.
pub(crate) const SPEED: u64 = 4_000;
pub(crate) const LARGEST: u64 = 1_000_000;

pub(crate) fn serve(who: AccountId) -> DispatchResult {
	ModelRegistry::serve(signed(who), FIRST, 5, 2, SPEED, LARGEST)
}

pub(crate) fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::ModelDeposit.into(), &who)
}

pub(crate) fn free(who: AccountId) -> Balance {
	Balances::balance(&who)
}
