//! What can go wrong, by cause.

use crate::kernel::TierError;
use assay_exact::{JobError, ProgramError};

/// Why a model cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
	/// The program is not valid.
	#[error("invalid program: {0}")]
	Program(#[from] ProgramError),
	/// The kernel tier cannot be used.
	#[error(transparent)]
	Tier(#[from] TierError),
	/// A row of a tensor is absent or breaks the profile.
	#[error("tensor {tensor}{}, row {row}: {cause}", layer.map(|layer| format!(" of layer {layer}")).unwrap_or_default())]
	Row {
		/// Index of the tensor in the program.
		tensor: u16,
		/// Its layer, if it is per layer.
		layer: Option<u16>,
		/// The row.
		row: u32,
		/// What is wrong with it.
		cause: RowError,
	},
	/// No memory for the weights.
	#[error("no memory for the weights: {0}")]
	Memory(#[from] std::io::Error),
	/// The threads cannot be started.
	#[error("cannot start the model's threads: {0}")]
	Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What is wrong with a row of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowError {
	/// The artifact does not have it.
	#[error("missing")]
	Missing,
	/// It does not have the size its shape demands.
	#[error("{actual} bytes, the shape demands {expected}")]
	Length {
		/// Bytes found.
		actual: usize,
		/// Bytes demanded.
		expected: u64,
	},
	/// A scale is negative, infinite or not a number.
	#[error("scale {bits:#06x} is negative or not finite")]
	Scale {
		/// The f16 as stored.
		bits: u16,
	},
	/// A weight is -128.
	#[error("weight -128 is outside [-127, 127]")]
	Weight,
	/// A rotation table entry is too large.
	#[error("rotation entry {value} is outside [-2^30, 2^30]")]
	Rotation {
		/// The entry.
		value: i32,
	},
}

/// Why a run gives no output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RunError {
	/// The model does not accept the job.
	#[error(transparent)]
	Job(#[from] JobError),
	/// The observer asked to stop.
	#[error("cancelled")]
	Cancelled,
	/// The engine panicked in a chunk that this run shared with others.
	#[error("the engine panicked in a chunk shared with other runs")]
	Panicked,
	/// Scores need a model that returns tokens.
	#[error("the model returns a vector, it has no token probabilities")]
	NoTokens,
	/// An embedding needs a model that returns a vector.
	#[error("the model returns tokens, not a vector")]
	NoVector,
	/// A statement can only be run by the model it is about.
	#[error("the statement is about another program than the model's")]
	OtherProgram,
	/// Positions can only be opened of the run that was kept, and of those that it has.
	#[error("the run that was kept is another than the statement's, or has no such position")]
	OtherRun,
	/// No run of the model returns the statement's output.
	#[error(transparent)]
	Output(#[from] OutputError),
}

/// Why an output cannot be one of a program on a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutputError {
	/// A vector where tokens are due.
	#[error("model returns tokens, the output is a vector")]
	TokensExpected,
	/// Tokens where a vector is due.
	#[error("model returns a vector, the output is tokens")]
	VectorExpected,
	/// A vector of another length.
	#[error("output has {length} values, model returns {expected}")]
	Length {
		/// Values of the output.
		length: u64,
		/// Values of the model's outputs.
		expected: u32,
	},
	/// More tokens than were asked for.
	#[error("output has {tokens} tokens, the job allows {max_tokens}")]
	TooLong {
		/// Tokens of the output.
		tokens: u64,
		/// Largest number of tokens.
		max_tokens: u32,
	},
	/// Fewer tokens than were asked for, and no stop token at the end.
	#[error("output ends after {tokens} of {max_tokens} tokens without a stop token")]
	TooShort {
		/// Tokens of the output.
		tokens: u32,
		/// Largest number of tokens.
		max_tokens: u32,
	},
	/// A token that the model does not have.
	#[error("output token {index} is {token}, vocabulary has {vocabulary}")]
	Token {
		/// Its index in the output.
		index: u32,
		/// The token.
		token: u32,
		/// Number of tokens the model has.
		vocabulary: u32,
	},
	/// Tokens after a stop token.
	#[error("output goes on after its stop token {index}")]
	AfterStop {
		/// Index of the stop token in the output.
		index: u32,
	},
}
