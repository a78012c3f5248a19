//! Channels of the gateway's account to operators: one for each version, opened when it is first asked for.

mod line;
mod opening;

use crate::{
	ledger::OnLine,
	lines::{Line, Lines, Outcome},
};
use anyhow::{Context, Result};
use assay_protocol::{ChannelId, ModelVersion};
use assay_sdk::{consumer::Consumer, keys::account_of, AccountId, Amount, Assay, Signer};
use assay_trace::Hash32;
use async_trait::async_trait;
use line::Wire;
use parking_lot::Mutex;
use serde_json::Value;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

/// How long it rests after a version had no operator to open a channel to, and between looks at what is left in channels.
const REST: Duration = Duration::from_secs(15);

/// How long a request waits for an operator that is busy, or cannot be reached, before a job is bought instead.
const PATIENCE: Duration = Duration::from_secs(10);

/// The channels of a gateway.
pub struct Channels(Arc<Shared>);

pub(crate) struct Shared {
	assay: Assay,
	signer: Signer,
	/// What is put into a channel when it is opened, and kept in it.
	deposit: Amount,
	/// Where keys and journals are.
	folder: PathBuf,
	open: Mutex<BTreeMap<ModelVersion, Arc<Consumer>>>,
	/// All whose journals are open, also of those that are not used for new requests.
	known: Mutex<HashMap<ChannelId, Arc<Consumer>>>,
	/// Versions to which a channel is being opened, or cannot be at the moment.
	waiting: Mutex<BTreeSet<ModelVersion>>,
}

impl Channels {
	/// Channels of the account of `signer`, with so much in each; what must not be forgotten of them is in `folder`.
	pub async fn new(assay: Assay, signer: Signer, deposit: Amount, folder: &Path) -> Result<Self> {
		let folder = folder.join("channels");
		std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
		let shared = Arc::new(Shared {
			assay,
			signer,
			deposit,
			folder,
			open: Mutex::default(),
			known: Mutex::default(),
			waiting: Mutex::default(),
		});
		shared.take_up().await?;
		tokio::spawn(shared.clone().keep_filled());
		Ok(Self(shared))
	}
}

impl Shared {
	/// Who pays.
	fn account(&self) -> AccountId {
		account_of(&self.signer)
	}

	/// The consumer's end of the channel for a version, if it is open.
	fn find(&self, version: ModelVersion) -> Option<Arc<Consumer>> {
		self.open.lock().get(&version).cloned()
	}

	/// A channel is of no use for more requests.
	fn hang_up(&self, version: ModelVersion, id: ChannelId) {
		let mut open = self.open.lock();
		if open.get(&version).is_some_and(|consumer| consumer.channel() == id) {
			open.remove(&version);
		}
	}
}

#[async_trait]
impl Lines for Channels {
	async fn find(&self, version: ModelVersion) -> Option<Arc<dyn Line>> {
		if let Some(consumer) = self.0.find(version) {
			return Some(Arc::new(Wire {
				shared: self.0.clone(),
				version,
				consumer,
			}));
		}
		if self.0.waiting.lock().insert(version) {
			// Jobs are bought meanwhile.
			tokio::spawn(self.0.clone().open(version));
		}
		None
	}

	async fn outcome(&self, asked: &OnLine) -> Result<Outcome, String> {
		let consumer = self.0.known.lock().get(&asked.channel).cloned();
		let consumer = consumer.ok_or_else(|| format!("the journal of channel {} is not open", asked.channel))?;
		if let Some(answered) = consumer.kept(&asked.request).map_err(|error| error.to_string())? {
			return Ok(Outcome::Answered(answered.fee));
		}
		Ok(match consumer.is_pending(&asked.request) {
			true => Outcome::Open,
			false => Outcome::Never,
		})
	}

	async fn verification(&self, request: Hash32) -> Result<Option<Value>, String> {
		let consumers: Vec<_> = self.0.known.lock().values().cloned().collect();
		for consumer in consumers {
			if let Some(answered) = consumer.kept(&request).map_err(|error| error.to_string())? {
				return Ok(Some(line::whole(&consumer, &answered)));
			}
		}
		Ok(None)
	}
}
