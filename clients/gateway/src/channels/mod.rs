//! Channels of the gateway's account to operators: one for each version, opened when it is first asked for.
//!
//! **Only the chain says how a channel stands**: whether it is open, and what is in it, in the last final block, less what this end owes. What an
//! endpoint says moves no money. One that says no, or nothing, does not answer: jobs are bought meanwhile, and if it goes on the gateway
//! hangs up.
//!
//! **Whoever hangs up sees to the end**: the operator is [shunned](shunned) for a while, or for good if it signed what is not so; a notice is
//! given; and the operator is asked to settle and close.

mod exchange;
mod line;
mod money;
mod opening;
mod shunned;

pub use exchange::{Exchange, Seller};

use crate::{
	desk::now,
	ledger::OnLine,
	lines::{Line, Lines, Outcome},
};
use anyhow::{Context, Result};
use assay_protocol::{channel::LANES, ChannelId, ModelVersion};
use assay_sdk::{
	consumer::{Consumer, ConsumerError, Evidence, Falsehood},
	Amount, Balance,
};
use assay_trace::Hash32;
use async_trait::async_trait;
use line::Wire;
use parking_lot::Mutex;
use serde_json::Value;
use shunned::Shunned;
use std::{
	collections::{BTreeMap, BTreeSet, HashMap, HashSet},
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};

/// How the gateway deals with operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dealing {
	/// What is put into a channel when it is opened, and again when what is left does not cover a request. No channel holds more than twice as
	/// much.
	pub deposit: Amount,
	/// How long a request waits for an operator that is busy, or cannot be reached, and for a lane, before a job is bought instead.
	pub patience: Duration,
	/// For how long an operator may leave all requests unanswered before the gateway hangs up.
	pub grace: Duration,
	/// How long it rests after a version had no operator to open a channel to, and between tries to end one.
	pub rest: Duration,
}

impl Dealing {
	/// The usual, with so much in each channel.
	pub fn with(deposit: Amount) -> Self {
		Self {
			deposit,
			patience: Duration::from_secs(10),
			grace: Duration::from_secs(1_800),
			rest: Duration::from_secs(15),
		}
	}
}

/// The channels of a gateway.
pub struct Channels(Arc<Shared>);

pub(crate) struct Shared {
	exchange: Arc<dyn Exchange>,
	dealing: Dealing,
	/// What the prices of all batches that may be open in a channel are at most.
	batches: Balance,
	/// Where keys and journals are.
	folder: PathBuf,
	open: Mutex<BTreeMap<ModelVersion, Arc<Held>>>,
	/// All whose journals are open, also of those that are not used for new requests.
	known: Mutex<HashMap<ChannelId, Arc<Consumer>>>,
	/// Versions to which a channel is being opened, or cannot be at the moment.
	waiting: Mutex<BTreeSet<ModelVersion>>,
	/// Channels into which more is being put.
	filling: Mutex<HashSet<ChannelId>>,
	shunned: Shunned,
}

/// A channel that is in use.
struct Held {
	consumer: Arc<Consumer>,
	/// Since when nothing was answered of what was asked.
	unanswered: Mutex<Option<Instant>>,
}

impl Channels {
	/// Channels of the account of the exchange; what must not be forgotten of them is in `folder`.
	pub async fn new(exchange: impl Exchange, dealing: Dealing, folder: &Path) -> Result<Self> {
		let folder = folder.join("channels");
		std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
		let batches = exchange.batch_price().await?;
		// More than all money no channel holds.
		let batches = batches.checked_mul(LANES.into()).unwrap_or(Balance::MAX);
		let shared = Arc::new(Shared {
			exchange: Arc::new(exchange),
			dealing,
			batches,
			shunned: Shunned::open(folder.join("shunned.json"))?,
			folder,
			open: Mutex::default(),
			known: Mutex::default(),
			waiting: Mutex::default(),
			filling: Mutex::default(),
		});
		shared.take_up().await?;
		Ok(Self(shared))
	}
}

impl Shared {
	/// The channel for a version, if it takes requests as far as the chain says. One to a liar comes to its end, whatever it was known by.
	fn find(self: &Arc<Self>, version: ModelVersion) -> Option<Arc<Held>> {
		let mut open = self.open.lock();
		let held = open.get(&version)?.clone();
		if !held.consumer.is_open() {
			log::info!("channel {} ends", held.consumer.channel());
			open.remove(&version);
			return None;
		}
		if self.shunned.has_for_good(&held.consumer.terms().operator) {
			open.remove(&version);
			tokio::spawn(self.clone().end(held.consumer.clone()));
			return None;
		}
		Some(held)
	}

	/// Uses a channel for a version. If there is one already, that comes to its end.
	fn hold(self: &Arc<Self>, version: ModelVersion, consumer: Arc<Consumer>) {
		let held = Held {
			consumer,
			unanswered: Mutex::default(),
		};
		let before = self.open.lock().insert(version, Arc::new(held));
		if let Some(before) = before {
			tokio::spawn(self.clone().end(before.consumer.clone()));
		}
	}

	/// Does what an error of a channel calls for.
	///
	/// - `most`: what the request may cost.
	fn react(self: &Arc<Self>, held: &Arc<Held>, error: &ConsumerError, most: Balance) {
		match error {
			ConsumerError::Wrong(evidence) => self.hang_up(held, error, is_lie(evidence)),
			ConsumerError::Breach(_) | ConsumerError::NoLane => self.hang_up(held, error, false),
			ConsumerError::Unpaid { .. } => {
				self.clone().fill(held.consumer.clone(), most);
				self.leave_unanswered(held, error);
			}
			ConsumerError::Closing
			| ConsumerError::UnknownChannel
			| ConsumerError::Absent(_)
			| ConsumerError::Rejected { .. }
			| ConsumerError::Unreached(_)
			| ConsumerError::OutOfStep { .. }
			| ConsumerError::Impatient { .. } => self.leave_unanswered(held, error),
			// They say nothing about the operator.
			_ => {}
		}
	}

	/// A request has no answer: if that goes on, the channel is of no use.
	fn leave_unanswered(self: &Arc<Self>, held: &Arc<Held>, error: &ConsumerError) {
		let since = *held.unanswered.lock().get_or_insert_with(Instant::now);
		if since.elapsed() >= self.dealing.grace {
			self.hang_up(held, error, false);
		}
	}

	/// A channel is of no use for more requests: its operator is shunned, and it is brought to its end.
	fn hang_up(self: &Arc<Self>, held: &Arc<Held>, why: &ConsumerError, is_for_good: bool) {
		let consumer = &held.consumer;
		let (terms, id) = (consumer.terms(), consumer.channel());
		if is_for_good {
			log::error!("channel {id}: {why}; it is kept, and can be brought to the chain");
			self.shunned.for_good(terms.operator, why.to_string());
		} else {
			log::warn!("channel {id}: {why}");
			self.shunned.rest(terms.operator, now(), why.to_string());
		}
		{
			let mut open = self.open.lock();
			match open.get(&terms.version) {
				Some(other) if Arc::ptr_eq(other, held) => drop(open.remove(&terms.version)),
				// Somebody else has hung up.
				_ => return,
			}
		}
		tokio::spawn(self.clone().end(consumer.clone()));
	}
}

/// Whether a worker has signed what no honest one signs. One that is stopped cuts answers short, and gives receipts for what came; and a
/// block is too late or too early by the clock of this end, whose node may stand still.
fn is_lie(evidence: &Evidence) -> bool {
	match evidence {
		Evidence::Contradiction(_) => true,
		Evidence::Receipt { falsehood, .. } | Evidence::Progress { falsehood, .. } => {
			!matches!(falsehood, Falsehood::CutShort { .. } | Falsehood::Block { .. })
		}
	}
}

#[async_trait]
impl Lines for Channels {
	async fn find(&self, version: ModelVersion) -> Option<Arc<dyn Line>> {
		if let Some(held) = self.0.find(version) {
			return Some(Arc::new(Wire {
				shared: self.0.clone(),
				held,
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
		line::outcome(&consumer, &asked.request).map_err(|error| error.to_string())
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
