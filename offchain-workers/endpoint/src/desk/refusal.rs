//! Why something is not done.

use assay_protocol::channel::SignedVoucher;

/// Why a request is not answered, or a voucher not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
	/// It is not made of parts that belong together.
	#[error("{0}")]
	Malformed(&'static str),
	/// The channel's key has not signed it.
	#[error("the signature is not by the channel's key")]
	BadSignature,
	/// There is no such channel to this operator.
	#[error("there is no such channel to this operator: one that was just opened is known with the next block")]
	UnknownChannel,
	/// The program does not take it.
	#[error("{0}")]
	Refused(String),
	/// Another request is next in its lane.
	#[error("the next request of the lane has the sequence {expected}")]
	WrongSequence {
		/// How many requests of the lane were answered, or are being answered.
		expected: u64,
	},
	/// The request before it is still being answered.
	#[error("the request before it is being answered")]
	LaneBusy,
	/// The channel ends.
	#[error("the channel ends: it takes no more requests")]
	Closing,
	/// More would be unpaid than the operator lends.
	#[error("{unpaid} are unpaid and the request may cost {most}, where {credit} and {answers} answers are lent")]
	Unpaid {
		/// Fees of receipts without voucher, and the most that requests cost which are being answered.
		unpaid: u128,
		/// The most that the request costs.
		most: u128,
		/// What may be unpaid at once.
		credit: u128,
		/// Answers that may be unpaid at once.
		answers: u32,
	},
	/// A voucher is for other receipts than those of its lane.
	#[error("the voucher is not for the lane's receipts: those after {} are next", .0.base)]
	Resync(Box<Standing>),
}

/// What a worker has of a lane: from it, and from what it has signed itself, a consumer that has lost its state goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
	/// Receipts that are settled or being settled: what the next voucher comes after.
	pub base: u64,
	/// Receipts after that.
	pub count: u32,
	/// The last voucher: for the first of these receipts, or, if there is none yet, for those up to `base`.
	pub voucher: Option<SignedVoucher>,
}
