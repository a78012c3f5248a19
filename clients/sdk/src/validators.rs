//! Who makes blocks, and the keys with which blocks are made.

use crate::{reading::room, AccountId, Balance, Error, Missing, Result};
use assay_protocol::stake::{PendingSlash, ValidationParameters, ValidatorSummary};
use codec::Encode;
use serde::Deserialize;
use subxt::{
	dynamic::Value,
	rpcs::{self, client::rpc_params, methods::legacy::Bytes},
};

/// A validator or candidate as the runtime describes it.
pub type Validator = ValidatorSummary<AccountId, Balance>;
/// What an offence is to cost that is not paid for.
pub type Slash = PendingSlash<AccountId, Balance>;
/// What rules validators.
pub type Validation = ValidationParameters<Balance>;

/// The method by which a node makes session keys.
const MAKE_KEYS: &str = "author_rotateKeysWithOwner";

/// Session keys whose secrets are in a node's keystore.
#[derive(Deserialize)]
pub struct SessionKeys {
	/// The public keys, in SCALE.
	keys: Bytes,
	/// The node's proof, for one account, that it has the secrets.
	proof: Option<Bytes>,
}

impl SessionKeys {
	/// The public keys.
	pub fn keys(&self) -> &[u8] {
		&self.keys.0
	}

	/// The proof.
	pub fn proof(&self) -> Result<&[u8]> {
		let proof = self.proof.as_ref();
		Ok(&proof.ok_or(Error::missing(Missing::KeyProof))?.0)
	}
}

room! {
	/// Who makes blocks.
	Validators
}

impl Validators<'_> {
	/// The validators of the session and the candidates, by the stake behind them.
	pub async fn list(&self) -> Result<Vec<Validator>> {
		self.0.ask("StakingApi_validators", ()).await
	}

	/// Whom an election would choose, with the stake behind each.
	pub async fn election(&self) -> Result<Vec<(AccountId, Balance)>> {
		self.0.ask("StakingApi_election", ()).await
	}

	/// What offences are to cost that are not paid for, the next due first.
	pub async fn pending_slashes(&self) -> Result<Vec<Slash>> {
		self.0.ask("StakingApi_pending_slashes", ()).await
	}

	/// What rules validators, and what blocks earn.
	pub async fn rules(&self) -> Result<Validation> {
		self.0.ask("StakingApi_validation", ()).await
	}

	/// The session keys that an account registered last, in SCALE.
	pub async fn session_keys(&self, account: AccountId) -> Result<Option<Vec<u8>>> {
		let at = self.0.block().await?;
		let client = self.0.assay.client().at_block(at.hash).await?;
		let key = vec![Value::from_bytes(account)];
		let stored = client.storage().try_fetch(("Session", "NextKeys"), key).await?;
		Ok(stored.map(|keys| keys.into_bytes()))
	}

	/// Has the node make session keys that the account may register. They are in its keystore from then on.
	pub async fn make_session_keys(&self, account: AccountId) -> Result<SessionKeys> {
		let parameters = rpc_params![Bytes(account.encode())];
		let made = self.0.assay.rpc().request(MAKE_KEYS, parameters).await;
		made.map_err(refused)
	}
}

/// Why a node makes no keys.
fn refused(error: rpcs::Error) -> Error {
	match error {
		rpcs::Error::User(user) if user.message.contains("unsafe") => Error::UnsafeMethod,
		source => Error::Unanswered {
			what: MAKE_KEYS.into(),
			source,
		},
	}
}
