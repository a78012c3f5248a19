//! What the service needs of a chain.

use assay_exact::Program;
use assay_protocol::{
	audit::{AuditDuty, Question, Reply, SignedReply},
	dispute::{Answer, AnswerDuty, DisputedClaim, Move, MoveDuty, SignedAnswer, SignedMove, Stage},
	job::{Duty, SignedResult},
	model::Serving,
	operator::{FaultCounts, ProviderReadiness, WorkerKey, WorkerSignature},
	Attempt, DisputeId, JobId, ModelVersion,
};
use assay_trace::claim::ClaimRoot;
use codec::{Decode, Encode};
use core::fmt;
use futures::future::BoxFuture;
use sp_core::{
	crypto::{AccountId32, Ss58Codec},
	ByteArray, H256,
};

/// Height of a block.
pub type BlockNumber = u32;

/// A duty and the worker key it is due from.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Assignment {
	/// Signs the result.
	pub worker: WorkerKey,
	/// The work.
	pub duty: Duty<BlockNumber>,
}

impl Assignment {
	/// What identifies this piece of work on the chain.
	pub fn key(&self) -> WorkKey {
		(self.duty.job, self.duty.attempt)
	}
}

/// A worker key at hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Worker {
	/// The key.
	pub key: WorkerKey,
	/// Why it cannot sign, if it cannot.
	pub flaw: Option<String>,
	/// The operator it belongs to, if any.
	pub operator: Option<ServedOperator>,
}

impl Worker {
	/// The key as an address.
	pub fn address(&self) -> String {
		address(&self.key)
	}
}

/// An operator whose worker key is at hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServedOperator {
	/// Its account.
	pub account: AccountId32,
	/// Its own bond.
	pub bond: u128,
	/// Its faults so far.
	pub faults: FaultCounts,
	/// What it offers.
	pub serving: Serving<u128, BlockNumber>,
}

/// A worker key as an address, as registrations show it.
pub fn address(key: &WorkerKey) -> String {
	AccountId32::try_from(key.as_slice()).map_or_else(|()| hex::encode(key.as_slice()), |key| key.to_ss58check())
}

/// Something else that is asked, and the worker key it is asked of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requested {
	/// Signs the response.
	pub worker: WorkerKey,
	/// What is asked.
	pub request: Request,
}

/// What a worker key is asked for beside results.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
	/// An answer in a dispute about its claim.
	Answer(AnswerDuty<BlockNumber>),
	/// A reply in an audit, as worker or as auditor.
	Reply(AuditDuty<AccountId32, BlockNumber>),
	/// A move in a challenge that its operator made.
	Move(Box<MoveDuty<AccountId32, BlockNumber>>),
}

impl Request {
	/// What tells it from others. After a reorganisation the same number may stand for something else, or a worker have shown
	/// something else: what was prepared before is of no use then.
	pub fn key(&self) -> RequestKey {
		let claim = self.claim().root();
		match self {
			Self::Answer(duty) => RequestKey::Answer(claim, duty.dispute, duty.stage),
			Self::Reply(duty) => RequestKey::Reply(claim, duty.claim.job, duty.from.clone(), duty.question),
			Self::Move(duty) => RequestKey::Move(claim, duty.dispute, duty.stage, duty.record.hash),
		}
	}

	/// The claim that it is about.
	pub fn claim(&self) -> &DisputedClaim {
		match self {
			Self::Answer(duty) => &duty.claim,
			Self::Reply(duty) => &duty.claim,
			Self::Move(duty) => &duty.claim,
		}
	}

	/// Whether it waits for all that has to be answered: nothing but a place among the auditors is lost by silence.
	pub fn is_excused(&self) -> bool {
		match self {
			Self::Reply(duty) => duty.excused,
			Self::Answer(_) | Self::Move(_) => false,
		}
	}

	/// Last block for the response.
	pub fn deadline(&self) -> BlockNumber {
		match self {
			Self::Answer(duty) => duty.deadline,
			Self::Reply(duty) => duty.deadline,
			Self::Move(duty) => duty.deadline,
		}
	}
}

/// What tells requests apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestKey {
	/// In a dispute about a claim, what the worker has to show.
	Answer(ClaimRoot, DisputeId, Stage),
	/// In the audit of a job's claim, what is asked of an operator.
	Reply(ClaimRoot, JobId, AccountId32, Question),
	/// In a dispute about a claim, where the challenger has to move, and on what record.
	Move(ClaimRoot, DisputeId, Stage, H256),
}

impl RequestKey {
	/// What kinds there are, as metrics name them.
	pub const KINDS: [&'static str; 4] = ["answer", "spot-check", "audit", "move"];

	/// The root of the claim that it is about.
	pub fn claim(&self) -> ClaimRoot {
		match self {
			Self::Answer(claim, ..) | Self::Reply(claim, ..) | Self::Move(claim, ..) => *claim,
		}
	}

	/// What kind it is of.
	pub fn kind(&self) -> &'static str {
		match self {
			Self::Answer(..) => "answer",
			Self::Reply(.., Question::Digest | Question::Values { .. }) => "audit",
			Self::Reply(..) => "spot-check",
			Self::Move(..) => "move",
		}
	}
}

impl fmt::Display for RequestKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Answer(_, dispute, stage) => write!(f, "dispute {dispute}: an answer to {stage:?}"),
			Self::Reply(_, job, _, question) => write!(f, "audit of job {job}: a reply to {question:?}"),
			Self::Move(_, dispute, stage, _) => write!(f, "dispute {dispute}: a move at {stage:?}"),
		}
	}
}

/// What a worker responds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
	/// To [`Request::Answer`].
	Answer(Answer),
	/// To [`Request::Reply`].
	Reply(Reply),
	/// To [`Request::Move`]; to [`Request::Reply`] by an auditor that finds the claim wrong.
	Move(Move),
}

/// A response with its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignedResponse {
	/// An answer.
	Answer(SignedAnswer),
	/// A reply.
	Reply(SignedReply<AccountId32>),
	/// A move.
	Move(SignedMove<AccountId32>),
}

/// A job and the attempt at it.
pub type WorkKey = (JobId, Attempt);

/// What wakes the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChainEvent {
	/// There is a new best block.
	Best(BlockNumber),
	/// More of the chain is final.
	Finalized(BlockNumber),
}

/// Why the chain could not be asked or told something.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// The runtime could not be called.
	#[error("runtime call {call} failed: {reason}")]
	Runtime {
		/// The runtime API function.
		call: &'static str,
		/// What the client said.
		reason: String,
	},
	/// The keystore cannot say which worker keys it holds.
	#[error("the keystore cannot be read: {reason}")]
	Keystore {
		/// What it said.
		reason: String,
	},
	/// The worker key cannot sign.
	#[error("the keystore cannot sign with worker key {key}: {reason}")]
	Signature {
		/// The key, in hexadecimal.
		key: String,
		/// What the keystore said.
		reason: String,
	},
	/// The pool refused a response.
	#[error("the transaction pool refused it: {reason}")]
	ResponseRefused {
		/// What the pool said.
		reason: String,
	},
	/// The program of a version cannot be read.
	#[error("the program of model {version} cannot be read: {reason}")]
	Program {
		/// The version.
		version: ModelVersion,
		/// Why.
		reason: String,
	},
	/// The pool refused the transaction.
	#[error("the transaction pool refused the result of job {job}: {reason}")]
	Refused {
		/// The job.
		job: JobId,
		/// What the pool said.
		reason: String,
	},
}

/// A chain as the service sees it.
pub trait Chain: Send + Sync + 'static {
	/// Hash of the genesis block: results are signed for one chain only.
	fn genesis(&self) -> [u8; 32];

	/// Height of the best block.
	fn best(&self) -> BlockNumber;

	/// Whether the node is still far behind its peers, so that its best state is history.
	fn is_syncing(&self) -> bool;

	/// Duties of the worker keys at hand, in the state of the best block.
	fn duties(&self) -> Result<Vec<Assignment>, ChainError>;

	/// The same in the state of the last finalised block.
	fn finalized_duties(&self) -> Result<Vec<Assignment>, ChainError>;

	/// Signs with a worker key.
	fn sign(&self, worker: &WorkerKey, payload: &[u8]) -> Result<WorkerSignature, ChainError>;

	/// Hands a result to the transaction pool. A pool that holds it already has accepted it.
	fn deliver(&self, result: SignedResult) -> BoxFuture<'_, Result<(), ChainError>>;

	/// What else is asked of the worker keys at hand, in the state of the best block.
	fn requests(&self) -> Result<Vec<Requested>, ChainError>;

	/// The program of a version, in the state of the best block.
	fn program(&self, version: ModelVersion) -> Result<Program, ChainError>;

	/// Hands a response to the transaction pool. A pool that holds it already has accepted it.
	fn respond(&self, response: SignedResponse) -> BoxFuture<'_, Result<(), ChainError>>;

	/// The worker keys at hand and what is expected of them, in the state of the best block.
	fn workers(&self) -> Result<Vec<Worker>, ChainError>;

	/// Tells the chain's offchain worker for which operators this provider is ready.
	fn mark_ready(&self, readiness: &ProviderReadiness);
}
