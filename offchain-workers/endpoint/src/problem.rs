//! What keeps the endpoint from doing what it is asked.

use crate::desk::Refusal;

/// Why something is not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
	/// It would be against the rules.
	#[error(transparent)]
	Refused(#[from] Refusal),
	/// As much as can be is being answered already.
	#[error("{0} requests are being answered already, which is as many as can be")]
	Busy(usize),
	/// No more fits onto the disk.
	#[error("the disk has no room for more answers: settled ones have to become old first")]
	Full,
	/// The node does not know the present: it is catching up, or finality stands still.
	#[error("the node of the endpoint is behind the chain: as soon as it has caught up requests are answered")]
	Behind,
	/// The endpoint ends.
	#[error("the endpoint is being stopped")]
	Stopping,
	/// The model is not at hand.
	#[error("the model is not at hand: {0}")]
	Absent(String),
	/// Nobody waited for it any more when its turn came, or nobody would have paid for it.
	#[error("the request is not wanted any more")]
	Unwanted,
	/// Something that should not fail has failed.
	#[error("{0}")]
	Failed(String),
}
