//! What the node's own worker has, which is no part of the chain.

use super::{AccountId, Chain};
use anyhow::{anyhow, Result};
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
pub(crate) struct ProviderStatus {
	/// Whether the node runs jobs.
	pub(crate) running: bool,
	/// The worker keys in its keystore.
	pub(crate) worker_keys: Vec<HeldKey>,
	/// The files in its models folder.
	pub(crate) artifacts: Vec<ArtifactFile>,
}

/// A worker key in a keystore.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HeldKey {
	/// The key, as an address.
	pub(crate) worker_key: String,
	/// Whether it can sign.
	pub(crate) signs: bool,
	/// The operator it is registered for.
	pub(crate) operator: Option<AccountId>,
	/// What that operator offers.
	pub(crate) offers: Vec<HeldOffer>,
}

/// An offer, as the node that has to keep it sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HeldOffer {
	/// What is offered.
	pub(crate) version: ModelVersion,
	/// The model's name.
	pub(crate) name: String,
	/// What it needs.
	pub(crate) artifact: Hash32,
	/// Whether that is there.
	pub(crate) present: bool,
}

/// A file in a models folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ArtifactFile {
	/// Its name.
	pub(crate) file: String,
	/// The root that it states.
	pub(crate) root: Option<Hash32>,
	/// `unread`, `verified` or `refused`.
	pub(crate) state: String,
}

impl ProviderStatus {
	/// Whether a good file, as far as the node knows, states this root.
	pub(crate) fn has(&self, artifact: &Hash32) -> bool {
		let mut files = self.artifacts.iter();
		files.any(|file| file.root == Some(*artifact) && file.state != "refused")
	}

	/// A file that states this root and cannot be used.
	pub(crate) fn refused(&self, artifact: &Hash32) -> Option<&ArtifactFile> {
		let mut files = self.artifacts.iter();
		files.find(|file| file.root == Some(*artifact) && file.state == "refused")
	}
}

impl Chain {
	/// What the worker of the node has; nothing if the node does not tell.
	pub(crate) async fn provider_status(&self) -> Result<Option<ProviderStatus>> {
		match self.rpc.request(STATUS, rpc_params![]).await {
			Ok(status) => Ok(Some(status)),
			Err(rpcs::Error::User(error)) if error.code == UNKNOWN_METHOD => Ok(None),
			Err(error) => Err(anyhow!(error).context(STATUS)),
		}
	}
}
