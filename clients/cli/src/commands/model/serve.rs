//! `assay model serve`.

use crate::{
	commands::{parse_version, Context},
	Outcome,
};
use anyhow::{bail, ensure, Result};
use assay_protocol::ModelVersion;
use assay_sdk::{keys::worker_address, provider::ProviderStatus, AccountId, Amount, Assay, Call};
use assay_trace::Hash32;

/// How long the largest job takes that is offered unless something else is said.
const LARGEST_SECONDS: u64 = 600;

/// What to offer.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
	/// Model version, such as 3.0.
	#[arg(value_parser = parse_version)]
	version: ModelVersion,
	/// Price of one unit of computation (about a million multiply-accumulates).
	#[arg(long)]
	price: Amount,
	/// Jobs of this version to run at the same time.
	#[arg(long, default_value_t = 1)]
	capacity: u16,
	/// Units of computation a second with which each of them runs: the clock of a job follows from it, and a job that comes
	/// after its clock costs stake.
	#[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(1..))]
	speed: u64,
	/// The largest job to take, in units of computation [default: ten minutes at --speed].
	#[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
	largest: Option<u64>,
	/// Offer it although the operator's node says that it cannot run it.
	#[arg(long)]
	anyway: bool,
}

impl Serve {
	/// Does it.
	pub(super) async fn run(self, context: &Context) -> Result<Outcome> {
		let Self {
			version,
			price,
			capacity,
			speed,
			largest,
			anyway,
		} = self;
		let largest = largest.unwrap_or(speed.saturating_mul(LARGEST_SECONDS));
		ensure!(capacity > 0, "a capacity of 0 serves nobody: use `assay model unserve`");
		let chain = context.chain().await?;
		if !anyway {
			let operator = context.account()?;
			if let Some(doubt) = check(&chain, operator, version).await? {
				context.output.progress(&format!("the node at {} {doubt}", context.url));
			}
		}
		let receipt = context
			.submit(&chain, Call::serve(version, price.0, capacity, speed, largest))
			.await?;
		let done = format!(
			"{version} is served at {price} a unit, {capacity} jobs at a time, each of at most {largest} units at {speed} \
			 units a second"
		);
		context.tell(&receipt, &done);
		Ok(Outcome::Done)
	}
}

/// Fails if the node works for the operator and cannot run the version: an offer counts as a heartbeat, so jobs would come at
/// once, and each would cost the penalty for a missed deadline. Returns why the node cannot tell.
async fn check(chain: &Assay, operator: AccountId, version: ModelVersion) -> Result<Option<String>> {
	let at = chain.best().await?;
	let Some(status) = chain.provider_status().await? else {
		return Ok(Some("does not tell whether it has the artifact".into()));
	};
	let Some(record) = chain.operators().at(at).find(operator).await? else {
		// The chain says so itself.
		return Ok(None);
	};
	let key = worker_address(&record.worker_key).to_string();
	let artifact = chain.models().at(at).version(version).await?.artifact;
	judge(&status, &operator, &key, version, &artifact)
}

fn judge(
	status: &ProviderStatus,
	operator: &AccountId,
	key: &str,
	version: ModelVersion,
	artifact: &Hash32,
) -> Result<Option<String>> {
	let elsewhere = "see to it that the node that does has the artifact";
	let Some(held) = status.worker_keys.iter().find(|held| held.worker_key == key) else {
		let doubt = format!("does not hold {operator}'s worker key {key}, so it runs no jobs for it: {elsewhere}");
		return Ok(Some(doubt));
	};
	if !status.running {
		return Ok(Some(format!(
			"has its worker off, so it runs no jobs for {operator}: {elsewhere}"
		)));
	}
	let consequence = "Each job would cost the penalty for a missed deadline; --anyway offers it all the same";
	ensure!(
		held.signs,
		"the node's keystore names worker key {key}, but cannot sign with it: insert it again with --scheme sr25519. \
		 {consequence}"
	);
	if let Some(file) = status.refused(artifact).filter(|_| !status.has(artifact)) {
		bail!(
			"the node, which works for {operator}, refused the file {} for {version}: its log says why, and another file is \
			 looked at as soon as it is there. {consequence}",
			file.file
		);
	}
	ensure!(
		status.has(artifact),
		"the node, which works for {operator}, lacks the artifact of {version}: no file in its models folder has the root \
		 {artifact}. {consequence}"
	);
	Ok(None)
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_protocol::{ModelId, VersionNumber};
	use assay_sdk::provider::{ArtifactFile, HeldKey};

	const VERSION: ModelVersion = ModelVersion {
		model: ModelId(3),
		version: VersionNumber(1),
	};
	const ROOT: Hash32 = Hash32([7; 32]);

	fn status(state: Option<&str>) -> ProviderStatus {
		let file = state.map(|state| ArtifactFile {
			file: "x.assay".into(),
			root: Some(ROOT),
			state: state.into(),
		});
		ProviderStatus {
			running: true,
			worker_keys: vec![HeldKey {
				worker_key: "5Key".into(),
				signs: true,
				operator: Some(AccountId::from([5; 32])),
				offers: vec![],
			}],
			artifacts: file.into_iter().collect(),
			endpoint: None,
		}
	}

	fn said(status: &ProviderStatus) -> Result<Option<String>> {
		judge(status, &AccountId::from([5; 32]), "5Key", VERSION, &ROOT)
	}

	#[test]
	fn p23_a_node_that_works_for_the_operator_and_lacks_the_artifact_forbids_the_offer() {
		for state in ["unread", "verified"] {
			assert_eq!(said(&status(Some(state))).unwrap(), None);
		}
		let lacking = said(&status(None)).unwrap_err().to_string();
		assert!(
			lacking.contains("3.1") && lacking.contains(&ROOT.to_string()),
			"{lacking}"
		);
		let refused = said(&status(Some("refused"))).unwrap_err().to_string();
		assert!(refused.contains("x.assay"), "{refused}");
		// A second, good file is enough.
		let mut both = status(Some("refused"));
		both.artifacts.extend(status(Some("verified")).artifacts);
		assert_eq!(said(&both).unwrap(), None);
		let mut mute = status(Some("verified"));
		mute.worker_keys[0].signs = false;
		let mute = said(&mute).unwrap_err().to_string();
		assert!(mute.contains("5Key") && mute.contains("sr25519"), "{mute}");
	}

	#[test]
	fn a_node_that_does_not_work_for_the_operator_says_so_and_forbids_nothing() {
		let mut off = status(None);
		off.running = false;
		assert!(said(&off).unwrap().unwrap().contains("worker off"));
		let mut other = status(None);
		other.worker_keys[0].worker_key = "5Other".into();
		let doubt = said(&other).unwrap().unwrap();
		assert!(doubt.contains("does not hold") && doubt.contains("5Key"), "{doubt}");
	}
}
