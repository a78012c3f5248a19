#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod act;
mod agenda;
mod answer;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod challenge;
mod extension;
#[cfg(test)]
mod mock;
mod queries;
mod ruling;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
mod types;
pub mod weights;

pub use extension::CheckMove;
pub use pallet::*;
pub use types::{AccountIdOf, BalanceOf, Dispute, DisputeSummaryOf, Part, Status};
pub use weights::WeightInfo;

/// Moves of the longest dispute after the challenge: list, point, open, point, show, point, open the step.
pub const MOVES: u32 = 7;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use assay_protocol::{
		audit::Audits,
		dispute::{Accusation, Claims, Proof, Ruling, SignedAnswer, SignedMove, Stage},
		job::JobError,
		model::Models,
		operator::Operators,
		Attempt, DisputeId, JobId,
	};
	use assay_trace::{claim::ClaimRoot, fault::Target, Group, Place, Step};
	use codec::Encode;
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{Inspect, MutateHold},
			Contains,
		},
		weights::WeightMeter,
	};
	use frame_system::{ensure_authorized, pallet_prelude::*};
	use sp_core::H256;
	use sp_runtime::{
		traits::{One, Zero},
		Permill,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Holds the disputes.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = H256> {
		/// Why this pallet holds funds.
		type RuntimeHoldReason: From<HoldReason>;

		/// The money of bonds.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Operators and their stake.
		type Operators: Operators<Self::AccountId, BalanceOf<Self>>;

		/// Model versions with their programs.
		type Models: Models<Self::AccountId, BalanceOf<Self>>;

		/// Claims that can be disputed.
		type Claims: Claims<Self::AccountId, BalanceOf<Self>, BlockNumberFor<Self>>;

		/// Audits, whose auditors need not vouch for what they challenge.
		type Audits: Audits<Self::AccountId>;

		/// Receives half of the bonds of lost challenges, and the other half where the operator's account cannot take it.
		#[pallet::constant]
		type Treasury: Get<Self::AccountId>;

		/// Held from a challenger until its dispute is over; not less than the existential deposit.
		#[pallet::constant]
		type Bond: Get<BalanceOf<Self>>;

		/// Blocks that each side has for each move, beside those that running the job again takes. A worker may answer later, as
		/// long as silence is not guilt, at the cost of new work.
		#[pallet::constant]
		type MovePeriod: Get<BlockNumberFor<Self>>;

		/// The challenger's share of what an operator loses for a wrong result: at most half.
		#[pallet::constant]
		type ReporterShare: Get<Permill>;

		/// Blocks a dispute stays readable after its end.
		#[pallet::constant]
		type Retention: Get<BlockNumberFor<Self>>;

		/// Bytes of an answer at most, and of a proof.
		#[pallet::constant]
		type MaxAnswerBytes: Get<u32>;

		/// Disputes booked for one block at most; more spill to the blocks after it.
		#[pallet::constant]
		type AgendaSize: Get<u32>;

		/// What the agenda may take of a block.
		#[pallet::constant]
		type AgendaWeight: Get<Weight>;

		/// Who may send other signed calls of the operational class, in the room that blocks keep for moves: whoever stands for root.
		type Privileged: Contains<Self::AccountId>;

		/// Costs of the calls.
		type WeightInfo: WeightInfo;

		/// Makes claims to benchmark with.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: assay_protocol::benchmarks::ClaimsForBenchmarks;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a challenger whose dispute is not over.
		#[codec(index = 0)]
		Bond,
	}

	/// The identifier of the next dispute.
	#[pallet::storage]
	pub type NextDisputeId<T> = StorageValue<_, DisputeId, ValueQuery>;

	/// No dispute below this identifier is stored.
	#[pallet::storage]
	pub type OldestDisputeId<T> = StorageValue<_, DisputeId, ValueQuery>;

	/// Disputes, until their retention ends.
	#[pallet::storage]
	pub type Disputes<T: Config> = StorageMap<_, Twox64Concat, DisputeId, Dispute<T>>;

	/// What the worker has shown in an open dispute, each part SCALE-encoded.
	#[pallet::storage]
	pub type Record<T: Config> =
		StorageDoubleMap<_, Twox64Concat, DisputeId, Twox64Concat, Part, BoundedVec<u8, T::MaxAnswerBytes>>;

	/// The open dispute of a challenger about an attempt at a job with an accusation.
	#[pallet::storage]
	pub type Challenges<T: Config> =
		StorageDoubleMap<_, Twox64Concat, JobId, Blake2_128Concat, (Attempt, T::AccountId, Accusation), DisputeId>;

	/// The disputes about a job.
	#[pallet::storage]
	pub type DisputesOf<T> = StorageDoubleMap<_, Twox64Concat, JobId, Twox64Concat, DisputeId, ()>;

	/// The disputes in which an account has to move: the operator whose claim it is, or the challenger.
	#[pallet::storage]
	pub type Due<T: Config> = StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, DisputeId, ()>;

	/// Open disputes of an auditor about claims that it was drawn for: its own stake stands for as many bonds.
	#[pallet::storage]
	pub type AtStake<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// The disputes to look at in a block.
	#[pallet::storage]
	pub type Agenda<T: Config> =
		StorageMap<_, Twox64Concat, BlockNumberFor<T>, BoundedVec<DisputeId, T::AgendaSize>, ValueQuery>;

	/// The first block whose agenda may not be done; none before the first dispute.
	#[pallet::storage]
	pub type AgendaCursor<T: Config> = StorageValue<_, BlockNumberFor<T>>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A claim was challenged and a bond is held from the challenger.
		DisputeOpened {
			/// The dispute.
			dispute: DisputeId,
			/// The job.
			job: JobId,
			/// The attempt that made the claim.
			attempt: Attempt,
			/// Who challenges.
			challenger: T::AccountId,
			/// Whose claim it is.
			operator: T::AccountId,
			/// Where the challenge begins.
			accusation: Accusation,
			/// Last block for the worker's first answer.
			deadline: BlockNumberFor<T>,
		},
		/// A side moved and it is the other's turn.
		DisputeMoved {
			/// The dispute.
			dispute: DisputeId,
			/// What is asked now.
			stage: Stage,
			/// Last block for it.
			deadline: BlockNumberFor<T>,
		},
		/// The worker has not answered in time. It is given no new work until it does.
		WorkerLate {
			/// The dispute.
			dispute: DisputeId,
			/// Whose claim it is.
			operator: T::AccountId,
			/// Last block for the answer: silence after it loses.
			until: BlockNumberFor<T>,
		},
		/// A dispute is over.
		DisputeEnded {
			/// The dispute.
			dispute: DisputeId,
			/// The job.
			job: JobId,
			/// The attempt that made the claim.
			attempt: Attempt,
			/// How it ended.
			ruling: Ruling,
			/// What the operator lost of its stake.
			penalty: BalanceOf<T>,
		},
		/// A half of the bond of a lost challenge was paid out.
		BondForfeited {
			/// The dispute.
			dispute: DisputeId,
			/// To the operator or to the treasury.
			to: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// An auditor that was drawn lost its challenge, for which its stake stood in place of a bond.
		StakeForfeited {
			/// The dispute.
			dispute: DisputeId,
			/// What was taken of the stake behind the auditor.
			amount: BalanceOf<T>,
		},
		/// A half of the bond of a lost challenge was burned, for whoever it was for could not take it.
		BondBurned {
			/// The dispute.
			dispute: DisputeId,
			/// What no longer exists.
			amount: BalanceOf<T>,
		},
		/// A dispute whose retention ended is no longer stored.
		DisputePruned {
			/// The dispute.
			dispute: DisputeId,
		},
	}

	/// Why a call is refused. An answer is refused in the transaction pool already: there, causes that time may have
	/// brought about appear as `Stale`, a wrong signature as `BadProof`, any other as `Custom(index of the error)`.
	#[pallet::error]
	pub enum Error<T> {
		/// The job has no claim that can be disputed: it has none, it is final, or it was struck down.
		NoOpenClaim,
		/// The window of the claim is over.
		WindowClosed,
		/// The caller has an open dispute with this accusation.
		AlreadyChallenged,
		/// All dispute identifiers are used up.
		DisputeIdsExhausted,
		/// The program of the job's version cannot be read.
		CorruptProgram,
		/// There is no such dispute; it never was, or its retention ended.
		UnknownDispute,
		/// The dispute is over.
		DisputeOver,
		/// Only the challenger may do this.
		NotChallenger,
		/// This is not what the dispute waits for.
		NotDue,
		/// The clock has run out.
		DeadlinePassed,
		/// The trace has no such group, cell or head, or it was not opened.
		NoSuchPlace,
		/// The cell has no such thing.
		NoSuchTarget,
		/// The proof is longer than a proof can be.
		ProofTooLong,
		/// The operator has no worker key.
		NoWorkerKey,
		/// The answer is longer than an answer can be.
		AnswerTooLong,
		/// The answer is to another question.
		WrongAnswerKind,
		/// The groups are not those of the claimed trace.
		WrongGroups,
		/// The cells are not those of the claimed trace.
		WrongCells,
		/// The roots do not have the shape of the head.
		WrongHead,
		/// What is shown is not what the cell commits to.
		WrongExhibit,
		/// The cell has no such step.
		NoSuchStep,
		/// The opening lacks something, has too much, or is not what was committed to.
		BadOpening,
		/// What was shown before cannot be read.
		CorruptRecord,
		/// The worker has shown something else than what the move answers.
		OtherRecord,
		/// Nothing is due for the dispute now.
		NothingDue,
		/// The operator was not drawn to audit this claim, or has vouched for it.
		NotDrawn,
		/// The job has another claim than the one that is challenged.
		OtherClaim,
		/// The auditor's own stake stands for as many bonds as it covers.
		StakeSpent,
	}

	impl<T> From<JobError> for Error<T> {
		fn from(_: JobError) -> Self {
			// The version of a claim that is not final is registered.
			Self::CorruptProgram
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Rules where a clock ran out, as far as [`Config::AgendaWeight`] and the block allow.
		fn on_poll(now: BlockNumberFor<T>, block: &mut WeightMeter) {
			let mut meter = WeightMeter::with_limit(block.remaining().min(T::AgendaWeight::get()));
			Self::serve_agenda(now, &mut meter);
			block.consume(meter.consumed());
		}

		fn integrity_test() {
			let one = BlockNumberFor::<T>::one();
			assert!(T::MovePeriod::get() >= one, "MovePeriod must be at least one block");
			assert!(T::Retention::get() >= one, "Retention must be at least one block");
			assert!(
				T::Bond::get() >= T::Currency::minimum_balance(),
				"Bond must not be less than the existential deposit"
			);
			assert!(
				T::ReporterShare::get() <= Permill::from_percent(50),
				"ReporterShare must not exceed a half: who cheats and challenges itself must lose"
			);
			assert!(!T::MaxAnswerBytes::get().is_zero(), "MaxAnswerBytes must not be zero");
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
		/// Challenges the claim of a job inside its window, and holds [`Config::Bond`] from the caller.
		///
		/// - `claim`: the root of the claim that was found wrong. After a reorganisation the job may have another.
		/// - `accusation`: what the worker has to show first.
		///
		/// Emits [`Event::DisputeOpened`].
		#[pallet::call_index(0)]
		#[pallet::weight((T::WeightInfo::challenge(), DispatchClass::Operational))]
		pub fn challenge(origin: OriginFor<T>, job: JobId, claim: ClaimRoot, accusation: Accusation) -> DispatchResult {
			let challenger = ensure_signed(origin)?;
			Self::do_challenge(challenger, job, claim, accusation)
		}

		/// Answers what is asked of the worker. Free of fees: the transaction pool accepts only an answer that leads to the
		/// claimed trace, with a valid signature by the worker key of the operator whose claim it is, once for each
		/// question. An opened step is judged, which ends the dispute: the challenger wins if the step is wrong and loses if
		/// it is right.
		///
		/// Emits [`Event::DisputeMoved`] or [`Event::DisputeEnded`].
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::answer_weight(answer))]
		#[pallet::authorize(Self::authorize_answer)]
		#[pallet::weight_of_authorize(Pallet::<T>::authorize_answer_weight(answer))]
		pub fn answer(origin: OriginFor<T>, answer: SignedAnswer) -> DispatchResult {
			ensure_authorized(origin)?;
			// The signature was verified when the transaction was authorised.
			Self::do_answer(answer.answer)
		}

		/// Asks for the cells of a group, when its groups were listed.
		///
		/// - `record`: hash of what the worker has shown, as the runtime API says. A move that answers something else is refused,
		///   for the worker may have shown it anew on another fork.
		///
		/// Emits [`Event::DisputeMoved`], or [`Event::DisputeEnded`] if another dispute has struck the claim down.
		#[pallet::call_index(2)]
		#[pallet::weight((T::WeightInfo::point_at_group(), DispatchClass::Operational))]
		pub fn point_at_group(origin: OriginFor<T>, dispute: DisputeId, record: H256, group: Group) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_point_at_group(&who, dispute, record, group)
		}

		/// Asks for something inside an opened cell.
		///
		/// Emits [`Event::DisputeMoved`], or [`Event::DisputeEnded`] if another dispute has struck the claim down.
		#[pallet::call_index(3)]
		#[pallet::weight((T::WeightInfo::point_at_target(), DispatchClass::Operational))]
		pub fn point_at_target(
			origin: OriginFor<T>,
			dispute: DisputeId,
			record: H256,
			place: Place,
			target: Target,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_point_at_target(&who, dispute, record, place, target)
		}

		/// Has a step of an opened cell judged by the challenger's own opening, which ends the dispute: the challenger wins
		/// if the step is wrong and loses if it is right. An opening that proves nothing is refused and changes nothing. It
		/// saves the two moves of [`point_at_step`](Self::point_at_step) and its answer; whoever does not hold every operand
		/// points instead.
		///
		/// Emits [`Event::DisputeEnded`].
		#[pallet::call_index(4)]
		#[pallet::weight((Pallet::<T>::judge_weight(bytes(proof)), DispatchClass::Operational))]
		pub fn prove(origin: OriginFor<T>, dispute: DisputeId, record: H256, proof: Proof) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_prove(&who, dispute, record, proof)
		}

		/// Does what time has made due for a dispute: notes that the worker is late, rules against the side whose clock ran out,
		/// lets a challenger go whose claim was struck down by another, forgets a dispute whose retention is over. The agenda does
		/// the same by itself; this call is for whoever does not want to wait for it.
		///
		/// Emits [`Event::DisputeEnded`] or [`Event::DisputePruned`].
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::step_weight())]
		pub fn expire(origin: OriginFor<T>, dispute: DisputeId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let step = Self::do_expire(dispute)?;
			Ok(Some(step.weight::<T>()).into())
		}

		/// Makes a move of an operator that challenges, signed by its worker key: as [`challenge`](Self::challenge),
		/// [`point_at_group`](Self::point_at_group), [`point_at_target`](Self::point_at_target),
		/// [`point_at_step`](Self::point_at_step) and [`prove`](Self::prove) do, with the operator's stake in place of a bond. Free of
		/// fees: only an auditor that was drawn for a claim may challenge it so, once, and the transaction pool accepts only moves
		/// that are due and lead on.
		///
		/// Emits what the move emits.
		#[pallet::call_index(6)]
		#[pallet::weight(Pallet::<T>::move_weight(signed))]
		#[pallet::authorize(Self::authorize_move)]
		#[pallet::weight_of_authorize(Pallet::<T>::authorize_move_weight(signed))]
		pub fn move_as_operator(origin: OriginFor<T>, signed: SignedMove<T::AccountId>) -> DispatchResult {
			ensure_authorized(origin)?;
			// The signature was verified when the transaction was authorised.
			Self::do_move(&signed.challenger, signed.act)
		}

		/// Asks the worker to open a step of an opened cell, which its answer has judged.
		///
		/// Emits [`Event::DisputeMoved`], or [`Event::DisputeEnded`] if another dispute has struck the claim down.
		#[pallet::call_index(7)]
		// It reads and writes what pointing at a target does.
		#[pallet::weight((T::WeightInfo::point_at_target(), DispatchClass::Operational))]
		pub fn point_at_step(
			origin: OriginFor<T>,
			dispute: DisputeId,
			record: H256,
			place: Place,
			step: Step,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_point_at_step(&who, dispute, record, place, step)
		}
	}

	/// Length of an encoding; extrinsics are shorter than the limit.
	pub(crate) fn bytes(value: &impl Encode) -> u32 {
		u32::try_from(value.encoded_size()).unwrap_or(u32::MAX)
	}
}
