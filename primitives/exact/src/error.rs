//! Why a program or a job is refused: one variant for each cause, with the place and the values.

use crate::{
	limits::*,
	program::{Register, TensorIndex},
};
use core::fmt;
use thiserror::Error;

/// A list of operations of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
	/// Once for each position.
	Entry,
	/// Once for each layer and position.
	Layer,
	/// After the layers.
	Head,
}

impl fmt::Display for Phase {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Entry => "entry",
			Self::Layer => "layer",
			Self::Head => "head",
		})
	}
}

/// An operation of a program: shown as `layer[3]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
	/// The list it is in.
	pub phase: Phase,
	/// Its index in the list.
	pub index: u32,
}

impl fmt::Display for Place {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}[{}]", self.phase, self.index)
	}
}

/// Why a program is not valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[allow(missing_docs, reason = "each variant is documented by the message above it")]
pub enum ProgramError {
	#[error("program takes {bytes} bytes, at most {MAX_ENCODED_BYTES} are allowed")]
	TooLong { bytes: u64 },
	#[error("bytes are not an encoded program")]
	Undecodable,

	#[error("program has {positions} positions, 1 to {MAX_POSITIONS} are allowed")]
	Positions { positions: u32 },
	#[error("program has {count} registers, 1 to {MAX_REGISTERS} are allowed")]
	RegisterCount { count: u64 },
	#[error("register {} is {width} wide, 1 to {MAX_ROWS} are allowed", register.0)]
	RegisterWidth { register: Register, width: u32 },
	#[error("registers hold {elements} elements, at most {MAX_REGISTER_ELEMENTS} are allowed")]
	RegisterElements { elements: u64 },
	#[error("program has {count} tensors, at most {MAX_TENSORS} are allowed")]
	TensorCount { count: u64 },
	#[error("program has {layers} layers, at most {MAX_LAYERS} are allowed")]
	LayerCount { layers: u16 },
	#[error("{phase} has {count} operations, at most {MAX_OPERATIONS} are allowed")]
	OperationCount { phase: Phase, count: u64 },
	#[error("program has {layers} layers but the layer template has {operations} operations")]
	LayerTemplate { layers: u16, operations: u32 },
	#[error("program has {count} stop tokens, at most {MAX_STOP_TOKENS} are allowed")]
	StopCount { count: u64 },
	#[error("program has {weights} weights, at most {MAX_WEIGHTS} are allowed")]
	Weights { weights: u64 },

	#[error("matrix {} has {rows} rows, 1 to {MAX_ROWS} are allowed", tensor.0)]
	MatrixRows { tensor: TensorIndex, rows: u32 },
	#[error("matrix {} has {columns} columns, not a multiple of 32 up to {MAX_COLUMNS}", tensor.0)]
	MatrixColumns { tensor: TensorIndex, columns: u32 },
	#[error("vector {} has {length} elements, 1 to {MAX_ROWS} are allowed", tensor.0)]
	VectorLength { tensor: TensorIndex, length: u32 },
	#[error("rotation table {} has {positions} positions, 1 to {MAX_POSITIONS} are allowed", tensor.0)]
	RotationPositions { tensor: TensorIndex, positions: u32 },
	#[error("rotation table {} has {pairs} pairs, 1 to {} are allowed", tensor.0, MAX_HEAD_DIM / 2)]
	RotationPairs { tensor: TensorIndex, pairs: u32 },
	#[error("tensor {} is per layer but the program has no layers", tensor.0)]
	PerLayerWithoutLayers { tensor: TensorIndex },

	#[error("{place}: register {} does not exist", register.0)]
	UnknownRegister { place: Place, register: Register },
	#[error("{place}: register {} is read before it is written", register.0)]
	ReadBeforeWritten { place: Place, register: Register },
	#[error("{place}: register {} is both written and read", register.0)]
	Overlap { place: Place, register: Register },
	#[error("{place}: register {} is {width} wide, {expected} needed", register.0)]
	Width {
		place: Place,
		register: Register,
		width: u32,
		expected: u32,
	},
	#[error("{place}: tensor {} does not exist", tensor.0)]
	UnknownTensor { place: Place, tensor: TensorIndex },
	#[error("{place}: tensor {} is not a {expected}", tensor.0)]
	TensorKind {
		place: Place,
		tensor: TensorIndex,
		expected: &'static str,
	},
	#[error("{place}: tensor {} is per layer, usable only in the layer template", tensor.0)]
	PerLayerOutsideLayer { place: Place, tensor: TensorIndex },
	#[error("{place}: vector {} has {length} elements, {expected} needed", tensor.0)]
	Length {
		place: Place,
		tensor: TensorIndex,
		length: u32,
		expected: u32,
	},
	#[error("{place}: row {row} of tensor {}, which has {rows} rows", tensor.0)]
	Row {
		place: Place,
		tensor: TensorIndex,
		row: u32,
		rows: u32,
	},
	#[error("{place}: tensor {} has {rows} rows, fewer than {positions} positions", tensor.0)]
	PositionRows {
		place: Place,
		tensor: TensorIndex,
		rows: u32,
		positions: u32,
	},
	#[error("{place}: a vector head has neither positions nor tokens")]
	NoPosition { place: Place },
	#[error("{place}: normalises {elements} elements, at most {MAX_NORMALISED} are allowed")]
	Normalised { place: Place, elements: u32 },
	#[error("{place}: groups of {group} do not divide a width of {width}")]
	Group { place: Place, group: u32, width: u32 },
	#[error("{place}: epsilon is {epsilon} / 2^32, at most one is allowed")]
	Epsilon { place: Place, epsilon: u64 },
	#[error("{place}: head dimension {head_dim} is not a multiple of 32 up to {MAX_HEAD_DIM}")]
	HeadDim { place: Place, head_dim: u32 },
	#[error("{place}: {pairs} pairs do not fit a head of {head_dim}")]
	Pairs { place: Place, pairs: u32, head_dim: u32 },
	#[error("{place}: {kv_heads} key/value heads do not divide {heads} heads")]
	Heads { place: Place, heads: u16, kv_heads: u16 },
	#[error("{place}: attention scale {scale} is not in 1 to {MAX_ATTENTION_SCALE}")]
	Scale { place: Place, scale: u32 },
	#[error("{place}: attention outside the layer template")]
	AttentionOutsideLayer { place: Place },
	#[error("{place}: a second attention in the layer template")]
	SecondAttention { place: Place },
	#[error("{place}: a tokens head needs causal attention")]
	NotCausal { place: Place },
	#[error("{place}: the input can only be read in the entry")]
	InputOutsideEntry { place: Place },
	#[error("{place}: the program reads both tokens and an input vector")]
	InputAndTokens { place: Place },
	#[error("{place}: input is {width} wide here and {expected} elsewhere")]
	InputWidth { place: Place, width: u32, expected: u32 },
	#[error("{place}: token table has {rows} rows here and {expected} elsewhere")]
	TokenRows { place: Place, rows: u32, expected: u32 },

	#[error("program reads neither tokens nor an input vector")]
	NoInput,
	#[error("{phase} does not write register 0")]
	NoResidual { phase: Phase },
	#[error("head returns register {}, which it does not write", register.0)]
	OutputUnwritten { register: Register },
	#[error("a tokens head must end with the linear operation that writes its logits, register {}", logits.0)]
	LogitsNotLinear { logits: Register },
	#[error("a tokens head needs a token embedding")]
	NoTokenTable,
	#[error("head returns {logits} logits for a vocabulary of {vocabulary}")]
	Vocabulary { logits: u32, vocabulary: u32 },
	#[error("stop token {token} is outside the vocabulary of {vocabulary}")]
	StopToken { token: u32, vocabulary: u32 },
}

/// Why a program does not accept a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[allow(missing_docs, reason = "each variant is documented by the message above it")]
pub enum JobError {
	#[error("model reads tokens, the job gives a vector")]
	TokensExpected,
	#[error("model reads a vector of {expected} values, the job gives tokens")]
	VectorExpected { expected: u32 },
	#[error("input has {length} values, model reads {expected}")]
	InputLength { length: u64, expected: u32 },
	#[error("prompt is empty")]
	EmptyPrompt,
	#[error("prompt has {tokens} tokens, model accepts {positions}")]
	PromptTooLong { tokens: u64, positions: u32 },
	#[error("prompt token {index} is {token}, vocabulary has {vocabulary}")]
	Token { index: u32, token: u32, vocabulary: u32 },
	#[error("at least one token must be generated")]
	NothingToGenerate,
	#[error("prompt of {tokens} and {max_tokens} generated tokens exceed the model's {positions} positions")]
	TooManyPositions {
		tokens: u32,
		max_tokens: u32,
		positions: u32,
	},
	#[error("inverse temperature is 0, the smallest is 1; temperature 0 is the greedy sampler")]
	InverseTemperature,
}
