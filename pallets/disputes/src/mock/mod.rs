//! A runtime for tests: real balances, stakes and jobs, small models with made-up weights, workers that cheat in several
//! ways, and the challengers that find them out.

#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
mod chain;
mod models;
mod people;

#[cfg(feature = "runtime-benchmarks")]
pub(crate) use benchmarks::*;
pub(crate) use chain::*;
pub(crate) use models::*;
pub(crate) use people::*;

use crate as pallet_assay_disputes;
use assay_protocol::{audit::Audits, Attempt, JobId, ModelVersion};
use frame_support::{
	derive_impl,
	pallet_prelude::ValueQuery,
	parameter_types, storage_alias,
	traits::{tokens::imbalance::ResolveTo, Randomness},
	weights::Weight,
};
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
	pub type StakingPallet = pallet_assay_staking::Pallet<Test>;
	#[runtime::pallet_index(3)]
	pub type JobsPallet = pallet_assay_jobs::Pallet<Test>;
	#[runtime::pallet_index(4)]
	pub type DisputesPallet = pallet_assay_disputes::Pallet<Test>;
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
/// Operators.
pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
/// Challengers.
pub(crate) const CHARLIE: AccountId = 21;
pub(crate) const DAVE: AccountId = 22;
/// Has next to nothing.
pub(crate) const POOR: AccountId = 23;
pub(crate) const PUBLISHER: AccountId = 31;
pub(crate) const TREASURY: AccountId = 41;
/// What consumer and challengers begin with.
pub(crate) const FUNDS: Balance = 1_000_000_000_000;
/// What each operator has bonded.
pub(crate) const STAKE: Balance = 100_000_000_000;
/// The escrow of every job.
pub(crate) const MAX_FEE: Balance = 1_000_000_000;

pub(crate) const WINDOW: u64 = 5;
pub(crate) const RETENTION: u64 = 30;
pub(crate) const MOVE_PERIOD: u64 = 4;
pub(crate) const BOND: Balance = 500;
/// A fifth of the stake.
pub(crate) const PENALTY: Balance = STAKE / 5;

parameter_types! {
	pub const MinBond: Balance = 1_000;
	pub const UnbondingPeriod: u64 = 100;
	pub const PotId: frame_support::PalletId = frame_support::PalletId(*b"test/pot");
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(40);
	pub const Treasury: AccountId = TREASURY;

	pub const TreasuryShare: Permill = Permill::from_percent(10);
	pub const ResultPeriod: u64 = 10;
	pub const OpenPeriod: u64 = 20;
	pub const RetryPeriod: u64 = 3;
	pub const Window: u64 = WINDOW;
	pub const Retention: u64 = RETENTION;
	pub const MissedDeadlinePenalty: Balance = 50;

	pub const Bond: Balance = BOND;
	pub const MovePeriod: u64 = MOVE_PERIOD;
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(20);
	pub static MinWrongResultPenalty: Balance = 1_000;
	pub const ReporterShare: Permill = Permill::from_percent(50);
	pub static MaxAnswerBytes: u32 = 1024 * 1024;
	pub static AgendaSize: u32 = 64;
	pub static AgendaWeight: Weight = Weight::from_parts(1_000_000_000, 0);
}

impl pallet_assay_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ResolveTo<Treasury, Balances>;
	type PotId = PotId;
	type MinBond = MinBond;
	type MinDelegation = MinBond;
	type Period = UnbondingPeriod;
	type UnbondingPeriod = UnbondingPeriod;
	type MaxOperators = frame_support::traits::ConstU32<10>;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = OwnCommitmentLimit;
	type MaxCommission = CommitmentLimit;
	type CommissionNotice = UnbondingPeriod;
	type WeightInfo = ();
}

/// A hash of the block and the subject.
pub struct BlockRandomness;
impl Randomness<Option<H256>, u64> for BlockRandomness {
	fn random(subject: &[u8]) -> (Option<H256>, u64) {
		let now = System::block_number();
		let hash = sp_io::hashing::blake2_256(&codec::Encode::encode(&(now, subject)));
		(Some(H256(hash)), now.saturating_sub(1))
	}
}

impl pallet_assay_jobs::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = StakingPallet;
	type Models = SmallModels;
	type Audits = ();
	type Randomness = BlockRandomness;
	type Treasury = Treasury;
	type TreasuryShare = TreasuryShare;
	type AuditorShare = TreasuryShare;
	type StakersShare = TreasuryShare;
	type ResultPeriod = ResultPeriod;
	type OpenPeriod = OpenPeriod;
	type RetryPeriod = RetryPeriod;
	type Window = Window;
	type Retention = Retention;
	type MaxAttempts = frame_support::traits::ConstU32<2>;
	type MissedDeadlinePenalty = MissedDeadlinePenalty;
	type WrongResultPenalty = WrongResultPenalty;
	type MinWrongResultPenalty = MinWrongResultPenalty;
	type MaxInFlight = frame_support::traits::ConstU32<64>;
	type AgendaSize = frame_support::traits::ConstU32<64>;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
}

/// Operators that were drawn to audit every claim and have not replied.
#[storage_alias]
pub(crate) type Drawn = StorageValue<DrawnAuditors, Vec<AccountId>, ValueQuery>;

/// Audits by whoever is named, that hold no job back.
pub struct DrawnAuditors;
impl Audits<AccountId> for DrawnAuditors {
	fn claimed(_: JobId, _: Attempt, _: ModelVersion, _: &AccountId) -> bool {
		false
	}
	fn is_drawn(_: JobId, _: Attempt, who: &AccountId) -> bool {
		Drawn::get().contains(who)
	}
	fn challenged(_: JobId, _: Attempt, who: &AccountId) {
		Drawn::mutate(|drawn| drawn.retain(|other| other != who));
	}
	fn struck_down(_: JobId, _: Attempt, _: &AccountId, _: bool) {}
	fn finalised(_: JobId, _: &AccountId) -> Vec<AccountId> {
		Vec::new()
	}
	fn forget(_: JobId) {}
}

impl crate::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = StakingPallet;
	type Models = SmallModels;
	type Claims = JobsPallet;
	type Treasury = Treasury;
	type Bond = Bond;
	type MovePeriod = MovePeriod;
	type Audits = DrawnAuditors;
	type ReporterShare = ReporterShare;
	type Retention = Retention;
	type MaxAnswerBytes = MaxAnswerBytes;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = MadeUpClaims;
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
