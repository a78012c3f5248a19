//! A runtime for tests: real balances, stakes, jobs and audits, one small model, a worker and a consumer with a channel.

use crate as pallet_assay_channels;
use assay_exact::{Input, Output};
use assay_protocol::{
	audit::{AuditOutcome, AuditPhase, AuditReply, Question, Reply, SignedReply},
	channel::{
		ChannelKey, Content, Receipt, Request, Revealed, RevealedUnit, Settlement, SignedReceipt, SignedSettlement,
		SignedVoucher, SumTree, Voucher,
	},
	job::{JobInput, JobOutput, JobState},
	operator::WorkerPair,
	Attempt, ChannelId, JobId,
};
pub(crate) use assay_testing::{
	an_input, right_output, worker_key, AccountId, AgendaSize, Balance, Seed, ALICE, BOB, CONSUMER, DECODER,
	EXISTENTIAL_DEPOSIT, FUNDS, GENERATION, STAKE, TREASURY,
};
use assay_testing::{
	program, AgendaWeight, AuditorShare, Cheat, Claimed, SeededRandomness, ServesSmallModels, SmallModels,
};
use assay_trace::TraceRoot;
use frame_support::{
	derive_impl, parameter_types,
	traits::{Authorize, ConstU128, ConstU32},
};
use sp_core::{sr25519, Pair};
use sp_runtime::{
	transaction_validity::{TransactionSource, TransactionValidityError},
	BoundedVec, DispatchResult, Perbill, Permill,
};

assay_testing::runtime!(
	StakingPallet: pallet_assay_staking,
	JobsPallet: pallet_assay_jobs,
	AuditsPallet: pallet_assay_audits,
	ChannelsPallet: pallet_assay_channels,
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

pub(crate) const PRICE: Balance = 100;
pub(crate) const DEPOSIT: Balance = 100_000_000;
pub(crate) const BATCH_PRICE: Balance = 7;
pub(crate) const NOTICE: u64 = 20;
pub(crate) const ANSWERABLE: u64 = 50;
const OPERATORS: [AccountId; 2] = [ALICE, BOB];

impl ServesSmallModels for Test {
	const OPERATORS: &'static [AccountId] = &OPERATORS;
	const PRICE: Balance = PRICE;
	const ROYALTY: Permill = Permill::zero();
}

parameter_types! {
	pub const All: Permill = Permill::from_percent(100);
	pub const Window: u64 = 6;
	/// How often claims are looked at.
	pub static SpotChecks: Permill = Permill::zero();
	pub static AuditRate: Permill = Permill::zero();
	pub const Period: u64 = 4;
	pub const NoShare: Perbill = Perbill::zero();
	pub const ReporterShare: Permill = Permill::from_percent(25);
	pub static MinBatchFee: Balance = 1;
}

impl pallet_assay_audits::Config for Test {
	type Balance = Balance;
	type Operators = StakingPallet;
	type Models = SmallModels<Test>;
	type Claims = JobsPallet;
	type Beacon = SeededRandomness<Test>;
	type SpotCheckCeiling = SpotChecks;
	type SpotCheckFloor = SpotChecks;
	type AuditCeiling = AuditRate;
	type AuditFloor = AuditRate;
	type Halving = ConstU32<10>;
	type SpotCheckSizeFactor = ConstU32<0>;
	type AuditSizeFactor = ConstU32<0>;
	type MaxDrawn = ConstU32<1>;
	type MaxAuditors = ConstU32<3>;
	type Period = Period;
	type DrawDelay = frame_support::traits::ConstU64<0>;
	type AuditorShare = AuditorShare;
	type MissedAuditShare = NoShare;
	type MissedAuditPenalty = ConstU128<70>;
	type FalseAuditShare = NoShare;
	type FalseAuditPenalty = ConstU128<900>;
	type MaxReplyBytes = ConstU32<1_000_000>;
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = assay_testing::MadeUpClaims<Test>;
}

impl crate::Config for Test {
	type Balance = Balance;
	type Operators = StakingPallet;
	type Models = SmallModels<Test>;
	type Batches = JobsPallet;
	type MinDeposit = ConstU128<1_000>;
	type MinBatchFee = MinBatchFee;
	type BatchPrice = ConstU128<BATCH_PRICE>;
	type NoticePeriod = frame_support::traits::ConstU64<NOTICE>;
	type Answerable = frame_support::traits::ConstU64<ANSWERABLE>;
	type ReporterShare = ReporterShare;
	type BatchWeight = ();
	type ReceiptWeight = ();
	type AgendaSize = AgendaSize;
	type AgendaWeight = AgendaWeight;
	type WeightInfo = ();
}

/// A consumer with funds and bonded operators.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	let operators = OPERATORS.map(|who| (who, STAKE + EXISTENTIAL_DEPOSIT));
	let others = [(CONSUMER, FUNDS), (TREASURY, EXISTENTIAL_DEPOSIT)];
	let genesis = assay_testing::genesis::<Test>(operators.into_iter().chain(others));
	assay_testing::staked::<Test>(genesis, &OPERATORS)
}

/// Every invariant.
pub(crate) fn check() {
	ChannelsPallet::do_try_state().unwrap();
	JobsPallet::do_try_state().unwrap();
	AuditsPallet::do_try_state().unwrap();
	StakingPallet::do_try_state().unwrap();
}

/// Runs a test and checks every invariant after it; what is burned are the prices of batches.
pub(crate) fn run<R>(test: impl FnOnce() -> R) -> R {
	SpotChecks::set(Permill::zero());
	AuditRate::set(Permill::zero());
	MinBatchFee::set(1);
	Seed::set(Some(0));
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		let result = test();
		check();
		let batches = events()
			.into_iter()
			.filter(|event| matches!(event, crate::Event::BatchSettled { .. }))
			.count();
		let burned = BATCH_PRICE * batches as Balance;
		assert_eq!(Balances::total_issuance() + burned, issuance, "money was made or lost");
		result
	})
}

pub(crate) fn next_block() {
	assay_testing::next_block::<Test, AllPalletsWithSystem>();
}

pub(crate) fn blocks(count: u64) {
	(0..count).for_each(|_| next_block());
}

/// The pallet's events so far.
pub(crate) fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}

pub(crate) fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

pub(crate) fn stake(operator: AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&pallet_assay_staking::HoldReason::Bond.into(), &operator)
}

pub(crate) fn genesis() -> [u8; 32] {
	System::block_hash(0).0
}

/// Signs for the consumer.
pub(crate) fn channel_key() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[9; 32])
}

/// Opens a channel of [`CONSUMER`] to [`ALICE`].
pub(crate) fn open() -> ChannelId {
	let key: ChannelKey = channel_key().public();
	let origin = RuntimeOrigin::signed(CONSUMER);
	ChannelsPallet::open(origin, ALICE, DECODER, PRICE, key, DEPOSIT).unwrap();
	match events().pop() {
		Some(crate::Event::ChannelOpened { channel, .. }) => channel,
		other => panic!("{other:?}"),
	}
}

pub(crate) fn deposit(channel: ChannelId) -> Balance {
	ChannelsPallet::channel_summary(channel).expect("it is stored").deposit
}

/// What worker and consumer have of a lane.
pub(crate) struct Talk {
	pub(crate) channel: ChannelId,
	pub(crate) lane: u8,
	pub(crate) base: u64,
	pub(crate) tree: SumTree,
	pub(crate) answers: Vec<Revealed>,
}

impl Talk {
	pub(crate) fn new(channel: ChannelId, lane: u8) -> Self {
		Self {
			channel,
			lane,
			base: 0,
			tree: SumTree::default(),
			answers: vec![],
		}
	}

	/// The next request is answered as a worker answers that cheats like this.
	pub(crate) fn answer(&mut self, cheat: Cheat) {
		let claimed = Claimed::new(DECODER, cheat);
		let statement = claimed.statement();
		self.take(statement.output.clone(), statement.trace);
	}

	/// The next request is answered so.
	pub(crate) fn take(&mut self, output: Output, trace: TraceRoot) {
		let revealed = answered(
			self.channel,
			self.lane,
			self.base + self.answers.len() as u64,
			output,
			trace,
		);
		assert!(self.tree.push(revealed.receipt.leaf(), revealed.receipt.units));
		self.answers.push(revealed);
	}

	/// What the consumer vouches for.
	pub(crate) fn voucher(&self) -> SignedVoucher {
		self.signed(Voucher {
			channel: self.channel,
			lane: self.lane,
			base: self.base,
			count: self.tree.len(),
			tree: self.tree.root().expect("something was answered"),
		})
	}

	pub(crate) fn signed(&self, voucher: Voucher) -> SignedVoucher {
		SignedVoucher {
			signature: channel_key().sign(&voucher.signing_payload(&genesis())),
			voucher,
		}
	}

	pub(crate) fn fee(&self) -> Balance {
		Balance::from(self.tree.total()) * PRICE
	}

	/// Settles what was vouched for, and begins anew after it.
	pub(crate) fn settle(&mut self) -> JobId {
		settle(self.channel, &[self.voucher()], false).unwrap();
		self.base += u64::from(self.tree.len());
		match events().pop() {
			Some(crate::Event::BatchSettled { job, .. }) => job,
			other => panic!("{other:?}"),
		}
	}

	/// What the worker reveals for a unit.
	pub(crate) fn reveal(&self, unit: u64) -> RevealedUnit {
		let index = self.tree.leaf_of(unit).expect("there is such a unit");
		RevealedUnit {
			revealed: self.answers[index as usize].clone(),
			path: self.tree.path(index).unwrap(),
		}
	}
}

/// A receipt about [`an_input`] with all it stands for.
pub(crate) fn answered(channel: ChannelId, lane: u8, sequence: u64, output: Output, trace: TraceRoot) -> Revealed {
	let input = JobInput::try_from(an_input(DECODER)).unwrap();
	let output = JobOutput::try_from(output).unwrap();
	let request = Request {
		channel,
		lane,
		sequence,
		input: Content::of_input(&input),
		generation: GENERATION,
	};
	let Input::Tokens(prompt) = Input::from(input.clone()) else {
		panic!("a decoder takes tokens");
	};
	let receipt = Receipt {
		channel,
		request: request.root(),
		max_tokens: GENERATION.max_tokens,
		output: Content::of_output(&output),
		trace,
		units: program(DECODER)
			.unwrap()
			.units(prompt.len() as u32, GENERATION.max_tokens)
			.0,
		block: System::block_number() as u32,
	};
	Revealed {
		request,
		receipt,
		input,
		output,
	}
}

/// A receipt as [`ALICE`]'s worker signs it.
pub(crate) fn signed(receipt: &Receipt) -> SignedReceipt {
	SignedReceipt {
		signature: worker_key(ALICE).sign(&receipt.signing_payload(&genesis())),
		receipt: receipt.clone(),
	}
}

/// A settlement by a worker.
pub(crate) fn settlement(
	by: &WorkerPair,
	channel: ChannelId,
	vouchers: &[SignedVoucher],
	close: bool,
) -> SignedSettlement {
	let settlement = Settlement {
		channel,
		vouchers: BoundedVec::truncate_from(vouchers.to_vec()),
		close,
		last_block: System::block_number() as u32 + crate::LONGEVITY,
	};
	SignedSettlement {
		signature: by.sign(&settlement.signing_payload(&genesis())),
		settlement,
	}
}

/// Settles as a transaction does: authorised first.
pub(crate) fn deliver(settlement: SignedSettlement) -> Result<(), TransactionValidityError> {
	let call = crate::Call::<Test>::settle {
		settlement: Box::new(settlement.clone()),
	};
	call.authorize(TransactionSource::External)
		.expect("it has an authorisation")?;
	ChannelsPallet::do_settle(&settlement.settlement).expect("what was authorised succeeds");
	Ok(())
}

pub(crate) fn settle(
	channel: ChannelId,
	vouchers: &[SignedVoucher],
	close: bool,
) -> Result<(), TransactionValidityError> {
	deliver(settlement(&worker_key(ALICE), channel, vouchers, close))
}

/// What the worker is asked about a job.
pub(crate) fn asked(job: JobId) -> Option<u64> {
	let duties = AuditsPallet::reveals_due(&worker_key(ALICE).public());
	duties.into_iter().find(|duty| duty.job == job).map(|duty| duty.unit)
}

/// Replies to a question about a batch.
pub(crate) fn reply(job: JobId, unit: u64, opened: RevealedUnit) -> Result<(), TransactionValidityError> {
	let duties = AuditsPallet::reveals_due(&worker_key(ALICE).public());
	let root = duties.iter().find(|duty| duty.job == job).expect("it is asked").root;
	let reply = AuditReply {
		job,
		attempt: Attempt(0),
		from: ALICE,
		question: Question::Receipt { unit },
		reply: Reply::Receipt(Box::new(opened)),
	};
	let signature = worker_key(ALICE).sign(&reply.signing_payload(&root, &genesis()));
	let signed = SignedReply { reply, signature };
	let call = pallet_assay_audits::Call::<Test>::reply { reply: signed.into() };
	call.authorize(TransactionSource::External)
		.expect("it has an authorisation")?;
	use frame_support::traits::UnfilteredDispatchable;
	call.dispatch_bypass_filter(frame_system::RawOrigin::Authorized.into())
		.expect("what was authorised succeeds");
	Ok(())
}

pub(crate) fn state(job: JobId) -> JobState<AccountId, Balance, u64> {
	JobsPallet::job_summary(job).expect("the job is stored").state
}

pub(crate) fn outcome(job: JobId) -> Option<AuditOutcome> {
	match AuditsPallet::audit_summary(job)?.phase {
		AuditPhase::Over(outcome) => Some(outcome),
		_ => None,
	}
}

pub(crate) fn present(revealed: &Revealed) -> DispatchResult {
	let signature = signed(&revealed.receipt).signature;
	ChannelsPallet::present(RuntimeOrigin::signed(CONSUMER), Box::new(revealed.clone()), signature)
}
