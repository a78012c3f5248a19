//! `assay receipt`.

use super::Context;
use crate::{views::SettlementView, Outcome};
use anyhow::{anyhow, ensure, Context as _, Result};
use assay_protocol::JobId;
use assay_sdk::receipts::{AuthoritySet, Checkpoint, CheckpointFile, Flaw, Receipt, MAX_BYTES};
use clap::{ArgGroup, Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use sp_core::{ed25519, H256};
use std::{
	collections::BTreeMap,
	fs::{self, File, OpenOptions},
	io::{Read, Write},
	path::{Path, PathBuf},
};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
	/// Write the receipt of a job that is over to a file, once its end is final. Whoever reads it needs no node.
	Get(Get),
	/// Verify a receipt and show what it proves. No node is asked.
	Verify(Verify),
	/// Show who signs the finality of blocks from now on: what a node has to be trusted for once, to verify receipts later
	/// without one. It is written as a JSON document.
	Checkpoint,
}

/// Whose receipt.
#[derive(Debug, Args)]
pub(crate) struct Get {
	/// The job.
	job: JobId,
	/// Make it for whoever trusts this checkpoint, and not only for whoever trusts the authorities of today.
	#[arg(long, value_name = "FILE")]
	checkpoint: Option<PathBuf>,
	/// Make it for whoever trusts the specification of the chain, as `assay-node export-chain-spec --raw` writes it.
	#[arg(long, value_name = "FILE", conflicts_with = "checkpoint")]
	genesis: Option<PathBuf>,
	/// The file to write; it must not exist. `job-JOB.receipt` if absent.
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
}

/// Which receipt, and whom to trust.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("trusted").required(true).args(["checkpoint", "authorities", "genesis"])))]
pub(crate) struct Verify {
	/// The receipt.
	file: PathBuf,
	/// Trust the authorities of a checkpoint, and whom they hand over to.
	#[arg(long, value_name = "FILE")]
	checkpoint: Option<PathBuf>,
	/// Trust these authorities, of the same weight each: the keys `gran` of their session keys.
	#[arg(long, value_name = "KEYS", value_delimiter = ',', value_parser = parse_key, requires = "set")]
	authorities: Vec<ed25519::Public>,
	/// The number of their set.
	#[arg(long, value_name = "NUMBER", requires = "authorities")]
	set: Option<u64>,
	/// Trust the specification of the chain, as `assay-node export-chain-spec --raw` writes it: the authorities of its first
	/// block, and whom they hand over to.
	#[arg(long, value_name = "FILE")]
	genesis: Option<PathBuf>,
}

impl ReceiptCommand {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		match self {
			Self::Get(get) => get.run(context).await,
			Self::Verify(verify) => verify.run(context),
			Self::Checkpoint => {
				let checkpoint = context.chain().await?.receipts().checkpoint().await?;
				context.output.document(&CheckpointFile::from(&checkpoint));
				Ok(Outcome::Done)
			}
		}
	}
}

impl Get {
	async fn run(self, context: &Context) -> Result<Outcome> {
		let out = self.out.unwrap_or_else(|| format!("job-{}.receipt", self.job).into());
		let checkpoint = self.checkpoint.as_deref().map(read_checkpoint);
		let checkpoint = checkpoint.or(self.genesis.as_deref().map(read_genesis)).transpose()?;
		let chain = context.chain().await?;
		let receipt = chain.receipts().get(self.job, checkpoint.as_ref()).await?;
		let bytes = receipt.to_bytes();
		let file = OpenOptions::new().write(true).create_new(true).open(&out);
		file.and_then(|mut file| file.write_all(&bytes))
			.with_context(|| format!("receipt {}", out.display()))?;
		let (block, first) = (receipt.block.header.number, receipt.first_set());
		let document = json!({
			"job": self.job,
			"file": out,
			"bytes": bytes.len(),
			"block": block,
			"set": receipt.set,
			"first_set": first,
		});
		context.output.answer(&document, || {
			format!(
				"the receipt of job {} is in {}: {} bytes, by block {block}, for whoever trusts the authorities of set {}",
				self.job,
				out.display(),
				bytes.len(),
				first.unwrap_or(receipt.set)
			)
		});
		Ok(Outcome::Done)
	}
}

impl Verify {
	fn run(self, context: &Context) -> Result<Outcome> {
		let (set, genesis) = match (&self.checkpoint, &self.genesis, self.set) {
			(Some(file), ..) => of_chain(read_checkpoint(file)?),
			(_, Some(file), _) => of_chain(read_genesis(file)?),
			(_, _, set) => {
				let authorities = self.authorities.iter().map(|key| ((*key).into(), 1));
				let set = AuthoritySet {
					id: set.context("--set is missing: authorities sign the number of their set")?,
					authorities: authorities.collect(),
				};
				(set, None)
			}
		};
		let named = || format!("{} proves nothing", self.file.display());
		let bytes = read_receipt(&self.file)?;
		let receipt = Receipt::from_bytes(&bytes).with_context(named)?;
		let settlement = receipt.verify(&set, genesis).map_err(advise).with_context(named)?;
		let view = SettlementView::new(&settlement);
		context.output.answer(&view, || view.text());
		Ok(Outcome::Done)
	}
}

fn of_chain(checkpoint: Checkpoint) -> (AuthoritySet, Option<H256>) {
	(checkpoint.set, Some(checkpoint.genesis))
}

/// Adds how to come by a receipt that leads from the set that is trusted, or by a set that is later.
fn advise(flaw: Flaw) -> anyhow::Error {
	let advice = match &flaw {
		Flaw::OtherSet { trusted, signed, .. } if trusted < signed => {
			"have it made for your checkpoint (`assay receipt get JOB --checkpoint FILE`), or trust a node for a later one \
			 (`assay receipt checkpoint`)"
		}
		Flaw::OtherSet { .. } => "use a checkpoint that is older than the receipt, or have the receipt made anew",
		_ => return flaw.into(),
	};
	anyhow!("{flaw}: {advice}")
}

/// Reads no more of a file than a receipt may have, and a byte by which it is seen that there is more.
fn read_receipt(file: &Path) -> Result<Vec<u8>> {
	let mut bytes = vec![];
	let read = File::open(file).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
	read.with_context(|| format!("receipt {}", file.display()))?;
	Ok(bytes)
}

fn read_checkpoint(file: &Path) -> Result<Checkpoint> {
	let named = || format!("checkpoint {}", file.display());
	let text = fs::read_to_string(file).with_context(named)?;
	let checkpoint: CheckpointFile = serde_json::from_str(&text).with_context(named)?;
	Ok(checkpoint.into())
}

/// The specification of a chain, as far as its first block follows from it.
#[derive(Deserialize)]
struct Specification {
	genesis: Genesis,
}

#[derive(Deserialize)]
struct Genesis {
	/// Absent where the node would have to compute it.
	raw: Option<Raw>,
}

#[derive(Deserialize)]
struct Raw {
	top: BTreeMap<String, String>,
}

fn read_genesis(file: &Path) -> Result<Checkpoint> {
	let named = || format!("chain specification {}", file.display());
	let text = fs::read(file).with_context(named)?;
	let specification: Specification = serde_json::from_slice(&text).with_context(named)?;
	let raw = specification.genesis.raw;
	let raw = raw.context("it does not hold the state at genesis: export it with --raw");
	let state = raw
		.with_context(named)?
		.top
		.into_iter()
		.map(|(key, value)| Ok((bytes(&key)?, bytes(&value)?)));
	let state: BTreeMap<_, _> = state.collect::<Result<_>>().with_context(named)?;
	Checkpoint::of_genesis(&state).with_context(named)
}

fn bytes(text: &str) -> Result<Vec<u8>> {
	let digits = text
		.strip_prefix("0x")
		.with_context(|| format!("`{text}` does not begin with 0x"))?;
	hex::decode(digits).with_context(|| format!("`{text}`"))
}

fn parse_key(text: &str) -> Result<ed25519::Public> {
	let bytes = bytes(text)?;
	ensure!(bytes.len() == 32, "`{text}` has {} bytes, a key has 32", bytes.len());
	let key: [u8; 32] = bytes.try_into().map_err(|_| anyhow!("`{text}` is no key"))?;
	Ok(ed25519::Public::from_raw(key))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_are_32_bytes_in_hexadecimal() {
		let key = format!("0x{}", "0a".repeat(32));
		assert_eq!(parse_key(&key).unwrap(), ed25519::Public::from_raw([10; 32]));
		for (wrong, words) in [
			("0a", "does not begin with 0x"),
			("0x0a", "has 1 bytes, a key has 32"),
			("0xno", "0xno"),
		] {
			let error = format!("{:#}", parse_key(wrong).unwrap_err());
			assert!(error.contains(words), "{error}");
		}
	}

	#[test]
	fn whoever_trusts_another_set_is_told_what_to_do() {
		let told = |trusted, signed| {
			advise(Flaw::OtherSet {
				trusted,
				first: signed,
				signed,
			})
			.to_string()
		};
		let later = told(3, 9);
		assert!(later.contains("set 9") && later.contains("set 3"), "{later}");
		assert!(later.contains("assay receipt get JOB --checkpoint FILE"), "{later}");
		assert!(told(9, 3).contains("older than the receipt"));
		let other = advise(Flaw::NotAReceipt);
		assert_eq!(other.to_string(), Flaw::NotAReceipt.to_string());
	}

	#[test]
	fn a_specification_without_a_state_says_how_to_get_one() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("chain.json");
		let told = |text: &str| {
			fs::write(&file, text).unwrap();
			format!("{:#}", read_genesis(&file).unwrap_err())
		};
		assert!(told(r#"{"genesis":{"runtimeGenesis":{}}}"#).contains("--raw"));
		assert!(told(r#"{"genesis":{"raw":{"top":{}}}}"#).contains("names no authorities"));
		assert!(told(r#"{"genesis":{"raw":{"top":{"0x1":"0x"}}}}"#).contains("`0x1`"));
		assert!(told("{}").contains("chain.json"));
	}

	#[test]
	fn no_more_is_read_than_a_receipt_may_have() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("long");
		File::create(&file).unwrap().set_len(MAX_BYTES as u64 + 4_096).unwrap();
		assert_eq!(read_receipt(&file).unwrap().len(), MAX_BYTES + 1);
	}
}
