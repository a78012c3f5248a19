//! The test chain: sessions of five blocks, at most three validators of which one may be disabled when there are four, a
//! thousand units for everyone, a minimum bond of a hundred. A year has ten blocks, and a tenth of the issuance is issued in
//! it.

mod candidates;
mod earnings;
mod election;
mod genesis;
mod offences;
mod properties;
mod queries;
mod silence;

use crate::{self as pallet_assay_validators, earnings::YEAR, Event, Pallet, Unidentified};
use assay_protocol::operator::{possession_payload, WorkerKey, WorkerPair};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::Inspect, tokens::imbalance::ResolveTo, Hooks},
	PalletId,
};
use frame_system::EnsureRoot;
use pallet_session::{
	disabling::UpToLimitWithReEnablingDisablingStrategy,
	historical::{self as pallet_session_historical, NoteHistoricalRoot},
	PeriodicSessions,
};
use sp_core::{crypto::key_types::DUMMY, ConstU64, Pair};
use sp_runtime::{
	curve::PiecewiseLinear,
	impl_opaque_keys,
	testing::UintAuthorityId,
	traits::{ConvertInto, OpaqueKeys},
	BuildStorage, Perbill, Permill,
};
use sp_staking::SessionIndex;

pub(crate) type AccountId = u64;
pub(crate) type Balance = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const DAVE: AccountId = 4;
pub(crate) const EVE: AccountId = 5;
pub(crate) const TREASURY: AccountId = 99;

pub(crate) const FUNDS: Balance = 1_000_000;
pub(crate) const MIN_BOND: Balance = 100;
pub(crate) const SESSION: u64 = 5;
pub(crate) const SILENCE_LIMIT: u32 = 3;
pub(crate) const REPORTABLE: SessionIndex = 4;

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
	pub type Session = pallet_session;
	#[runtime::pallet_index(3)]
	pub type Historical = pallet_session_historical;
	#[runtime::pallet_index(4)]
	pub type Staking = pallet_assay_staking;
	#[runtime::pallet_index(5)]
	pub type Validators = pallet_assay_validators;
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

impl_opaque_keys! {
	pub struct TestKeys {
		pub dummy: UintAuthorityId,
	}
}

/// Counts how often the set changes.
pub struct NoConsensus;
impl pallet_session::SessionHandler<AccountId> for NoConsensus {
	const KEY_TYPE_IDS: &'static [sp_runtime::KeyTypeId] = &[DUMMY];
	fn on_genesis_session<T: OpaqueKeys>(_: &[(AccountId, T)]) {}
	fn on_new_session<T: OpaqueKeys>(changed: bool, _: &[(AccountId, T)], _: &[(AccountId, T)]) {
		SetChanges::mutate(|count| *count += u32::from(changed));
	}
	fn on_disabled(_: u32) {}
}

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = PeriodicSessions<ConstU64<SESSION>, ConstU64<0>>;
	type NextSessionRotation = PeriodicSessions<ConstU64<SESSION>, ConstU64<0>>;
	type SessionManager = NoteHistoricalRoot<Test, Validators>;
	type SessionHandler = NoConsensus;
	type Keys = TestKeys;
	type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = ConstU64<1>;
}

impl pallet_session_historical::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = Unidentified;
}

parameter_types! {
	pub const StakingPot: PalletId = PalletId(*b"stk/test");
	pub const FeePot: PalletId = PalletId(*b"fee/test");
	pub const MinBond: Balance = MIN_BOND;
	pub const MinDelegation: Balance = 10;
	pub const MaxOperators: u32 = 20;
	pub const MaxCommission: Permill = Permill::from_percent(50);
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(40);
	pub const Treasury: AccountId = TREASURY;
	pub const AuthorFeeShare: Permill = Permill::from_percent(50);
	pub const ReporterShare: Permill = Permill::from_percent(10);
	pub const SilenceLimit: u32 = SILENCE_LIMIT;
	pub const ReportableSessions: SessionIndex = REPORTABLE;
	pub const SeatShare: Permill = Permill::from_percent(50);
	pub static MinValidators: u32 = 1;
	pub static MinValidatorBond: Balance = MIN_BOND;
	pub static SetSessions: SessionIndex = 3;
	pub static SlashDeferral: SessionIndex = 0;
	/// Changes of the set that consensus was told of.
	pub static SetChanges: u32 = 0;
	pub static MaxValidators: u32 = 4;
	pub static MaxCandidates: u32 = 20;
	pub static Author: Option<AccountId> = None;
}

/// Always a tenth.
pub(crate) const FLAT: PiecewiseLinear<'static> = PiecewiseLinear {
	points: &[
		(Perbill::zero(), Perbill::from_percent(10)),
		(Perbill::one(), Perbill::from_percent(10)),
	],
	maximum: Perbill::from_percent(10),
};

parameter_types! {
	pub const Inflation: &'static PiecewiseLinear<'static> = &FLAT;
}

impl pallet_assay_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ResolveTo<Treasury, Balances>;
	type PotId = StakingPot;
	type MinBond = MinBond;
	type MinDelegation = MinDelegation;
	type Period = ConstU64<10>;
	type UnbondingPeriod = ConstU64<40>;
	type SettlingPeriod = ConstU64<0>;
	type MaxLeverage = frame_support::traits::ConstU32<9>;
	type MaxOperators = MaxOperators;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = OwnCommitmentLimit;
	type MaxCommission = MaxCommission;
	type CommissionNotice = ConstU64<60>;
	type WeightInfo = ();
}

impl pallet_assay_validators::Config for Test {
	type Currency = Balances;
	type Operators = Staking;
	type Session = Session;
	type Author = Author;
	type PotId = FeePot;
	type MaxValidators = MaxValidators;
	type MinValidators = MinValidators;
	type MinValidatorBond = MinValidatorBond;
	type SeatShare = SeatShare;
	type SetSessions = SetSessions;
	type MaxCandidates = MaxCandidates;
	type Inflation = Inflation;
	type BlockTime = ConstU64<{ YEAR / 10 }>;
	type AuthorFeeShare = AuthorFeeShare;
	type ReporterShare = ReporterShare;
	type SilenceLimit = SilenceLimit;
	type ReportableSessions = ReportableSessions;
	type SlashDeferral = SlashDeferral;
	type SlashCancelOrigin = EnsureRoot<AccountId>;
	type WeightInfo = ();
}

/// Builds a chain for a test.
#[derive(Default)]
pub(crate) struct ExtBuilder {
	validators: Vec<AccountId>,
}

impl ExtBuilder {
	/// These are validators at genesis, each with the minimum bond.
	pub(crate) fn validators(mut self, validators: &[AccountId]) -> Self {
		self.validators = validators.to_vec();
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Author::set(None);
		SetChanges::set(0);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: [ALICE, BOB, CAROL, DAVE, EVE, TREASURY]
				.map(|who| (who, FUNDS))
				.to_vec(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_session::GenesisConfig::<Test> {
			keys: self.validators.iter().map(|who| (*who, *who, keys(*who))).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_assay_staking::GenesisConfig::<Test> {
			operators: self
				.validators
				.iter()
				.map(|who| (*who, worker(*who).public(), MIN_BOND))
				.collect(),
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_assay_validators::GenesisConfig::<Test> {
			candidates: self.validators,
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
			check();
		})
	}
}

/// The invariants hold.
pub(crate) fn check() {
	Pallet::<Test>::do_try_state().expect("the invariants hold");
}

pub(crate) fn worker(account: AccountId) -> WorkerPair {
	WorkerPair::from_seed(&[u8::try_from(account).unwrap(); 32])
}

pub(crate) fn keys(account: AccountId) -> TestKeys {
	TestKeys {
		dummy: UintAuthorityId(account),
	}
}

/// Makes an operator with session keys.
pub(crate) fn operator(account: AccountId, bond: Balance) {
	let key = worker(account);
	let proof = key.sign(&possession_payload(&account, &System::block_hash(0).0));
	let public: WorkerKey = key.public();
	Staking::register_operator(signed(account), public, proof, bond).unwrap();
	set_keys(account);
}

pub(crate) fn set_keys(account: AccountId) {
	<Session as pallet_session::SessionInterface>::set_keys(&account, keys(account)).unwrap();
}

/// Makes an operator that is a candidate.
pub(crate) fn candidate(account: AccountId, bond: Balance) {
	operator(account, bond);
	Validators::validate(signed(account)).unwrap();
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Makes the next block, by `author`.
pub(crate) fn block(author: AccountId) {
	use pallet_authorship::EventHandler;

	let now = System::block_number() + 1;
	System::set_block_number(now);
	Author::set(Some(author));
	Validators::note_author(author);
	Session::on_initialize(now);
}

/// Makes blocks by these, in turn, until a session starts, and then until as many have started as told.
pub(crate) fn sessions(count: u32, authors: &[AccountId]) {
	let last = Session::current_index() + count;
	for author in authors.iter().cycle() {
		if Session::current_index() == last {
			return;
		}
		block(*author);
	}
}

pub(crate) fn free(account: AccountId) -> Balance {
	Balances::balance(&account)
}

pub(crate) fn events() -> Vec<Event<Test>> {
	System::read_events_for_pallet()
}
