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
pub(crate) use assay_testing::{
	AccountId, AgendaSize, AgendaWeight, AssignmentDelay, Balance, BytePrice, GuiltPeriod, ReferenceSpeed,
	Seed as RandomSeed, SlotDuration, TreasuryShare, ALICE, BOB, CONSUMER, EXISTENTIAL_DEPOSIT, FAST,
	MISSED_DEADLINE as PENALTY, OPEN_PERIOD, PUBLISHER, RESULT_PERIOD, RETENTION, RETRY_PERIOD, TREASURY,
};
use assay_testing::{
	AuditorShare, LongestRun, MaxLoad, MissedDeadlinePenalty, OpenPeriod, QuestionUnits, ResultPeriod, Retention,
	RetryPeriod, SeededRandomness, Treasury, WrongResultPenalty,
};
use assay_trace::{size::Answers, Hash32};
use frame_support::{derive_impl, parameter_types, traits::ConstU128};
use sp_runtime::Permill;

assay_testing::runtime!(JobsPallet: pallet_assay_jobs);

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

pub(crate) const OTHER_CONSUMER: AccountId = 2;
pub(crate) const CHARLIE: AccountId = 13;
/// All who stand behind an operator.
pub(crate) const STAKERS: AccountId = 32;
/// What each consumer begins with.
pub(crate) const FUNDS: Balance = 1_000_000;

pub(crate) const WINDOW: u64 = 5;
pub(crate) const WRONG_RESULT_PENALTY: Balance = 700;

parameter_types! {
	pub static MaxAttempts: u32 = 2;
	pub static MaxInFlight: u32 = 64;
	pub const Window: u64 = WINDOW;
	pub const MinWrongResultPenalty: Balance = WRONG_RESULT_PENALTY;
	pub static StakersShare: Permill = Permill::zero();
	/// The record of every operator.
	pub static CleanJobs: u32 = 0;
	/// Who has audited every claim.
	pub static Auditors: Vec<AccountId> = vec![];
}

/// Audits by whoever is named, that hold no job back.
pub struct NamedAuditors;
impl Audits<AccountId> for NamedAuditors {
	fn claimed(_: JobId, _: Attempt, _: ModelVersion, _: &AccountId) -> bool {
		false
	}
	fn is_open(_: JobId, _: Attempt) -> bool {
		false
	}
	fn clean_jobs(_: &AccountId) -> u32 {
		CleanJobs::get()
	}
	fn expected_bytes(answers: &Answers) -> u64 {
		answers.opening
	}
	fn is_drawn(_: JobId, _: Attempt, _: &AccountId) -> bool {
		false
	}
	fn challenged(_: JobId, _: Attempt, _: &AccountId) {}
	fn challenge_lost(_: JobId, _: Attempt, _: &AccountId) {}
	fn struck_down(_: JobId, _: Attempt, _: &AccountId, _: Hash32) {}
	fn finalised(_: JobId, _: &AccountId, _: Hash32) -> Vec<AccountId> {
		Auditors::get()
	}
	fn forget(_: JobId) {}
}

impl crate::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = Registry;
	type Models = Registry;
	type Audits = NamedAuditors;
	type Randomness = SeededRandomness<Test>;
	type Treasury = Treasury;
	type TreasuryShare = TreasuryShare;
	type AuditorShare = AuditorShare;
	type BytePrice = BytePrice;
	type AuditWeight = ();
	type StakersShare = StakersShare;
	type ResultPeriod = ResultPeriod;
	type AssignmentDelay = AssignmentDelay;
	type SlotDuration = SlotDuration;
	type ReferenceSpeed = ReferenceSpeed;
	type LongestRun = LongestRun;
	type MaxLoad = MaxLoad;
	type QuestionUnits = QuestionUnits;
	type GuiltPeriod = GuiltPeriod;
	type PresentedGuiltPeriod = GuiltPeriod;
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
