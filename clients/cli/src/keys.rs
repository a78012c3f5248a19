//! Who signs, and who is meant: secrets and addresses as they are written on the command line.

use anyhow::{anyhow, bail, ensure, Context, Result};
use assay_protocol::channel::ChannelKey;
use assay_protocol::operator::{WorkerKey, WorkerPair, WorkerSignature};
use assay_sdk::{
	keys::{self, KeyError},
	AccountId, Signer,
};
use sp_core::{sr25519, Pair};
use std::{
	fs,
	io::Write,
	path::{Path, PathBuf},
};

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
	pub(crate) fn signer(&self) -> Result<Signer> {
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
		keys::worker(&secret).map_err(|error| refused(error, "--worker-key-file"))
	}

	/// The worker key, and its proof that it may be registered for `account`.
	pub(crate) fn registration(&self, account: &AccountId, genesis: &[u8; 32]) -> Result<(WorkerKey, WorkerSignature)> {
		Ok(keys::registration(&self.pair()?, account, genesis))
	}
}

/// Where the key of a channel is.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ChannelSource {
	/// File with the secret of the channel's key, which signs requests and what is paid for them. One is made if there is no such file.
	#[arg(long, value_name = "FILE")]
	channel_key: PathBuf,
}

impl ChannelSource {
	/// The file.
	pub(crate) fn path(&self) -> &Path {
		&self.channel_key
	}

	/// The public part of the key; of a new one if there is no such file.
	pub(crate) fn public(&self) -> Result<ChannelKey> {
		let file = &self.channel_key;
		if !file.exists() {
			let (_, seed) = sr25519::Pair::generate();
			let mut options = fs::OpenOptions::new();
			options.write(true).create_new(true);
			#[cfg(unix)]
			std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
			let mut created = options
				.open(file)
				.with_context(|| format!("key file {}", file.display()))?;
			writeln!(created, "0x{}", hex::encode(seed)).with_context(|| format!("key file {}", file.display()))?;
		}
		Ok(self.pair()?.public())
	}

	/// The key.
	pub(crate) fn pair(&self) -> Result<sr25519::Pair> {
		let file = &self.channel_key;
		let secret = read_secret(file)?;
		let pair = sr25519::Pair::from_string(&secret, None);
		pair.map_err(|_| anyhow!("key file {} holds no secret of a key", file.display()))
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

fn keypair(secret: &str) -> Result<Signer> {
	keys::signer(secret).map_err(|error| refused(error, "--key-file"))
}

/// Why a secret is none, and how a file is given that was taken for one.
fn refused(error: KeyError, option: &str) -> anyhow::Error {
	match error {
		KeyError::FileName => anyhow!("{error}: files are given with {option}"),
		error => error.into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

	#[test]
	fn a_channels_key_is_made_once_and_is_its_owners_alone() {
		let folder = tempfile::tempdir().unwrap();
		let source = ChannelSource {
			channel_key: folder.path().join("channel.key"),
		};
		let key = source.public().unwrap();
		assert_eq!(source.public().unwrap(), key);
		#[cfg(unix)]
		{
			use std::os::unix::fs::PermissionsExt;
			let mode = fs::metadata(&source.channel_key).unwrap().permissions().mode();
			assert_eq!(mode & 0o777, 0o600);
		}
		fs::write(&source.channel_key, "no secret\n").unwrap();
		assert!(source.public().is_err());
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
}
