//! What the chain stores of a job, as its pallets encode it. `runtime/tests/receipts.rs` holds this against what they store.

use crate::BlockNumber;
use alloc::vec::Vec;
use assay_exact::{ComputeUnits, Generation};
use assay_protocol::{
	audit::{AuditPhase, AuditorState, SpotCheck},
	job::{JobOutput, JobState},
	Attempt, ModelVersion,
};
use assay_trace::{claim::ClaimRoot, Hash32, Place, TraceRoot};
use codec::{Decode, Encode};
use sp_runtime::AccountId32;

/// The forms of records that are read here, by pallet: FRAME's storage versions. A pallet whose records change counts its own up.
pub const LAYOUTS: [(&str, u16); 2] = [("Jobs", 1), ("Audits", 1)];

/// An amount of money, in smallest units.
pub type Balance = u128;

/// `pallet_assay_jobs::Job`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct JobRecord {
	/// Who paid.
	pub consumer: AccountId32,
	/// What ran.
	pub version: ModelVersion,
	/// Root of the version's artifact.
	pub artifact: Hash32,
	/// How far and how it generated.
	pub generation: Generation,
	/// Positions that the input takes.
	pub input_positions: u32,
	/// Computation at most.
	pub max_units: ComputeUnits,
	/// What was held from the consumer.
	pub max_fee: Balance,
	/// The highest price of a unit.
	pub max_price: Balance,
	/// What the result costs; none without a result.
	pub fee: Option<Balance>,
	/// Computation of the result.
	pub claimed_units: Option<ComputeUnits>,
	/// The only operator that was allowed to work on it.
	pub named_operator: Option<AccountId32>,
	/// Block of submission.
	pub submitted_at: BlockNumber,
	/// Block in which the last attempt was assigned; of submission if none was.
	pub assigned_at: BlockNumber,
	/// The last attempt, counted from 0.
	pub attempt: Attempt,
	/// Operators that missed a deadline of this job, or whose claim was struck down.
	pub failed: Vec<AccountId32>,
	/// Disputes and audits that were not over.
	pub holds: u32,
	/// How late its operator was with answers about its claim.
	pub lateness: Lateness,
	/// How it ended.
	pub state: JobState<AccountId32, Balance, BlockNumber>,
	/// Block from which on it is forgotten.
	pub due_at: BlockNumber,
	/// Block whose agenda has that.
	pub booked_at: Option<BlockNumber>,
}

/// `pallet_assay_jobs::types::Lateness`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Lateness {
	/// Blocks that are over.
	pub used: BlockNumber,
	/// Deadline since which some answer was overdue.
	pub since: Option<BlockNumber>,
	/// Answers that were overdue.
	pub overdue: u32,
}

/// `pallet_assay_jobs::Claim`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ClaimRecord {
	/// What the program returned.
	pub output: JobOutput,
	/// Commitment to the execution.
	pub trace: TraceRoot,
	/// Commitment to job, artifact, input, generation, output and trace.
	pub root: ClaimRoot,
}

/// `pallet_assay_audits::types::Audit`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct AuditRecord {
	/// The attempt that made the claim.
	pub attempt: Attempt,
	/// What ran.
	pub version: ModelVersion,
	/// Whose claim it was.
	pub operator: AccountId32,
	/// Block of what the last draw was about.
	pub made_at: BlockNumber,
	/// How it ended.
	pub phase: AuditPhase<BlockNumber>,
	/// What the worker was asked, if it was.
	pub spot_check: Option<SpotCheck>,
	/// Whoever was asked to run the job again.
	pub auditors: Vec<AuditorRecord>,
	/// Draws of auditors.
	pub draws: u32,
	/// Last block in which the claim waited for whoever was not there to say what is wrong; none if it never did.
	pub waits_until: Option<BlockNumber>,
	/// Computation that running the job again takes.
	pub units: ComputeUnits,
	/// Whether the worker was late.
	pub late: bool,
	/// The cell whose values auditors showed.
	pub values_of: Option<Place>,
	/// Block whose agenda holds it.
	pub booked_at: Option<BlockNumber>,
}

/// `pallet_assay_audits::types::Auditor`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct AuditorRecord {
	/// Its account.
	pub account: AccountId32,
	/// How far it came.
	pub state: AuditorState,
	/// Last block for what it was asked.
	pub deadline: BlockNumber,
	/// Whether it need not reply.
	pub excused: bool,
	/// Whether it was drawn, and had vouched for an earlier claim of the job that said otherwise.
	pub contradicted: bool,
	/// Whether it has said that the claim is right.
	pub vouched: bool,
	/// Block in which it was drawn.
	pub drawn_at: BlockNumber,
	/// Whether it was asked because it had vouched for an earlier claim of the job, and not drawn.
	pub recalled: bool,
}
