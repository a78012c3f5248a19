//! `models_*`: the registry of models and the operators that serve them.

use super::{amount::Amount, error::Error};
use crate::service::FullClient;
use assay_protocol::{
	api::ModelsApi as _,
	model::{ModelSummary, Offer, OfferSummary, VersionSummary},
	operator::OperatorSummary,
	ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::Bytes;
use std::sync::Arc;

/// Models in an answer unless the caller wants fewer.
const PAGE: u32 = 20;

/// The registry. Every method reads at the best block unless `at` names another.
#[rpc(server, namespace = "models")]
pub(crate) trait ModelsApi {
	/// One model, or nothing.
	#[method(name = "get")]
	fn get(&self, model: ModelId, at: Option<Hash>) -> RpcResult<Option<Model>>;

	/// At most `limit` models, capped by the runtime, with identifiers from `start` upwards.
	#[method(name = "list")]
	fn list(&self, start: Option<ModelId>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<Vec<Model>>;

	/// The encoded program of a version, or nothing.
	#[method(name = "program")]
	fn program(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Option<Bytes>>;

	/// Who serves a version, at which price.
	#[method(name = "offers")]
	fn offers(
		&self,
		model: ModelId,
		version: VersionNumber,
		at: Option<Hash>,
	) -> RpcResult<Vec<OfferSummary<AccountId, Amount, BlockNumber>>>;

	/// One operator, or nothing.
	#[method(name = "operator")]
	fn operator(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<OperatorSummary<AccountId, Amount, BlockNumber>>>;
}

/// A model. Texts are what the publisher wrote; bytes that are not UTF-8 show as �.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Model {
	id: ModelId,
	publisher: AccountId,
	name: String,
	description: String,
	licence: String,
	tags: Vec<String>,
	deposit: Amount,
	versions: Vec<VersionSummary>,
}

impl From<ModelSummary<AccountId, Balance>> for Model {
	fn from(model: ModelSummary<AccountId, Balance>) -> Self {
		let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
		Self {
			id: model.id,
			publisher: model.publisher,
			name: text(&model.metadata.name),
			description: text(&model.metadata.description),
			licence: text(&model.metadata.licence),
			tags: model.metadata.tags.iter().map(|tag| text(tag)).collect(),
			deposit: Amount(model.deposit),
			versions: model.versions,
		}
	}
}

/// Answers `models_*` from the runtime.
pub(crate) struct Models {
	client: Arc<FullClient>,
}

impl Models {
	/// Answers from this chain.
	pub(crate) fn new(client: Arc<FullClient>) -> Self {
		Self { client }
	}

	fn at(&self, at: Option<Hash>) -> Hash {
		at.unwrap_or_else(|| self.client.info().best_hash)
	}
}

impl ModelsApiServer for Models {
	fn get(&self, model: ModelId, at: Option<Hash>) -> RpcResult<Option<Model>> {
		let model = self
			.client
			.runtime_api()
			.model(self.at(at), model)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(model.map(Model::from))
	}

	fn list(&self, start: Option<ModelId>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<Vec<Model>> {
		let models = self
			.client
			.runtime_api()
			.models(self.at(at), start.unwrap_or_default(), limit.unwrap_or(PAGE))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(models.into_iter().map(Model::from).collect())
	}

	fn program(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Option<Bytes>> {
		let program = self
			.client
			.runtime_api()
			.program(self.at(at), ModelVersion { model, version })
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(program.map(Bytes))
	}

	fn offers(
		&self,
		model: ModelId,
		version: VersionNumber,
		at: Option<Hash>,
	) -> RpcResult<Vec<OfferSummary<AccountId, Amount, BlockNumber>>> {
		let offers = self
			.client
			.runtime_api()
			.offers(self.at(at), ModelVersion { model, version })
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(offers
			.into_iter()
			.map(
				|OfferSummary {
				     offer,
				     last_heartbeat,
				     listed,
				 }| OfferSummary {
					offer: Offer {
						operator: offer.operator,
						price: Amount(offer.price),
						capacity: offer.capacity,
					},
					last_heartbeat,
					listed,
				},
			)
			.collect())
	}

	fn operator(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<OperatorSummary<AccountId, Amount, BlockNumber>>> {
		let operator = self
			.client
			.runtime_api()
			.operator(self.at(at), account)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(operator.map(|operator| OperatorSummary {
			account: operator.account,
			worker_key: operator.worker_key,
			bond: Amount(operator.bond),
			committed: Amount(operator.committed),
			leaves_at: operator.leaves_at,
			faults: operator.faults,
		}))
	}
}
