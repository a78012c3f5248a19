//! The program format: what the chain stores in place of a model family.
//!
//! A [`Program`] is a SCALE-encoded list of operations with a repeated layer template. Registers hold one vector of
//! [values](crate::Value) per position; register 0 is the residual stream, the only one that survives from one layer to
//! the next. `docs/exact-arithmetic.md` states every operation.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The arithmetic a program is executed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Profile {
	/// Q8_0 weights, block-floating-point 16-bit activations, 16.16 values: `docs/exact-arithmetic.md`.
	#[codec(index = 1)]
	Q8A16V1,
}

/// Index of a register. Register 0 is the residual stream.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Register(pub u8);

/// Index into [`Program::tensors`].
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct TensorIndex(pub u16);

/// Shape and storage of a tensor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Shape {
	/// Q8_0 matrix `[rows, columns]`; a row is `columns/32` little-endian f16 scales, then `columns` int8.
	#[codec(index = 0)]
	Matrix {
		/// Output features, or vocabulary of an embedding.
		rows: u32,
		/// Input features: a multiple of 32.
		columns: u32,
	},
	/// One row of `length` little-endian i32 values with 16 fraction bits.
	#[codec(index = 1)]
	Vector {
		/// Number of elements.
		length: u32,
	},
	/// `positions` rows of `pairs` (cosine, sine) couples, little-endian i32 with 30 fraction bits.
	#[codec(index = 2)]
	Rotation {
		/// Rows: one for each position of the program.
		positions: u32,
		/// Rotated pairs in each head.
		pairs: u32,
	},
}

/// A tensor the program reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Tensor {
	/// Its shape and storage.
	pub shape: Shape,
	/// Whether there is one for each layer (usable only in the layer template) or one for the whole program.
	pub per_layer: bool,
}

/// What selects the row of an [`Op::Embed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum RowIndex {
	/// The token at this position.
	#[codec(index = 0)]
	Token,
	/// The position itself.
	#[codec(index = 1)]
	Position,
	/// The same row everywhere.
	#[codec(index = 2)]
	Constant(u32),
}

/// How rotary embedding pairs elements of a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum RotaryStyle {
	/// Element k with k + pairs (Hugging Face `rotate_half`).
	#[codec(index = 0)]
	Half,
	/// Element 2k with 2k + 1 (GGUF llama).
	#[codec(index = 1)]
	Interleaved,
}

/// Which positions attention sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Mask {
	/// Positions up to and including its own.
	#[codec(index = 0)]
	Causal,
	/// All positions of the job.
	#[codec(index = 1)]
	Full,
}

/// Elementwise functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Function {
	/// x · sigmoid(x).
	#[codec(index = 0)]
	Silu,
	/// x · Φ(x), the error-function form.
	#[codec(index = 1)]
	GeluErf,
	/// The tanh approximation of GELU.
	#[codec(index = 2)]
	GeluTanh,
	/// max(x, 0).
	#[codec(index = 3)]
	Relu,
	/// 1 / (1 + e⁻ˣ).
	#[codec(index = 4)]
	Sigmoid,
	/// Hyperbolic tangent.
	#[codec(index = 5)]
	Tanh,
}

impl Function {
	/// All functions.
	pub const ALL: [Self; 6] = [
		Self::Silu,
		Self::GeluErf,
		Self::GeluTanh,
		Self::Relu,
		Self::Sigmoid,
		Self::Tanh,
	];
}

/// One operation on the registers of a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Op {
	/// Copies the job's input vector (jobs with a vector input; one position).
	#[codec(index = 0)]
	Input {
		/// Destination; its width is the input's length.
		dst: Register,
	},
	/// A row of a Q8_0 matrix as values.
	#[codec(index = 1)]
	Embed {
		/// Destination; its width is the matrix's columns.
		dst: Register,
		/// The matrix.
		table: TensorIndex,
		/// Which row.
		row: RowIndex,
	},
	/// Root-mean-square normalisation in groups (Zhang and Sennrich, arXiv 1910.07467).
	#[codec(index = 2)]
	RmsNorm {
		/// Destination, as wide as `src`.
		dst: Register,
		/// Source.
		src: Register,
		/// Gain vector, one element for each element of a group.
		gain: TensorIndex,
		/// Epsilon in units of 2⁻³².
		epsilon: u64,
	},
	/// Layer normalisation (Ba et al., arXiv 1607.06450).
	#[codec(index = 3)]
	LayerNorm {
		/// Destination, as wide as `src`.
		dst: Register,
		/// Source.
		src: Register,
		/// Gain vector.
		gain: TensorIndex,
		/// Bias vector.
		bias: TensorIndex,
		/// Epsilon in units of 2⁻³².
		epsilon: u64,
	},
	/// Matrix-vector product with the exact accumulator.
	#[codec(index = 4)]
	Linear {
		/// Destination; its width is the matrix's rows. Must differ from `src`.
		dst: Register,
		/// Source; its width is the matrix's columns.
		src: Register,
		/// Q8_0 matrix.
		weight: TensorIndex,
		/// Bias vector.
		bias: Option<TensorIndex>,
	},
	/// Rotary position embedding in place (Su et al., arXiv 2104.09864).
	#[codec(index = 5)]
	Rotate {
		/// Register of heads, changed in place.
		dst: Register,
		/// Rotation table.
		table: TensorIndex,
		/// Elements in a head.
		head_dim: u32,
		/// Pairing.
		style: RotaryStyle,
	},
	/// Writes this position's key and value rows to the layer's cache and attends over the visible positions.
	#[codec(index = 6)]
	Attention {
		/// Destination, as wide as `query`. Must differ from the three sources.
		dst: Register,
		/// Query heads.
		query: Register,
		/// Key heads.
		key: Register,
		/// Value heads.
		value: Register,
		/// Number of query heads.
		heads: u16,
		/// Number of key and value heads; divides `heads`.
		kv_heads: u16,
		/// Elements in a head: a multiple of 32, at most 1,024.
		head_dim: u32,
		/// log2(e) / √head_dim with 30 fraction bits, below 2³¹.
		scale: u32,
		/// Which positions are visible.
		mask: Mask,
	},
	/// Elementwise function.
	#[codec(index = 7)]
	Activate {
		/// Destination, as wide as `src`.
		dst: Register,
		/// Source.
		src: Register,
		/// The function.
		function: Function,
	},
	/// Elementwise saturating sum.
	#[codec(index = 8)]
	Add {
		/// Destination.
		dst: Register,
		/// Left operand.
		a: Register,
		/// Right operand.
		b: Register,
	},
	/// Elementwise product.
	#[codec(index = 9)]
	Mul {
		/// Destination.
		dst: Register,
		/// Left operand.
		a: Register,
		/// Right operand.
		b: Register,
	},
	/// Scales to unit Euclidean length.
	#[codec(index = 10)]
	L2Normalize {
		/// Destination, as wide as `src`.
		dst: Register,
		/// Source.
		src: Register,
	},
}

impl Op {
	/// The register it writes.
	pub const fn dst(&self) -> Register {
		match *self {
			Self::Input { dst }
			| Self::Embed { dst, .. }
			| Self::RmsNorm { dst, .. }
			| Self::LayerNorm { dst, .. }
			| Self::Linear { dst, .. }
			| Self::Rotate { dst, .. }
			| Self::Attention { dst, .. }
			| Self::Activate { dst, .. }
			| Self::Add { dst, .. }
			| Self::Mul { dst, .. }
			| Self::L2Normalize { dst, .. } => dst,
		}
	}
}

/// How a vector head gathers the residual stream of all positions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Pooling {
	/// Mean over positions.
	#[codec(index = 0)]
	Mean,
	/// The first position (`[CLS]`).
	#[codec(index = 1)]
	First,
	/// The last position.
	#[codec(index = 2)]
	Last,
}

/// What follows the layers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Head {
	/// Next-token logits; every attention of the program is causal.
	#[codec(index = 0)]
	Tokens {
		/// Operations from register 0 to the logits.
		ops: Vec<Op>,
		/// Register of the logits; its width is the vocabulary.
		logits: Register,
		/// Tokens that end generation (at most [`MAX_STOP_TOKENS`](crate::limits::MAX_STOP_TOKENS)).
		stop: Vec<u32>,
	},
	/// A vector for the whole input.
	#[codec(index = 1)]
	Vector {
		/// How register 0 of all positions becomes register 0 of the head.
		pooling: Pooling,
		/// Operations on the pooled registers.
		ops: Vec<Op>,
		/// Register of the output.
		output: Register,
	},
}

/// A model as the chain knows it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Program {
	/// Arithmetic.
	pub profile: Profile,
	/// Largest number of positions of a job, prompt and output together.
	pub positions: u32,
	/// Width of each register in elements.
	pub registers: Vec<u32>,
	/// Tensors, in artifact order: all whole-program ones keep this order, per-layer ones repeat for each layer.
	pub tensors: Vec<Tensor>,
	/// Repetitions of the layer template.
	pub layers: u16,
	/// From the input to register 0, at every position.
	pub entry: Vec<Op>,
	/// From register 0 to register 0, at every layer and position.
	pub layer: Vec<Op>,
	/// From register 0 to the output.
	pub head: Head,
}

impl Head {
	/// Its operations.
	pub fn ops(&self) -> &[Op] {
		match self {
			Self::Tokens { ops, .. } | Self::Vector { ops, .. } => ops,
		}
	}
}

impl Program {
	/// Operations of all three phases.
	pub fn ops(&self) -> impl Iterator<Item = &Op> {
		self.entry.iter().chain(&self.layer).chain(self.head.ops())
	}

	/// Number of token ids the program reads, if it reads tokens.
	pub fn vocabulary(&self) -> Option<u32> {
		self.ops().find_map(|op| match *op {
			Op::Embed {
				table,
				row: RowIndex::Token,
				..
			} => Some(self.tensors.get(usize::from(table.0))?.shape.rows()),
			_ => None,
		})
	}

	/// Elements of the input vector, if the program reads a vector.
	pub fn input_length(&self) -> Option<u32> {
		self.ops().find_map(|op| match *op {
			Op::Input { dst } => self.width(dst),
			_ => None,
		})
	}

	/// Elements of the output vector, if the program returns one.
	pub fn output_length(&self) -> Option<u32> {
		match self.head {
			Head::Vector { output, .. } => self.width(output),
			Head::Tokens { .. } => None,
		}
	}

	/// Width of a register.
	pub fn width(&self, register: Register) -> Option<u32> {
		self.registers.get(usize::from(register.0)).copied()
	}
}
