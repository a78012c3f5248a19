//! Jobs: what a consumer submits, what an operator claims, and the states in between.

use crate::{ids::*, operator::WorkerSignature};
use alloc::vec::Vec;
use assay_exact::{Generation, Input, Output};
use assay_trace::{claim::ClaimRoot, merkle::Hash32, TraceRoot};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_runtime::Perbill;

/// Elements of an inline input or output at most: 4 KiB.
pub const MAX_INLINE_ELEMENTS: u32 = 1024;

/// An input that travels inside the extrinsic.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum JobInput {
	/// Token ids.
	#[codec(index = 0)]
	Tokens(BoundedVec<u32, ConstU32<MAX_INLINE_ELEMENTS>>),
	/// Values with 16 fraction bits.
	#[codec(index = 1)]
	Vector(BoundedVec<i32, ConstU32<MAX_INLINE_ELEMENTS>>),
}

impl JobInput {
	/// Number of elements.
	pub fn len(&self) -> u32 {
		let elements = match self {
			Self::Tokens(tokens) => tokens.len(),
			Self::Vector(values) => values.len(),
		};
		u32::try_from(elements).unwrap_or(u32::MAX)
	}

	/// Whether there are no elements.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

impl From<JobInput> for Input {
	fn from(input: JobInput) -> Self {
		match input {
			JobInput::Tokens(tokens) => Self::Tokens(tokens.into_inner()),
			JobInput::Vector(values) => Self::Vector(values.into_inner()),
		}
	}
}

impl TryFrom<Input> for JobInput {
	type Error = JobError;
	fn try_from(input: Input) -> Result<Self, JobError> {
		match input {
			Input::Tokens(tokens) => tokens.try_into().map(Self::Tokens).map_err(|_| JobError::InputTooLong),
			Input::Vector(values) => values.try_into().map(Self::Vector).map_err(|_| JobError::InputTooLong),
		}
	}
}

/// An output that travels inside the result.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum JobOutput {
	/// Generated token ids.
	#[codec(index = 0)]
	Tokens(BoundedVec<u32, ConstU32<MAX_INLINE_ELEMENTS>>),
	/// Values with 16 fraction bits.
	#[codec(index = 1)]
	Vector(BoundedVec<i32, ConstU32<MAX_INLINE_ELEMENTS>>),
}

impl From<JobOutput> for Output {
	fn from(output: JobOutput) -> Self {
		match output {
			JobOutput::Tokens(tokens) => Self::Tokens(tokens.into_inner()),
			JobOutput::Vector(values) => Self::Vector(values.into_inner()),
		}
	}
}

impl TryFrom<Output> for JobOutput {
	type Error = JobError;
	fn try_from(output: Output) -> Result<Self, JobError> {
		match output {
			Output::Tokens(tokens) => tokens.try_into().map(Self::Tokens).map_err(|_| JobError::OutputTooLong),
			Output::Vector(values) => values.try_into().map(Self::Vector).map_err(|_| JobError::OutputTooLong),
		}
	}
}

/// Why a job cannot be run on a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum JobError {
	/// There is no such model version.
	#[codec(index = 0)]
	UnknownVersion,
	/// The stored program does not decode; it was valid when it was registered.
	#[codec(index = 1)]
	CorruptProgram,
	/// The input is empty.
	#[codec(index = 2)]
	EmptyInput,
	/// The input has more elements than fit inline.
	#[codec(index = 3)]
	InputTooLong,
	/// The output could have more elements than fit inline.
	#[codec(index = 4)]
	OutputTooLong,
	/// Tokens for a vector model, or a vector for a token model, or a vector of another length.
	#[codec(index = 5)]
	WrongInputKind,
	/// A token is outside the vocabulary.
	#[codec(index = 6)]
	TokenOutOfVocabulary,
	/// Input and generated tokens together exceed the model's positions.
	#[codec(index = 7)]
	TooManyPositions,
	/// A token model was asked for no tokens, or the inverse temperature is zero.
	#[codec(index = 8)]
	BadGeneration,
}

impl From<assay_exact::JobError> for JobError {
	fn from(error: assay_exact::JobError) -> Self {
		use assay_exact::JobError as Exact;
		match error {
			Exact::TokensExpected | Exact::VectorExpected { .. } | Exact::InputLength { .. } => Self::WrongInputKind,
			Exact::EmptyPrompt => Self::EmptyInput,
			Exact::PromptTooLong { .. } | Exact::TooManyPositions { .. } => Self::TooManyPositions,
			Exact::Token { .. } => Self::TokenOutOfVocabulary,
			Exact::NothingToGenerate | Exact::InverseTemperature => Self::BadGeneration,
		}
	}
}

/// Where a job is in its life.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(tag = "state")]
pub enum JobState<AccountId, Balance, BlockNumber> {
	/// Waiting for an operator with free capacity until `expires`.
	#[codec(index = 0)]
	Open {
		/// Block at which it is refunded.
		expires: BlockNumber,
	},
	/// An operator has to deliver by `deadline`.
	#[codec(index = 1)]
	Assigned {
		/// Who works.
		operator: AccountId,
		/// Its price of one unit of computation.
		price: Balance,
		/// Last block for the result.
		deadline: BlockNumber,
	},
	/// A result was claimed; the window is open until `final_at`.
	#[codec(index = 2)]
	Claimed {
		/// Who claimed.
		operator: AccountId,
		/// Its price of one unit of computation.
		price: Balance,
		/// First block at which the job can become final.
		final_at: BlockNumber,
	},
	/// Paid out.
	#[codec(index = 3)]
	Final {
		/// Who was paid.
		operator: AccountId,
		/// To the operator.
		paid: Balance,
		/// To the publisher.
		royalty: Balance,
		/// To the treasury.
		treasury: Balance,
		/// To the auditors.
		audits: Balance,
		/// Back to the consumer.
		refunded: Balance,
	},
	/// Ended without a result; the consumer has the whole escrow back.
	#[codec(index = 4)]
	Refunded {
		/// Why.
		reason: RefundReason,
		/// Back to the consumer.
		refunded: Balance,
	},
}

impl<AccountId, Balance, BlockNumber> JobState<AccountId, Balance, BlockNumber> {
	/// The same with accounts and amounts as others write them.
	pub fn map<Account, Amount>(
		self,
		account: impl FnOnce(AccountId) -> Account,
		amount: impl Fn(Balance) -> Amount,
	) -> JobState<Account, Amount, BlockNumber> {
		match self {
			Self::Open { expires } => JobState::Open { expires },
			Self::Assigned {
				operator,
				price,
				deadline,
			} => JobState::Assigned {
				operator: account(operator),
				price: amount(price),
				deadline,
			},
			Self::Claimed {
				operator,
				price,
				final_at,
			} => JobState::Claimed {
				operator: account(operator),
				price: amount(price),
				final_at,
			},
			Self::Final {
				operator,
				paid,
				royalty,
				treasury,
				audits,
				refunded,
			} => JobState::Final {
				operator: account(operator),
				paid: amount(paid),
				royalty: amount(royalty),
				treasury: amount(treasury),
				audits: amount(audits),
				refunded: amount(refunded),
			},
			Self::Refunded { reason, refunded } => JobState::Refunded {
				reason,
				refunded: amount(refunded),
			},
		}
	}
}

/// Why a job ended without a result.
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
pub enum RefundReason {
	/// The consumer cancelled it.
	#[codec(index = 0)]
	Cancelled,
	/// No operator took it in time.
	#[codec(index = 1)]
	Unassigned,
	/// Every attempt missed its deadline or was struck down.
	#[codec(index = 2)]
	AttemptsExhausted,
	/// The operator that the consumer named missed the deadline, or its claim was struck down.
	#[codec(index = 3)]
	OperatorFailed,
}

/// A result as its operator signs it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct JobResult {
	/// The job.
	pub job: JobId,
	/// The attempt this answers.
	pub attempt: Attempt,
	/// What the program returned.
	pub output: JobOutput,
	/// Commitment to the execution.
	pub trace: TraceRoot,
	/// Commitment to job, artifact, input, generation, output and trace.
	pub claim: ClaimRoot,
}

impl JobResult {
	/// The bytes a worker key signs: a domain, the chain's genesis hash, the result.
	pub fn signing_payload(&self, genesis: &[u8; 32]) -> Vec<u8> {
		(b"assay/result", genesis, self).encode()
	}
}

/// A result with its worker's signature over [`JobResult::signing_payload`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SignedResult {
	/// The result.
	pub result: JobResult,
	/// By the worker key of the assigned operator.
	pub signature: WorkerSignature,
}

/// A job as clients see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct JobSummary<AccountId, Balance, BlockNumber> {
	/// Identifier.
	pub id: JobId,
	/// Who pays.
	pub consumer: AccountId,
	/// What runs.
	pub version: ModelVersion,
	/// Root of the version's artifact.
	pub artifact: Hash32,
	/// On what.
	pub input: JobInput,
	/// How far and how to generate.
	pub generation: Generation,
	/// Held from the consumer until the job is over.
	pub max_fee: Balance,
	/// Operator the consumer insists on.
	pub named_operator: Option<AccountId>,
	/// Block of submission.
	pub submitted_at: BlockNumber,
	/// The current attempt.
	pub attempt: Attempt,
	/// Where it is in its life.
	pub state: JobState<AccountId, Balance, BlockNumber>,
	/// The claimed output.
	pub output: Option<JobOutput>,
	/// The commitment to the execution behind it.
	pub trace: Option<TraceRoot>,
	/// The claim.
	pub claim: Option<ClaimRoot>,
}

/// Work that is due from an operator.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Duty<BlockNumber> {
	/// The job.
	pub job: JobId,
	/// The attempt the operator was assigned to.
	pub attempt: Attempt,
	/// What to run.
	pub version: ModelVersion,
	/// Root of its artifact.
	pub artifact: Hash32,
	/// On what.
	pub input: JobInput,
	/// How far and how to generate.
	pub generation: Generation,
	/// Last block for the result.
	pub deadline: BlockNumber,
}

/// What a job would cost.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct Quote<Balance> {
	/// Units of computation at most.
	pub units: u64,
	/// Lowest price of a unit among listed offers.
	pub lowest_price: Option<Balance>,
	/// Highest price of a unit among listed offers.
	pub highest_price: Option<Balance>,
	/// What the room in blocks that the job's audit may take costs, beside the fee: paid when it is submitted, and burned.
	pub room: Balance,
}

/// Constants of the jobs pallet.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, Serialize, Deserialize)]
pub struct JobParameters<Balance, BlockNumber> {
	/// Blocks an operator has for a result.
	pub result_period: BlockNumber,
	/// Blocks an open job waits for an operator.
	pub open_period: BlockNumber,
	/// Blocks between a claim and finality.
	pub window: BlockNumber,
	/// Blocks a finished job stays readable.
	pub retention: BlockNumber,
	/// Assignments a job gets at most.
	pub max_attempts: u8,
	/// Stake an operator loses for a missed deadline.
	pub missed_deadline_penalty: Balance,
	/// Part of its stake that an operator loses for a wrong result.
	pub wrong_result_penalty: Perbill,
	/// What it loses at least, as far as it has as much.
	pub min_wrong_result_penalty: Balance,
}
