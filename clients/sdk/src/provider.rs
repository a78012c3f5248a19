//! What the node's own worker has, which is no part of the chain.

use crate::{AccountId, Assay, Error, Result};
use assay_protocol::{operator::LEAST_PART, JobId, ModelVersion};
use assay_trace::Hash32;
use serde::{Deserialize, Serialize};
use std::{future::Future, net::SocketAddr};
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
	/// Where it answers requests in real time; absent where it does not.
	#[serde(default)]
	pub endpoint: Option<ListeningEndpoint>,
}

/// An endpoint that listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListeningEndpoint {
	/// Where it listens.
	pub address: SocketAddr,
	/// SHA-256 of its public key: consumers know it by that.
	pub key_hash: Hash32,
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
	/// which `fetched` is told how many are here. A worker may be slow, but not send less than [`LEAST_PART`] at a time; who has no time
	/// for it gives up.
	pub async fn opening(
		&self,
		job: JobId,
		positions: &[u32],
		limit: u64,
		fetched: impl Fn(u64, u64),
	) -> Result<Vec<u8>> {
		let part = |offset: u64| async move {
			let part = self.rpc().request(OPEN, rpc_params![job, positions, offset]).await;
			part.map_err(|source| Error::Unanswered {
				what: format!("{OPEN} of job {job}"),
				source,
			})
		};
		put_together(part, limit, fetched).await
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

/// Asks for the parts of an opening of at most `limit` bytes, each by its offset, until all are here.
async fn put_together<F>(part: impl Fn(u64) -> F, limit: u64, fetched: impl Fn(u64, u64)) -> Result<Vec<u8>>
where
	F: Future<Output = Result<Part>>,
{
	let mut opening = Vec::new();
	loop {
		let Part { bytes, content } = part(opening.len() as u64).await?;
		if bytes > limit {
			return Err(Error::OpeningTooLong { bytes, limit });
		}
		opening.extend_from_slice(&content);
		let here = opening.len() as u64;
		fetched(here, bytes);
		if here == bytes {
			return Ok(opening);
		}
		if here > bytes {
			return Err(Error::unreadable("an opening comes in parts", None));
		}
		if content.len() < LEAST_PART {
			return Err(Error::PartTooShort {
				bytes: content.len(),
				least: LEAST_PART,
			});
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::cell::Cell;

	/// More than any of these openings has.
	const LIMIT: u64 = 1 << 30;

	/// What comes of a worker that has so many bytes and sends so many at a time, and how often it is asked.
	async fn fetched(bytes: usize, at_once: usize) -> (Result<Vec<u8>>, usize) {
		let opening: Vec<u8> = (0..bytes).map(|index| (index / 1_000) as u8).collect();
		let asked = Cell::new(0);
		let part = |offset: u64| {
			asked.set(asked.get() + 1);
			let content = opening.iter().skip(offset as usize).take(at_once);
			let part = Part {
				bytes: bytes as u64,
				content: Bytes(content.copied().collect()),
			};
			std::future::ready(Ok(part))
		};
		let put = put_together(part, LIMIT, |_, _| ()).await;
		if let Ok(put) = &put {
			assert_eq!(*put, opening);
		}
		(put, asked.get())
	}

	#[tokio::test]
	async fn n02_worker_that_sends_little_at_a_time_is_not_asked_again() {
		for at_once in [0, 1, LEAST_PART - 1] {
			let (put, asked) = fetched(4 * LEAST_PART, at_once).await;
			assert!(
				matches!(put, Err(Error::PartTooShort { bytes, least: LEAST_PART }) if bytes == at_once),
				"{at_once} at once: {put:?}"
			);
			assert_eq!(asked, 1);
		}
	}

	#[tokio::test]
	async fn n02_last_part_may_be_short_and_so_may_be_the_whole() {
		for (bytes, at_once, expected) in [
			(0, LEAST_PART, 1),
			(1, 1, 1),
			(LEAST_PART, LEAST_PART, 1),
			(LEAST_PART + 1, LEAST_PART, 2),
			(4 * LEAST_PART - 1, LEAST_PART, 4),
			(4 * LEAST_PART, 3 * LEAST_PART, 2),
		] {
			let (put, asked) = fetched(bytes, at_once).await;
			assert!(put.is_ok(), "{bytes} bytes, {at_once} at once: {put:?}");
			assert_eq!(asked, expected);
		}
	}

	#[tokio::test]
	async fn opening_that_never_ends_is_refused_where_it_has_too_many_bytes() {
		// Each part says that there is one more.
		let asked = Cell::new(0);
		let endless = |offset: u64| {
			asked.set(asked.get() + 1);
			std::future::ready(Ok(Part {
				bytes: offset + 2 * LEAST_PART as u64,
				content: Bytes(vec![0; LEAST_PART]),
			}))
		};
		let limit = 10 * LEAST_PART as u64;
		let put = put_together(endless, limit, |_, _| ()).await;
		assert!(matches!(put, Err(Error::OpeningTooLong { .. })), "{put:?}");
		assert_eq!(asked.get(), 10);
	}
}
