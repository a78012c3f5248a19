//! What the node's own worker has, which is no part of the chain.

use crate::{AccountId, Assay, Error, Result};
use assay_protocol::ModelVersion;
use assay_trace::Hash32;
use serde::{Deserialize, Serialize};
use subxt::rpcs::{self, rpc_params};

/// The method that tells of it.
const STATUS: &str = "provider_status";
/// The code of JSON-RPC for a method that a node does not have.
const UNKNOWN_METHOD: i32 = -32_601;

/// What a node's worker has to work with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProviderStatus {
	/// Whether the node runs jobs.
	pub running: bool,
	/// The worker keys in its keystore.
	pub worker_keys: Vec<HeldKey>,
	/// The files in its models folder.
	pub artifacts: Vec<ArtifactFile>,
}

/// A worker key in a keystore.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldKey {
	/// The key, as an address.
	pub worker_key: String,
	/// Whether it can sign.
	pub signs: bool,
	/// The operator it is registered for.
	pub operator: Option<AccountId>,
	/// What that operator offers.
	pub offers: Vec<HeldOffer>,
}

/// An offer, as the node that has to keep it sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldOffer {
	/// What is offered.
	pub version: ModelVersion,
	/// The model's name.
	pub name: String,
	/// What it needs.
	pub artifact: Hash32,
	/// Whether that is there.
	pub present: bool,
}

/// A file in a models folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ArtifactFile {
	/// Its name.
	pub file: String,
	/// The root that it states.
	pub root: Option<Hash32>,
	/// `unread`, `verified` or `refused`.
	pub state: String,
}

impl ProviderStatus {
	/// Whether a good file, as far as the node knows, states this root.
	pub fn has(&self, artifact: &Hash32) -> bool {
		let mut files = self.artifacts.iter();
		files.any(|file| file.root == Some(*artifact) && file.state != "refused")
	}

	/// A file that states this root and cannot be used.
	pub fn refused(&self, artifact: &Hash32) -> Option<&ArtifactFile> {
		let mut files = self.artifacts.iter();
		files.find(|file| file.root == Some(*artifact) && file.state == "refused")
	}
}

impl Assay {
	/// What the worker of the node has; nothing if the node does not tell.
	pub async fn provider_status(&self) -> Result<Option<ProviderStatus>> {
		match self.rpc().request(STATUS, rpc_params![]).await {
			Ok(status) => Ok(Some(status)),
			Err(rpcs::Error::User(error)) if error.code == UNKNOWN_METHOD => Ok(None),
			Err(source) => Err(Error::Unanswered {
				what: STATUS.into(),
				source,
			}),
		}
	}
}
