//! What a chain holds of the disputes about a job and of its audit.

use crate::rpc::Rpc;
use anyhow::Result;
use assay_protocol::{
	audit::Reply,
	dispute::{Answer, Move},
	DisputeId, JobId,
};
use assay_runtime::{RuntimeCall, UncheckedExtrinsic};
use codec::Decode;
use frame_support::dispatch::GetDispatchInfo;
use serde::Serialize;
use std::ops::RangeInclusive;

/// Picoseconds in a microsecond: the unit of weights.
const PICOSECONDS: u64 = 1_000_000;

/// The transactions about a claim.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Evidence {
	/// How many of disputes.
	pub extrinsics: usize,
	/// How many of the audit: replies to the spot-check and of auditors.
	pub replies: usize,
	/// Bytes of them.
	pub bytes: u64,
	/// Those among them in which the worker shows something.
	pub answers: usize,
	/// Blocks from the first to the last.
	pub blocks: u32,
	/// What having a step judged takes at most, by its weight, in microseconds; 0 if none was.
	pub referee_microseconds: u64,
}

impl Evidence {
	/// Collects the transactions about some jobs, whose disputes these are, in the blocks at these heights.
	pub(crate) fn collect(
		rpc: Rpc,
		jobs: &[JobId],
		disputes: &[DisputeId],
		heights: RangeInclusive<u32>,
	) -> Result<Self> {
		let mut evidence = Self::default();
		let mut first = None;
		for height in heights {
			for bytes in rpc.extrinsics(height)? {
				let call = UncheckedExtrinsic::decode(&mut &bytes[..])?.function;
				if evidence.count(&call, jobs, disputes) {
					match call {
						RuntimeCall::Audits(_) => evidence.replies += 1,
						_ => evidence.extrinsics += 1,
					}
					evidence.bytes += bytes.len() as u64;
					evidence.blocks = height - *first.get_or_insert(height);
				}
			}
		}
		Ok(evidence)
	}

	/// Whether a call is about one of the jobs; counts what it does.
	fn count(&mut self, call: &RuntimeCall, jobs: &[JobId], disputes: &[DisputeId]) -> bool {
		use pallet_calls::{Audits, Disputes};
		let (ours, shows, judged) = match call {
			RuntimeCall::Disputes(call) => match call {
				Disputes::challenge { job: about, .. } => (jobs.contains(about), false, false),
				Disputes::answer { answer } => {
					let judged = matches!(answer.answer.answer, Answer::Step(_));
					(disputes.contains(&answer.answer.dispute), true, judged)
				}
				Disputes::point_at_group { dispute, .. }
				| Disputes::point_at_target { dispute, .. }
				| Disputes::point_at_step { dispute, .. }
				| Disputes::expire { dispute } => (disputes.contains(dispute), false, false),
				Disputes::prove { dispute, .. } => (disputes.contains(dispute), false, true),
				Disputes::move_as_operator { signed } => match &signed.act {
					Move::Challenge { job: about, .. } => (jobs.contains(about), false, false),
					Move::PointAtGroup { dispute, .. }
					| Move::PointAtTarget { dispute, .. }
					| Move::PointAtStep { dispute, .. } => (disputes.contains(dispute), false, false),
					Move::Prove { dispute, .. } => (disputes.contains(dispute), false, true),
				},
				_ => (false, false, false),
			},
			RuntimeCall::Audits(Audits::reply { reply }) => {
				let shows = matches!(reply.reply.reply, Reply::Cell { .. } | Reply::Step(_));
				let judged = matches!(reply.reply.reply, Reply::Step(_));
				(jobs.contains(&reply.reply.job), shows, judged)
			}
			_ => (false, false, false),
		};
		if ours {
			self.answers += usize::from(shows);
			if judged {
				let weight = call.get_dispatch_info().call_weight.ref_time();
				self.referee_microseconds = self.referee_microseconds.max(weight / PICOSECONDS);
			}
		}
		ours
	}
}

/// The calls of our pallets as the runtime has them.
mod pallet_calls {
	pub(super) type Disputes = pallet_assay_disputes::Call<assay_runtime::Runtime>;
	pub(super) type Audits = pallet_assay_audits::Call<assay_runtime::Runtime>;
}
