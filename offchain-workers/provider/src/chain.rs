//! What the service needs of a chain.

use assay_exact::Program;
use assay_protocol::{
	dispute::{AnswerDuty, SignedAnswer},
	job::{Duty, SignedResult},
	operator::{WorkerKey, WorkerSignature},
	Attempt, DisputeId, JobId, ModelVersion,
};
use codec::{Decode, Encode};
use futures::future::BoxFuture;

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

/// An answer that is due and the worker key it is due from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerAssignment {
	/// Signs the answer.
	pub worker: WorkerKey,
	/// What is asked.
	pub duty: AnswerDuty<BlockNumber>,
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
	/// The worker key cannot sign.
	#[error("the keystore cannot sign with worker key {key}: {reason}")]
	Signature {
		/// The key, in hexadecimal.
		key: String,
		/// What the keystore said.
		reason: String,
	},
	/// The pool refused an answer.
	#[error("the transaction pool refused the answer in dispute {dispute}: {reason}")]
	AnswerRefused {
		/// The dispute.
		dispute: DisputeId,
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

	/// Answers that are due from the worker keys at hand, in the state of the best block.
	fn answers_due(&self) -> Result<Vec<AnswerAssignment>, ChainError>;

	/// The program of a version, in the state of the best block.
	fn program(&self, version: ModelVersion) -> Result<Program, ChainError>;

	/// Hands an answer to the transaction pool. A pool that holds it already has accepted it.
	fn deliver_answer(&self, answer: SignedAnswer) -> BoxFuture<'_, Result<(), ChainError>>;

	/// Tells the chain's offchain worker that this provider is ready until `until`, in milliseconds of Unix time.
	fn mark_ready(&self, until: u64);
}
