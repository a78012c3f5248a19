//! A runtime for tests: real balances, stakes and jobs, one small model with made-up weights, a worker and auditors.

#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
mod people;

#[cfg(feature = "runtime-benchmarks")]
pub(crate) use benchmarks::*;
pub(crate) use people::*;

use crate as pallet_assay_audits;
use assay_exact::{evaluate::evaluate, Generation, Input, Output, Program, Sampler};
use assay_protocol::{
	job::JobError,
	model::{Models, Offer, Terms},
	operator::Operators,
	ModelId, ModelVersion, VersionNumber,
};
use assay_samples::{
	programs::{decoder, VOCABULARY},
	MadeUpArtifact,
};
use assay_trace::prover::OpenArtifact;
use frame_support::{
	derive_impl, parameter_types,
	traits::{tokens::imbalance::ResolveTo, ConstU32, OnPoll, Randomness},
	weights::{Weight, WeightMeter},
};
use sp_core::{Pair, H256};
use sp_runtime::{testing::UintAuthorityId, traits::BlakeTwo256, BuildStorage, Perbill, Permill};
use std::sync::OnceLock;

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
	pub type AuditsPallet = pallet_assay_audits::Pallet<Test>;
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
/// Works.
pub(crate) const ALICE: AccountId = 11;
/// Operators that may audit.
pub(crate) const BOB: AccountId = 12;
pub(crate) const CHARLIE: AccountId = 13;
pub(crate) const DAVE: AccountId = 14;
pub(crate) const OPERATORS: [AccountId; 4] = [ALICE, BOB, CHARLIE, DAVE];
pub(crate) const TREASURY: AccountId = 41;
pub(crate) const FUNDS: Balance = 1_000_000_000_000;
/// What each operator has bonded.
pub(crate) const STAKE: Balance = 100_000_000_000;
/// The escrow of every job.
pub(crate) const MAX_FEE: Balance = 1_000_000_000;
pub(crate) const PERIOD: u64 = 4;
pub(crate) const WINDOW: u64 = 6;
pub(crate) const MISSED: Balance = 70;
pub(crate) const FALSE: Balance = 900;

parameter_types! {
	pub const MinBond: Balance = 1_000;
	pub const UnbondingPeriod: u64 = 100;
	pub const PotId: frame_support::PalletId = frame_support::PalletId(*b"test/pot");
	pub const CommitmentLimit: Permill = Permill::from_percent(100);
	pub const OwnCommitmentLimit: Permill = Permill::from_percent(100);
	pub const Treasury: AccountId = TREASURY;
	pub const TreasuryShare: Permill = Permill::from_percent(10);
	pub const AuditorShare: Permill = Permill::from_percent(10);
	pub const ResultPeriod: u64 = 10;
	pub const OpenPeriod: u64 = 20;
	pub const RetryPeriod: u64 = 3;
	pub const Window: u64 = WINDOW;
	pub const Retention: u64 = 30;
	pub const MissedDeadlinePenalty: Balance = 50;
	pub const WrongResultPenalty: Perbill = Perbill::from_percent(20);
	pub const MinWrongResultPenalty: Balance = 1_000;

	pub static Ceiling: Permill = Permill::one();
	pub static Floor: Permill = Permill::from_percent(5);
	pub static AuditCeiling: Permill = Permill::one();
	pub static AuditSizeFactor: u32 = 10;
	pub const Period: u64 = PERIOD;
	pub const MissedAuditPenalty: Balance = MISSED;
	pub const FalseAuditPenalty: Balance = FALSE;
	pub static MaxReplyBytes: u32 = 1024 * 1024;
	pub static AgendaSize: u32 = 64;
	pub const AgendaWeight: Weight = Weight::from_parts(1_000_000_000, 0);
	/// Other seeds draw otherwise; without one there is no randomness.
	pub static Seed: Option<u64> = Some(0);
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
	type MaxOperators = ConstU32<10>;
	type CommitmentLimit = CommitmentLimit;
	type OwnCommitmentLimit = OwnCommitmentLimit;
	type MaxCommission = CommitmentLimit;
	type CommissionNotice = UnbondingPeriod;
	type WeightInfo = ();
}

/// A hash of the seed, the block and the subject.
pub struct BlockRandomness;
impl Randomness<Option<H256>, u64> for BlockRandomness {
	fn random(subject: &[u8]) -> (Option<H256>, u64) {
		let now = System::block_number();
		let hash = |seed| {
			H256(sp_io::hashing::blake2_256(&codec::Encode::encode(&(
				seed, now, subject,
			))))
		};
		(Seed::get().map(hash), now.saturating_sub(1))
	}
}

impl pallet_assay_jobs::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Operators = StakingPallet;
	type Models = OneModel;
	type Audits = AuditsPallet;
	type Randomness = BlockRandomness;
	type Treasury = Treasury;
	type TreasuryShare = TreasuryShare;
	type AuditorShare = AuditorShare;
	type StakersShare = TreasuryShare;
	type ResultPeriod = ResultPeriod;
	type OpenPeriod = OpenPeriod;
	type RetryPeriod = RetryPeriod;
	type Window = Window;
	type Retention = Retention;
	type MaxAttempts = ConstU32<2>;
	type MissedDeadlinePenalty = MissedDeadlinePenalty;
	type WrongResultPenalty = WrongResultPenalty;
	type MinWrongResultPenalty = MinWrongResultPenalty;
	type MaxInFlight = ConstU32<64>;
	type AgendaSize = ConstU32<64>;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
}

impl crate::Config for Test {
	type Balance = Balance;
	type Operators = StakingPallet;
	type Models = OneModel;
	type Claims = JobsPallet;
	type Randomness = BlockRandomness;
	type SpotCheckCeiling = Ceiling;
	type SpotCheckFloor = Floor;
	type AuditCeiling = AuditCeiling;
	type AuditFloor = Floor;
	type Halving = ConstU32<10>;
	type AuditSizeFactor = AuditSizeFactor;
	type MaxDrawn = ConstU32<2>;
	type MaxAuditors = ConstU32<3>;
	type Period = Period;
	type AuditorShare = AuditorShare;
	type MissedAuditPenalty = MissedAuditPenalty;
	type FalseAuditPenalty = FalseAuditPenalty;
	type MaxReplyBytes = MaxReplyBytes;
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

/// The version of the only model.
pub(crate) const DECODER: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(0),
};

/// Five tokens, whatever they are.
pub(crate) const GENERATION: Generation = Generation {
	sampler: Sampler::Greedy,
	max_tokens: 5,
	ignore_stop: true,
};

/// Its artifact.
pub(crate) fn artifact() -> &'static MadeUpArtifact {
	static ARTIFACT: OnceLock<MadeUpArtifact> = OnceLock::new();
	ARTIFACT.get_or_init(|| MadeUpArtifact::new(&decoder(), 11))
}

pub(crate) fn an_input() -> Input {
	Input::Tokens((0..9).map(|i| (i * 7 + 3) % VOCABULARY).collect())
}

/// What it returns on [`an_input`].
pub(crate) fn right_output() -> Output {
	static OUTPUT: OnceLock<Output> = OnceLock::new();
	let output = || evaluate(&decoder(), artifact(), &an_input(), &GENERATION).unwrap();
	OUTPUT.get_or_init(output).clone()
}

/// The registry: every operator serves the model.
pub struct OneModel;

impl Models<AccountId, Balance> for OneModel {
	fn terms(version: ModelVersion) -> Option<Terms<AccountId>> {
		#[cfg(feature = "runtime-benchmarks")]
		let version = if version == MADE_UP { DECODER } else { version };
		(version == DECODER).then(|| Terms {
			publisher: TREASURY,
			royalty: Permill::zero(),
			retired: false,
			artifact: artifact().tree().root(),
		})
	}

	fn program(version: ModelVersion) -> Result<Program, JobError> {
		#[cfg(feature = "runtime-benchmarks")]
		if version == MADE_UP {
			return MadeUpProgram::get().ok_or(JobError::UnknownVersion);
		}
		Self::terms(version).map(|_| decoder()).ok_or(JobError::UnknownVersion)
	}

	fn listed_offers(version: ModelVersion) -> Vec<Offer<AccountId, Balance>> {
		OPERATORS
			.iter()
			.filter_map(|operator| Self::listed_offer(version, operator))
			.collect()
	}

	fn listed_offer(_: ModelVersion, operator: &AccountId) -> Option<Offer<AccountId, Balance>> {
		StakingPallet::is_active(operator).then_some(Offer {
			operator: *operator,
			price: 100,
			capacity: 64,
		})
	}

	fn job_started(_: ModelVersion) {}

	fn job_ended(_: ModelVersion) {}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(_: &AccountId, _: &[AccountId]) -> ModelVersion {
		DECODER
	}
}

/// A consumer with funds and bonded operators.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let operators = OPERATORS.map(|who| (who, STAKE + EXISTENTIAL_DEPOSIT));
	pallet_balances::GenesisConfig::<Test> {
		balances: [(CONSUMER, FUNDS), (TREASURY, EXISTENTIAL_DEPOSIT)]
			.into_iter()
			.chain(operators)
			.collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_assay_staking::GenesisConfig::<Test> {
		operators: OPERATORS.map(|who| (who, worker_key(who).public(), STAKE)).to_vec(),
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Runs a test and checks every invariant after it.
pub(crate) fn run(test: impl FnOnce()) {
	Ceiling::set(Permill::one());
	AuditCeiling::set(Permill::one());
	Seed::set(Some(0));
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		test();
		AuditsPallet::do_try_state().unwrap();
		assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
	});
}

/// Goes to the next block, where agendas are served.
pub(crate) fn next_block() {
	let next = System::block_number() + 1;
	System::set_block_number(next);
	let mut meter = WeightMeter::new();
	<AllPalletsWithSystem as OnPoll<u64>>::on_poll(next, &mut meter);
	AuditsPallet::do_try_state().unwrap();
}

/// Goes on for some blocks.
pub(crate) fn blocks(count: u64) {
	(0..count).for_each(|_| next_block());
}
