//! What the node's own worker has, which is no part of the chain.

use crate::{AccountId, Assay, Error, Result};
use assay_protocol::{JobId, ModelVersion};
use assay_trace::Hash32;
use serde::{Deserialize, Serialize};
use subxt::rpcs::{self, methods::legacy::Bytes, rpc_params};

/// The method that tells of it.
const STATUS: &str = "provider_status";
/// The method that opens positions of a claim.
const OPEN: &str = "provider_open";
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

/// A part of an opening.
#[derive(Deserialize)]
struct Part {
	/// Bytes of all parts.
	bytes: u64,
	content: Bytes,
}

impl Assay {
	/// What the worker of the node shows of some positions of a claim of its own, for a light audit: at most `limit` bytes, of
	/// which `fetched` is told how many are here.
	pub async fn opening(
		&self,
		job: JobId,
		positions: &[u32],
		limit: u64,
		fetched: impl Fn(u64, u64),
	) -> Result<Vec<u8>> {
		let mut opening = Vec::new();
		loop {
			let offset = opening.len() as u64;
			let part = self.rpc().request(OPEN, rpc_params![job, positions, offset]).await;
			let part: Part = part.map_err(|source| Error::Unanswered {
				what: format!("{OPEN} of job {job}"),
				source,
			})?;
			if part.bytes > limit {
				return Err(Error::OpeningTooLong {
					bytes: part.bytes,
					limit,
				});
			}
			opening.extend_from_slice(&part.content);
			let here = opening.len() as u64;
			fetched(here, part.bytes);
			if here == part.bytes {
				return Ok(opening);
			}
			if part.content.is_empty() || here > part.bytes {
				return Err(Error::unreadable("an opening comes in parts", None));
			}
		}
	}

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
