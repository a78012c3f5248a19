//! Who signs, and who is meant: secrets and addresses as they are written on the command line.

use crate::chain::AccountId;
use anyhow::{bail, ensure, Context, Result};
use assay_protocol::operator::{possession_payload, WorkerKey, WorkerPair, WorkerSignature};
use sp_core::{ByteArray, Pair};
use std::{path::PathBuf, str::FromStr};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// Where the signing account's secret comes from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct KeySource {
	/// Secret of the account that signs: a phrase, a seed, or a development name such as //Bob.
	#[arg(
		long,
		global = true,
		env = "ASSAY_SURI",
		hide_env_values = true,
		value_name = "SECRET"
	)]
	suri: Option<String>,
	/// File whose first line is that secret, so that it is seen neither in the process list nor in the history; goes
	/// before --suri.
	#[arg(long, global = true, env = "ASSAY_KEY_FILE", value_name = "FILE")]
	key_file: Option<PathBuf>,
}

impl KeySource {
	/// The account that signs.
	pub(crate) fn signer(&self) -> Result<Keypair> {
		match (&self.key_file, &self.suri) {
			(Some(file), _) => keypair(&read_secret(file)?),
			(None, Some(suri)) => keypair(suri),
			(None, None) => {
				bail!("who signs? Pass --suri SECRET or --key-file FILE (or set ASSAY_SURI, ASSAY_KEY_FILE)")
			}
		}
	}
}

/// Where the secret of a worker key comes from.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WorkerSource {
	/// Secret of the worker key.
	#[arg(long, env = "ASSAY_WORKER_SURI", hide_env_values = true, value_name = "SECRET")]
	worker_suri: Option<String>,
	/// File whose first line is that secret.
	#[arg(long, value_name = "FILE")]
	worker_key_file: Option<PathBuf>,
}

impl WorkerSource {
	/// The worker key with its secret.
	pub(crate) fn pair(&self) -> Result<WorkerPair> {
		let secret = match (&self.worker_key_file, &self.worker_suri) {
			(Some(file), _) => read_secret(file)?,
			(None, suri) => suri
				.clone()
				.context("which worker key? Pass --worker-suri or --worker-key-file")?,
		};
		check_form(&secret, "--worker-key-file")?;
		// The error could quote the secret, so it is not repeated.
		WorkerPair::from_string(&secret, None)
			.ok()
			.context("the worker's secret does not make a key: check its words, length and derivations")
	}

	/// The worker key, and its proof that it may be registered for `account`.
	pub(crate) fn registration(&self, account: &AccountId, genesis: &[u8; 32]) -> Result<(WorkerKey, WorkerSignature)> {
		let pair = self.pair()?;
		Ok((pair.public(), pair.sign(&possession_payload(account, genesis))))
	}
}

fn read_secret(file: &PathBuf) -> Result<String> {
	let text = std::fs::read_to_string(file).with_context(|| format!("key file {}", file.display()))?;
	let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
	let line = line.with_context(|| format!("the first line of key file {} is empty", file.display()))?;
	ensure!(
		!line.starts_with('{'),
		"key file {} holds JSON: put only its secretPhrase into a file",
		file.display()
	);
	Ok(line.to_owned())
}

/// Refuses what is more likely the name of a file: a derivation path without a phrase stands for a key that everybody knows.
fn check_form(secret: &str, option: &str) -> Result<()> {
	ensure!(
		!secret.starts_with('/') || secret.starts_with("//"),
		"the secret begins with a single slash, as the name of a file does: files are given with {option}"
	);
	Ok(())
}

fn keypair(secret: &str) -> Result<Keypair> {
	check_form(secret, "--key-file")?;
	// The parser's errors could quote the secret, so they are not repeated.
	let uri = SecretUri::from_str(secret)
		.ok()
		.context("the secret is not a phrase, a seed or a derivation path")?;
	Keypair::from_uri(&uri)
		.ok()
		.context("the secret does not make a key: check its words, length and derivations")
}

/// Reads an address, its 32 bytes in hexadecimal, or a development name such as `//Bob`.
pub(crate) fn parse_account(text: &str) -> Result<AccountId> {
	if text.starts_with("//") {
		return Ok(keypair(text)?.public_key().to_account_id());
	}
	if let Some(digits) = text.strip_prefix("0x") {
		let mut bytes = [0; 32];
		hex::decode_to_slice(digits, &mut bytes).with_context(|| format!("`{text}` is not an account of 32 bytes"))?;
		return Ok(AccountId::from(bytes));
	}
	AccountId::from_str(text).map_err(|error| anyhow::anyhow!("`{text}` is not an address: {error}"))
}

/// A worker key as an address.
pub(crate) fn worker_address(key: &WorkerKey) -> Result<AccountId> {
	Ok(AccountId::from(<[u8; 32]>::try_from(key.as_slice())?))
}

#[cfg(test)]
mod tests {
	use super::*;

	const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

	#[test]
	fn development_names_and_addresses_mean_the_same_account() {
		assert_eq!(parse_account("//Bob").unwrap(), parse_account(BOB).unwrap());
		assert_eq!(parse_account("//Bob").unwrap().to_string(), BOB);
		let digits = format!("0x{}", hex::encode(parse_account(BOB).unwrap()));
		assert_eq!(parse_account(&digits).unwrap().to_string(), BOB);
		assert!(parse_account("0x12").is_err());
	}

	#[test]
	fn an_address_with_a_wrong_letter_is_refused() {
		let error = parse_account(&BOB.replace("5FH", "5FJ")).unwrap_err().to_string();
		assert!(error.contains("is not an address"), "{error}");
	}

	#[test]
	fn secrets_are_not_repeated_in_errors() {
		let worker = |secret: &str| WorkerSource {
			worker_suri: Some(secret.into()),
			worker_key_file: None,
		};
		for secret in [
			"bottom drive obey lake curtain",
			"bottom drive obey lake curtain smoke basket hold race lonely fit wrong",
			"bottom drive obey\nlake",
			"obey.key",
			"0xobey",
			"/tmp/obey",
		] {
			let account = format!("{:#}", keypair(secret).err().unwrap());
			let worker = format!("{:#}", worker(secret).pair().err().unwrap());
			for error in [account, worker] {
				assert!(!error.contains("obey"), "{error}");
			}
		}
	}

	#[test]
	fn a_path_is_not_taken_for_a_secret_that_everybody_knows() {
		let error = keypair("/tmp/no.key").err().unwrap().to_string();
		assert!(error.contains("--key-file"), "{error}");
		let worker = WorkerSource {
			worker_suri: Some("/tmp/nokey".into()),
			worker_key_file: None,
		};
		let error = worker.pair().err().unwrap().to_string();
		assert!(error.contains("--worker-key-file"), "{error}");
	}

	#[test]
	fn key_files_are_read_by_their_first_line() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("bob.key");
		std::fs::write(&file, "//Bob\n# a note\n").unwrap();
		let source = KeySource {
			suri: None,
			key_file: Some(file.clone()),
		};
		assert_eq!(source.signer().unwrap().public_key().to_account_id().to_string(), BOB);
		std::fs::write(&file, "\n").unwrap();
		assert!(source.signer().is_err());
		std::fs::write(&file, "{\n  \"secretPhrase\": \"obey\"\n}\n").unwrap();
		let error = format!("{:#}", source.signer().err().unwrap());
		assert!(error.contains("secretPhrase") && !error.contains("obey"), "{error}");
	}

	#[test]
	fn worker_proofs_verify_under_the_worker_key() {
		let source = WorkerSource {
			worker_suri: Some("//Alice//worker".into()),
			worker_key_file: None,
		};
		let account = parse_account(BOB).unwrap();
		let (key, proof) = source.registration(&account, &[7; 32]).unwrap();
		assert!(WorkerPair::verify(&proof, possession_payload(&account, &[7; 32]), &key));
		assert!(!WorkerPair::verify(
			&proof,
			possession_payload(&account, &[8; 32]),
			&key
		));
	}
}
