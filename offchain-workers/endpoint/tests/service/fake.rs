//! A chain with channels and nothing else, an engine that a test can hold back, and an endpoint in this process.

use crate::client::{Consumer, Place, GENESIS};
use assay_artifact::synthetic::{bert, llama, BertShape, LlamaShape};
use assay_endpoint::{
	chain::{
		Balance, BlockNumber, Chain, ChainError, ChannelParameters, ChannelSummary, RevealDuty, ServedOperator, State,
		Terms, Version, Worker,
	},
	desk::Credit,
	engine::Engine,
	server::{serve, Identity, Limits, Server},
	Endpoint, Settings,
};
use assay_engine::Observer;
use assay_exact::{Generation, Input, Output};
use assay_protocol::{
	audit::SignedReply,
	channel::{Batch, SignedSettlement, LANES},
	job::JobInput,
	model::{ServedVersion, Serving},
	operator::{WorkerKey, WorkerPair, WorkerSignature},
	ModelId, ModelVersion, VersionNumber,
};
use assay_provider::{folder::Absence, models::Models, pool::Failure};
use assay_trace::{Hash32, TraceRoot};
use futures::{future::BoxFuture, FutureExt};
use sp_core::{crypto::AccountId32, sr25519, Pair};
use std::{
	collections::BTreeMap,
	num::NonZeroUsize,
	path::Path,
	sync::{
		atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
		Arc, Mutex,
	},
	time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub(crate) const ASY: Balance = 1_000_000_000_000;
/// A unit costs so much that a request costs a thousandth of an ASY for each of its units.
pub(crate) const PRICE: Balance = ASY / 1_000;
pub(crate) const OPERATOR: AccountId32 = AccountId32::new([200; 32]);
/// The largest request that the operator takes.
pub(crate) const LARGEST: u64 = 200;

pub(crate) const PARAMETERS: ChannelParameters = ChannelParameters {
	min_deposit: ASY,
	min_batch_fee: ASY / 100,
	batch_price: ASY / 10_000,
	notice_period: 20,
	answerable: 40,
};

pub(crate) fn version(model: u32) -> ModelVersion {
	ModelVersion {
		model: ModelId(model),
		version: VersionNumber(0),
	}
}

/// The writer: its channels generate tokens.
pub(crate) const WRITER: u32 = 0;
/// The embedder: its channels return vectors.
pub(crate) const EMBEDDER: u32 = 1;
/// Of this model there is no artifact.
pub(crate) const MISSING: u32 = 2;

/// A chain that is made up.
pub(crate) struct Fake {
	pub(crate) worker: WorkerPair,
	versions: BTreeMap<ModelVersion, Version>,
	pub(crate) block: AtomicU32,
	pub(crate) channels: Mutex<BTreeMap<assay_protocol::ChannelId, ChannelSummary>>,
	/// Batches that were settled.
	pub(crate) batches: Mutex<Vec<Batch>>,
	/// Settlements that came, taken or not.
	pub(crate) settlements: AtomicUsize,
	/// What the worker has to reveal.
	pub(crate) due: Mutex<Vec<RevealDuty>>,
	/// What it has revealed.
	pub(crate) revealed: Mutex<Vec<SignedReply<AccountId32>>>,
	/// Whether the pool takes anything.
	pub(crate) takes: AtomicBool,
	/// Whether the operator offers anything.
	pub(crate) offers: AtomicBool,
}

impl Fake {
	fn new(models: &Path) -> Arc<Self> {
		let shape = LlamaShape {
			positions: 600,
			..LlamaShape::TINY
		};
		let writer = llama(shape, 5)
			.unwrap()
			.pack(&models.join("writer.assay"), &mut ())
			.unwrap();
		let embedder = bert(BertShape::TINY, 5)
			.unwrap()
			.pack(&models.join("embedder.assay"), &mut ())
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
			channels: Mutex::default(),
			batches: Mutex::default(),
			due: Mutex::default(),
			revealed: Mutex::default(),
			settlements: AtomicUsize::new(0),
			takes: AtomicBool::new(true),
			offers: AtomicBool::new(true),
		})
	}

	pub(crate) fn worker_key(&self) -> WorkerKey {
		self.worker.public()
	}

	/// Opens a channel of the consumer with this number.
	pub(crate) fn open(&self, number: u64, model: u32, deposit: Balance, place: Place) -> Consumer {
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
		Consumer { channel, pair, place }
	}

	pub(crate) fn version(&self, model: u32) -> &Version {
		&self.versions[&version(model)]
	}

	fn settle_all(&self, signed: &SignedSettlement) -> Result<(), &'static str> {
		let settlement = &signed.settlement;
		let payload = settlement.signing_payload(&GENESIS);
		if !crate::client::is_signed(&signed.signature, &payload, &self.worker_key()) {
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
			State::Finalized => best - 2,
		}
	}

	fn is_syncing(&self) -> bool {
		false
	}

	fn parameters(&self) -> Result<ChannelParameters, ChainError> {
		Ok(PARAMETERS)
	}

	fn channels(&self, _: State) -> Result<Vec<ChannelSummary>, ChainError> {
		Ok(self.channels.lock().unwrap().values().cloned().collect())
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

/// The provider's models, held back after so many tokens.
pub(crate) struct Held {
	models: Models,
	/// Tokens that every run may have.
	limit: AtomicUsize,
	/// Runs that have begun.
	pub(crate) runs: AtomicUsize,
	/// The next run panics.
	pub(crate) panics: AtomicBool,
}

struct Holding<'a> {
	inner: &'a mut dyn Observer,
	limit: &'a AtomicUsize,
	seen: usize,
}

impl Observer for Holding<'_> {
	fn on_token(&mut self, token: u32) {
		self.inner.on_token(token);
		self.seen += 1;
		while self.seen >= self.limit.load(Ordering::SeqCst) && !self.inner.should_stop() && !self.inner.should_cancel()
		{
			std::thread::sleep(Duration::from_millis(2));
		}
	}

	fn should_cancel(&mut self) -> bool {
		self.inner.should_cancel()
	}

	fn should_stop(&mut self) -> bool {
		self.inner.should_stop()
	}
}

impl Held {
	fn new(models: &Path) -> Arc<Self> {
		Arc::new(Self {
			models: Models::new(models.into(), None, NonZeroUsize::MIN),
			limit: AtomicUsize::new(usize::MAX),
			runs: AtomicUsize::new(0),
			panics: AtomicBool::new(false),
		})
	}

	/// Runs wait when they have so many tokens.
	pub(crate) fn hold_after(&self, tokens: usize) {
		self.limit.store(tokens, Ordering::SeqCst);
	}

	pub(crate) fn let_go(&self) {
		self.hold_after(usize::MAX);
	}
}

impl Engine for Held {
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence> {
		Engine::look_for(&self.models, artifact)
	}

	fn run(
		&self,
		artifact: &Hash32,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, TraceRoot), Failure> {
		self.runs.fetch_add(1, Ordering::SeqCst);
		assert!(!self.panics.swap(false, Ordering::SeqCst), "the model panics");
		let mut holding = Holding {
			inner: observer,
			limit: &self.limit,
			seen: 0,
		};
		self.models.run(artifact, input, generation, &mut holding)
	}
}

/// How an endpoint in a test works.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
	pub(crate) credit: Credit,
	pub(crate) at_once: usize,
	pub(crate) waiting: usize,
	pub(crate) disk: u64,
	pub(crate) limits: Limits,
}

impl Default for Setup {
	fn default() -> Self {
		Self {
			credit: Credit {
				answers: 16,
				first: ASY / 2,
				most: ASY,
			},
			at_once: 4,
			waiting: 4,
			disk: u64::MAX,
			limits: Limits {
				alive: Duration::from_millis(50),
				..Limits::default()
			},
		}
	}
}

/// A chain, models, and an endpoint.
pub(crate) struct House {
	pub(crate) folder: TempDir,
	pub(crate) chain: Arc<Fake>,
	pub(crate) engine: Arc<Held>,
	pub(crate) setup: Setup,
	pub(crate) running: Option<Running>,
}

/// An endpoint that runs.
pub(crate) struct Running {
	pub(crate) endpoint: Arc<Endpoint>,
	pub(crate) place: Place,
	end: oneshot::Sender<()>,
	server: JoinHandle<()>,
}

impl House {
	pub(crate) async fn new() -> Self {
		Self::with(Setup::default()).await
	}

	pub(crate) async fn with(setup: Setup) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let models = folder.path().join("models");
		std::fs::create_dir_all(&models).unwrap();
		let mut house = Self {
			chain: Fake::new(&models),
			engine: Held::new(&models),
			folder,
			setup,
			running: None,
		};
		house.start("journal").await;
		house
	}

	/// Starts an endpoint on a journal.
	pub(crate) async fn start(&mut self, journal: &str) {
		assert!(self.running.is_none());
		let settings = Settings {
			journal: self.folder.path().join(journal),
			credit: self.setup.credit,
			at_once: self.setup.at_once,
			waiting: self.setup.waiting,
			disk: self.setup.disk,
		};
		let endpoint = Endpoint::open(self.chain.clone(), self.engine.clone(), settings, None).unwrap();
		endpoint.look().await;
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let identity = Identity::open(&self.folder.path().join("endpoint")).unwrap();
		let place = Place {
			address: listener.local_addr().unwrap(),
			key_hash: identity.key_hash,
		};
		let (end, ended) = oneshot::channel();
		let server = Server {
			listener,
			identity,
			limits: self.setup.limits,
		};
		let server = tokio::spawn(serve(endpoint.clone(), server, async {
			let _ = ended.await;
		}));
		self.running = Some(Running {
			endpoint,
			place,
			end,
			server,
		});
	}

	/// Ends it, gracefully.
	pub(crate) async fn stop(&mut self) {
		let running = self.running.take().expect("it runs");
		let _ = running.end.send(());
		running.server.await.unwrap();
	}

	pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
		&self.running.as_ref().expect("it runs").endpoint
	}

	pub(crate) fn place(&self) -> Place {
		self.running.as_ref().expect("it runs").place
	}

	/// A consumer with a channel, which the endpoint has seen.
	pub(crate) async fn a_consumer(&self, number: u64) -> Consumer {
		self.a_consumer_of(number, WRITER, 100 * ASY).await
	}

	pub(crate) async fn a_consumer_of(&self, number: u64, model: u32, deposit: Balance) -> Consumer {
		let consumer = self.chain.open(number, model, deposit, self.place());
		self.endpoint().look().await;
		consumer
	}

	/// A block.
	pub(crate) async fn block(&self) {
		self.chain.block.fetch_add(1, Ordering::SeqCst);
		self.endpoint().look().await;
	}
}

/// A prompt.
pub(crate) fn a_prompt() -> JobInput {
	JobInput::Tokens(vec![3, 1, 4, 1, 5].try_into().unwrap())
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
	for _ in 0..2_000 {
		if holds() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
	panic!("in vain: {what}");
}
