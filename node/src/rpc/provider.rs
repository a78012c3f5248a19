//! `provider_*`: what the worker of this node has to work with.

use super::error::Error;
use crate::service::{Block, FullClient};
use assay_protocol::ModelVersion;
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
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// The worker of this node. Nothing here is secret, and nothing is changed.
#[rpc(server, namespace = "provider")]
pub(crate) trait ProviderApi {
	/// Which worker keys it holds, for which operators, and which artifacts are there.
	#[method(name = "status", blocking)]
	fn status(&self) -> RpcResult<Status>;
}

/// What the worker has.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status {
	/// Whether this node runs jobs.
	running: bool,
	worker_keys: Vec<Key>,
	/// The files in the models folder.
	artifacts: Vec<ArtifactFile>,
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
}

impl Provider {
	/// Answers for this node.
	pub(crate) fn new(client: Arc<FullClient>, keystore: KeystorePtr, models: Option<Arc<Models>>) -> Self {
		Self {
			client,
			keystore,
			models,
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
		})
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
