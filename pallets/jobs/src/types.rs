//! What the pallet stores of a job.

use crate::Config;
use assay_exact::{ComputeUnits, Generation};
use assay_protocol::{
	channel::Batch,
	job::{JobInput, JobOutput, JobState, JobSummary},
	Attempt, ModelVersion,
};
use assay_trace::{claim::ClaimRoot, merkle::Hash32, TraceRoot};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::fungible::{Credit, Inspect},
	BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_runtime::traits::AtLeast32BitUnsigned;

/// The runtime's account identifier.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// An amount of money.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// Money that belongs to nobody yet.
pub type CreditOf<T> = Credit<AccountIdOf<T>, <T as Config>::Currency>;
/// Where a job is in its life.
pub type JobStateOf<T> = JobState<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// A job as clients see it.
pub type JobSummaryOf<T> = JobSummary<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// A job; its input and its claim are stored apart.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo, CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound(T: Config))]
pub struct Job<T: Config> {
	/// Who pays.
	pub consumer: T::AccountId,
	/// What runs.
	pub version: ModelVersion,
	/// Root of the version's artifact.
	pub artifact: Hash32,
	/// How far and how to generate.
	pub generation: Generation,
	/// Positions the input takes.
	pub input_positions: u32,
	/// Computation at most.
	pub max_units: ComputeUnits,
	/// Held from the consumer until the job is over.
	pub max_fee: BalanceOf<T>,
	/// The highest price of a unit.
	pub max_price: BalanceOf<T>,
	/// What the claimed result costs.
	pub fee: Option<BalanceOf<T>>,
	/// Computation of the claimed result.
	pub claimed_units: Option<ComputeUnits>,
	/// The only operator that may work on it.
	pub named_operator: Option<T::AccountId>,
	/// Block of submission.
	pub submitted_at: BlockNumberFor<T>,
	/// Block in which the current attempt was assigned; of submission before the first.
	pub assigned_at: BlockNumberFor<T>,
	/// The current attempt.
	pub attempt: Attempt,
	/// Operators that missed a deadline of this job, or whose claim was struck down.
	pub failed: BoundedVec<T::AccountId, T::MaxAttempts>,
	/// Disputes about its claim and audits of it that are not over.
	pub holds: u32,
	/// How late its operator has been with answers about its claim.
	pub lateness: Lateness<BlockNumberFor<T>>,
	/// Where it is in its life.
	pub state: JobStateOf<T>,
	/// Block at which the next step is due.
	pub due_at: BlockNumberFor<T>,
	/// Block whose agenda holds it: `due_at` or, if that one was full, a later one; none if all that were tried were full.
	pub booked_at: Option<BlockNumberFor<T>>,
}

/// How late an operator has been with answers about a claim: time counts once, however many answers were overdue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Lateness<BlockNumber> {
	/// Blocks that are over.
	pub used: BlockNumber,
	/// Deadline since which some answer has been overdue.
	pub since: Option<BlockNumber>,
	/// Answers that are overdue.
	pub overdue: u32,
}

impl<BlockNumber: AtLeast32BitUnsigned + Copy> Lateness<BlockNumber> {
	/// Last block for an answer that was due by `deadline`, if `period` blocks may be used up in all.
	pub fn ends(&self, deadline: BlockNumber, period: BlockNumber) -> BlockNumber {
		let since = self.since.map_or(deadline, |since| since.min(deadline));
		since.saturating_add(period.saturating_sub(self.used)).max(deadline)
	}

	/// An answer that was due by `deadline` is overdue.
	pub fn begin(&mut self, deadline: BlockNumber) {
		self.since = Some(self.since.map_or(deadline, |since| since.min(deadline)));
		self.overdue = self.overdue.saturating_add(1);
	}

	/// An answer that was overdue has come, or need not come any more.
	pub fn end(&mut self, now: BlockNumber) {
		self.overdue = self.overdue.saturating_sub(1);
		if let Some(since) = self.since.filter(|_| self.overdue == 0) {
			self.used = self.used.saturating_add(now.saturating_sub(since));
			self.since = None;
		}
	}
}

impl<T: Config> Job<T> {
	/// Computation that its operator has put in flight: as much as there can be, then what it claims.
	pub fn units(&self) -> ComputeUnits {
		self.claimed_units.unwrap_or(self.max_units)
	}

	/// Whether escrow is held for it.
	pub fn is_unfinished(&self) -> bool {
		matches!(
			self.state,
			JobState::Open { .. } | JobState::Assigned { .. } | JobState::Claimed { .. }
		)
	}
}

/// A claimed result.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Claim {
	/// What the program returned.
	pub output: JobOutput,
	/// Commitment to the execution.
	pub trace: TraceRoot,
	/// Commitment to job, artifact, input, generation, output and trace.
	pub root: ClaimRoot,
}

/// Where a job comes from that was not submitted.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Source {
	/// A batch of a channel was settled.
	#[codec(index = 0)]
	Batch {
		/// The batch.
		batch: Batch,
		/// Block in which its channel was opened.
		opened_at: u32,
		/// The receipt that was revealed, if one was.
		revealed: Option<Unveiled>,
	},
	/// Somebody presented a receipt.
	#[codec(index = 1)]
	Receipt {
		/// [What it asserts](assay_protocol::channel::Receipt::statement).
		statement: Hash32,
	},
}

/// What is known of a receipt that was revealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Unveiled {
	/// Its computation.
	pub units: ComputeUnits,
	/// [What it asserts](assay_protocol::channel::Receipt::statement).
	pub statement: Hash32,
	/// The block that it names, or that in which its channel was opened if it names an earlier one.
	pub block: u32,
}

/// That an operator lost a receipt that was presented by its silence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Silence<BlockNumber> {
	/// When.
	pub at: BlockNumber,
	/// The earliest block from which on stake was reached for it and for what else fell by the same absence.
	pub since: BlockNumber,
}

/// How often the worker of an operator was seen, at most once in a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Sightings<BlockNumber> {
	/// How often.
	pub times: u32,
	/// When the last stretch began.
	pub at: BlockNumber,
}

/// What a consumer asks for.
pub(crate) struct Submission<T: Config> {
	/// What runs.
	pub(crate) version: ModelVersion,
	/// On what.
	pub(crate) input: JobInput,
	/// How far and how to generate.
	pub(crate) generation: Generation,
	/// The largest fee.
	pub(crate) max_fee: BalanceOf<T>,
	/// The highest price of a unit.
	pub(crate) max_price: BalanceOf<T>,
	/// The only operator that may work on it.
	pub(crate) operator: Option<T::AccountId>,
}

/// A length; those of this pallet are bounded far below the limit.
pub(crate) fn len<E>(elements: &[E]) -> u32 {
	u32::try_from(elements.len()).unwrap_or(u32::MAX)
}
