//! The content of requests and receipts, as it is kept.

use assay_protocol::{
	channel::{Revealed, SignedReceipt, SignedRequest},
	job::{JobInput, JobOutput},
};
use codec::{Decode, Encode};

/// A request that was answered, with all that was signed and all that is behind it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Kept {
	/// What the consumer has signed.
	pub request: SignedRequest,
	/// Its input.
	pub input: JobInput,
	/// What the worker has signed.
	pub receipt: SignedReceipt,
	/// Its output.
	pub output: JobOutput,
}

impl Kept {
	/// What is shown when it is drawn, or challenged.
	pub fn reveal(self) -> Revealed {
		Revealed {
			request: self.request.request,
			receipt: self.receipt.receipt,
			input: self.input,
			output: self.output,
		}
	}
}
