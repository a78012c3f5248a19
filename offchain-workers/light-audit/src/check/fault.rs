//! What can be wrong with an opening, and why nothing can be said about one.

use crate::MAX_POSITIONS;
use assay_engine::RunError;
use assay_exact::{evaluate::EvaluateError, Instance};
use assay_trace::{Group, Hash32, TraceRoot};
use thiserror::Error;

/// Why nothing can be said about an opening.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refused {
	/// The key is to another artifact.
	#[error("the key is to artifact {key}, the claim is about {claimed}")]
	OtherArtifact {
		/// That of the key.
		key: Hash32,
		/// That of the claim.
		claimed: Hash32,
	},
	/// No run of the program can have been asked or have returned this.
	#[error(transparent)]
	Statement(#[from] RunError),
	/// The positions asked for are none of the job's, do not rise, or are too many.
	#[error("positions must rise below {positions}, and be 1 to {MAX_POSITIONS}")]
	Positions {
		/// Positions of the job.
		positions: u32,
	},
}

/// What is wrong. Nobody but the worker can tell whether the claim or only the opening is: whoever finds one of these runs the
/// job.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Fault {
	/// Other positions were opened.
	#[error("positions {opened:?} were opened, and {asked:?} were asked for")]
	Positions {
		/// Those opened.
		opened: Vec<u32>,
		/// Those asked for.
		asked: Vec<u32>,
	},
	/// A part has another size than it must have.
	#[error("the opening has {given} {part} in a place of {expected}")]
	Shape {
		/// Of what.
		part: &'static str,
		/// How many there are.
		given: u64,
		/// How many there must be.
		expected: u64,
	},
	/// The leaves are not those of the trace.
	#[error("the groups shown have the root {actual}, the claim commits to {expected}")]
	Trace {
		/// Theirs.
		actual: TraceRoot,
		/// The claim's.
		expected: TraceRoot,
	},
	/// Cache rows are not those of the trace.
	#[error("row {}: the cache rows of group {} are not those that the claim commits to", .0.row, .0.index)]
	Caches(Group),
	/// Committed cache rows are none that anybody writes.
	#[error("row {row}, position {position}: head {head} of the cache is malformed")]
	CacheRow {
		/// Its row of the trace.
		row: u16,
		/// Its position.
		position: u32,
		/// Its head.
		head: u16,
	},
	/// A leaf of the artifact is not in it.
	#[error("leaf {leaf} of tensor {} at layer {:?} is not in the artifact", instance.tensor.0, instance.layer)]
	Leaf {
		/// Its tensor.
		instance: Instance,
		/// Its index.
		leaf: u64,
	},
	/// An operation cannot be run on what was opened.
	#[error(transparent)]
	Evaluate(#[from] EvaluateError),
	/// An accumulator is larger than any can be.
	#[error("{at}: an accumulator of tensor {} at layer {:?} is {value}, beyond 2^62", instance.tensor.0, instance.layer)]
	Magnitude {
		/// Where.
		at: At,
		/// Of which matrix.
		instance: Instance,
		/// The accumulator.
		value: i64,
	},
	/// Accumulators are not those of the weights.
	#[error("{at}: the products of tensor {} at layer {:?} are not those of its weights", instance.tensor.0, instance.layer)]
	Product {
		/// Where.
		at: At,
		/// Of which matrix.
		instance: Instance,
	},
	/// What a position writes to a cache is not what the claim commits to.
	#[error("position {position} writes other rows to the cache of layer {layer} than the claim commits to")]
	Written {
		/// The position.
		position: u32,
		/// The layer.
		layer: u16,
	},
	/// What a cell hands on is not what the claim commits to.
	#[error("row {row}, position {position}: the residual vector is not the one that the claim commits to")]
	Residual {
		/// The row of the trace.
		row: u16,
		/// The position.
		position: u32,
	},
	/// Residual vectors to be pooled are not those of the trace.
	#[error("the residual vectors of group {0} in the last row are not those that the claim commits to")]
	Pooled(u32),
	/// Another token follows from the logits.
	#[error("token {right} follows from position {position}, the claim has {claimed:?}")]
	Token {
		/// The position.
		position: u32,
		/// The token claimed.
		claimed: Option<u32>,
		/// The one that follows.
		right: u32,
	},
	/// The output is not what the head returns.
	#[error("element {index} of the output is {right}, the claim has {claimed}")]
	Output {
		/// Of the first element that differs.
		index: u64,
		/// The element claimed.
		claimed: i32,
		/// What the head returns.
		right: i32,
	},
}

/// Where a product belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
	/// To a position.
	Position(u32),
	/// To the head of a model that returns a vector.
	Head,
}

impl core::fmt::Display for At {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		match self {
			Self::Position(position) => write!(f, "position {position}"),
			Self::Head => f.write_str("the head"),
		}
	}
}
