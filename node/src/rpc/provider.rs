//! `provider_*`: what the worker of this node has to work with, and what it shows of its open claims.

use super::{
	error::{About, Error},
	parameters::{Parameter, Taken},
};
use crate::service::{Block, EndpointSign, FullClient};
use assay_exact::Program;
use assay_light_audit::MAX_POSITIONS;
use assay_protocol::{
	api::{JobsApi as _, ModelsApi as _},
	dispute::OwnedStatement,
	job::JobState,
	operator::LEAST_PART,
	JobId, ModelVersion,
};
use assay_provider::{
	chain::Worker,
	folder::{ArtifactFile, FileState},
	models::Models,
	node,
};
use assay_runtime::AccountId;
use assay_trace::Hash32;
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use serde::Serialize;
use serde_json::json;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::Bytes;
use sp_keystore::KeystorePtr;
use std::{net::SocketAddr, sync::Arc};

/// Bytes of an opening in one answer: in hexadecimal well below what a node sends at once.
const PART_BYTES: usize = 4 << 20;
const _: () = assert!(PART_BYTES >= LEAST_PART, "nobody takes shorter parts");

/// What the methods take.
pub(super) const TAKEN: &[Taken] = &[
	("provider_status", &[]),
	(
		"provider_open",
		&[
			Parameter::new::<JobId>("job"),
			Parameter::new::<Vec<u32>>(POSITIONS),
			Parameter::new::<u64>("offset"),
		],
	),
];

const POSITIONS: &str = "positions";

/// The worker of this node. Nothing here is secret, and nothing is changed.
#[rpc(server, namespace = "provider")]
pub(crate) trait ProviderApi {
	/// Which worker keys it holds, for which operators, and which artifacts are there.
	#[method(name = "status", blocking)]
	fn status(&self) -> RpcResult<Status>;

	/// What the worker shows of some positions of a claim of its own that is open, for a light audit: the part from `offset` on.
	/// It is made when it is first asked for, which costs a pass over the weights, and kept for the parts that follow.
	#[method(name = "open", blocking)]
	fn open(&self, job: JobId, positions: Vec<u32>, offset: u64) -> RpcResult<Part>;
}

/// A part of an opening.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Part {
	/// Bytes of all parts.
	bytes: u64,
	/// Those from the offset on, so many as one answer has.
	content: Bytes,
}

/// What the worker has.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status {
	/// Whether this node runs jobs.
	running: bool,
	worker_keys: Vec<Key>,
	/// The files in the models folder.
	artifacts: Vec<ArtifactFile>,
	/// Where it answers requests in real time; absent where it does not.
	endpoint: Option<Endpoint>,
}

/// Where requests are answered.
#[derive(Clone, Debug, Serialize)]
struct Endpoint {
	/// Where it listens.
	address: SocketAddr,
	/// SHA-256 of its public key.
	key_hash: Hash32,
}

/// A worker key in the keystore.
#[derive(Clone, Debug, Serialize)]
struct Key {
	/// The key, as an address.
	worker_key: String,
	/// Whether it can sign; a key that was inserted with another scheme cannot.
	signs: bool,
	/// The operator it is registered for.
	operator: Option<AccountId>,
	offers: Vec<Offer>,
}

/// An offer of that operator.
#[derive(Clone, Debug, Serialize)]
struct Offer {
	version: ModelVersion,
	name: String,
	artifact: Hash32,
	/// Whether a file states this root and is not known to be bad.
	present: bool,
}

/// Answers `provider_*`.
pub(crate) struct Provider {
	client: Arc<FullClient>,
	keystore: KeystorePtr,
	/// Absent where the worker is off.
	models: Option<Arc<Models>>,
	/// Absent where it answers no requests.
	endpoint: Option<EndpointSign>,
}

impl Provider {
	/// Answers for this node.
	pub(crate) fn new(
		client: Arc<FullClient>,
		keystore: KeystorePtr,
		models: Option<Arc<Models>>,
		endpoint: Option<EndpointSign>,
	) -> Self {
		Self {
			client,
			keystore,
			models,
			endpoint,
		}
	}
}

impl ProviderApiServer for Provider {
	fn status(&self) -> RpcResult<Status> {
		let workers =
			node::workers::<Block, _>(&*self.client, &self.keystore).map_err(|error| Error::Runtime.because(error))?;
		let artifacts = self.models.as_ref().map(|models| models.files()).unwrap_or_default();
		Ok(Status {
			running: self.models.is_some(),
			worker_keys: workers.iter().map(|worker| key(worker, &artifacts)).collect(),
			artifacts,
			endpoint: self.endpoint.map(|sign| Endpoint {
				address: sign.address,
				key_hash: sign.key_hash,
			}),
		})
	}

	fn open(&self, job: JobId, positions: Vec<u32>, offset: u64) -> RpcResult<Part> {
		let models = self
			.models
			.as_ref()
			.ok_or_else(|| Error::NotOurs.because("this node runs no jobs"))?;
		if positions.is_empty() || positions.len() as u64 > u64::from(MAX_POSITIONS) {
			let about = About {
				parameter: POSITIONS,
				value: json!(positions.len()),
				limit: Some(MAX_POSITIONS.into()),
			};
			let reason = format!(
				"1 to {MAX_POSITIONS} positions are opened at once, {} are asked for",
				positions.len()
			);
			return Err(Error::Parameter.about(reason, about));
		}
		let statement = self.own_claim(job)?;
		let opened = models
			.open(&statement, &positions)
			.map_err(|error| Error::NotOpened.because(error))?;
		let content = usize::try_from(offset).ok().and_then(|offset| opened.get(offset..));
		let content = content.ok_or_else(|| {
			let about = About {
				parameter: "offset",
				value: json!(offset),
				limit: Some(opened.len() as u64),
			};
			Error::Parameter.about(
				format!("the opening has {} bytes, none at {offset}", opened.len()),
				about,
			)
		})?;
		Ok(Part {
			bytes: opened.len() as u64,
			content: Bytes(content[..content.len().min(PART_BYTES)].to_vec()),
		})
	}
}

impl Provider {
	/// The claim of a job, if it is open and this node's worker made it.
	fn own_claim(&self, job: JobId) -> RpcResult<OwnedStatement> {
		let (api, at) = (self.client.runtime_api(), self.client.info().best_hash);
		let summary = api.job(at, job).map_err(|error| Error::Runtime.because(error))?;
		let summary = summary.ok_or_else(|| Error::UnknownJob.because(format!("there is no job {job}")))?;
		let JobState::Claimed { operator, .. } = &summary.state else {
			return Err(Error::NotOurs.because(format!("job {job} has no claim that is open")));
		};
		let workers =
			node::workers::<Block, _>(&*self.client, &self.keystore).map_err(|error| Error::Runtime.because(error))?;
		let ours = workers.iter().filter_map(|worker| worker.operator.as_ref());
		if !ours.map(|ours| &ours.account).any(|ours| ours == operator) {
			return Err(Error::NotOurs.because(format!(
				"the claim of job {job} is one of operator {operator}, not of this node"
			)));
		}
		let claim = api.claim(at, job).map_err(|error| Error::Runtime.because(error))?;
		let claim = claim.ok_or_else(|| Error::NotOurs.because(format!("job {job} has no claim")))?;
		let program = api
			.program(at, claim.version)
			.map_err(|error| Error::Runtime.because(error))?;
		let program = program.and_then(|program| Program::decode_checked(&program).ok());
		let program =
			program.ok_or_else(|| Error::Runtime.because("the program of the job's version cannot be read"))?;
		Ok(OwnedStatement::new(program, claim))
	}
}

fn key(worker: &Worker, artifacts: &[ArtifactFile]) -> Key {
	let present = |root: Hash32| {
		artifacts
			.iter()
			.any(|file| file.root == Some(root) && file.state != FileState::Refused)
	};
	let offers = worker.operator.iter().flat_map(|operator| &operator.serving.offers);
	Key {
		worker_key: worker.address(),
		signs: worker.flaw.is_none(),
		operator: worker.operator.as_ref().map(|operator| operator.account.clone()),
		offers: offers
			.map(|offer| Offer {
				version: offer.version,
				name: String::from_utf8_lossy(&offer.name).into_owned(),
				artifact: offer.artifact,
				present: present(offer.artifact),
			})
			.collect(),
	}
}
