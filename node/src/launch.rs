//! `assay-node launch`: the specification of a chain that strangers will run, from a file that its founders agree on.
//!
//! Whoever has the same file and the same node gets the same bytes, so every founder makes the specification itself and compares its
//! hash. `docs/launch.md` is the whole procedure.

use crate::chain_spec;
use assay_protocol::operator::WorkerKey;
use assay_runtime::{
	currency::{EXISTENTIAL_DEPOSIT, MINIMUM_BOND, SESSION_KEY_DEPOSIT, UNIT},
	AccountId, Balance,
};
use sc_service::config::MultiaddrWithPeerId;
use serde::Deserialize;
use serde_json::json;
use sp_core::{crypto::Ss58Codec, ed25519, hexdisplay::HexDisplay, sr25519};
use std::{
	collections::BTreeSet,
	fs,
	io::{self, Write},
	path::{Path, PathBuf},
};

/// Validators with which a chain begins at least: one of them may fail.
const LEAST_VALIDATORS: usize = 4;

/// Make the specification of a live chain.
#[derive(Debug, clap::Args)]
pub(crate) struct LaunchCmd {
	/// What the founders agree on: docs/launch.md shows it.
	founders: PathBuf,

	/// Write the specification there [default: standard output].
	#[arg(long, value_name = "FILE")]
	out: Option<PathBuf>,
}

/// What founders agree on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Launch {
	/// The chain's name, for people.
	name: String,
	/// Its name, for folders and the network: letters, digits and underscores.
	id: String,
	/// Nodes that new ones ask first.
	bootnodes: Vec<MultiaddrWithPeerId>,
	/// Who makes blocks at first.
	validators: Vec<Validator>,
	/// Who else has money, in whole ASY.
	accounts: Vec<Account>,
	/// Who looks at code at first.
	technical_committee: Vec<String>,
}

/// A validator at genesis.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Validator {
	/// Its account, which holds its bond.
	account: String,
	/// The public key of its worker, in hexadecimal.
	worker_key: String,
	/// The public key with which it makes blocks.
	babe: String,
	/// The public key with which it votes.
	grandpa: String,
	/// The public key under which it publishes where it is.
	authority_discovery: String,
	/// What it bonds, in whole ASY.
	bond: u64,
	/// What it has beside, in whole ASY.
	free: u64,
}

/// An account at genesis.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
	/// Its address.
	account: String,
	/// What it has, in whole ASY.
	balance: u64,
}

impl LaunchCmd {
	/// Makes it.
	pub(crate) fn run(&self) -> sc_cli::Result<()> {
		let text = fs::read_to_string(&self.founders).map_err(|error| refused(&self.founders, &error))?;
		let launch: Launch = serde_json::from_str(&text).map_err(|error| refused(&self.founders, &error))?;
		let genesis = launch.genesis().map_err(|error| refused(&self.founders, &error))?;
		let specification = chain_spec::live(&launch.name, &launch.id, launch.bootnodes, genesis)?;
		let raw = specification.as_json(true)?;
		let hash = sp_crypto_hashing::blake2_256(raw.as_bytes());
		match &self.out {
			Some(file) => fs::write(file, &raw).map_err(|error| refused(file, &error))?,
			None => io::stdout().write_all(raw.as_bytes())?,
		}
		eprintln!("BLAKE2b-256 of the specification: {}", HexDisplay::from(&hash));
		Ok(())
	}
}

fn refused(file: &Path, error: &impl std::fmt::Display) -> sc_cli::Error {
	format!("{}: {error}", file.display()).into()
}

impl Launch {
	/// The genesis, or what is wrong with it.
	fn genesis(&self) -> Result<serde_json::Value, String> {
		let named = |of: &str| of.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
		if self.id.is_empty() || !named(&self.id) {
			return Err(format!("id is `{}`: letters, digits and underscores make one", self.id));
		}
		if self.validators.len() < LEAST_VALIDATORS {
			return Err(format!(
				"there are {} validators, and {LEAST_VALIDATORS} are needed for one to be able to fail",
				self.validators.len()
			));
		}
		let mut keys = BTreeSet::new();
		let mut once = |of: [u8; 32], what: String| match keys.insert(of) {
			true => Ok(()),
			false => Err(format!("{what} is there twice: every key and account is for one thing")),
		};
		let (mut balances, mut session, mut operators, mut candidates) = (vec![], vec![], vec![], vec![]);
		for validator in &self.validators {
			let account = address(&validator.account)?;
			let worker: WorkerKey = sr25519::Public::from_raw(key(&validator.worker_key)?).into();
			let babe = sr25519::Public::from_raw(key(&validator.babe)?);
			let grandpa = ed25519::Public::from_raw(key(&validator.grandpa)?);
			let discovery = sr25519::Public::from_raw(key(&validator.authority_discovery)?);
			for (bytes, what) in [
				(account.clone().into(), &validator.account),
				(key(&validator.worker_key)?, &validator.worker_key),
				(babe.0, &validator.babe),
				(grandpa.0, &validator.grandpa),
				(discovery.0, &validator.authority_discovery),
			] {
				once(bytes, what.clone())?;
			}
			let bond = asy(validator.bond)?;
			if bond < MINIMUM_BOND {
				return Err(format!(
					"{} bonds {} ASY, and {} is the least",
					validator.account,
					validator.bond,
					MINIMUM_BOND / UNIT
				));
			}
			let held = bond
				.checked_add(SESSION_KEY_DEPOSIT)
				.and_then(|held| held.checked_add(EXISTENTIAL_DEPOSIT));
			let total = held.and_then(|held| held.checked_add(asy(validator.free).ok()?));
			balances.push((account.clone(), total.ok_or("too much money")?));
			session.push(json!([account, account, {
				"babe": babe.to_ss58check(),
				"grandpa": grandpa.to_ss58check(),
				"authority_discovery": discovery.to_ss58check(),
			}]));
			operators.push(json!([account, worker, bond]));
			candidates.push(account);
		}
		for holder in &self.accounts {
			let account = address(&holder.account)?;
			once(account.clone().into(), holder.account.clone())?;
			balances.push((account, asy(holder.balance)?));
		}
		let all = balances
			.iter()
			.try_fold(0u128, |sum, (_, balance)| sum.checked_add(*balance));
		all.ok_or("too much money")?;
		let committee: Vec<AccountId> = self
			.technical_committee
			.iter()
			.map(|member| address(member))
			.collect::<Result<_, _>>()?;
		balances.push((assay_runtime::treasury::TreasuryAccount::get(), EXISTENTIAL_DEPOSIT));
		Ok(json!({
			"babe": { "epochConfig": assay_runtime::time::BABE_GENESIS_EPOCH_CONFIG },
			"balances": { "balances": balances },
			"session": { "keys": session },
			"staking": { "operators": operators },
			"validators": { "candidates": candidates },
			"technicalCommittee": { "members": committee },
		}))
	}
}

/// So many whole ASY.
fn asy(whole: u64) -> Result<Balance, String> {
	Balance::from(whole)
		.checked_mul(UNIT)
		.ok_or_else(|| "too much money".into())
}

fn address(text: &str) -> Result<AccountId, String> {
	AccountId::from_ss58check(text).map_err(|error| format!("`{text}` is no address: {error}"))
}

fn key(text: &str) -> Result<[u8; 32], String> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	let bytes = hex::decode(digits).map_err(|error| format!("`{text}` is no public key: {error}"))?;
	bytes
		.try_into()
		.map_err(|bytes: Vec<u8>| format!("`{text}` is no public key: it has {} bytes instead of 32", bytes.len()))
}
