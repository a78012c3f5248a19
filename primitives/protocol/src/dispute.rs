//! Disputes: how a challenger and a worker walk from a claim to one step that the chain judges.
//!
//! The challenger points and the worker answers, from the list of groups down to a single step, which the chain judges from
//! the worker's own opening: the burden of proof is the worker's to the last move. A challenger that holds all operands may
//! prove the step itself and save the last two moves. Whoever lets a clock run out loses. `docs/protocol.md` tells the whole story.

use crate::{
	channel::{Batch, Revealed, RevealedUnit},
	ids::*,
	job::{JobInput, JobOutput},
	operator::{Reporter, WorkerSignature},
};
use alloc::vec::Vec;
use assay_exact::{ComputeUnits, Generation, Input, Output, Program};
use assay_trace::{
	cell::CellRoots,
	claim::{claim_root, ClaimRoot},
	fault::{Exhibit, Target},
	merkle::{Hash32, InclusionProof},
	Group, Opening, Place, Statement, Step, TraceRoot,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_runtime::{DispatchError, DispatchResult};

/// Where a challenge begins.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Accusation {
	/// The trace is not that of the job: the worker lists its groups.
	#[codec(index = 0)]
	Trace,
	/// The trace may be right, but not what the head makes of it: the worker opens the head at a position.
	#[codec(index = 1)]
	Head {
		/// Position whose next token was chosen; 0 for a vector head.
		position: u32,
	},
}

/// Where a dispute stands, and so who has to move.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Stage {
	/// The worker lists its groups.
	#[codec(index = 0)]
	ListGroups,
	/// The challenger points at a group.
	#[codec(index = 1)]
	PointAtGroup,
	/// The worker opens the cells of a group.
	#[codec(index = 2)]
	OpenGroup {
		/// The group.
		group: Group,
	},
	/// The worker opens a head.
	#[codec(index = 3)]
	OpenHead {
		/// Its position.
		position: u32,
	},
	/// The challenger points at something in an opened cell or at a step of one, or proves a step.
	#[codec(index = 4)]
	PointAtTarget,
	/// The worker shows it.
	#[codec(index = 5)]
	Show {
		/// In this cell.
		place: Place,
		/// This.
		target: Target,
	},
	/// The challenger points at a step of what was shown, or proves one.
	#[codec(index = 6)]
	PointAtStep,
	/// The worker opens a step, which is judged.
	#[codec(index = 7)]
	OpenStep {
		/// In this cell.
		place: Place,
		/// This.
		step: Step,
	},
}

impl Stage {
	/// Whether the worker has to move.
	pub const fn is_workers(&self) -> bool {
		matches!(
			self,
			Self::ListGroups
				| Self::OpenGroup { .. }
				| Self::OpenHead { .. }
				| Self::Show { .. }
				| Self::OpenStep { .. }
		)
	}
}

/// What a worker answers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Answer {
	/// To [`Stage::ListGroups`]: as [`list_groups`](assay_trace::fault::list_groups) lists them.
	#[codec(index = 0)]
	Groups(Vec<Hash32>),
	/// To [`Stage::OpenGroup`]: the roots of each cell and that the group is in the trace.
	#[codec(index = 1)]
	Cells {
		/// By position.
		cells: Vec<CellRoots>,
		/// Of the group.
		path: InclusionProof,
	},
	/// To [`Stage::OpenHead`].
	#[codec(index = 2)]
	Head(CellRoots),
	/// To [`Stage::Show`].
	#[codec(index = 3)]
	Shown(Exhibit),
	/// To [`Stage::OpenStep`]: what the step reads.
	#[codec(index = 4)]
	Step(Opening),
}

/// An answer as the worker signs it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct DisputeAnswer {
	/// The dispute.
	pub dispute: DisputeId,
	/// What it is asked.
	pub stage: Stage,
	/// What it answers.
	pub answer: Answer,
}

impl DisputeAnswer {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the claim that is disputed, the answer.
	pub fn signing_payload(&self, claim: &ClaimRoot, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/answer", genesis, claim, self).encode()
	}
}

/// An answer with its worker's signature over [`DisputeAnswer::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedAnswer {
	/// The answer.
	pub answer: DisputeAnswer,
	/// By the worker key of the operator whose claim is disputed.
	pub signature: WorkerSignature,
}

/// How a dispute ended.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum Ruling {
	/// A step was refuted: the claim is wrong.
	#[codec(index = 0)]
	Refuted,
	/// The worker did not answer in time, or had no well-formed answer.
	#[codec(index = 1)]
	WorkerSilent,
	/// A step that the challenger chose holds.
	#[codec(index = 2)]
	Upheld,
	/// The challenger did not move in time.
	#[codec(index = 3)]
	ChallengerSilent,
	/// Another dispute struck the claim down first.
	#[codec(index = 4)]
	Moot,
}

/// A dispute as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct DisputeSummary<AccountId, Balance, BlockNumber> {
	/// Identifier.
	pub id: DisputeId,
	/// The job whose claim is disputed.
	pub job: JobId,
	/// The attempt that made the claim.
	pub attempt: Attempt,
	/// Who challenges.
	pub challenger: AccountId,
	/// Whose claim it is.
	pub operator: AccountId,
	/// Held from the challenger.
	pub bond: Balance,
	/// Where it stands; none when it is over.
	pub stage: Option<Stage>,
	/// Last block for the move that is due.
	pub deadline: BlockNumber,
	/// Whether the worker should have answered earlier: it is given no new work, and has lost after the deadline.
	pub late: bool,
	/// How it ended.
	pub ruling: Option<Ruling>,
}

/// An answer that is due from a worker.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AnswerDuty<BlockNumber> {
	/// The dispute.
	pub dispute: DisputeId,
	/// What is asked.
	pub stage: Stage,
	/// Last block for the answer.
	pub deadline: BlockNumber,
	/// The claim in dispute.
	pub claim: DisputedClaim,
}

/// A claim with all that judging it needs but the program.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct DisputedClaim {
	/// The job.
	pub job: JobId,
	/// The attempt.
	pub attempt: Attempt,
	/// What ran.
	pub version: ModelVersion,
	/// Root of its artifact.
	pub artifact: Hash32,
	/// On what.
	pub input: JobInput,
	/// How far and how to generate.
	pub generation: Generation,
	/// What was claimed.
	pub output: JobOutput,
	/// What the worker committed to.
	pub trace: TraceRoot,
}

impl DisputedClaim {
	/// The commitment to it.
	pub fn root(&self) -> ClaimRoot {
		claim_root(
			self.job.0,
			self.attempt.0,
			&self.artifact,
			&self.input.clone().into(),
			&self.generation,
			&self.output.clone().into(),
			&self.trace,
		)
	}

	/// Hash of what it says of its job: output and trace. A job has one that is right, whoever claims it.
	pub fn said(&self) -> Hash32 {
		said(&self.output, &self.trace)
	}
}

/// Hash of what a claim says of its job.
pub fn said(output: &JobOutput, trace: &TraceRoot) -> Hash32 {
	Hash32::of(&[b"assay/said", &(output, trace).encode()])
}

/// A claim unpacked, from which a [`Statement`] can be borrowed.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnedStatement {
	/// What ran.
	pub program: Program,
	/// Root of its artifact.
	pub artifact: Hash32,
	/// On what.
	pub input: Input,
	/// How far and how to generate.
	pub generation: Generation,
	/// What was claimed.
	pub output: Output,
	/// What the worker committed to.
	pub trace: TraceRoot,
}

impl OwnedStatement {
	/// Of a claim and the program of its version.
	pub fn new(program: Program, claim: DisputedClaim) -> Self {
		Self {
			program,
			artifact: claim.artifact,
			input: claim.input.into(),
			generation: claim.generation,
			output: claim.output.into(),
			trace: claim.trace,
		}
	}

	/// The statement.
	pub fn as_statement(&self) -> Statement<'_> {
		Statement {
			program: &self.program,
			artifact: self.artifact,
			input: &self.input,
			generation: &self.generation,
			output: &self.output,
			trace: self.trace,
		}
	}
}

/// What a worker has shown in a dispute so far.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct DisputeRecord {
	/// Hash of all that was shown, which each move names.
	pub hash: H256,
	/// The listed groups.
	pub groups: Option<Vec<Hash32>>,
	/// The opened cells and their places' start: all cells of a group by position, or one head.
	pub cells: Option<OpenedCells>,
	/// What was shown last, and of what.
	pub shown: Option<(Place, Target, Exhibit)>,
}

/// Cells that a worker opened.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum OpenedCells {
	/// All cells of a group, by position.
	#[codec(index = 0)]
	Group {
		/// The group.
		group: Group,
		/// Their roots.
		cells: Vec<CellRoots>,
	},
	/// One head.
	#[codec(index = 1)]
	Head {
		/// Its position.
		position: u32,
		/// Its roots.
		cell: CellRoots,
	},
}

/// What the challenger proves with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Proof {
	/// The cell.
	pub place: Place,
	/// The step of it.
	pub step: Step,
	/// What the step reads.
	pub opening: Opening,
}

/// What a challenger does.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Move {
	/// Challenges a claim: an auditor that was drawn for it and finds it wrong.
	#[codec(index = 0)]
	Challenge {
		/// The job.
		job: JobId,
		/// The attempt that made the claim.
		attempt: Attempt,
		/// What is wrong.
		accusation: Accusation,
	},
	/// Points at a group.
	#[codec(index = 1)]
	PointAtGroup {
		/// The dispute.
		dispute: DisputeId,
		/// Hash of what the worker has shown.
		record: H256,
		/// The group.
		group: Group,
	},
	/// Points at something in an opened cell.
	#[codec(index = 2)]
	PointAtTarget {
		/// The dispute.
		dispute: DisputeId,
		/// Hash of what the worker has shown.
		record: H256,
		/// The cell.
		place: Place,
		/// What of it.
		target: Target,
	},
	/// Proves a step.
	#[codec(index = 3)]
	Prove {
		/// The dispute.
		dispute: DisputeId,
		/// Hash of what the worker has shown.
		record: H256,
		/// The proof.
		proof: Proof,
	},
	/// Points at a step.
	#[codec(index = 4)]
	PointAtStep {
		/// The dispute.
		dispute: DisputeId,
		/// Hash of what the worker has shown.
		record: H256,
		/// The cell.
		place: Place,
		/// The step of it.
		step: Step,
	},
}

/// A move of an operator that challenges, as its worker key signs it: the node of an auditor holds that key and no other.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedMove<AccountId> {
	/// The operator.
	pub challenger: AccountId,
	/// What it does.
	pub act: Move,
	/// By its worker key over [`signing_payload`](Self::signing_payload).
	pub signature: WorkerSignature,
}

impl<AccountId: Encode> SignedMove<AccountId> {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the claim that is disputed, the challenger, the
	/// move.
	pub fn signing_payload(challenger: &AccountId, act: &Move, claim: &ClaimRoot, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/move", genesis, claim, challenger, act).encode()
	}
}

/// A move that is due from an operator that challenges.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct MoveDuty<AccountId, BlockNumber> {
	/// The operator.
	pub challenger: AccountId,
	/// The dispute.
	pub dispute: DisputeId,
	/// Where it stands.
	pub stage: Stage,
	/// Last block for the move.
	pub deadline: BlockNumber,
	/// What the worker has shown.
	pub record: DisputeRecord,
	/// The claim in dispute.
	pub claim: DisputedClaim,
}

/// Constants of the disputes pallet.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct DisputeParameters<Balance, BlockNumber> {
	/// Held from a challenger until its dispute is over.
	pub bond: Balance,
	/// Blocks that each side has for each move.
	pub move_period: BlockNumber,
	/// Blocks by which disputes can delay a job at most, however many there are.
	pub longest_delay: BlockNumber,
}

/// A claim that can still be challenged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenClaim<AccountId, Balance, BlockNumber> {
	/// Whose it is.
	pub operator: AccountId,
	/// What it costs the consumer if it becomes final.
	pub fee: Balance,
	/// The claim.
	pub claim: DisputedClaim,
	/// First block at which no challenge is taken any more.
	pub closes_at: BlockNumber,
	/// Blocks that running the job again takes: the clocks of all who look at the claim, and of who answers for it, are
	/// longer by as many.
	pub run: BlockNumber,
	/// Units of computation that it takes at most.
	pub units: ComputeUnits,
}

/// A batch of receipts none of which has been revealed yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenBatch<AccountId, Balance> {
	/// Whose it is.
	pub operator: AccountId,
	/// What it costs the consumer if it becomes final.
	pub fee: Balance,
	/// What answers to it are signed with in place of a claim's root.
	pub root: ClaimRoot,
	/// The batch.
	pub batch: Batch,
}

/// The time that somebody gets for what it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance<BlockNumber> {
	/// Blocks to run everything that it is asked about.
	pub run: BlockNumber,
	/// Whether that is all that it takes. It may be cut off, and what is asked beyond that cannot be asked in earnest.
	pub enough: bool,
}

/// Claims as the disputes and audits pallets see them; the jobs pallet implements it.
pub trait Claims<AccountId, Balance, BlockNumber> {
	/// The claim of a job that is not final yet; none of a [batch](Self::batch).
	fn claim(job: JobId) -> Option<OpenClaim<AccountId, Balance, BlockNumber>>;

	/// The batch that a job is, as long as it is not final and no receipt of it was [revealed](Self::reveal).
	fn batch(_: JobId) -> Option<OpenBatch<AccountId, Balance>> {
		None
	}

	/// Whether this is the receipt of the batch to which the unit, counted from 0, belongs, and a claim can be made of it.
	fn is_of_batch(_: JobId, _: u64, _: &RevealedUnit) -> bool {
		false
	}

	/// Makes a batch the claim of one of its receipts, [which it is](Self::is_of_batch).
	fn reveal(_: JobId, _: Revealed) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}

	/// Holds the job's finality back until [`let_go`](Self::let_go); counted.
	fn hold(job: JobId) -> DispatchResult;

	/// Last block in which an operator may answer a question about its claim that should have been answered by `deadline`:
	/// afterwards its silence is fraud. All questions about a claim share one [`guilt_period`](Self::guilt_period), which is used up only
	/// while a question about it is overdue.
	fn answers_until(job: JobId, deadline: BlockNumber) -> BlockNumber;

	/// Blocks that anybody gets at most for all that it is asked about claims.
	fn longest_load() -> BlockNumber;

	/// How long an operator may be late in all with answers about a claim.
	fn guilt_period() -> BlockNumber;

	/// The operator of a claim has not answered a question by its deadline, and is given no new work until it has
	/// [caught up](Self::caught_up); counted.
	fn late(job: JobId, attempt: Attempt, operator: &AccountId, deadline: BlockNumber);

	/// It has answered one that it was late with, or that is void.
	fn caught_up(job: JobId, attempt: Attempt, operator: &AccountId);

	/// The worker of an operator has signed something that the chain takes: it is there.
	fn seen(_: &AccountId) {}

	/// Somebody is asked something for which it has to run a job of so much computation. One thing is done after the other, so all
	/// else that it is asked counts, up to a limit.
	fn asked(who: &AccountId, units: ComputeUnits) -> Allowance<BlockNumber>;

	/// Whether somebody can be asked that beside all else.
	fn has_room(who: &AccountId, units: ComputeUnits) -> bool;

	/// It has replied, or need not any more.
	fn asked_no_more(who: &AccountId, units: ComputeUnits);

	/// Lets go of the job's finality once. Nothing if the claim was struck down meanwhile.
	fn let_go(job: JobId, attempt: Attempt);

	/// Strikes a claim down: the operator loses stake, of which the reporter has its share, its work in flight is released,
	/// and the job begins its next attempt or is refunded. Returns what the operator lost.
	fn strike_down(job: JobId, reporter: Option<Reporter<'_, AccountId>>) -> Result<Balance, DispatchError>;

	/// The same for a claim whose worker did not answer at all. Where a claim was brought on demand, it may be the absence that was
	/// waited for: one absence is one fault then, and nobody is paid for it.
	fn strike_down_silent(job: JobId, reporter: Option<Reporter<'_, AccountId>>) -> Result<Balance, DispatchError> {
		Self::strike_down(job, reporter)
	}
}
