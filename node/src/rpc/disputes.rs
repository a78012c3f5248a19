//! `disputes_*`: challenges and how they end.

use super::{
	amount::Amount,
	block::block,
	error::Error,
	parameters::{Parameter, Taken, BLOCK},
};
use crate::service::FullClient;
use assay_protocol::{
	api::DisputesApi as _,
	dispute::{DisputeParameters, DisputeSummary},
	DisputeId, JobId,
};
use assay_runtime::{AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use sp_api::ProvideRuntimeApi;
use std::sync::Arc;

/// Disputes in an answer unless the caller wants fewer.
const PAGE: u32 = 20;

/// A dispute as it travels.
type Dispute = DisputeSummary<AccountId, Amount, BlockNumber>;

/// What the methods take.
pub(super) const TAKEN: &[Taken] = &[
	("disputes_get", &[Parameter::new::<DisputeId>("dispute"), BLOCK]),
	(
		"disputes_list",
		&[
			Parameter::new::<Option<JobId>>("job"),
			Parameter::new::<Option<DisputeId>>("before"),
			Parameter::new::<Option<u32>>("limit"),
			BLOCK,
		],
	),
	("disputes_parameters", &[BLOCK]),
];

/// Disputes. Every method reads at the best block unless `at` names another.
#[rpc(server, namespace = "disputes")]
pub(crate) trait DisputesApi {
	/// One dispute, or nothing.
	#[method(name = "get")]
	fn get(&self, dispute: DisputeId, at: Option<Hash>) -> RpcResult<Option<Dispute>>;

	/// At most `limit` disputes, capped by the runtime, newest first, older than `before`, of one job or of all.
	#[method(name = "list")]
	fn list(
		&self,
		job: Option<JobId>,
		before: Option<DisputeId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Vec<Dispute>>;

	/// The bond, and how long each side has.
	#[method(name = "parameters")]
	fn parameters(&self, at: Option<Hash>) -> RpcResult<DisputeParameters<Amount, BlockNumber>>;
}

/// Answers `disputes_*` from the runtime.
pub(crate) struct Disputes {
	client: Arc<FullClient>,
}

impl Disputes {
	/// Answers from this chain.
	pub(crate) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn at(&self, at: Option<Hash>) -> RpcResult<Hash> {
		block(&self.client, at)
	}
}

fn travelling(dispute: DisputeSummary<AccountId, Balance, BlockNumber>) -> Dispute {
	DisputeSummary {
		id: dispute.id,
		job: dispute.job,
		attempt: dispute.attempt,
		challenger: dispute.challenger,
		operator: dispute.operator,
		bond: Amount(dispute.bond),
		stage: dispute.stage,
		deadline: dispute.deadline,
		late: dispute.late,
		ruling: dispute.ruling,
	}
}

impl DisputesApiServer for Disputes {
	fn get(&self, dispute: DisputeId, at: Option<Hash>) -> RpcResult<Option<Dispute>> {
		let dispute = self
			.client
			.runtime_api()
			.dispute(self.at(at)?, dispute)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(dispute.map(travelling))
	}

	fn list(
		&self,
		job: Option<JobId>,
		before: Option<DisputeId>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<Vec<Dispute>> {
		let disputes = self
			.client
			.runtime_api()
			.disputes(self.at(at)?, job, before, limit.unwrap_or(PAGE))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(disputes.into_iter().map(travelling).collect())
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<DisputeParameters<Amount, BlockNumber>> {
		let parameters = self
			.client
			.runtime_api()
			.parameters(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(DisputeParameters {
			bond: Amount(parameters.bond),
			move_period: parameters.move_period,
			longest_delay: parameters.longest_delay,
		})
	}
}
