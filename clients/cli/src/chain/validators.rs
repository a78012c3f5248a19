//! The keys with which blocks are made.

use super::{AccountId, Block, Chain};
use anyhow::{anyhow, Context, Result};
use codec::Encode;
use serde::Deserialize;
use subxt::{
	dynamic::Value,
	rpcs::{self, methods::legacy::Bytes, rpc_params},
};

/// The method by which a node makes session keys.
const MAKE_KEYS: &str = "author_rotateKeysWithOwner";

/// Session keys whose secrets are in a node's keystore.
#[derive(Deserialize)]
pub(crate) struct SessionKeys {
	/// The public keys, in SCALE.
	keys: Bytes,
	/// The node's proof, for one account, that it has the secrets.
	proof: Option<Bytes>,
}

impl SessionKeys {
	/// The public keys.
	pub(crate) fn keys(&self) -> &[u8] {
		&self.keys.0
	}

	/// The proof.
	pub(crate) fn proof(&self) -> Result<&[u8]> {
		let proof = self.proof.as_ref();
		Ok(&proof
			.context("the node made keys without a proof, and no chain of Assay registers those")?
			.0)
	}
}

impl Chain {
	/// Has the node make session keys that the account may register. They are in its keystore from then on.
	pub(crate) async fn make_session_keys(&self, account: AccountId) -> Result<SessionKeys> {
		let parameters = rpc_params![Bytes(account.encode())];
		let made = self.rpc.request(MAKE_KEYS, parameters).await;
		made.map_err(refused)
	}

	/// The session keys that an account registered last, in SCALE.
	pub(crate) async fn session_keys(&self, account: AccountId, at: Block) -> Result<Option<Vec<u8>>> {
		let client = self.client.at_block(at.hash).await?;
		let key = vec![Value::from_bytes(account)];
		let stored = client.storage().try_fetch(("Session", "NextKeys"), key).await?;
		Ok(stored.map(|keys| keys.into_bytes()))
	}
}

/// Why a node makes no keys, and what to do about it.
fn refused(error: rpcs::Error) -> anyhow::Error {
	match &error {
		rpcs::Error::User(user) if user.message.contains("unsafe") => anyhow!(
			"the node makes keys only for whoever speaks to it from its own machine: run this there, with the node's own \
			 address as --url (or start the node with --rpc-methods unsafe where nobody else reaches its port)"
		),
		_ => anyhow!(error).context(MAKE_KEYS),
	}
}
