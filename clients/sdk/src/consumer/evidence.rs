//! What a worker has signed, good or not.

use super::error::Falsehood;
use crate::{Amount, Balance};
use assay_protocol::{
	channel::{Contradiction, Revealed, SignedProgress, SignedReceipt},
	operator::WorkerSignature,
};
use codec::{Decode, Encode};
use std::fmt;

/// A request that was answered, with all that was signed: what [`Channels::present`](crate::channels::Channels::present) takes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Answered {
	/// Request, receipt and their contents.
	pub revealed: Revealed,
	/// By the channel's worker key, over the receipt.
	pub signature: WorkerSignature,
	/// What it costs.
	pub fee: Balance,
}

impl Answered {
	/// The receipt as it was signed.
	pub fn receipt(&self) -> SignedReceipt {
		SignedReceipt {
			receipt: self.revealed.receipt.clone(),
			signature: self.signature.clone(),
		}
	}

	/// What it costs.
	pub fn fee(&self) -> Amount {
		Amount(self.fee)
	}
}

/// What the worker has signed and is not so.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Evidence {
	/// Two statements of which at most one is true: what [`Channels::accuse`](crate::channels::Channels::accuse) takes.
	#[codec(index = 0)]
	Contradiction(Box<Contradiction>),
	/// A receipt that states what is not so. If it is false about the execution it can be
	/// [presented](crate::channels::Channels::present) and challenged.
	#[codec(index = 1)]
	Receipt {
		/// What is not so.
		falsehood: Falsehood,
		/// The receipt, with what it is for.
		answered: Box<Answered>,
	},
	/// A progress that states what is not so: it contradicts any receipt for what came.
	#[codec(index = 2)]
	Progress {
		/// What is not so.
		falsehood: Falsehood,
		/// The progress.
		progress: SignedProgress,
	},
}

impl fmt::Display for Evidence {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Contradiction(contradiction) => {
				let how = match **contradiction {
					Contradiction::Receipts(..) => "two receipts for one request",
					Contradiction::Progress(..) => "two ways to one place of an answer",
					Contradiction::Answer { .. } => "a receipt for an answer that begins otherwise than it came",
				};
				write!(f, "the worker contradicts itself: {how}")
			}
			Self::Receipt { falsehood, .. } => write!(f, "the worker has signed a wrong receipt: {falsehood}"),
			Self::Progress { falsehood, .. } => write!(f, "the worker has signed a wrong progress: {falsehood}"),
		}
	}
}
