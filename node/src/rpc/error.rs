//! Why a method fails.

use jsonrpsee::types::{error::INVALID_PARAMS_CODE, ErrorObjectOwned};
use serde_json::{json, Value};

/// Why a method of `models_*`, `jobs_*`, `disputes_*`, `audits_*`, `staking_*` or `provider_*` fails. The number is the JSON-RPC error code.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
pub(crate) enum Error {
	/// A parameter is missing, of another type than it must be, or none that the method takes.
	Parameter = INVALID_PARAMS_CODE,
	/// The runtime could not be asked: it has no such interface.
	Runtime = 9_001,
	/// There is no such job.
	UnknownJob = 9_002,
	/// The model version cannot run the job.
	Refused = 9_003,
	/// The node no longer has the state of the block.
	StateDiscarded = 9_004,
	/// The node does not know the block.
	UnknownBlock = 9_005,
	/// The claim is not open, or not one of this node's worker.
	NotOurs = 9_006,
	/// The worker does not open what is asked, or not now.
	NotOpened = 9_007,
}

/// What an error is about, for programs: the parameter, what it was and what it may be at most.
#[derive(Clone, Debug)]
pub(crate) struct About {
	/// The parameter's name.
	pub(crate) parameter: &'static str,
	/// What it was.
	pub(crate) value: Value,
	/// What it may be at most, where there is a limit.
	pub(crate) limit: Option<u64>,
}

impl Error {
	/// The error as it travels.
	pub(crate) fn because(self, reason: impl ToString) -> ErrorObjectOwned {
		ErrorObjectOwned::owned(self as i32, reason.to_string(), None::<()>)
	}

	/// The error as it travels, with the parameter it is about.
	pub(crate) fn about(self, reason: impl ToString, about: About) -> ErrorObjectOwned {
		let mut data = json!({ "parameter": about.parameter, "value": about.value });
		if let Some(limit) = about.limit {
			data["limit"] = limit.into();
		}
		ErrorObjectOwned::owned(self as i32, reason.to_string(), Some(data))
	}
}
