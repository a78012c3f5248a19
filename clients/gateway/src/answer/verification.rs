//! Where an answer comes from and how far the chain has judged it.

use assay_protocol::job::JobState;
use assay_sdk::{
	jobs::{Job, Sampler},
	Amount,
};
use serde_json::{json, Value};

/// The verification of a job. Its state is that of the block at which the job was read.
pub(crate) fn verification(job: &Job) -> Value {
	let mut document = json!({
		"job": job.id.0,
		"model": job.version.to_string(),
		"artifact": job.artifact.to_string(),
		"claim": job.claim.map(|claim| claim.0.to_string()),
		"url": format!("/v1/verification/{}", job.id.0),
	});
	if let Sampler::Gumbel { seed, .. } = job.generation.sampler {
		document["seed"] = format!("0x{}", hex::encode(seed)).into();
	}
	let (state, operator) = match &job.state {
		JobState::Open { .. } => ("open", None),
		JobState::Assigned { operator, .. } => ("assigned", Some(operator)),
		JobState::Claimed { operator, final_at, .. } => {
			document["final_at"] = (*final_at).into();
			("claimed", Some(operator))
		}
		JobState::Final { operator, refunded, .. } => {
			// What the escrow had and did not give back.
			document["fee"] = json!(job.max_fee.checked_sub(*refunded).map(Amount));
			("final", Some(operator))
		}
		JobState::Refunded { reason, .. } => {
			document["reason"] = json!(reason);
			("refunded", None)
		}
	};
	document["state"] = state.into();
	document["operator"] = json!(operator.map(ToString::to_string));
	document
}
