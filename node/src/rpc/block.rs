//! The block that a method reads at.

use super::error::{About, Error};
use crate::service::FullClient;
use assay_runtime::Hash;
use jsonrpsee::core::RpcResult;
use serde_json::json;
use sp_blockchain::HeaderBackend;

/// The name of the parameter that chooses the block.
pub(super) const AT: &str = "at";

/// The block that `at` names, if its state is at hand; the best block where it names none.
pub(super) fn block(client: &FullClient, at: Option<Hash>) -> RpcResult<Hash> {
	let Some(hash) = at else {
		return Ok(client.info().best_hash);
	};
	let about = || About {
		parameter: AT,
		value: json!(hash),
		limit: None,
	};
	let header = client.header(hash).map_err(|error| Error::Runtime.because(error))?;
	if header.is_none() {
		return Err(Error::UnknownBlock.about(format!("this node knows no block {hash:?}"), about()));
	}
	match client.state_at(hash) {
		Ok(_) => Ok(hash),
		Err(_) => Err(Error::StateDiscarded.about(
			format!(
				"this node has discarded the state of block {hash:?}: it keeps those of the last blocks (--state-pruning); \
				 read at a later block, or ask a node that runs with --state-pruning archive"
			),
			about(),
		)),
	}
}
