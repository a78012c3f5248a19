//! A runtime for tests: real balances, stakes and jobs, small models with made-up weights, workers that cheat in several
//! ways, and the challengers that find them out.

mod chain;
mod people;

pub(crate) use chain::*;
pub(crate) use people::*;

use crate as pallet_assay_disputes;
use assay_protocol::{audit::Audits, Attempt, JobId, ModelVersion};
pub(crate) use assay_testing::{
	AccountId, AgendaSize, AgendaWeight, Balance, GuiltPeriod, MinWrongResultPenalty, ALICE, BOB, CONSUMER, DECODER,
	ENCODER, EXISTENTIAL_DEPOSIT, FUNDS, MAX_FEE, PERCEPTRON, PUBLISHER, RETENTION, STAKE, TREASURY,
};
use assay_testing::{Retention, ServesSmallModels, SmallModels, Treasury};
use assay_trace::{size::Answers, Hash32};
use frame_support::{
	derive_impl,
	pallet_prelude::ValueQuery,
	parameter_types, storage_alias,
	traits::{ConstU128, Nothing},
};
use sp_runtime::Permill;

assay_testing::runtime!(
	StakingPallet: pallet_assay_staking,
	JobsPallet: pallet_assay_jobs,
	DisputesPallet: pallet_assay_disputes,
);

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

assay_testing::stakes_and_jobs! {
	in_flight: CommitmentLimit, OwnCommitmentLimit;
	audits: ();
	window: Window;
}

/// Challengers.
pub(crate) const CHARLIE: AccountId = 21;
pub(crate) const DAVE: AccountId = 22;
/// Has next to nothing.
pub(crate) const POOR: AccountId = 23;

pub(crate) const WINDOW: u64 = 5;
pub(crate) const MOVE_PERIOD: u64 = 4;
pub(crate) const BOND: Balance = 500;
/// A fifth of the stake.
pub(crate) const PENALTY: Balance = STAKE / 5;

impl ServesSmallModels for Test {
	const OPERATORS: &'static [AccountId] = &[ALICE, BOB];
	const PRICE: Balance = 1;
	const ROYALTY: Permill = Permill::from_percent(5);
}

parameter_types! {
	pub const CommitmentLimit: Permill = Permill::from_percent(10);
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(40);
	pub const Window: u64 = WINDOW;
	pub const Bond: Balance = BOND;
	pub const MovePeriod: u64 = MOVE_PERIOD;
	pub const ReporterShare: Permill = Permill::from_percent(50);
	pub static MaxAnswerBytes: u32 = 1024 * 1024;
}

/// Operators that were drawn to audit every claim and have not replied.
#[storage_alias]
pub(crate) type Drawn = StorageValue<DrawnAuditors, Vec<AccountId>, ValueQuery>;

/// Whether the audits of all claims are not over.
#[storage_alias]
pub(crate) type AuditIsOpen = StorageValue<DrawnAuditors, bool, ValueQuery>;

/// Audits by whoever is named, that hold no job back.
pub struct DrawnAuditors;
impl Audits<AccountId> for DrawnAuditors {
	fn claimed(_: JobId, _: Attempt, _: ModelVersion, _: &AccountId) -> bool {
		false
	}
	fn is_open(_: JobId, _: Attempt) -> bool {
		AuditIsOpen::get()
	}
	fn is_drawn(_: JobId, _: Attempt, who: &AccountId) -> bool {
		Drawn::get().contains(who)
	}
	fn clean_jobs(_: &AccountId) -> u32 {
		u32::MAX
	}
	fn expected_bytes(_: &Answers) -> u64 {
		0
	}
	fn challenged(_: JobId, _: Attempt, who: &AccountId) {
		Drawn::mutate(|drawn| drawn.retain(|other| other != who));
	}
	fn challenge_lost(_: JobId, _: Attempt, _: &AccountId) {}
	fn struck_down(_: JobId, _: Attempt, _: &AccountId, _: Hash32) {}
	fn finalised(_: JobId, _: &AccountId, _: Hash32) -> Vec<AccountId> {
		Vec::new()
	}
	fn forget(_: JobId) {}
}

impl crate::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = StakingPallet;
	type Models = SmallModels<Test>;
	type Claims = JobsPallet;
	type Treasury = Treasury;
	type Bond = Bond;
	type MovePeriod = MovePeriod;
	type Audits = DrawnAuditors;
	type ReporterShare = ReporterShare;
	type Privileged = Nothing;
	type Retention = Retention;
	type MaxAnswerBytes = MaxAnswerBytes;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = assay_testing::MadeUpClaims<Test>;
}
