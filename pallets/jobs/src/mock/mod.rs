//! A runtime for tests: real balances, a registry of operators and models, and helpers that read as sentences.

mod chain;
mod jobs;
mod programs;
mod registry;

pub(crate) use chain::*;
pub(crate) use jobs::*;
pub(crate) use programs::*;
pub(crate) use registry::*;

use crate as pallet_assay_jobs;
use assay_protocol::{audit::Audits, Attempt, JobId, ModelVersion};
use frame_support::{derive_impl, parameter_types, traits::Randomness, weights::Weight};
use sp_core::H256;
use sp_runtime::{testing::UintAuthorityId, traits::BlakeTwo256, Perbill, Permill};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u128;
pub(crate) type Extension = (frame_system::AuthorizeCall<Test>,);
pub(crate) type Extrinsic = sp_runtime::generic::UncheckedExtrinsic<AccountId, RuntimeCall, UintAuthorityId, Extension>;
type Block = sp_runtime::generic::Block<sp_runtime::generic::Header<u64, BlakeTwo256>, Extrinsic>;

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
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(2)]
	pub type JobsPallet = pallet_assay_jobs::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

pub(crate) const EXISTENTIAL_DEPOSIT: Balance = 10;

parameter_types! {
	pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
}

pub(crate) const CONSUMER: AccountId = 1;
pub(crate) const OTHER_CONSUMER: AccountId = 2;
pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
pub(crate) const CHARLIE: AccountId = 13;
pub(crate) const PUBLISHER: AccountId = 21;
pub(crate) const TREASURY: AccountId = 31;
/// All who stand behind an operator.
pub(crate) const STAKERS: AccountId = 32;
/// What each consumer begins with.
pub(crate) const FUNDS: Balance = 1_000_000;

pub(crate) const RESULT_PERIOD: u64 = 10;
pub(crate) const OPEN_PERIOD: u64 = 20;
pub(crate) const RETRY_PERIOD: u64 = 3;
pub(crate) const WINDOW: u64 = 5;
pub(crate) const RETENTION: u64 = 30;
pub(crate) const PENALTY: Balance = 50;
pub(crate) const WRONG_RESULT_PENALTY: Balance = 700;

parameter_types! {
	pub static MaxAttempts: u32 = 2;
	pub static MaxInFlight: u32 = 64;
	pub static AgendaSize: u32 = 64;
	pub static AgendaWeight: Weight = Weight::from_parts(1_000_000_000, 0);
	pub static TreasuryShare: Permill = Permill::from_percent(10);
	pub static RandomSeed: Option<u64> = Some(0);
	pub const Treasury: AccountId = TREASURY;
	pub const ResultPeriod: u64 = RESULT_PERIOD;
	pub const OpenPeriod: u64 = OPEN_PERIOD;
	pub const RetryPeriod: u64 = RETRY_PERIOD;
	pub const Window: u64 = WINDOW;
	pub const Retention: u64 = RETENTION;
	pub const MissedDeadlinePenalty: Balance = PENALTY;
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(20);
	pub const MinWrongResultPenalty: Balance = WRONG_RESULT_PENALTY;
	pub const AuditorShare: Permill = Permill::from_percent(10);
	pub static StakersShare: Permill = Permill::zero();
	/// Who has audited every claim.
	pub static Auditors: Vec<AccountId> = vec![];
}

/// Audits by whoever is named, that hold no job back.
pub struct NamedAuditors;
impl Audits<AccountId> for NamedAuditors {
	fn claimed(_: JobId, _: Attempt, _: ModelVersion, _: &AccountId) -> bool {
		false
	}
	fn is_drawn(_: JobId, _: Attempt, _: &AccountId) -> bool {
		false
	}
	fn challenged(_: JobId, _: Attempt, _: &AccountId) {}
	fn struck_down(_: JobId, _: Attempt, _: &AccountId, _: bool) {}
	fn finalised(_: JobId, _: &AccountId) -> Vec<AccountId> {
		Auditors::get()
	}
	fn forget(_: JobId) {}
}

/// A hash of the seed, the block and the subject; nothing while there is no seed.
pub struct SeededRandomness;
impl Randomness<Option<H256>, u64> for SeededRandomness {
	fn random(subject: &[u8]) -> (Option<H256>, u64) {
		let now = System::block_number();
		let hash = |seed: u64| {
			H256(sp_io::hashing::blake2_256(&codec::Encode::encode(&(
				seed, now, subject,
			))))
		};
		(RandomSeed::get().map(hash), now.saturating_sub(1))
	}
}

impl crate::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = Registry;
	type Models = Registry;
	type Audits = NamedAuditors;
	type Randomness = SeededRandomness;
	type Treasury = Treasury;
	type TreasuryShare = TreasuryShare;
	type AuditorShare = AuditorShare;
	type StakersShare = StakersShare;
	type ResultPeriod = ResultPeriod;
	type OpenPeriod = OpenPeriod;
	type RetryPeriod = RetryPeriod;
	type Window = Window;
	type Retention = Retention;
	type MaxAttempts = MaxAttempts;
	type MissedDeadlinePenalty = MissedDeadlinePenalty;
	type WrongResultPenalty = WrongResultPenalty;
	type MinWrongResultPenalty = MinWrongResultPenalty;
	type MaxInFlight = MaxInFlight;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<C> frame_system::offchain::CreateTransaction<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extension = Extension;

	fn create_transaction(call: RuntimeCall, extension: Extension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<C> frame_system::offchain::CreateAuthorizedTransaction<C> for Test
where
	RuntimeCall: From<C>,
{
	fn create_extension() -> Extension {
		(frame_system::AuthorizeCall::new(),)
	}
}
