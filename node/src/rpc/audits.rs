//! `audits_*`: what is asked after a claim, who audits, and how likely it is.

use super::{amount::Amount, error::Error};
use crate::service::FullClient;
use assay_protocol::{
	api::AuditsApi as _,
	audit::{AuditParameters, AuditRates, AuditSummary},
	JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{AccountId, BlockNumber, Hash};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use std::sync::Arc;

/// Audits. Every method reads at the best block unless `at` names another.
#[rpc(server, namespace = "audits")]
pub(crate) trait AuditsApi {
	/// The audit of a job's last claim, or nothing.
	#[method(name = "get")]
	fn get(&self, job: JobId, at: Option<Hash>) -> RpcResult<Option<AuditSummary<AccountId, BlockNumber>>>;

	/// Who audits a version.
	#[method(name = "auditors")]
	fn auditors(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Vec<AccountId>>;

	/// How likely the next claim of an operator is to be audited. Probabilities are in parts of a million.
	#[method(name = "rates")]
	fn rates(&self, operator: AccountId, at: Option<Hash>) -> RpcResult<AuditRates>;

	/// How long each side has, what auditors earn and what they lose.
	#[method(name = "parameters")]
	fn parameters(&self, at: Option<Hash>) -> RpcResult<AuditParameters<Amount, BlockNumber>>;
}

/// Answers `audits_*` from the runtime.
pub(crate) struct Audits {
	client: Arc<FullClient>,
}

impl Audits {
	/// Answers from this chain.
	pub(crate) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn at(&self, at: Option<Hash>) -> Hash {
		at.unwrap_or_else(|| self.client.info().best_hash)
	}
}

impl AuditsApiServer for Audits {
	fn get(&self, job: JobId, at: Option<Hash>) -> RpcResult<Option<AuditSummary<AccountId, BlockNumber>>> {
		self.client
			.runtime_api()
			.audit(self.at(at), job)
			.map_err(|error| Error::Runtime.because(error))
	}

	fn auditors(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Vec<AccountId>> {
		self.client
			.runtime_api()
			.auditors(self.at(at), ModelVersion { model, version })
			.map_err(|error| Error::Runtime.because(error))
	}

	fn rates(&self, operator: AccountId, at: Option<Hash>) -> RpcResult<AuditRates> {
		self.client
			.runtime_api()
			.rates(self.at(at), operator)
			.map_err(|error| Error::Runtime.because(error))
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<AuditParameters<Amount, BlockNumber>> {
		let parameters = self
			.client
			.runtime_api()
			.parameters(self.at(at))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(AuditParameters {
			period: parameters.period,
			auditors: parameters.auditors,
			audit_size_factor: parameters.audit_size_factor,
			auditor_share: parameters.auditor_share,
			missed_audit_penalty: Amount(parameters.missed_audit_penalty),
			longest_delay: parameters.longest_delay,
		})
	}
}
