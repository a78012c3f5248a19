//! `models_*`: the registry of models and the operators that serve them.

use super::{
	amount::Amount,
	block::block,
	error::Error,
	parameters::{Parameter, Taken, BLOCK},
};
use crate::service::FullClient;
use assay_protocol::{
	api::ModelsApi as _,
	model::{ModelSummary, OfferSummary, VersionSummary},
	operator::OperatorSummary,
	ModelId, ModelVersion, VersionNumber,
};
use assay_runtime::{AccountId, Balance, BlockNumber, Hash};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use sp_core::{Bytes, H256};
use sp_runtime::Permill;
use std::sync::Arc;

/// Models in an answer unless the caller wants fewer.
const PAGE: u32 = 20;

/// What the methods take.
pub(super) const TAKEN: &[Taken] = &[
	("models_get", &[MODEL, BLOCK]),
	(
		"models_list",
		&[
			Parameter::new::<Option<ModelId>>("start"),
			Parameter::new::<Option<u32>>("limit"),
			BLOCK,
		],
	),
	("models_program", &[MODEL, VERSION, BLOCK]),
	("models_offers", &[MODEL, VERSION, BLOCK]),
	("models_operator", &[Parameter::new::<AccountId>("account"), BLOCK]),
];

const MODEL: Parameter = Parameter::new::<ModelId>("model");
const VERSION: Parameter = Parameter::new::<VersionNumber>("version");

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
	fn offers(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Vec<Offer>>;

	/// One operator, or nothing.
	#[method(name = "operator")]
	fn operator(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<OperatorSummary<AccountId, Amount, BlockNumber>>>;
}

/// A model, in the form in which the command line writes it too. Texts are what the publisher wrote; bytes that are not
/// UTF-8 show as �.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Model {
	id: ModelId,
	publisher: AccountId,
	name: String,
	description: String,
	licence: String,
	tags: Vec<String>,
	deposit: Amount,
	versions: Vec<Version>,
}

/// A version of a model.
#[derive(Clone, Debug, Serialize)]
struct Version {
	/// `model.version`.
	id: String,
	artifact: H256,
	artifact_bytes: u64,
	program_bytes: u32,
	tokenizer: Option<H256>,
	positions: u32,
	vocabulary: Option<u32>,
	output_length: Option<u32>,
	/// In parts of a million.
	royalty: Permill,
	retired: bool,
	listed_offers: u32,
}

impl Version {
	fn new(model: ModelId, version: VersionSummary) -> Self {
		let id = ModelVersion {
			model,
			version: version.version,
		};
		Self {
			id: id.to_string(),
			artifact: H256(version.artifact.0),
			artifact_bytes: version.artifact_bytes,
			program_bytes: version.program_bytes,
			tokenizer: version.tokenizer.map(|hash| H256(hash.0)),
			positions: version.positions,
			vocabulary: version.vocabulary,
			output_length: version.output_length,
			royalty: version.royalty,
			retired: version.retired,
			listed_offers: version.offers,
		}
	}
}

/// An offer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Offer {
	operator: AccountId,
	price: Amount,
	capacity: u16,
	speed: u64,
	largest: u64,
	last_heartbeat: Option<BlockNumber>,
	listed: bool,
}

impl From<OfferSummary<AccountId, Balance, BlockNumber>> for Offer {
	fn from(summary: OfferSummary<AccountId, Balance, BlockNumber>) -> Self {
		Self {
			operator: summary.offer.operator,
			price: Amount(summary.offer.price),
			capacity: summary.offer.capacity,
			speed: summary.offer.speed,
			largest: summary.offer.largest,
			last_heartbeat: summary.last_heartbeat,
			listed: summary.listed,
		}
	}
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
			versions: model
				.versions
				.into_iter()
				.map(|version| Version::new(model.id, version))
				.collect(),
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

	fn at(&self, at: Option<Hash>) -> RpcResult<Hash> {
		block(&self.client, at)
	}
}

impl ModelsApiServer for Models {
	fn get(&self, model: ModelId, at: Option<Hash>) -> RpcResult<Option<Model>> {
		let model = self
			.client
			.runtime_api()
			.model(self.at(at)?, model)
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(model.map(Model::from))
	}

	fn list(&self, start: Option<ModelId>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<Vec<Model>> {
		let models = self
			.client
			.runtime_api()
			.models(self.at(at)?, start.unwrap_or_default(), limit.unwrap_or(PAGE))
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(models.into_iter().map(Model::from).collect())
	}

	fn program(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Option<Bytes>> {
		let program = self
			.client
			.runtime_api()
			.program(self.at(at)?, ModelVersion { model, version })
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(program.map(Bytes))
	}

	fn offers(&self, model: ModelId, version: VersionNumber, at: Option<Hash>) -> RpcResult<Vec<Offer>> {
		let offers = self
			.client
			.runtime_api()
			.offers(self.at(at)?, ModelVersion { model, version })
			.map_err(|error| Error::Runtime.because(error))?;
		Ok(offers.into_iter().map(Offer::from).collect())
	}

	fn operator(
		&self,
		account: AccountId,
		at: Option<Hash>,
	) -> RpcResult<Option<OperatorSummary<AccountId, Amount, BlockNumber>>> {
		let operator = self
			.client
			.runtime_api()
			.operator(self.at(at)?, account)
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
