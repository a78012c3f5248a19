//! `audits_*`: what is asked after a claim, who audits, and how likely it is.

use super::{
	amount::Amount,
	block::block,
	error::Error,
	parameters::{Parameter, Taken, BLOCK},
};
use crate::service::FullClient;
use assay_protocol::{
	api::{AuditsApi as _, ModelsApi as _},
	audit::{AuditParameters, AuditPhase, AuditRates, AuditSummary, AuditorState, ReceiptCheck, SpotCheck},
	Attempt, JobId, ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{AccountId, BlockNumber, Hash};
use assay_trace::Place;
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use std::sync::Arc;

/// What the methods take.
pub(super) const TAKEN: &[Taken] = &[
	("audits_get", &[Parameter::new::<JobId>("job"), BLOCK]),
	(
		"audits_auditors",
		&[
			Parameter::new::<ModelId>("model"),
			Parameter::new::<VersionNumber>("version"),
			BLOCK,
		],
	),
	("audits_rates", &[Parameter::new::<AccountId>("operator"), BLOCK]),
	("audits_parameters", &[BLOCK]),
];

/// Audits. Every method reads at the best block unless `at` names another.
#[rpc(server, namespace = "audits")]
pub(crate) trait AuditsApi {
	/// The audit of a job's last claim, or nothing.
	#[method(name = "get")]
	fn get(&self, job: JobId, at: Option<Hash>) -> RpcResult<Option<Audit>>;

	/// Who audits a version.
	#[method(name = "auditors")]
	fn auditors(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Vec<AccountId>>;

	/// How likely the next claim of an operator is to be audited, or nothing if the account is none. Probabilities are in
	/// parts of a million.
	#[method(name = "rates")]
	fn rates(&self, operator: AccountId, at: Option<Hash>) -> RpcResult<Option<Rates>>;

	/// How long each side has, what auditors earn and what they lose.
	#[method(name = "parameters")]
	fn parameters(&self, at: Option<Hash>) -> RpcResult<AuditParameters<Amount, BlockNumber>>;
}

/// The audit of a claim, in the form in which the command line writes it too.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Audit {
	job: JobId,
	attempt: Attempt,
	operator: AccountId,
	phase: AuditPhase<BlockNumber>,
	receipt: Option<ReceiptCheck>,
	spot_check: Option<SpotCheck>,
	auditors: Vec<Drawn>,
	values_of: Option<Place>,
}

/// An auditor that was drawn.
#[derive(Clone, Debug, Serialize)]
struct Drawn {
	account: AccountId,
	state: AuditorState,
}

impl From<AuditSummary<AccountId, BlockNumber>> for Audit {
	fn from(audit: AuditSummary<AccountId, BlockNumber>) -> Self {
		let auditors = audit.auditors.into_iter();
		Self {
			job: audit.job,
			attempt: audit.attempt,
			operator: audit.operator,
			phase: audit.phase,
			receipt: audit.receipt,
			spot_check: audit.spot_check,
			auditors: auditors.map(|(account, state)| Drawn { account, state }).collect(),
			values_of: audit.values_of,
		}
	}
}

/// How likely the next claim of an operator is to be audited.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Rates {
	operator: AccountId,
	#[serde(flatten)]
	rates: AuditRates,
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

	fn at(&self, at: Option<Hash>) -> RpcResult<Hash> {
		block(&self.client, at)
	}
}

impl AuditsApiServer for Audits {
	fn get(&self, job: JobId, at: Option<Hash>) -> RpcResult<Option<Audit>> {
		let audit = self
			.client
			.runtime_api()
			.audit(self.at(at)?, job)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(audit.map(Audit::from))
	}

	fn auditors(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Vec<AccountId>> {
		self.client
			.runtime_api()
			.auditors(self.at(at)?, ModelVersion { model, version })
			.map_err(|error| Error::Runtime.because(error))
	}

	fn rates(&self, operator: AccountId, at: Option<Hash>) -> RpcResult<Option<Rates>> {
		let at = self.at(at)?;
		let runtime = self.client.runtime_api();
		let known = runtime
			.operator(at, operator.clone())
			.map_err(|error| Error::Runtime.because(error))?;
		// The runtime has rates for every account: those of somebody who has no jobs yet.
		if known.is_none() {
			return Ok(None);
		}
		let rates = runtime
			.rates(at, operator.clone())
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(Some(Rates { operator, rates }))
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<AuditParameters<Amount, BlockNumber>> {
		let parameters = self
			.client
			.runtime_api()
			.parameters(self.at(at)?)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(AuditParameters {
			period: parameters.period,
			auditors: parameters.auditors,
			spot_check_size_factor: parameters.spot_check_size_factor,
			audit_size_factor: parameters.audit_size_factor,
			auditor_share: parameters.auditor_share,
			missed_audit_penalty: Amount(parameters.missed_audit_penalty),
			longest_delay: parameters.longest_delay,
		})
	}
}
