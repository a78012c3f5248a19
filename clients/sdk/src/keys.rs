//! Who signs, and who is meant: secrets and addresses as people write them.

use crate::AccountId;
use assay_protocol::operator::{possession_payload, WorkerKey, WorkerPair, WorkerSignature};
use sp_core::{ByteArray, Pair};
use std::str::FromStr;
use subxt_signer::SecretUri;

/// An account's key pair, which signs its transactions.
pub type Signer = subxt_signer::sr25519::Keypair;

/// Why a text is no key. It never repeats a secret.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum KeyError {
	/// A derivation path without a phrase stands for a key that everybody knows, and `/path` is more likely a file.
	#[error("the secret begins with a single slash, as the name of a file does")]
	FileName,
	/// It is no secret.
	#[error("the secret is not a phrase, a seed or a derivation path")]
	NoSecret,
	/// It has the form of a secret, and is none.
	#[error("the secret does not make a key: check its words, length and derivations")]
	NoKey,
	/// It does not make a worker key.
	#[error("the worker's secret does not make a key: check its words, length and derivations")]
	NoWorkerKey,
	/// It is not hexadecimal, or not as long as an account.
	#[error("`{text}` is not an account of 32 bytes: {reason}")]
	NoAccount {
		/// The text.
		text: String,
		/// What is wrong with it.
		reason: hex::FromHexError,
	},
	/// It is no address.
	#[error("`{text}` is not an address: {reason}")]
	NoAddress {
		/// The text.
		text: String,
		/// What is wrong with it.
		reason: String,
	},
}

/// The key pair of a secret: a phrase, a seed, or a development name such as `//Bob`.
pub fn signer(secret: &str) -> Result<Signer, KeyError> {
	check_form(secret)?;
	// The parser's errors could quote the secret, so they are not repeated.
	let uri = SecretUri::from_str(secret).map_err(|_| KeyError::NoSecret)?;
	Signer::from_uri(&uri).map_err(|_| KeyError::NoKey)
}

/// The account of a key pair.
pub fn account_of(signer: &Signer) -> AccountId {
	signer.public_key().to_account_id()
}

/// Reads an address, its 32 bytes in hexadecimal, or a development name such as `//Bob`.
pub fn account(text: &str) -> Result<AccountId, KeyError> {
	if text.starts_with("//") {
		return Ok(account_of(&signer(text)?));
	}
	if let Some(digits) = text.strip_prefix("0x") {
		let mut bytes = [0; 32];
		hex::decode_to_slice(digits, &mut bytes).map_err(|reason| KeyError::NoAccount {
			text: text.to_owned(),
			reason,
		})?;
		return Ok(AccountId::from(bytes));
	}
	AccountId::from_str(text).map_err(|error| KeyError::NoAddress {
		text: text.to_owned(),
		reason: error.to_string(),
	})
}

/// The worker key of a secret.
pub fn worker(secret: &str) -> Result<WorkerPair, KeyError> {
	check_form(secret)?;
	WorkerPair::from_string(secret, None).map_err(|_| KeyError::NoWorkerKey)
}

/// A worker key, and its proof that it may be registered for `account` on the chain that begins with `genesis`.
pub fn registration(worker: &WorkerPair, account: &AccountId, genesis: &[u8; 32]) -> (WorkerKey, WorkerSignature) {
	(worker.public(), worker.sign(&possession_payload(account, genesis)))
}

/// A worker key as an address.
pub fn worker_address(key: &WorkerKey) -> AccountId {
	let mut bytes = [0; 32];
	// An sr25519 key is an account's 32 bytes.
	bytes.copy_from_slice(key.as_slice());
	AccountId::from(bytes)
}

fn check_form(secret: &str) -> Result<(), KeyError> {
	match secret.starts_with('/') && !secret.starts_with("//") {
		true => Err(KeyError::FileName),
		false => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

	#[test]
	fn development_names_and_addresses_mean_the_same_account() {
		assert_eq!(account("//Bob").unwrap(), account(BOB).unwrap());
		assert_eq!(account("//Bob").unwrap().to_string(), BOB);
		let digits = format!("0x{}", hex::encode(account(BOB).unwrap()));
		assert_eq!(account(&digits).unwrap().to_string(), BOB);
		assert!(account("0x12").is_err());
	}

	#[test]
	fn an_address_with_a_wrong_letter_is_refused() {
		let error = account(&BOB.replace("5FH", "5FJ")).unwrap_err().to_string();
		assert!(error.contains("is not an address"), "{error}");
	}

	#[test]
	fn secrets_are_not_repeated_in_errors() {
		for secret in [
			"bottom drive obey lake curtain",
			"bottom drive obey lake curtain smoke basket hold race lonely fit wrong",
			"bottom drive obey\nlake",
			"obey.key",
			"0xobey",
			"/tmp/obey",
		] {
			let errors = [signer(secret).err().unwrap(), worker(secret).err().unwrap()];
			for error in errors {
				assert!(!format!("{error} {error:?}").contains("obey"), "{error}");
			}
		}
	}

	#[test]
	fn worker_proofs_verify_under_the_worker_key() {
		let pair = worker("//Alice//worker").unwrap();
		let account = account(BOB).unwrap();
		let (key, proof) = registration(&pair, &account, &[7; 32]);
		assert!(WorkerPair::verify(&proof, possession_payload(&account, &[7; 32]), &key));
		assert!(!WorkerPair::verify(
			&proof,
			possession_payload(&account, &[8; 32]),
			&key
		));
		assert_eq!(worker_address(&key).0, key.as_slice());
	}
}
