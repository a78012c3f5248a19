//! Why a method fails.

use jsonrpsee::types::ErrorObjectOwned;

/// Why a method of `models_*`, `jobs_*`, `disputes_*`, `audits_*` or `staking_*` fails. The number is the JSON-RPC error code.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
pub(crate) enum Error {
	/// The runtime could not be asked: it has no such interface, or the block's state is gone.
	Runtime = 9_001,
	/// There is no such job.
	UnknownJob = 9_002,
	/// The runtime answered with an error of its own.
	Refused = 9_003,
}

impl Error {
	/// The error as it travels.
	pub(crate) fn because(self, reason: impl ToString) -> ErrorObjectOwned {
		ErrorObjectOwned::owned(self as i32, reason.to_string(), None::<()>)
	}
}
