#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod auditors;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod chance;
mod clocks;
mod draw;
mod life;
#[cfg(test)]
mod mock;
mod queries;
mod reply;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

pub use chance::{by_size, falling};
pub use pallet::*;
pub use types::{AccountIdOf, Audit, AuditSummaryOf, Auditor, BalanceOf, Listed, Recalled, Seats};
pub use weights::WeightInfo;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use assay_protocol::{
		audit::{AuditOutcome, Question, ReceiptCheck, SignedReply},
		dispute::Claims,
		model::Models,
		operator::{Fault, Operators},
		Attempt, Beacon, JobId, ModelVersion,
	};
	use assay_trace::Hash32;
	use codec::Encode;
	use frame_support::{pallet_prelude::*, traits::tokens::Balance, weights::WeightMeter};
	use frame_system::{ensure_authorized, pallet_prelude::*};
	use sp_core::H256;
	use sp_runtime::{
		traits::{One, Zero},
		Perbill, Permill,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Holds the audits.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = H256> {
		/// An amount of money.
		type Balance: Balance;

		/// Operators and their stake.
		type Operators: Operators<Self::AccountId, Self::Balance>;

		/// Model versions with their programs.
		type Models: Models<Self::AccountId, Self::Balance>;

		/// Claims that can be audited.
		type Claims: Claims<Self::AccountId, Self::Balance, BlockNumberFor<Self>>;

		/// Randomness for draws that nobody knows when what is drawn on is made.
		type Beacon: Beacon<Self::AccountId, BlockNumberFor<Self>>;

		/// Probability of a spot-check for an operator without a record.
		#[pallet::constant]
		type SpotCheckCeiling: Get<Permill>;

		/// Probability of a spot-check, however long the record.
		#[pallet::constant]
		type SpotCheckFloor: Get<Permill>;

		/// Probability that auditors are drawn for a claim of an operator without a record.
		#[pallet::constant]
		type AuditCeiling: Get<Permill>;

		/// Probability that auditors are drawn, however long the record.
		#[pallet::constant]
		type AuditFloor: Get<Permill>;

		/// Jobs without a fault after which both probabilities are half of what they were at first.
		#[pallet::constant]
		type Halving: Get<u32>;

		/// A claim is spot-checked at least with so many times the probability that its fee is of its operator's own bond,
		/// however long the record.
		#[pallet::constant]
		type SpotCheckSizeFactor: Get<u32>;

		/// Auditors are drawn at least with so many times the probability that the claim's fee is of its operator's own bond,
		/// however long the record.
		#[pallet::constant]
		type AuditSizeFactor: Get<u32>;

		/// Auditors that are drawn for a claim, if there are as many.
		#[pallet::constant]
		type MaxDrawn: Get<u32>;

		/// Auditors of a version at most.
		#[pallet::constant]
		type MaxAuditors: Get<u32>;

		/// Blocks for each commitment, and for showing what is drawn after it, beside those that running the job again takes, and
		/// everything else that an auditor was given before. An auditor that finds a claim wrong challenges it in the first of
		/// the two, also when the window is over.
		#[pallet::constant]
		type Period: Get<BlockNumberFor<Self>>;

		/// Blocks after what is drawn on in which a draw is served at the latest: later ones get another number. Stake that is brought
		/// since must not have settled. None if stake weighs at once.
		#[pallet::constant]
		type DrawDelay: Get<BlockNumberFor<Self>>;

		/// An auditor's share of the fee, for clients to read: the jobs pallet pays it.
		#[pallet::constant]
		type AuditorShare: Get<Permill>;

		/// Part of its stake that an auditor loses for a missed duty.
		#[pallet::constant]
		type MissedAuditShare: Get<Perbill>;

		/// What it loses at least.
		#[pallet::constant]
		type MissedAuditPenalty: Get<Self::Balance>;

		/// Part of its stake that an auditor loses for vouching for a wrong claim.
		#[pallet::constant]
		type FalseAuditShare: Get<Perbill>;

		/// What it loses at least.
		#[pallet::constant]
		type FalseAuditPenalty: Get<Self::Balance>;

		/// Bytes of a reply at most.
		#[pallet::constant]
		type MaxReplyBytes: Get<u32>;

		/// Audits booked for one block at most; more spill to the blocks after it.
		#[pallet::constant]
		type AgendaSize: Get<u32>;

		/// What the agenda may take of a block.
		#[pallet::constant]
		type AgendaWeight: Get<Weight>;

		/// Costs of the calls.
		type WeightInfo: WeightInfo;

		/// Makes claims to benchmark with.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: assay_protocol::benchmarks::ClaimsForBenchmarks;
	}

	/// Audits, each until its job is pruned.
	#[pallet::storage]
	pub type Audits<T: Config> = StorageMap<_, Twox64Concat, JobId, Audit<T>>;

	/// What workers have committed to be inside the cell of a spot-check: its encoded
	/// [`CellRoots`](assay_trace::cell::CellRoots).
	#[pallet::storage]
	pub type Insides<T: Config> = StorageMap<_, Twox64Concat, JobId, BoundedVec<u8, T::MaxReplyBytes>>;

	/// What was drawn of batches, until their jobs are removed.
	#[pallet::storage]
	pub type ReceiptChecks<T> = StorageMap<_, Twox64Concat, JobId, ReceiptCheck>;

	/// The audits in which an operator has to reply, as worker or as auditor.
	#[pallet::storage]
	pub type Due<T: Config> = StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, JobId, ()>;

	/// The operators that audit a version.
	#[pallet::storage]
	pub type Auditors<T: Config> =
		StorageMap<_, Blake2_128Concat, ModelVersion, BoundedVec<Listed<T>, T::MaxAuditors>, ValueQuery>;

	/// Auditors that vouched for claims of a job that were struck down, with the hash of what each claim said and the block in which they were drawn. They are judged
	/// by what the job ends with.
	#[pallet::storage]
	pub type Vouched<T: Config> = StorageMap<
		_,
		Twox64Concat,
		JobId,
		BoundedVec<(T::AccountId, Hash32, BlockNumberFor<T>), Recalled<T>>,
		ValueQuery,
	>;

	/// Block in which an auditor was last punished for a missed audit.
	#[pallet::storage]
	pub type LastMiss<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, BlockNumberFor<T>>;

	/// Jobs of an operator that became final since its last fault.
	#[pallet::storage]
	pub type CleanJobs<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// The audits to look at in a block.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageMap<_, Twox64Concat, BlockNumberFor<T>, BoundedVec<JobId, T::AgendaSize>, ValueQuery>;

	/// The first block whose agenda may not be done; none before the first audit.
	#[pallet::storage]
	pub type AgendaCursor<T: Config> = StorageValue<_, BlockNumberFor<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An operator audits a version from now on.
		AuditorAdded {
			/// The auditor.
			auditor: T::AccountId,
			/// What it audits.
			version: ModelVersion,
		},
		/// An operator no longer audits a version: it withdrew, it missed a duty, or it is not active any more.
		AuditorRemoved {
			/// The former auditor.
			auditor: T::AccountId,
			/// What it audited.
			version: ModelVersion,
		},
		/// Something is asked of an operator.
		Asked {
			/// The job.
			job: JobId,
			/// The attempt that made the claim.
			attempt: Attempt,
			/// The worker or an auditor.
			who: T::AccountId,
			/// What is asked.
			question: Question,
			/// Last block for the reply.
			deadline: BlockNumberFor<T>,
		},
		/// An operator replied.
		Replied {
			/// The job.
			job: JobId,
			/// The attempt that made the claim.
			attempt: Attempt,
			/// The worker or an auditor.
			who: T::AccountId,
			/// What was asked.
			question: Question,
		},
		/// The worker has not replied in time. It is given no new work until it does.
		WorkerLate {
			/// The job.
			job: JobId,
			/// The worker.
			operator: T::AccountId,
			/// Last block for the reply: silence after it loses the claim.
			until: BlockNumberFor<T>,
		},
		/// Whoever was to audit a claim was silent; it waits for whoever wants to challenge it.
		Unaudited {
			/// The job.
			job: JobId,
			/// The attempt that made the claim.
			attempt: Attempt,
			/// Last block for a challenge.
			until: BlockNumberFor<T>,
		},
		/// An auditor was at fault.
		AuditorPenalised {
			/// The job.
			job: JobId,
			/// The auditor.
			auditor: T::AccountId,
			/// What it did.
			fault: Fault,
			/// What it lost of its stake.
			penalty: T::Balance,
		},
		/// Nothing more is asked about a claim.
		AuditEnded {
			/// The job.
			job: JobId,
			/// The attempt that made the claim.
			attempt: Attempt,
			/// How it ended.
			outcome: AuditOutcome,
			/// What the worker lost of its stake.
			penalty: T::Balance,
		},
	}

	/// Why a call is refused. A reply is refused in the transaction pool already: there, causes that time may have brought
	/// about appear as `Stale`, a wrong signature as `BadProof`, any other as `Custom(index of the error)`.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no such model version, or it is retired.
		UnknownVersion,
		/// The operator is not active: not bonded with the minimum, or leaving.
		NotActive,
		/// The operator audits this version already.
		AlreadyAuditor,
		/// The operator does not audit this version.
		NotAuditor,
		/// The version has as many auditors as it can have, each with at least as much stake behind it.
		TooManyAuditors,
		/// There is no audit of such a job.
		UnknownAudit,
		/// The claim is not the one that is audited.
		WrongAttempt,
		/// This is not asked of the operator now.
		NotDue,
		/// The clock has run out.
		DeadlinePassed,
		/// The job has no claim that stands.
		NoOpenClaim,
		/// The program of the job's version cannot be read.
		CorruptProgram,
		/// The operator has no worker key.
		NoWorkerKey,
		/// The reply is longer than a reply can be.
		ReplyTooLong,
		/// The reply is to another question.
		WrongReplyKind,
		/// The roots are not those of the cell in the claimed trace.
		WrongCell,
		/// The opening lacks something, has too much, or is not what was committed to.
		BadOpening,
		/// The values are not those of the claimed trace, or not those of the digest.
		WrongValues,
		/// What was committed to before cannot be read.
		CorruptRecord,
		/// Nothing is due for the audit now.
		NothingDue,
		/// The operator is asked more about claims already than it can do in time.
		TooMuchToDo,
		/// The receipt is not that of the unit that was drawn, or nothing that the program could have said.
		WrongReceipt,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Draws, and rules where a clock ran out, as far as [`Config::AgendaWeight`] and the block allow.
		fn on_poll(now: BlockNumberFor<T>, block: &mut WeightMeter) {
			let mut meter = WeightMeter::with_limit(block.remaining().min(T::AgendaWeight::get()));
			Self::serve_agenda(now, &mut meter);
			block.consume(meter.consumed());
		}

		fn integrity_test() {
			assert!(
				T::Period::get() >= BlockNumberFor::<T>::one(),
				"Period must be at least one block"
			);
			assert!(
				T::DrawDelay::get().is_zero() || T::DrawDelay::get() > T::Beacon::longest_wait(),
				"DrawDelay must be longer than a number is waited for"
			);
			assert!(!T::MaxDrawn::get().is_zero(), "MaxDrawn must not be zero");
			assert!(!T::MaxAuditors::get().is_zero(), "MaxAuditors must not be zero");
			assert!(!T::Halving::get().is_zero(), "Halving must not be zero");
			assert!(
				T::SpotCheckFloor::get() <= T::SpotCheckCeiling::get()
					&& T::AuditFloor::get() <= T::AuditCeiling::get(),
				"a floor must not exceed its ceiling"
			);
			assert!(!T::MaxReplyBytes::get().is_zero(), "MaxReplyBytes must not be zero");
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
		/// Makes the calling operator an auditor of a version: it may be drawn to run jobs of others again, and loses stake
		/// if it then does not.
		///
		/// Emits [`Event::AuditorAdded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::offer())]
		pub fn offer(origin: OriginFor<T>, version: ModelVersion) -> DispatchResult {
			let auditor = ensure_signed(origin)?;
			Self::do_offer(auditor, version)
		}

		/// Takes the calling operator out of the auditors of a version. What it was drawn for is still due.
		///
		/// Emits [`Event::AuditorRemoved`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>, version: ModelVersion) -> DispatchResult {
			let auditor = ensure_signed(origin)?;
			Self::do_withdraw(&auditor, version)
		}

		/// Replies to what is asked of a worker or of an auditor. Free of fees: the transaction pool accepts only a reply that
		/// is right, with a valid signature by the worker key of the operator that is asked, once for each question.
		///
		/// Emits [`Event::Replied`], and [`Event::AuditEnded`] if it is the last or proves the claim wrong.
		#[pallet::call_index(2)]
		#[pallet::weight(Pallet::<T>::reply_weight(reply))]
		#[pallet::authorize(|source, reply| Self::authorize_reply(source, reply))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_reply(bytes(reply)))]
		pub fn reply(origin: OriginFor<T>, reply: Box<SignedReply<T::AccountId>>) -> DispatchResult {
			ensure_authorized(origin)?;
			// The signature was verified when the transaction was authorised.
			Self::do_reply(reply.reply)
		}

		/// Does what time has made due for an audit: draws, or rules against whoever's clock ran out. The agenda does the same
		/// by itself; this call is for whoever does not want to wait for it.
		///
		/// Emits the events of what was done.
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::step_weight())]
		pub fn advance(origin: OriginFor<T>, job: JobId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let step = Self::do_advance(job)?;
			Ok(Some(step.weight::<T>()).into())
		}
	}

	/// Length of an encoding; extrinsics are shorter than the limit.
	pub(crate) fn bytes(value: &impl Encode) -> u32 {
		u32::try_from(value.encoded_size()).unwrap_or(u32::MAX)
	}
}
