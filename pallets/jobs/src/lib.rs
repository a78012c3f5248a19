#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod agenda;
mod assignment;
mod batches;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod disputed;
mod escrow;
mod fees;
mod life;
#[cfg(test)]
mod mock;
mod output;
mod queries;
mod result;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

pub use fees::{fee, split, Rates, Shares};
pub use pallet::*;
pub use types::{
	AccountIdOf, BalanceOf, Claim, CreditOf, Job, JobStateOf, JobSummaryOf, Sightings, Silence, Source, Unveiled,
};
pub use weights::WeightInfo;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::types::Submission;
	use assay_exact::Generation;
	use assay_protocol::{
		audit::Audits,
		job::{JobError, JobInput, RefundReason, SignedResult},
		model::{Models, MAX_OFFERS},
		operator::{Operators, Rewards},
		Attempt, JobId, ModelVersion,
	};
	use assay_trace::{claim::ClaimRoot, Hash32};
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{Balanced, BalancedHold, Mutate, MutateHold},
			Randomness,
		},
		weights::WeightMeter,
	};
	use frame_system::{ensure_authorized, pallet_prelude::*};
	use sp_core::H256;
	use sp_runtime::{
		traits::{One, Zero},
		Perbill, Permill,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Holds the jobs.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = H256> {
		/// Why this pallet holds funds.
		type RuntimeHoldReason: From<HoldReason>;

		/// The money of escrows and fees.
		type Currency: Mutate<Self::AccountId>
			+ MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>
			+ Balanced<Self::AccountId>;

		/// Operators and their stake.
		type Operators: Operators<Self::AccountId, BalanceOf<Self>> + Rewards<Self::AccountId, CreditOf<Self>>;

		/// Model versions and the offers for them.
		type Models: Models<Self::AccountId, BalanceOf<Self>>;

		/// Audits of claims.
		type Audits: Audits<Self::AccountId>;

		/// Fresh randomness for draws. A job waits while there is none.
		type Randomness: Randomness<Option<H256>, BlockNumberFor<Self>>;

		/// Receives the treasury's share of every fee.
		#[pallet::constant]
		type Treasury: Get<Self::AccountId>;

		/// The treasury's share of every fee.
		#[pallet::constant]
		type TreasuryShare: Get<Permill>;

		/// The share of the fee of each auditor that audited a claim.
		#[pallet::constant]
		type AuditorShare: Get<Permill>;

		/// What a byte of the replies costs that the audit of a job may bring into blocks free of fees. A job pays for what is
		/// expected of it.
		#[pallet::constant]
		type BytePrice: Get<BalanceOf<Self>>;

		/// What auditing a claim is expected to take of blocks at the lowest rates.
		type AuditWeight: Get<Weight>;

		/// The part of an operator's share that goes to all who stand behind it by stake, itself among them.
		#[pallet::constant]
		type StakersShare: Get<Permill>;

		/// Blocks an operator has for a result beside those that running the job takes at the speed that it states.
		#[pallet::constant]
		type ResultPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks after which an unnamed job is first assigned, so that the draw is not known when it is submitted.
		#[pallet::constant]
		type AssignmentDelay: Get<BlockNumberFor<Self>>;

		/// Milliseconds of a slot: the clocks of jobs follow from speeds in seconds.
		type SlotDuration: Get<u64>;

		/// Units of computation a second that whoever looks at a claim, or answers for one, has to manage at least.
		#[pallet::constant]
		type ReferenceSpeed: Get<u64>;

		/// Blocks that running the largest job takes at most, at [`Config::ReferenceSpeed`].
		#[pallet::constant]
		type LongestRun: Get<BlockNumberFor<Self>>;

		/// Units of computation as which a question about a claim counts beside running the job.
		#[pallet::constant]
		type QuestionUnits: Get<u64>;

		/// Blocks that somebody gets at most for everything that it is asked about claims, unless one job takes longer.
		#[pallet::constant]
		type MaxLoad: Get<BlockNumberFor<Self>>;

		/// Blocks, from the first deadline of a question about a claim that is missed, in which its operator may answer late
		/// without losing more than new work. Silence after that is fraud.
		type GuiltPeriod: Get<BlockNumberFor<Self>>;

		/// The same of a receipt that was presented, if it is longer: any number may be presented at once, and nobody waits for money
		/// behind them.
		#[pallet::constant]
		type PresentedGuiltPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks an open job waits for an operator before it is refunded.
		#[pallet::constant]
		type OpenPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks after which an open job is tried again; each further one comes after twice as long a wait.
		#[pallet::constant]
		type RetryPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks between a claim and finality beside those that running the job again takes at [`Config::ReferenceSpeed`].
		#[pallet::constant]
		type Window: Get<BlockNumberFor<Self>>;

		/// Blocks a job stays readable after its end.
		#[pallet::constant]
		type Retention: Get<BlockNumberFor<Self>>;

		/// Assignments a job gets at most: 1 to 255.
		#[pallet::constant]
		type MaxAttempts: Get<u32>;

		/// Stake an operator loses for a missed deadline: as much as the job could have cost, but no more than this.
		#[pallet::constant]
		type MissedDeadlinePenalty: Get<BalanceOf<Self>>;

		/// Part of its stake that an operator loses for a wrong result.
		#[pallet::constant]
		type WrongResultPenalty: Get<Perbill>;

		/// What an operator loses at least for a wrong result, as far as it has as much.
		#[pallet::constant]
		type MinWrongResultPenalty: Get<BalanceOf<Self>>;

		/// Jobs that wait for a result of the same operator at most, over all versions it serves. As many jobs that are not over,
		/// its claims with them, and one more for each that became final since its last fault, may it have at once: who has no
		/// record yet has every claim audited.
		#[pallet::constant]
		type MaxInFlight: Get<u32>;

		/// Jobs booked for one block at most; more spill to the blocks after it.
		#[pallet::constant]
		type AgendaSize: Get<u32>;

		/// What the agenda may take of a block.
		#[pallet::constant]
		type AgendaWeight: Get<Weight>;

		/// Costs of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The largest fee of a job that is not over, and what is in a channel.
		#[codec(index = 0)]
		Escrow,
	}

	/// The identifier of the next job.
	#[pallet::storage]
	pub type NextJobId<T> = StorageValue<_, JobId, ValueQuery>;

	/// No job below this identifier is stored.
	#[pallet::storage]
	pub type OldestJobId<T> = StorageValue<_, JobId, ValueQuery>;

	/// Jobs, until their retention ends.
	#[pallet::storage]
	pub type Jobs<T: Config> = StorageMap<_, Twox64Concat, JobId, Job<T>>;

	/// What jobs run on; apart from [`Jobs`], so that a change of state does not rewrite it.
	#[pallet::storage]
	pub type Inputs<T> = StorageMap<_, Twox64Concat, JobId, JobInput>;

	/// What operators claimed.
	#[pallet::storage]
	pub type Claims<T> = StorageMap<_, Twox64Concat, JobId, Claim>;

	/// Where jobs come from that were not submitted, until they are removed.
	#[pallet::storage]
	pub type Brought<T> = StorageMap<_, Twox64Concat, JobId, Source>;

	/// Receipts that were presented, by what they assert, as long as they can be challenged.
	#[pallet::storage]
	pub type Receipts<T> = StorageMap<_, Identity, Hash32, JobId>;

	/// What receipts asserted that were struck down, with the earliest block from which on stake was reached: one wrong answer is
	/// punished once. Each has cost its operator stake, so there are few.
	#[pallet::storage]
	pub type Struck<T: Config> = StorageMap<_, Identity, Hash32, BlockNumberFor<T>>;

	/// When an operator last lost a receipt that was presented by its silence, and how far back that reached.
	#[pallet::storage]
	pub type LastSilence<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Silence<BlockNumberFor<T>>>;

	/// In how many stretches of time workers have signed what the chain takes: results, replies, answers and moves in disputes, settlements.
	#[pallet::storage]
	pub type Seen<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Sightings<BlockNumberFor<T>>, ValueQuery>;

	/// The same when a receipt was presented, as long as it can be challenged.
	#[pallet::storage]
	pub type SeenBefore<T> = StorageMap<_, Twox64Concat, JobId, u32, ValueQuery>;

	/// What is held of a consumer for channels, beside the escrows of its jobs.
	#[pallet::storage]
	pub type Deposits<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, BalanceOf<T>, ValueQuery>;

	/// The jobs of a consumer.
	#[pallet::storage]
	pub type JobsOf<T: Config> = StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, JobId, ()>;

	/// The assigned jobs whose result an operator still owes.
	#[pallet::storage]
	pub type InFlight<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<(JobId, ModelVersion), T::MaxInFlight>, ValueQuery>;

	/// Claims of an operator whose jobs are not over.
	#[pallet::storage]
	pub type OpenClaims<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Questions about claims of an operator that it has not answered in time and still may answer. It is given no new work
	/// meanwhile.
	#[pallet::storage]
	pub type LateAnswers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Units of computation of everything that an operator is asked about.
	#[pallet::storage]
	pub type Load<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u64, ValueQuery>;

	/// The jobs for which something is due at a block.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageMap<_, Twox64Concat, BlockNumberFor<T>, BoundedVec<JobId, T::AgendaSize>, ValueQuery>;

	/// The first block whose agenda may not be done; none before the first job.
	#[pallet::storage]
	pub type AgendaCursor<T: Config> = StorageValue<_, BlockNumberFor<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A consumer submitted a job, `max_fee` is held from it and `room` is burned. Unless the job is assigned in the same
		/// transaction, it waits open.
		JobSubmitted {
			/// The job.
			job: JobId,
			/// Who pays.
			consumer: T::AccountId,
			/// What runs.
			version: ModelVersion,
			/// Held until the job is over.
			max_fee: BalanceOf<T>,
			/// What the room in blocks that its audit may take has cost.
			room: BalanceOf<T>,
		},
		/// A job was assigned.
		JobAssigned {
			/// The job.
			job: JobId,
			/// The attempt that begins.
			attempt: Attempt,
			/// Who works.
			operator: T::AccountId,
			/// Its price of one unit of computation.
			price: BalanceOf<T>,
			/// Last block for the result.
			deadline: BlockNumberFor<T>,
		},
		/// An operator claimed a result.
		ResultClaimed {
			/// The job.
			job: JobId,
			/// The attempt that is answered.
			attempt: Attempt,
			/// Who claimed.
			operator: T::AccountId,
			/// The commitment.
			claim: ClaimRoot,
			/// What the job costs at finality.
			fee: BalanceOf<T>,
			/// First block at which the job can become final.
			final_at: BlockNumberFor<T>,
		},
		/// A claim was proved wrong, or was not defended. Unless the job is assigned or refunded in the same block, it is
		/// open again.
		ClaimStruckDown {
			/// The job.
			job: JobId,
			/// The attempt that failed.
			attempt: Attempt,
			/// Whose claim it was.
			operator: T::AccountId,
			/// What it lost of its stake.
			penalty: BalanceOf<T>,
		},
		/// An operator missed the deadline. Unless the job is assigned or refunded in the same block, it is open again.
		DeadlineMissed {
			/// The job.
			job: JobId,
			/// The attempt that failed.
			attempt: Attempt,
			/// Who missed it.
			operator: T::AccountId,
			/// What it lost of its stake.
			penalty: BalanceOf<T>,
		},
		/// A job is final and paid. The five amounts add up to what was held, less dust.
		JobFinalised {
			/// The job.
			job: JobId,
			/// Who worked.
			operator: T::AccountId,
			/// To the operator.
			paid: BalanceOf<T>,
			/// To the publisher.
			royalty: BalanceOf<T>,
			/// To the treasury.
			treasury: BalanceOf<T>,
			/// To the auditors.
			audits: BalanceOf<T>,
			/// Back to the consumer.
			refunded: BalanceOf<T>,
		},
		/// A job ended without a result and the escrow, less dust, is back with the consumer.
		JobRefunded {
			/// The job.
			job: JobId,
			/// Why.
			reason: RefundReason,
			/// Back to the consumer.
			refunded: BalanceOf<T>,
		},
		/// A refund was too small for the consumer's account, which something else than its balance keeps alive.
		DustToTreasury {
			/// The job.
			job: JobId,
			/// To the treasury.
			amount: BalanceOf<T>,
		},
		/// A refund was too small for the consumer's account and for the treasury's.
		DustBurned {
			/// The job.
			job: JobId,
			/// What no longer exists.
			amount: BalanceOf<T>,
		},
		/// A job whose retention ended is no longer stored.
		JobPruned {
			/// The job.
			job: JobId,
		},
	}

	/// Why a call is refused. A result is refused in the transaction pool already: there, causes that time may have
	/// brought about appear as `Stale`, a wrong signature as `BadProof`, any other as `Custom(index of the error)`.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such model version.
		UnknownVersion,
		/// The version takes no new jobs.
		VersionRetired,
		/// The stored program does not decode.
		CorruptProgram,
		/// The input is empty.
		EmptyInput,
		/// The input has more elements than fit inline.
		InputTooLong,
		/// The output could have more elements than fit inline.
		OutputTooLong,
		/// Tokens for a vector model, or a vector for a token model, or a vector of another length.
		WrongInputKind,
		/// A token of the input is outside the vocabulary.
		TokenOutOfVocabulary,
		/// Input and generated tokens together exceed the model's positions.
		TooManyPositions,
		/// A token model was asked for no tokens, or the inverse temperature is zero.
		BadGeneration,
		/// The named operator does not serve this version, or is not active and alive.
		OperatorNotListed,
		/// The named operator's price for the largest amount of computation exceeds the escrow, or its price of a unit the
		/// highest that the job allows.
		OperatorTooDear,
		/// The named operator takes no jobs as large as this.
		OperatorTooSmall,
		/// No operator that is listed takes this job: none serves the version, or all are too dear or take only smaller ones.
		NoOffer,
		/// Running the job takes longer than any may.
		JobTooLarge,
		/// All job identifiers are used up.
		JobIdsExhausted,
		/// There is no such job; it never was, or its retention ended.
		UnknownJob,
		/// Only the consumer of a job may cancel it.
		NotConsumer,
		/// The job is not waiting for an operator.
		NotOpen,
		/// The job is not waiting for a result.
		NotAssigned,
		/// The result answers another attempt.
		WrongAttempt,
		/// The deadline has passed.
		DeadlinePassed,
		/// A vector from a token model, or tokens from a vector model.
		WrongOutputKind,
		/// The vector has another length than the model's output.
		WrongOutputLength,
		/// No token was generated.
		EmptyOutput,
		/// More tokens than were asked for.
		TooManyTokens,
		/// A token of the output is outside the vocabulary.
		OutputTokenOutOfVocabulary,
		/// There are tokens after a stop token.
		TokensAfterStop,
		/// Fewer tokens than were asked for, and the last is no stop token that counts.
		OutputTooShort,
		/// The claim is not the commitment to this job, artifact, input, generation and output.
		ClaimMismatch,
		/// The operator has no worker key.
		NoWorkerKey,
		/// The fee of the result is more than the job's escrow.
		FeeExceedsEscrow,
		/// Nothing is due for the job now.
		NothingDue,
		/// The job has no claim that can be disputed.
		NotClaimed,
		/// The receipt states other units of computation than its answer took.
		WrongUnits,
		/// As many jobs of the operator are not over as it may have at once.
		TooManyClaims,
		/// The receipt can be challenged already, by what was presented, or was struck down.
		AlreadyPresented,
	}

	impl<T> From<JobError> for Error<T> {
		fn from(error: JobError) -> Self {
			match error {
				JobError::UnknownVersion => Self::UnknownVersion,
				JobError::CorruptProgram => Self::CorruptProgram,
				JobError::EmptyInput => Self::EmptyInput,
				JobError::InputTooLong => Self::InputTooLong,
				JobError::OutputTooLong => Self::OutputTooLong,
				JobError::WrongInputKind => Self::WrongInputKind,
				JobError::TokenOutOfVocabulary => Self::TokenOutOfVocabulary,
				JobError::TooManyPositions => Self::TooManyPositions,
				JobError::BadGeneration => Self::BadGeneration,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Does what the agenda says is due, as far as [`Config::AgendaWeight`] and the block allow.
		fn on_poll(now: BlockNumberFor<T>, block: &mut WeightMeter) {
			let mut meter = WeightMeter::with_limit(block.remaining().min(T::AgendaWeight::get()));
			Self::serve_agenda(now, &mut meter);
			block.consume(meter.consumed());
		}

		fn integrity_test() {
			let one = BlockNumberFor::<T>::one();
			assert!(T::ResultPeriod::get() >= one, "ResultPeriod must be at least one block");
			assert!(
				!T::ReferenceSpeed::get().is_zero(),
				"ReferenceSpeed must not be zero: nobody could look at a claim"
			);
			assert!(T::RetryPeriod::get() >= one, "RetryPeriod must be at least one block");
			assert!(
				T::OpenPeriod::get() >= T::RetryPeriod::get(),
				"OpenPeriod must not be shorter than RetryPeriod"
			);
			assert!(
				T::OpenPeriod::get() >= T::AssignmentDelay::get(),
				"OpenPeriod must not be shorter than AssignmentDelay"
			);
			assert!(T::Window::get() >= one, "Window must be at least one block");
			assert!(T::Retention::get() >= one, "Retention must be at least one block");
			assert!(
				(1..=255).contains(&T::MaxAttempts::get()),
				"MaxAttempts must be 1 to 255"
			);
			assert!(!T::MaxInFlight::get().is_zero(), "MaxInFlight must not be zero");
			assert!(!T::AgendaSize::get().is_zero(), "AgendaSize must not be zero");
			assert!(
				T::AgendaWeight::get().all_gte(Self::agenda_costs().minimum()),
				"AgendaWeight {:?} must allow one step, which takes up to {:?}",
				T::AgendaWeight::get(),
				Self::agenda_costs().minimum()
			);
			let block = T::BlockWeights::get().max_block;
			assert!(
				block.all_gte(T::AgendaWeight::get()),
				"AgendaWeight must fit into a block"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Submits a job and holds `max_fee` from the caller until it is over. What it makes the chain do later is paid for now: the
		/// steps of its life with this call's fee, the replies to its audit, which are free of fees, by what is burned as its
		/// [room](Event::JobSubmitted).
		///
		/// It is assigned as soon as an operator has free capacity, an unnamed one not before [`Config::AssignmentDelay`]. Until
		/// then it waits open, for [`Config::OpenPeriod`] at most. Only operators are considered that take jobs as large, and
		/// whose price is not above `max_price` and for the largest amount of computation not above `max_fee`.
		///
		/// - `version`: what runs.
		/// - `input`: on what.
		/// - `generation`: how far and how to generate; ignored by models with a vector output.
		/// - `max_fee`: the largest fee; what is not used comes back.
		/// - `max_price`: the highest price of a unit of computation, whatever is asked when the job is assigned.
		/// - `operator`: the only operator that may work on the job, or none to draw one by stake.
		///
		/// Emits [`Event::JobSubmitted`], and [`Event::JobAssigned`] if it is assigned.
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::submit_weight(MAX_OFFERS, input.len()))]
		pub fn submit(
			origin: OriginFor<T>,
			version: ModelVersion,
			input: JobInput,
			generation: Generation,
			max_fee: BalanceOf<T>,
			max_price: BalanceOf<T>,
			operator: Option<T::AccountId>,
		) -> DispatchResultWithPostInfo {
			let consumer = ensure_signed(origin)?;
			let elements = input.len();
			let offers = Self::do_submit(
				consumer,
				Submission {
					version,
					input,
					generation,
					max_fee,
					max_price,
					operator,
				},
			)?;
			Ok(Some(Self::submit_weight(offers, elements)).into())
		}

		/// Cancels an open job of the caller and gives the escrow back.
		///
		/// Emits [`Event::JobRefunded`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel())]
		pub fn cancel(origin: OriginFor<T>, job: JobId) -> DispatchResult {
			let consumer = ensure_signed(origin)?;
			Self::do_cancel(&consumer, job)
		}

		/// Claims a result. Free of fees: the transaction pool accepts it only with a valid signature by the worker key of
		/// the assigned operator, once for each attempt.
		///
		/// Emits [`Event::ResultClaimed`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::submit_result())]
		#[pallet::authorize(Self::authorize_result)]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_submit_result())]
		pub fn submit_result(origin: OriginFor<T>, result: SignedResult) -> DispatchResult {
			ensure_authorized(origin)?;
			// The signature was verified when the transaction was authorised.
			Self::do_claim(result.result)
		}

		/// Does what is due for a job: assigns or refunds an open one, punishes a missed deadline, finalises after the
		/// window, prunes after the retention. The agenda does the same by itself; this call is for whoever does not want
		/// to wait for it. Nothing is due of an unnamed job that the agenda is to assign: nobody may choose the block whose
		/// randomness draws its operator.
		///
		/// Emits the event of what was done.
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::step_weight())]
		pub fn advance(origin: OriginFor<T>, job: JobId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let step = Self::do_advance(job)?;
			Ok(Some(step.weight::<T>()).into())
		}
	}
}
