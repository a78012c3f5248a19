//! A chain with channels and nothing else.

use assay_artifact::synthetic::{bert, llama, BertShape, LlamaShape};
use assay_endpoint::chain::{
	Balance, BlockNumber, Chain, ChainError, ChannelParameters, ChannelSummary, Channels, RevealDuty, ServedOperator,
	State, Terms, Version, Worker,
};
use assay_protocol::{
	audit::SignedReply,
	channel::{Batch, SignedSettlement, LANES},
	model::{ServedVersion, Serving},
	operator::{WorkerKey, WorkerPair, WorkerSignature},
	ChannelId, ModelId, ModelVersion, VersionNumber,
};
use assay_trace::merkle::Hash32;
use futures::{future::BoxFuture, FutureExt};
use sp_core::{crypto::AccountId32, sr25519, Pair};
use std::{
	collections::BTreeMap,
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
		Arc, Mutex,
	},
	time::Duration,
};

/// Hash of the genesis block.
pub const GENESIS: [u8; 32] = [9; 32];
/// One ASY.
pub const ASY: Balance = 1_000_000_000_000;
/// A unit costs so much that a request costs a thousandth of an ASY for each of its units.
pub const PRICE: Balance = ASY / 1_000;
/// The operator.
pub const OPERATOR: AccountId32 = AccountId32::new([200; 32]);
/// The largest request that the operator takes.
pub const LARGEST: u64 = 200;

/// Constants.
pub const PARAMETERS: ChannelParameters = ChannelParameters {
	min_deposit: ASY,
	min_batch_fee: ASY / 100,
	batch_price: ASY / 10_000,
	notice_period: 20,
	answerable: 40,
};

/// The version of a model.
pub fn version(model: u32) -> ModelVersion {
	ModelVersion {
		model: ModelId(model),
		version: VersionNumber(0),
	}
}

/// The writer: its channels generate tokens.
pub const WRITER: u32 = 0;
/// The embedder: its channels return vectors.
pub const EMBEDDER: u32 = 1;
/// Of this model there is no artifact.
pub const MISSING: u32 = 2;

/// A channel that was opened.
#[derive(Clone)]
pub struct Opened {
	/// The channel.
	pub channel: ChannelId,
	/// Its key.
	pub pair: sr25519::Pair,
}

/// A chain that is made up.
pub struct Fake {
	/// Signs receipts.
	pub worker: WorkerPair,
	versions: BTreeMap<ModelVersion, Version>,
	/// Height of the best block.
	pub block: AtomicU32,
	/// Blocks that are not final.
	pub unfinal: AtomicU32,
	/// How long ago the best block was made.
	pub age: Mutex<Duration>,
	/// Whether the worker key is in the keystore.
	pub has_key: AtomicBool,
	/// Channels that were opened.
	pub channels: Mutex<BTreeMap<ChannelId, ChannelSummary>>,
	/// Batches that were settled.
	pub batches: Mutex<Vec<Batch>>,
	/// Settlements that came, taken or not.
	pub settlements: AtomicUsize,
	/// What the worker has to reveal.
	pub due: Mutex<Vec<RevealDuty>>,
	/// What it has revealed.
	pub revealed: Mutex<Vec<SignedReply<AccountId32>>>,
	/// Whether the pool takes anything.
	pub takes: AtomicBool,
	/// Whether the operator offers anything.
	pub offers: AtomicBool,
}

impl Fake {
	pub(super) fn new(models: &Path) -> Arc<Self> {
		let shape = LlamaShape {
			positions: 600,
			..LlamaShape::TINY
		};
		let writer = llama(shape, 5)
			.unwrap()
			.pack(models.join("writer.assay"), &mut ())
			.unwrap();
		let embedder = bert(BertShape::TINY, 5)
			.unwrap()
			.pack(models.join("embedder.assay"), &mut ())
			.unwrap();
		let of = |artifact: &assay_artifact::Artifact| Version {
			program: artifact.program().clone(),
			artifact: artifact.root(),
		};
		let mut versions = BTreeMap::from([(version(WRITER), of(&writer)), (version(EMBEDDER), of(&embedder))]);
		let missing = Version {
			artifact: Hash32([7; 32]),
			..of(&writer)
		};
		versions.insert(version(MISSING), missing);
		Arc::new(Self {
			worker: WorkerPair::from_string("//Worker", None).unwrap(),
			versions,
			block: AtomicU32::new(10),
			unfinal: AtomicU32::new(2),
			age: Mutex::default(),
			has_key: AtomicBool::new(true),
			channels: Mutex::default(),
			batches: Mutex::default(),
			due: Mutex::default(),
			revealed: Mutex::default(),
			settlements: AtomicUsize::new(0),
			takes: AtomicBool::new(true),
			offers: AtomicBool::new(true),
		})
	}

	/// Names who signs receipts.
	pub fn worker_key(&self) -> WorkerKey {
		self.worker.public()
	}

	/// Opens a channel of the consumer with this number.
	pub fn open(&self, number: u64, model: u32, deposit: Balance) -> Opened {
		let mut seed = [1; 32];
		seed[..8].copy_from_slice(&number.to_le_bytes());
		let pair = sr25519::Pair::from_seed(&seed);
		let terms = Terms {
			consumer: AccountId32::from(pair.public()),
			operator: OPERATOR,
			version: version(model),
			price: PRICE,
			key: pair.public(),
			worker_key: self.worker_key(),
			number,
		};
		let summary = ChannelSummary {
			id: terms.id(),
			terms,
			deposit,
			opened_at: 1,
			closes_at: None,
			closed_at: None,
			settled: vec![0; LANES.into()],
		};
		let channel = summary.id;
		self.channels.lock().unwrap().insert(channel, summary);
		Opened { channel, pair }
	}

	/// A version.
	pub fn version(&self, model: u32) -> &Version {
		&self.versions[&version(model)]
	}

	fn settle_all(&self, signed: &SignedSettlement) -> Result<(), &'static str> {
		let settlement = &signed.settlement;
		let payload = settlement.signing_payload(&GENESIS);
		if !WorkerPair::verify(&signed.signature, &payload, &self.worker_key()) {
			return Err("the worker has not signed it");
		}
		let mut channels = self.channels.lock().unwrap();
		let channel = channels
			.get_mut(&settlement.channel)
			.ok_or("there is no such channel")?;
		if settlement.last_block < self.block.load(Ordering::SeqCst) {
			return Err("it is too late");
		}
		for signed in &settlement.vouchers {
			let voucher = &signed.voucher;
			let key = &channel.terms.key;
			if !sr25519::Pair::verify(&signed.signature, voucher.signing_payload(&GENESIS), key) {
				return Err("the consumer has not signed it");
			}
			let settled = &mut channel.settled[usize::from(voucher.lane)];
			if *settled != voucher.base {
				return Err("it comes after something else");
			}
			*settled += u64::from(voucher.count);
			let fee = PRICE * Balance::from(voucher.tree.units);
			let is_ending = settlement.close || channel.closes_at.is_some();
			if fee < PARAMETERS.min_batch_fee && !is_ending {
				return Err("it is too little");
			}
			channel.deposit = channel
				.deposit
				.checked_sub(fee + PARAMETERS.batch_price)
				.ok_or("there is too little in the channel")?;
			self.batches.lock().unwrap().push(Batch {
				channel: voucher.channel,
				lane: voucher.lane,
				base: voucher.base,
				count: voucher.count,
				tree: voucher.tree,
			});
		}
		if settlement.close {
			channel.closed_at = Some(self.block.load(Ordering::SeqCst));
			channel.deposit = 0;
		}
		Ok(())
	}
}

impl Chain for Fake {
	fn genesis(&self) -> [u8; 32] {
		GENESIS
	}

	fn height(&self, of: State) -> BlockNumber {
		let best = self.block.load(Ordering::SeqCst);
		match of {
			State::Best => best,
			State::Finalized => best.saturating_sub(self.unfinal.load(Ordering::SeqCst)),
		}
	}

	fn is_syncing(&self) -> bool {
		false
	}

	fn parameters(&self) -> Result<ChannelParameters, ChainError> {
		Ok(PARAMETERS)
	}

	fn age(&self) -> Option<Duration> {
		Some(*self.age.lock().unwrap())
	}

	fn channels(&self, at: State, these: &[ChannelId]) -> Result<Channels, ChainError> {
		let has_key = self.has_key.load(Ordering::SeqCst);
		let channels = self.channels.lock().unwrap();
		let shown = channels
			.values()
			.filter(|channel| has_key || these.contains(&channel.id));
		Ok(Channels {
			height: self.height(at),
			channels: shown.cloned().collect(),
		})
	}

	fn workers(&self) -> Result<Vec<Worker>, ChainError> {
		let offer = |(version, of): (&ModelVersion, &Version)| ServedVersion {
			version: *version,
			name: b"sample".to_vec(),
			artifact: of.artifact,
			price: PRICE,
			capacity: 4,
			speed: 1_000,
			largest: LARGEST,
			retired: false,
		};
		let served = ServedOperator {
			account: OPERATOR,
			bond: 100 * ASY,
			faults: Default::default(),
			serving: Serving {
				active: true,
				last_heartbeat: Some(9),
				listed: true,
				offers: match self.offers.load(Ordering::SeqCst) {
					true => self.versions.iter().map(offer).collect(),
					false => vec![],
				},
			},
		};
		Ok(vec![Worker {
			key: self.worker_key(),
			flaw: None,
			operator: Some(served),
		}])
	}

	fn version(&self, version: ModelVersion) -> Result<Version, ChainError> {
		Ok(self.versions[&version].clone())
	}

	fn sign(&self, worker: &WorkerKey, payload: &[u8]) -> Result<WorkerSignature, ChainError> {
		assert_eq!(*worker, self.worker_key());
		Ok(self.worker.sign(payload))
	}

	fn settle(&self, settlement: SignedSettlement) -> BoxFuture<'_, Result<(), ChainError>> {
		self.settlements.fetch_add(1, Ordering::SeqCst);
		let refused = |reason: &str| ChainError::ResponseRefused { reason: reason.into() };
		let outcome = match self.takes.load(Ordering::SeqCst) {
			true => self.settle_all(&settlement).map_err(refused),
			false => Err(refused("the pool is full")),
		};
		async move { outcome }.boxed()
	}

	fn reveals_due(&self) -> Result<Vec<(WorkerKey, RevealDuty)>, ChainError> {
		let due = self.due.lock().unwrap();
		Ok(due.iter().map(|duty| (self.worker_key(), duty.clone())).collect())
	}

	fn reveal(&self, reply: SignedReply<AccountId32>) -> BoxFuture<'_, Result<(), ChainError>> {
		self.revealed.lock().unwrap().push(reply);
		async { Ok(()) }.boxed()
	}
}
