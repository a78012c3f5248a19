//! The chain of the play: all of our pallets that a claim passes through, as the real runtime composes them, with shorter times.

pub(crate) use assay_testing::{
	AccountId, Balance, CONSUMER, DECODER, ENCODER, EXISTENTIAL_DEPOSIT, FUNDS, MAX_FEE, PERCEPTRON, PUBLISHER, STAKE,
	TREASURY,
};
use assay_testing::{PotId, Treasury};
use codec::Encode;
use core::marker::PhantomData;
use frame_support::{
	derive_impl, parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32, ConstU64, Get, Nothing, Randomness},
	weights::Weight,
};
use pallet_assay_timing::{ExpectedBlockTime, PeriodOfGuilt, PeriodOfStaking, UnbondingPeriod, WindowOfDraws};
use sp_core::H256;
use sp_runtime::{Perbill, Permill};

assay_testing::runtime!(
	Timing: pallet_assay_timing,
	StakingPallet: pallet_assay_staking,
	ModelsPallet: pallet_assay_models,
	JobsPallet: pallet_assay_jobs,
	DisputesPallet: pallet_assay_disputes,
	AuditsPallet: pallet_assay_audits,
	BeaconPallet: pallet_assay_beacon,
);

/// Blocks in which a worker may be late.
pub(crate) const GUILT_PERIOD: u64 = 24;
pub(crate) const RESULT_PERIOD: u64 = 8;
pub(crate) const OPEN_PERIOD: u64 = 20;
pub(crate) const WINDOW: u64 = 10;
pub(crate) const MOVE_PERIOD: u64 = 4;
pub(crate) const AUDIT_PERIOD: u64 = 5;
pub(crate) const DRAW_WINDOW: u64 = 4;
pub(crate) const RETENTION: u64 = 30;
pub(crate) const HEARTBEAT_PERIOD: u64 = 10;
pub(crate) const STAKING_PERIOD: u64 = 20;
pub(crate) const ATTEMPTS: u32 = 3;
pub(crate) const BOND: Balance = 1_000_000_000;
/// Who makes blocks: some are operators.
pub(crate) const AUTHORS: [AccountId; 10] = [11, 12, 13, 15, 16, 61, 62, 63, 64, 65];

parameter_types! {
	/// Of every number that is drawn.
	pub static Seed: u64 = 0;
	/// How likely a claim of an operator without a record is to be spot-checked, and to be audited.
	pub static Ceiling: Permill = Permill::one();
	/// Of every agenda: what does not fit spills to later blocks, and waits for somebody's call if they are full too.
	pub static AgendaSize: u32 = 64;
	pub const Floor: Permill = Permill::from_percent(2);
	pub const MaxRoyalty: Permill = Permill::from_percent(25);
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(25);
	pub const MaxCommission: Permill = Permill::from_percent(50);
	pub const TreasuryShare: Permill = Permill::from_percent(5);
	pub const AuditorShare: Permill = Permill::from_percent(34);
	pub const StakersShare: Permill = Permill::from_percent(20);
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(35);
	pub const FalseAuditShare: Perbill = Perbill::from_percent(25);
	pub const MissedAuditShare: Perbill = Perbill::from_percent(1);
	pub const ReporterShare: Permill = Permill::from_percent(25);
	pub const AgendaWeight: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);
}

/// A number that follows from the play's seed.
fn number(subject: impl Encode) -> H256 {
	H256(sp_io::hashing::blake2_256(&(Seed::get(), subject).encode()))
}

/// Who makes the present block.
pub struct Author;
impl Author {
	fn of(block: u64) -> AccountId {
		let number = number((b"author", block)).to_low_u64_be();
		AUTHORS[number as usize % AUTHORS.len()]
	}
}
impl Get<Option<AccountId>> for Author {
	fn get() -> Option<AccountId> {
		Some(Self::of(System::block_number()))
	}
}

/// The random output of the block before.
pub struct ParentOutput;
impl Get<Option<[u8; 32]>> for ParentOutput {
	fn get() -> Option<[u8; 32]> {
		let parent = System::block_number().saturating_sub(1);
		Some(number((b"output", parent, Author::of(parent))).0)
	}
}

/// Randomness from the output of the block before, as BABE gives it.
pub struct ParentRandomness<T>(PhantomData<T>);
impl<T> Randomness<Option<H256>, u64> for ParentRandomness<T> {
	fn random(subject: &[u8]) -> (Option<H256>, u64) {
		let number = ParentOutput::get().map(|output| H256(sp_io::hashing::blake2_256(&(output, subject).encode())));
		(number, System::block_number().saturating_sub(1))
	}
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = assay_testing::Block<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
}

impl pallet_assay_timing::Config for Test {
	type DefaultSlotDuration = ConstU64<1_000>;
	type DefaultEpochSlots = ConstU64<60>;
	type DefaultStakingPeriod = ConstU64<STAKING_PERIOD>;
	type DefaultDrawWindow = ConstU64<DRAW_WINDOW>;
	type DefaultGuiltPeriod = ConstU64<GUILT_PERIOD>;
	type DefaultGovernanceDay = ConstU64<28_800>;
	type LongestJudgement = ConstU64<0>;
	type SessionsOfSet = ConstU32<1>;
	type StakingPeriods = ConstU32<6>;
}

impl pallet_assay_beacon::Config for Test {
	type Author = Author;
	type ParentOutput = ParentOutput;
	type Validators = ConstU32<{ AUTHORS.len() as u32 }>;
	type Period = WindowOfDraws<Test>;
	type Kept = ConstU32<64>;
}

impl pallet_assay_staking::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Slashed = ResolveTo<Treasury, Balances>;
	type PotId = PotId;
	type MinBond = ConstU128<1_000>;
	type MinDelegation = ConstU128<1_000>;
	type Period = PeriodOfStaking<Test>;
	type UnbondingPeriod = UnbondingPeriod<Test>;
	type SettlingPeriod = ConstU64<100>;
	type MaxLeverage = ConstU32<9>;
	type MaxOperators = ConstU32<16>;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = OwnCommitmentLimit;
	type MaxCommission = MaxCommission;
	type CommissionNotice = pallet_assay_timing::CommissionNotice<Test>;
	type WeightInfo = ();
}

impl pallet_assay_models::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Operators = StakingPallet;
	type DepositBase = ConstU128<100>;
	type DepositPerByte = ConstU128<1>;
	type MaxAnswerBytes = ConstU32<{ 1024 * 1024 }>;
	type MaxRoyalty = MaxRoyalty;
	type MinPrice = ConstU128<1>;
	type MaxVersions = ConstU32<4>;
	type MaxServed = ConstU32<8>;
	type HeartbeatPeriod = ConstU64<HEARTBEAT_PERIOD>;
	type HeartbeatGrace = ConstU64<{ 2 * HEARTBEAT_PERIOD + 5 }>;
	type HeartbeatPriority = ConstU64<1_000>;
	type WeightInfo = ();
}

impl pallet_assay_jobs::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = StakingPallet;
	type Models = ModelsPallet;
	type Audits = AuditsPallet;
	type Randomness = ParentRandomness<Test>;
	type Treasury = Treasury;
	type TreasuryShare = TreasuryShare;
	type AuditorShare = AuditorShare;
	type BytePrice = ConstU128<1>;
	type AuditWeight = ();
	type StakersShare = StakersShare;
	type ResultPeriod = ConstU64<RESULT_PERIOD>;
	type AssignmentDelay = ConstU64<2>;
	type SlotDuration = ExpectedBlockTime<Test>;
	// The small models take one unit: a block.
	type ReferenceSpeed = ConstU64<1>;
	type LongestRun = ConstU64<100>;
	type MaxLoad = ConstU64<12>;
	type QuestionUnits = ConstU64<1>;
	type GuiltPeriod = PeriodOfGuilt<Test>;
	type PresentedGuiltPeriod = PeriodOfGuilt<Test>;
	type OpenPeriod = ConstU64<OPEN_PERIOD>;
	type RetryPeriod = ConstU64<3>;
	type Window = ConstU64<WINDOW>;
	type Retention = ConstU64<RETENTION>;
	type MaxAttempts = ConstU32<ATTEMPTS>;
	type MissedDeadlinePenalty = ConstU128<1_000_000>;
	type WrongResultPenalty = WrongResultPenalty;
	type MinWrongResultPenalty = ConstU128<1_000>;
	type MaxInFlight = ConstU32<16>;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
}

impl pallet_assay_disputes::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = StakingPallet;
	type Models = ModelsPallet;
	type Claims = JobsPallet;
	type Audits = AuditsPallet;
	type Treasury = Treasury;
	type Bond = ConstU128<BOND>;
	type MovePeriod = ConstU64<MOVE_PERIOD>;
	type ReporterShare = ReporterShare;
	type Privileged = Nothing;
	type Retention = ConstU64<RETENTION>;
	type MaxAnswerBytes = ConstU32<{ 1024 * 1024 }>;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = assay_testing::MadeUpClaims<Test>;
}

impl pallet_assay_audits::Config for Test {
	type Balance = Balance;
	type Operators = StakingPallet;
	type Models = ModelsPallet;
	type Claims = JobsPallet;
	type Beacon = BeaconPallet;
	type SpotCheckCeiling = Ceiling;
	type SpotCheckFloor = Floor;
	type AuditCeiling = Ceiling;
	type AuditFloor = Floor;
	type Halving = ConstU32<10>;
	type SpotCheckSizeFactor = ConstU32<100>;
	type AuditSizeFactor = ConstU32<10>;
	type MaxDrawn = ConstU32<2>;
	type MaxAuditors = ConstU32<4>;
	type Period = ConstU64<AUDIT_PERIOD>;
	type DrawDelay = ConstU64<100>;
	type AuditorShare = AuditorShare;
	type MissedAuditShare = MissedAuditShare;
	type MissedAuditPenalty = ConstU128<1_000>;
	type FalseAuditShare = FalseAuditShare;
	type FalseAuditPenalty = ConstU128<1_000>;
	type MaxReplyBytes = ConstU32<{ 1024 * 1024 }>;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = assay_testing::MadeUpClaims<Test>;
}

/// Checks the invariants of every pallet.
pub(crate) fn try_state() -> Result<(), String> {
	let checks = [
		("staking", StakingPallet::do_try_state()),
		("models", ModelsPallet::do_try_state()),
		("jobs", JobsPallet::do_try_state()),
		("disputes", DisputesPallet::do_try_state()),
		("audits", AuditsPallet::do_try_state()),
		("beacon", BeaconPallet::do_try_state()),
	];
	for (pallet, outcome) in checks {
		outcome.map_err(|broken| format!("{pallet}: {broken:?}"))?;
	}
	Ok(())
}
