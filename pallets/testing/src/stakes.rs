//! Real stakes and real jobs.
#![allow(missing_docs, reason = "parameter_types! documents nothing of what it makes")]

use crate::{started, AccountId, Balance, Chain};
use assay_protocol::operator::WorkerPair;
use frame_support::{parameter_types, weights::Weight, PalletId};
use sp_core::Pair;
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, Perbill, Permill, Storage};

pub const CONSUMER: AccountId = 1;
pub const ALICE: AccountId = 11;
pub const BOB: AccountId = 12;
pub const PUBLISHER: AccountId = 31;
pub const TREASURY: AccountId = 41;

/// What each operator has bonded.
pub const STAKE: Balance = 100_000_000_000;
/// What consumers and challengers begin with.
pub const FUNDS: Balance = 1_000_000_000_000;
/// The escrow of every job.
pub const MAX_FEE: Balance = 1_000_000_000;
/// Blocks for the result of a job.
pub const RESULT_PERIOD: u64 = 10;
/// Blocks an open job waits.
pub const OPEN_PERIOD: u64 = 20;
/// Blocks between two attempts to assign it.
pub const RETRY_PERIOD: u64 = 3;
/// Blocks for which everything that is over stays readable.
pub const RETENTION: u64 = 30;
/// Milliseconds of a slot.
pub const SLOT: u64 = 1_000;
/// Units a second of whoever looks at claims, and of every offer: the small models take less than a block.
pub const FAST: u64 = 1_000_000;
/// What a missed deadline costs at most.
pub const MISSED_DEADLINE: Balance = 30;

parameter_types! {
	/// Other seeds draw otherwise; without one there is no randomness.
	pub static Seed: Option<u64> = Some(0);
	/// The numbers about what was made before this block are lost.
	pub static LostBefore: u64 = 0;
	pub const MinBond: Balance = 1_000;
	pub const UnbondingPeriod: u64 = 100;
	pub const PotId: PalletId = PalletId(*b"test/pot");
	pub const Treasury: AccountId = TREASURY;
	pub const ResultPeriod: u64 = RESULT_PERIOD;
	pub const OpenPeriod: u64 = OPEN_PERIOD;
	pub const RetryPeriod: u64 = RETRY_PERIOD;
	pub const Retention: u64 = RETENTION;
	pub const SlotDuration: u64 = SLOT;
	pub static ReferenceSpeed: u64 = FAST;
	pub const LongestRun: u64 = 1_000;
	pub static MaxLoad: u64 = 1_000;
	pub static QuestionUnits: u64 = 0;
	pub static BytePrice: Balance = 0;
	/// Silence is guilt at once, unless a test says otherwise.
	pub static GuiltPeriod: u64 = 0;
	pub static SettlingPeriod: u64 = 0;
	pub static AssignmentDelay: u64 = 0;
	pub const MissedDeadlinePenalty: Balance = MISSED_DEADLINE;
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(20);
	pub static MinWrongResultPenalty: Balance = 1_000;
	pub static TreasuryShare: Permill = Permill::from_percent(10);
	pub const AuditorShare: Permill = Permill::from_percent(10);
	pub static AgendaSize: u32 = 64;
	pub static AgendaWeight: Weight = Weight::from_parts(1_000_000_000, 0);
}

/// Configures the staking pallet as `StakingPallet` and the jobs pallet as `JobsPallet` for `Test`, on
/// [small models](crate::SmallModels): what an operator may have in flight of the pool's and of its own stake, who audits, and
/// how many blocks a claim waits.
#[macro_export]
macro_rules! stakes_and_jobs {
	(in_flight: $commitment:ty, $own:ty; audits: $audits:ty; window: $window:ty;) => {
		impl pallet_assay_staking::Config for Test {
			type Currency = Balances;
			type RuntimeHoldReason = RuntimeHoldReason;
			type Slashed = frame_support::traits::tokens::imbalance::ResolveTo<$crate::Treasury, Balances>;
			type PotId = $crate::PotId;
			type MinBond = $crate::MinBond;
			type MinDelegation = $crate::MinBond;
			type Period = $crate::UnbondingPeriod;
			type UnbondingPeriod = $crate::UnbondingPeriod;
			type SettlingPeriod = $crate::SettlingPeriod;
			type MaxLeverage = frame_support::traits::ConstU32<9>;
			type MaxOperators = frame_support::traits::ConstU32<10>;
			type CommitmentLimit = $commitment;
			type OwnCommitmentLimit = $own;
			type MaxCommission = $commitment;
			type CommissionNotice = $crate::UnbondingPeriod;
			type WeightInfo = ();
		}

		impl pallet_assay_jobs::Config for Test {
			type RuntimeHoldReason = RuntimeHoldReason;
			type Currency = Balances;
			type Operators = StakingPallet;
			type Models = $crate::SmallModels<Test>;
			type Audits = $audits;
			type Randomness = $crate::SeededRandomness<Test>;
			type Treasury = $crate::Treasury;
			type TreasuryShare = $crate::TreasuryShare;
			type AuditorShare = $crate::AuditorShare;
			type BytePrice = $crate::BytePrice;
			type AuditWeight = ();
			type StakersShare = $crate::TreasuryShare;
			type ResultPeriod = $crate::ResultPeriod;
			type AssignmentDelay = $crate::AssignmentDelay;
			type SlotDuration = $crate::SlotDuration;
			type ReferenceSpeed = $crate::ReferenceSpeed;
			type LongestRun = $crate::LongestRun;
			type MaxLoad = $crate::MaxLoad;
			type QuestionUnits = $crate::QuestionUnits;
			type GuiltPeriod = $crate::GuiltPeriod;
			type PresentedGuiltPeriod = $crate::GuiltPeriod;
			type OpenPeriod = $crate::OpenPeriod;
			type RetryPeriod = $crate::RetryPeriod;
			type Window = $window;
			type Retention = $crate::Retention;
			type MaxAttempts = frame_support::traits::ConstU32<2>;
			type MissedDeadlinePenalty = $crate::MissedDeadlinePenalty;
			type WrongResultPenalty = $crate::WrongResultPenalty;
			type MinWrongResultPenalty = $crate::MinWrongResultPenalty;
			type MaxInFlight = frame_support::traits::ConstU32<64>;
			type AgendaSize = frame_support::traits::ConstU32<64>;
			type AgendaWeight = $crate::AgendaWeight;
			type WeightInfo = ();
		}
	};
}

/// A runtime with real stakes and jobs.
pub trait Stakes:
	Chain
	+ pallet_assay_staking::Config<Currency = pallet_balances::Pallet<Self>>
	+ pallet_assay_jobs::Config<Currency = pallet_balances::Pallet<Self>>
{
}

impl<T> Stakes for T where
	T: Chain
		+ pallet_assay_staking::Config<Currency = pallet_balances::Pallet<T>>
		+ pallet_assay_jobs::Config<Currency = pallet_balances::Pallet<T>>
{
}

/// The keypair of an operator's worker.
pub fn worker_key(operator: AccountId) -> WorkerPair {
	let mut seed = [0; 32];
	seed[..8].copy_from_slice(&operator.to_le_bytes());
	WorkerPair::from_seed(&seed)
}

/// A chain at its first block, on which these operators, who have that much at genesis, have bonded [`STAKE`].
pub fn staked<T: Stakes>(mut genesis: Storage, operators: &[AccountId]) -> TestExternalities {
	pallet_assay_staking::GenesisConfig::<T> {
		operators: operators
			.iter()
			.map(|who| (*who, worker_key(*who).public(), STAKE))
			.collect(),
	}
	.assimilate_storage(&mut genesis)
	.unwrap();
	started::<T>(genesis)
}
