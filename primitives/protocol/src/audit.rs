//! Audits: after a claim, a draw decides whether the worker is asked for a random step of it and which auditors run the
//! job again.
//!
//! Both sides first commit and then show: the worker to the roots inside a cell and then one step of it, an auditor to a
//! digest of all values and then the values of one cell. What is to be shown is drawn only after everybody is bound.

use crate::{
	channel::{Batch, RevealedUnit},
	dispute::DisputedClaim,
	ids::*,
	operator::WorkerSignature,
};
use alloc::{boxed::Box, vec::Vec};
use assay_trace::{
	cell::{CellPath, CellRoots},
	claim::ClaimRoot,
	digest::DigestOpening,
	merkle::Hash32,
	size::Answers,
	Opening, Place, Step,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;

/// What is asked of a worker or of an auditor.
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
pub enum Question {
	/// The worker commits to what is inside a cell.
	#[codec(index = 0)]
	Cell {
		/// The cell.
		place: Place,
	},
	/// The worker shows a step of that cell.
	#[codec(index = 1)]
	Step {
		/// The cell.
		place: Place,
		/// The step.
		step: Step,
	},
	/// The auditor commits to a digest of all values.
	#[codec(index = 2)]
	Digest,
	/// The auditor shows the values of a cell.
	#[codec(index = 3)]
	Values {
		/// The cell.
		place: Place,
	},
	/// The worker reveals the receipt of a batch that a unit of computation belongs to.
	#[codec(index = 4)]
	Receipt {
		/// The unit, counted from 0 over the whole batch.
		unit: u64,
	},
}

/// What a worker or an auditor answers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Reply {
	/// To [`Question::Cell`].
	#[codec(index = 0)]
	Cell {
		/// The roots inside the cell.
		roots: CellRoots,
		/// That the cell is in the trace; none for a head.
		path: Option<CellPath>,
	},
	/// To [`Question::Step`].
	#[codec(index = 1)]
	Step(Opening),
	/// To [`Question::Digest`]: by an auditor that found nothing wrong with the claim. One that did challenges it instead.
	#[codec(index = 2)]
	Digest(Hash32),
	/// To [`Question::Values`].
	#[codec(index = 3)]
	Values(DigestOpening),
	/// To [`Question::Receipt`].
	#[codec(index = 4)]
	Receipt(Box<RevealedUnit>),
}

/// A reply as its worker key signs it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AuditReply<AccountId> {
	/// The job.
	pub job: JobId,
	/// The attempt whose claim is audited.
	pub attempt: Attempt,
	/// The operator that replies: the worker or an auditor.
	pub from: AccountId,
	/// What it is asked.
	pub question: Question,
	/// What it replies.
	pub reply: Reply,
}

impl<AccountId: Encode> AuditReply<AccountId> {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the claim that is audited, the reply.
	pub fn signing_payload(&self, claim: &ClaimRoot, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/audit", genesis, claim, self).encode()
	}
}

/// A reply with its signature over [`AuditReply::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedReply<AccountId> {
	/// The reply.
	pub reply: AuditReply<AccountId>,
	/// By the worker key of the operator that replies.
	pub signature: WorkerSignature,
}

/// A reply that is due.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct AuditDuty<AccountId, BlockNumber> {
	/// From this operator.
	pub from: AccountId,
	/// What is asked.
	pub question: Question,
	/// Last block for the reply.
	pub deadline: BlockNumber,
	/// Whether its operator is asked more than it can do and need not reply: by silence it loses its place on the list and nothing else, so
	/// what is not excused comes first. Who was recalled need not reply either, but is judged by what the job ends with, and is not excused
	/// from looking.
	pub excused: bool,
	/// The claim that is audited.
	pub claim: DisputedClaim,
}

/// A receipt that a worker has to reveal.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct RevealDuty<AccountId, BlockNumber> {
	/// The job that the batch is.
	pub job: JobId,
	/// Its attempt.
	pub attempt: Attempt,
	/// Who has to reveal it.
	pub from: AccountId,
	/// What is signed in place of a claim's root.
	pub root: ClaimRoot,
	/// The batch.
	pub batch: Batch,
	/// The unit of computation that was drawn.
	pub unit: u64,
	/// Last block for the reply.
	pub deadline: BlockNumber,
}

/// Where the audit of a claim stands.
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
pub enum AuditPhase<BlockNumber> {
	/// Waits for randomness from after the claim.
	#[codec(index = 0)]
	Claimed,
	/// Worker and auditors commit.
	#[codec(index = 1)]
	Commit {
		/// Last block for it.
		deadline: BlockNumber,
	},
	/// Waits for randomness from after the commitments.
	#[codec(index = 2)]
	Committed,
	/// Worker and auditors show what was drawn.
	#[codec(index = 3)]
	Show {
		/// Last block for it.
		deadline: BlockNumber,
	},
	/// Nothing more is asked.
	#[codec(index = 4)]
	Over(AuditOutcome),
	/// All auditors that were drawn were silent: the claim waits for whoever wants to challenge it.
	#[codec(index = 5)]
	Unaudited {
		/// Last block for it.
		until: BlockNumber,
	},
}

/// How an audit ended.
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
pub enum AuditOutcome {
	/// The draw asked for nothing.
	#[codec(index = 0)]
	NotDrawn,
	/// Nothing wrong was found.
	#[codec(index = 1)]
	Passed,
	/// The worker did not answer the spot-check in time.
	#[codec(index = 2)]
	WorkerSilent,
	/// The step that was drawn is wrong.
	#[codec(index = 3)]
	Refuted,
	/// A dispute struck the claim down first.
	#[codec(index = 4)]
	StruckDown,
	/// All auditors that were drawn were silent, and nobody has challenged the claim.
	#[codec(index = 5)]
	NotAudited,
}

/// How far an auditor is.
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
pub enum AuditorState {
	/// It was drawn.
	#[codec(index = 0)]
	Drawn,
	/// It is bound to a digest.
	#[codec(index = 1)]
	Bound {
		/// The digest.
		digest: Hash32,
	},
	/// It has shown what was asked of it, and is paid when the job becomes final.
	#[codec(index = 2)]
	Done,
	/// It challenged the claim.
	#[codec(index = 3)]
	Challenged,
	/// It missed its duty.
	#[codec(index = 4)]
	Failed,
}

/// The audit of a claim as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct AuditSummary<AccountId, BlockNumber> {
	/// The job.
	pub job: JobId,
	/// The attempt whose claim is audited.
	pub attempt: Attempt,
	/// Whose claim it is.
	pub operator: AccountId,
	/// Where it stands.
	pub phase: AuditPhase<BlockNumber>,
	/// What the worker is asked, if it is.
	pub spot_check: Option<SpotCheck>,
	/// The auditors that were drawn.
	pub auditors: Vec<(AccountId, AuditorState)>,
	/// The cell that auditors have to show, once it is drawn.
	pub values_of: Option<Place>,
	/// What was drawn of a batch, if anything was.
	pub receipt: Option<ReceiptCheck>,
}

/// What the draw says of a batch: which of its receipts is looked at, and how.
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
pub struct ReceiptCheck {
	/// The unit of computation that names the receipt, counted from 0.
	pub unit: u64,
	/// Whether the worker is asked for a step of it.
	pub spot_check: bool,
	/// Whether auditors are drawn for it.
	pub audit: bool,
	/// Whether the worker has revealed it.
	pub revealed: bool,
}

/// What the draw asks of a worker.
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
pub struct SpotCheck {
	/// The cell.
	pub place: Place,
	/// Whether the worker has committed to its inside.
	pub committed: bool,
	/// The step, once it is drawn.
	pub step: Option<Step>,
	/// Whether the worker has shown it.
	pub shown: bool,
}

/// How likely the claims of an operator are to be audited, however small their fees.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct AuditRates {
	/// Jobs that became final since its last fault.
	pub clean_jobs: u32,
	/// Probability of a spot-check of its next claim.
	pub spot_check: Permill,
	/// Probability that auditors are drawn for it.
	pub audit: Permill,
}

/// Constants of the audits pallet.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct AuditParameters<Balance, BlockNumber> {
	/// Blocks for each commitment and for what is shown after it.
	pub period: BlockNumber,
	/// Auditors of a claim that is audited, at most.
	pub auditors: u32,
	/// A claim is spot-checked at least with so many times the probability that its fee is of the operator's own bond.
	pub spot_check_size_factor: u32,
	/// Auditors are drawn at least with so many times the probability that the fee is of the operator's own bond.
	pub audit_size_factor: u32,
	/// An auditor's share of the fee.
	pub auditor_share: Permill,
	/// What an auditor loses at least for a missed duty.
	pub missed_audit_penalty: Balance,
	/// Blocks by which audits can delay a job at most.
	pub longest_delay: BlockNumber,
}

/// Audits as the jobs and disputes pallets see them; the audits pallet implements it.
pub trait Audits<AccountId> {
	/// A claim was made. Says whether the job has to wait until
	/// [`let_go`](crate::dispute::Claims::let_go).
	fn claimed(job: JobId, attempt: Attempt, version: ModelVersion, operator: &AccountId) -> bool;

	/// Whether the claim's audit is not over.
	fn is_open(job: JobId, attempt: Attempt) -> bool;

	/// Whether `who` was drawn to audit the claim and has neither vouched for it nor challenged it.
	fn is_drawn(job: JobId, attempt: Attempt, who: &AccountId) -> bool;

	/// Jobs of an operator that became final since its last fault: as many more claims than anybody may it have open at once.
	fn clean_jobs(operator: &AccountId) -> u32;

	/// Bytes of replies, free of fees, that a claim with these answers is expected to bring at the lowest rates.
	fn expected_bytes(answers: &Answers) -> u64;

	/// Somebody challenged the claim: an auditor that did need not vouch for it.
	fn challenged(job: JobId, attempt: Attempt, challenger: &AccountId);

	/// Somebody lost a challenge of the claim, before it is let go of: an auditor that did has audited nothing.
	fn challenge_lost(job: JobId, attempt: Attempt, challenger: &AccountId);

	/// The claim, which [`said`](crate::dispute::DisputedClaim::said) this, was struck down.
	fn struck_down(job: JobId, attempt: Attempt, operator: &AccountId, said: Hash32);

	/// An operator was found to have lied elsewhere than in a claim: its record ends.
	fn record_ends(operator: &AccountId) {
		let _ = operator;
	}

	/// The job became final with a claim that said this; returns the auditors to be paid. Auditors that vouched for something
	/// else before were wrong.
	fn finalised(job: JobId, operator: &AccountId, said: Hash32) -> Vec<AccountId>;

	/// The job is no longer stored.
	fn forget(job: JobId);
}

/// Nothing is audited.
impl<AccountId> Audits<AccountId> for () {
	fn claimed(_: JobId, _: Attempt, _: ModelVersion, _: &AccountId) -> bool {
		false
	}
	fn is_open(_: JobId, _: Attempt) -> bool {
		false
	}
	fn is_drawn(_: JobId, _: Attempt, _: &AccountId) -> bool {
		false
	}
	fn clean_jobs(_: &AccountId) -> u32 {
		u32::MAX
	}
	fn expected_bytes(_: &Answers) -> u64 {
		0
	}
	fn challenged(_: JobId, _: Attempt, _: &AccountId) {}
	fn challenge_lost(_: JobId, _: Attempt, _: &AccountId) {}
	fn struck_down(_: JobId, _: Attempt, _: &AccountId, _: Hash32) {}
	fn finalised(_: JobId, _: &AccountId, _: Hash32) -> Vec<AccountId> {
		Vec::new()
	}
	fn forget(_: JobId) {}
}
