//! A runtime for tests: real balances, stakes and jobs, one small model with made-up weights, a worker and auditors.

mod people;

pub(crate) use people::*;

use crate as pallet_assay_audits;
pub(crate) use assay_testing::{
	AccountId, AgendaSize, Balance, Seed, ALICE, BOB, CONSUMER, DECODER, EXISTENTIAL_DEPOSIT, FUNDS, STAKE, TREASURY,
};
use assay_testing::{AgendaWeight, AuditorShare, SeededRandomness, ServesSmallModels, SmallModels};
use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstU128, ConstU32},
};
use sp_runtime::{Perbill, Permill};

assay_testing::runtime!(
	StakingPallet: pallet_assay_staking,
	JobsPallet: pallet_assay_jobs,
	AuditsPallet: pallet_assay_audits,
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
	in_flight: All, All;
	audits: AuditsPallet;
	window: Window;
}

/// Operators that may audit, beside [`BOB`].
pub(crate) const CHARLIE: AccountId = 13;
pub(crate) const DAVE: AccountId = 14;
pub(crate) const OPERATORS: [AccountId; 4] = [ALICE, BOB, CHARLIE, DAVE];
pub(crate) const PERIOD: u64 = 4;
pub(crate) const WINDOW: u64 = 6;
pub(crate) const MISSED: Balance = 70;
pub(crate) const FALSE: Balance = 900;

impl ServesSmallModels for Test {
	const OPERATORS: &'static [AccountId] = &OPERATORS;
	const PRICE: Balance = 100;
	const ROYALTY: Permill = Permill::zero();
}

parameter_types! {
	pub const All: Permill = Permill::from_percent(100);
	pub const Window: u64 = WINDOW;
	pub static Ceiling: Permill = Permill::one();
	pub static Floor: Permill = Permill::from_percent(5);
	pub static AuditCeiling: Permill = Permill::one();
	pub static SpotCheckSizeFactor: u32 = 100;
	pub static AuditSizeFactor: u32 = 10;
	pub const Period: u64 = PERIOD;
	pub static DrawDelay: u64 = 0;
	pub const NoShare: Perbill = Perbill::zero();
	pub const MissedAuditPenalty: Balance = MISSED;
	pub const FalseAuditPenalty: Balance = FALSE;
	pub static MaxReplyBytes: u32 = 1024 * 1024;
}

impl crate::Config for Test {
	type Balance = Balance;
	type Operators = StakingPallet;
	type Models = SmallModels<Test>;
	type Claims = JobsPallet;
	type Beacon = SeededRandomness<Test>;
	type SpotCheckCeiling = Ceiling;
	type SpotCheckFloor = Floor;
	type AuditCeiling = AuditCeiling;
	type AuditFloor = Floor;
	type Halving = ConstU32<10>;
	type SpotCheckSizeFactor = SpotCheckSizeFactor;
	type AuditSizeFactor = AuditSizeFactor;
	type MaxDrawn = ConstU32<2>;
	type MaxAuditors = ConstU32<3>;
	type Period = Period;
	type DrawDelay = DrawDelay;
	type AuditorShare = AuditorShare;
	type MissedAuditShare = NoShare;
	type MissedAuditPenalty = MissedAuditPenalty;
	type FalseAuditShare = NoShare;
	type FalseAuditPenalty = FalseAuditPenalty;
	type MaxReplyBytes = MaxReplyBytes;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = assay_testing::MadeUpClaims<Test>;
}

/// A consumer with funds and bonded operators.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let operators = OPERATORS.map(|who| (who, STAKE + EXISTENTIAL_DEPOSIT));
	let others = [(CONSUMER, FUNDS), (TREASURY, EXISTENTIAL_DEPOSIT)];
	let genesis = assay_testing::genesis::<Test>(operators.into_iter().chain(others));
	assay_testing::staked::<Test>(genesis, &OPERATORS)
}

/// Runs a test and checks every invariant after it.
pub(crate) fn run<R>(test: impl FnOnce() -> R) -> R {
	Ceiling::set(Permill::one());
	AuditCeiling::set(Permill::one());
	Seed::set(Some(0));
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		let result = test();
		AuditsPallet::do_try_state().unwrap();
		assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
		result
	})
}

/// Goes to the next block, where agendas are served.
pub(crate) fn next_block() {
	assay_testing::next_block::<Test, AllPalletsWithSystem>();
	AuditsPallet::do_try_state().unwrap();
}

/// Goes on for some blocks.
pub(crate) fn blocks(count: u64) {
	(0..count).for_each(|_| next_block());
}
