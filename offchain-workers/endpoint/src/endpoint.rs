//! The endpoint: a desk, a journal and an engine.

use crate::{
	answer::{Answer, Listener, Subject, Writing},
	chain::{BlockNumber, Chain, ChainError, ChainEvent, Channels, ServedOperator, State, Terms, Version, Worker},
	desk::{Account, Asked, Credit, Desk, Goodbye, Record, RecordKey, Refusal, Taken, Unrecorded, Vouched},
	engine::Engine,
	kept::Kept,
	metrics::Metrics,
	problem::Problem,
};
use assay_exact::{ComputeUnits, Input};
use assay_journal::{Change, Commit, Journal, JournalError};
use assay_protocol::{
	channel::{
		Batch, ChannelKey, ChannelSignature, Settlement, SignedReceipt, SignedRequest, SignedSettlement, SignedVoucher,
		SumPath,
	},
	job::JobInput,
	operator::WorkerKey,
	ChannelId, ModelVersion,
};
use assay_provider::pool::Failure;
use assay_trace::{merkle::Hash32, TraceRoot};
use codec::{DecodeAll, Encode};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use std::{
	collections::{BTreeMap, HashMap},
	panic::{catch_unwind, AssertUnwindSafe},
	path::PathBuf,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::sync::Semaphore;

const LOG: &str = "assay::endpoint";
/// Blocks after which what the chain has not taken yet is sent again.
pub(crate) const SEND_AGAIN_AFTER: BlockNumber = 4;
/// Blocks for which a settlement counts: as long as the pool keeps it.
const SETTLE_WITHIN: BlockNumber = 64;
/// Blocks that a receipt's block is behind the last one at most: consumers accept a hundred.
const RECENT: BlockNumber = 50;
/// How old the best block of a node is at most that knows the present. Together with [`RECENT`] it is less than consumers accept.
const FRESH: Duration = Duration::from_secs(60);
/// How often an endpoint that ends looks whether it may.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How an endpoint works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
	/// Folder of the journal.
	pub journal: PathBuf,
	/// How much is lent to channels.
	pub credit: Credit,
	/// Requests that are run at the same time.
	pub at_once: usize,
	/// Requests that wait for their turn beside these.
	pub waiting: usize,
	/// Bytes on disk from which on no more requests are taken.
	pub disk: u64,
}

/// Why an endpoint cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
	/// Its journal cannot be used.
	#[error(transparent)]
	Journal(#[from] JournalError),
	/// What the journal holds makes no sense.
	#[error("the journal of the endpoint: {0}")]
	Records(#[from] Unrecorded),
	/// A key of the journal does not decode.
	#[error("the journal of the endpoint has a key that is none of its own")]
	Key,
	/// The chain cannot be asked.
	#[error(transparent)]
	Chain(#[from] ChainError),
}

/// An operator that is worked for, as the chain said last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
	/// Signs its receipts.
	pub worker: WorkerKey,
	/// Its account and what it offers.
	pub served: ServedOperator,
}

struct Shared {
	desk: Desk,
	/// What is being answered, by the roots of the requests.
	answers: HashMap<Hash32, Arc<Answer>>,
}

/// The endpoint.
pub struct Endpoint {
	pub(crate) chain: Arc<dyn Chain>,
	engine: Arc<dyn Engine>,
	settings: Settings,
	journal: Journal,
	shared: Mutex<Shared>,
	versions: Mutex<BTreeMap<ModelVersion, Arc<Version>>>,
	turns: Arc<Semaphore>,
	/// What the chain said last of the operators that are worked for.
	operators: Mutex<Vec<Operator>>,
	/// What was revealed, and in which block it was last sent.
	pub(crate) revealed: Mutex<HashMap<Hash32, BlockNumber>>,
	/// What was sent to be settled, and in which block.
	sent: Mutex<HashMap<ChannelId, (Settlement, BlockNumber)>>,
	/// Whether what is known of channels is of the present.
	has_looked: AtomicBool,
	is_stopping: AtomicBool,
	/// Whether the disk has not taken something.
	is_broken: AtomicBool,
	metrics: Option<Metrics>,
}

impl Endpoint {
	/// Opens the journal and takes up where it ends.
	pub fn open(
		chain: Arc<dyn Chain>,
		engine: Arc<dyn Engine>,
		settings: Settings,
		metrics: Option<Metrics>,
	) -> Result<Arc<Self>, OpenError> {
		let folder = settings.journal.join(hex::encode(&chain.genesis()[..4]));
		let (journal, known) = Journal::open(&folder)?;
		let records = known.into_iter().map(|(key, head)| {
			let key = RecordKey::decode_all(&mut &key[..]).map_err(|_| OpenError::Key)?;
			Ok((key, head))
		});
		let records = records.collect::<Result<Vec<_>, OpenError>>()?;
		let desk = Desk::restore(settings.credit, chain.parameters()?, records)?;
		log::info!(
			target: LOG,
			"{} answers in {} channels are kept in {}",
			desk.answers(),
			desk.channels().count(),
			folder.display()
		);
		let shared = Shared {
			desk,
			answers: HashMap::new(),
		};
		let endpoint = Self {
			chain,
			engine,
			turns: Arc::new(Semaphore::new(settings.at_once)),
			settings,
			journal,
			shared: Mutex::new(shared),
			versions: Mutex::default(),
			operators: Mutex::default(),
			revealed: Mutex::default(),
			sent: Mutex::default(),
			has_looked: AtomicBool::new(false),
			is_stopping: AtomicBool::new(false),
			is_broken: AtomicBool::new(false),
			metrics,
		};
		Ok(Arc::new(endpoint))
	}

	/// The chain.
	pub fn chain(&self) -> &Arc<dyn Chain> {
		&self.chain
	}

	/// How it works.
	pub fn settings(&self) -> &Settings {
		&self.settings
	}

	/// Requests that are being answered.
	pub fn in_flight(&self) -> usize {
		self.shared.lock().answers.len()
	}

	/// Answers a request: the listener is told what comes. One that was answered is answered with the same, and one that is being
	/// answered is joined.
	pub async fn ask(self: &Arc<Self>, signed: SignedRequest, input: JobInput) -> Result<Listener, Problem> {
		// Who is behind names blocks that are history, and is a liar to whoever knows better.
		if !self.is_ready() {
			return Err(Problem::Behind);
		}
		let terms = self.terms(&signed.request.channel)?;
		let version = self.version(terms.version).await?;
		let asked = Asked::check(
			signed,
			input,
			&terms.key,
			&version.program,
			self.largest(&terms)?,
			&self.chain.genesis(),
		)?;
		if self.shared.lock().desk.find(&asked.root()).is_none() {
			self.admit(version.artifact).await?;
		}
		let subject = Subject {
			channel: asked.signed().request.channel,
			request: asked.root(),
			worker: terms.worker_key.clone(),
			block: self.recent_block(),
		};
		let (answer, listener) = {
			let mut shared = self.shared.lock();
			if let Some(answer) = shared.answers.get(&asked.root()) {
				return Ok(answer.listen());
			}
			if shared.answers.len() >= self.most_in_flight() && shared.desk.find(&asked.root()).is_none() {
				return Err(Problem::Busy(shared.answers.len()));
			}
			match shared.desk.ask(&asked)? {
				Taken::Answered => {
					drop(shared);
					return self.replay(subject);
				}
				Taken::Running => return Err(Problem::Failed("an answer was lost".into())),
				Taken::New => {}
			}
			let answer = Answer::new(subject);
			let listener = answer.listen();
			shared.answers.insert(asked.root(), answer.clone());
			(answer, listener)
		};
		self.count(|metrics| metrics.taken.inc());
		tokio::spawn(self.clone().answer(asked, terms, version, answer));
		Ok(listener)
	}

	/// Whether a new request can be answered.
	async fn admit(&self, artifact: Hash32) -> Result<(), Problem> {
		if self.is_stopping() {
			return Err(Problem::Stopping);
		}
		if self.in_flight() >= self.most_in_flight() {
			return Err(Problem::Busy(self.in_flight()));
		}
		if self.journal.bytes() >= self.settings.disk {
			return Err(Problem::Full);
		}
		let engine = self.engine.clone();
		let found = blocking(move || engine.look_for(&artifact)).await?;
		found.map_err(|absence| Problem::Absent(absence.to_string()))
	}

	/// Requests that may be answered at a time, or wait for it.
	fn most_in_flight(&self) -> usize {
		self.settings.at_once.saturating_add(self.settings.waiting)
	}

	/// The largest request that the operator of a channel takes. The chain knows how large one may be that it can judge, and offers keep to
	/// that: nothing is taken without one.
	fn largest(&self, terms: &Terms) -> Result<ComputeUnits, Refusal> {
		let operators = self.operators.lock();
		let own = operators
			.iter()
			.find(|operator| operator.served.account == terms.operator);
		let offer = own.and_then(|own| {
			own.served
				.serving
				.offers
				.iter()
				.find(|offer| offer.version == terms.version)
		});
		let not_offered = || Refusal::Refused(format!("the operator does not offer {} any more", terms.version));
		Ok(ComputeUnits(offer.ok_or_else(not_offered)?.largest))
	}

	/// The operators that are worked for, as the chain said last.
	pub fn operators(&self) -> Vec<Operator> {
		self.operators.lock().clone()
	}

	fn terms(&self, id: &ChannelId) -> Result<Terms, Problem> {
		let terms = self.shared.lock().desk.terms(id).cloned();
		terms.map_err(|refusal| self.because(refusal))
	}

	/// Whether the best block is of the present, so that what the chain does not show there is not there.
	fn is_up_to_date(&self) -> bool {
		!self.chain.is_syncing() && self.chain.age().is_some_and(|age| age <= FRESH)
	}

	/// Whether requests are answered: the node is up to date, channels were looked at, and what is final is near, so that the best block is
	/// one of the chain on which others agree.
	pub fn is_ready(&self) -> bool {
		let (best, finalized) = (self.chain.height(State::Best), self.chain.height(State::Finalized));
		self.has_looked.load(Ordering::SeqCst) && self.is_up_to_date() && best.saturating_sub(finalized) <= RECENT
	}

	/// Why something is refused: while the node is behind, nobody can say that there is no such channel.
	fn because(&self, refusal: Refusal) -> Problem {
		match refusal {
			Refusal::UnknownChannel if !self.is_ready() => Problem::Behind,
			refusal => refusal.into(),
		}
	}

	async fn version(&self, id: ModelVersion) -> Result<Arc<Version>, Problem> {
		if let Some(version) = self.versions.lock().get(&id) {
			return Ok(version.clone());
		}
		let chain = self.chain.clone();
		let version = blocking(move || chain.version(id)).await?;
		let version = Arc::new(version.map_err(|error| Problem::Failed(error.to_string()))?);
		self.versions.lock().insert(id, version.clone());
		Ok(version)
	}

	/// An answer that was given before.
	fn replay(&self, subject: Subject) -> Result<Listener, Problem> {
		let kept = self.kept(&subject.request)?;
		let kept = kept.ok_or_else(|| Problem::Failed("an answer was lost".into()))?;
		self.count(|metrics| metrics.replayed.inc());
		Ok(Answer::complete(subject, kept).listen())
	}

	/// What is kept of a request that was answered.
	pub fn kept(&self, request: &Hash32) -> Result<Option<Kept>, Problem> {
		let failed = |reason: String| {
			log::error!(target: LOG, "request {request}: {reason}");
			Problem::Failed(reason)
		};
		let body = self.journal.body(&RecordKey::Answer(*request).encode());
		let Some(body) = body.map_err(|error| failed(error.to_string()))? else {
			return Ok(None);
		};
		let kept = Kept::decode_all(&mut &body[..]);
		kept.map(Some).map_err(|error| failed(error.to_string()))
	}

	/// Runs a request to its end.
	async fn answer(self: Arc<Self>, asked: Asked, terms: Terms, version: Arc<Version>, answer: Arc<Answer>) {
		let request = asked.root();
		let ended = match self.run(&asked, &version, &answer).await {
			Ok((output, trace)) => self.sign(asked, terms, &version, output, trace).await,
			Err(problem) => Err(problem),
		};
		let ended = match ended {
			Ok(kept) => self.keep(kept).await,
			Err(problem) => Err(problem),
		};
		let mut shared = self.shared.lock();
		if let Err(problem) = &ended {
			match problem {
				Problem::Unwanted => log::debug!(target: LOG, "request {request} is not answered: {problem}"),
				problem => log::warn!(target: LOG, "request {request} has no answer: {problem}"),
			}
			shared.desk.fail(&request);
		}
		shared.answers.remove(&request);
		drop(shared);
		self.count(|metrics| {
			let outcome = match &ended {
				Ok(_) => "answered",
				Err(Problem::Unwanted) => "unwanted",
				Err(_) => "failed",
			};
			metrics.ended.with_label_values(&[outcome]).inc();
			metrics.tokens.inc_by(answer.len() as u64);
			if let Some(first) = answer.first_token() {
				metrics.first_token_seconds.observe(first.as_secs_f64());
			}
		});
		answer.end(ended);
	}

	async fn run(
		&self,
		asked: &Asked,
		version: &Arc<Version>,
		answer: &Arc<Answer>,
	) -> Result<(assay_exact::Output, TraceRoot), Problem> {
		let turn = self.turns.clone().acquire_owned().await;
		let turn = turn.map_err(|error| Problem::Failed(error.to_string()))?;
		if !answer.is_wanted() || answer.is_cancelled() {
			return Err(Problem::Unwanted);
		}
		let (engine, version, answer) = (self.engine.clone(), version.clone(), answer.clone());
		let (input, generation) = (Input::from(asked.input().clone()), asked.signed().request.generation);
		let ran = blocking(move || {
			let run = || engine.run(&version.artifact, &input, &generation, &mut Writing(&answer));
			let ran = catch_unwind(AssertUnwindSafe(run));
			drop(turn);
			ran
		});
		match ran.await? {
			Ok(Ok(ended)) => Ok(ended),
			Ok(Err(Failure::Absent(absence))) => Err(Problem::Absent(absence.to_string())),
			Ok(Err(Failure::Cancelled)) => Err(Problem::Unwanted),
			Ok(Err(failure)) => Err(Problem::Failed(failure.to_string())),
			Err(_) => Err(Problem::Failed("the model panicked".into())),
		}
	}

	async fn sign(
		&self,
		asked: Asked,
		terms: Terms,
		version: &Version,
		output: assay_exact::Output,
		trace: TraceRoot,
	) -> Result<Kept, Problem> {
		let request = asked.signed().clone();
		let block = self.recent_block();
		let revealed = asked
			.answered(&version.program, output, trace, block)
			.ok_or_else(|| Problem::Failed("the answer fits into no receipt".into()))?;
		let chain = self.chain.clone();
		let receipt = revealed.receipt;
		let payload = receipt.signing_payload(&chain.genesis());
		let signature = blocking(move || chain.sign(&terms.worker_key, &payload)).await?;
		let signature = signature.map_err(|error| Problem::Failed(error.to_string()))?;
		Ok(Kept {
			request,
			input: revealed.input,
			receipt: SignedReceipt { receipt, signature },
			output: revealed.output,
		})
	}

	/// The block that receipts name: final, unless finality is far behind.
	fn recent_block(&self) -> BlockNumber {
		let least = self.chain.height(State::Best).saturating_sub(RECENT);
		self.chain.height(State::Finalized).max(least)
	}

	/// Keeps an answer, and returns when it will not be forgotten.
	async fn keep(&self, kept: Kept) -> Result<Arc<Kept>, Problem> {
		let kept = Arc::new(kept);
		let commit = {
			let mut shared = self.shared.lock();
			if !shared.desk.answer(&kept.receipt.receipt) {
				return Err(Refusal::UnknownChannel.into());
			}
			self.commit(&mut shared.desk, Some(&kept))
		};
		self.durable(commit).await?;
		Ok(kept)
	}

	/// Writes what the desk must not forget, in the order in which it came about.
	fn commit(&self, desk: &mut Desk, kept: Option<&Kept>) -> Commit {
		let change = |(key, head): Record| match head {
			None => Change::remove(key.encode()),
			Some(head) => {
				let own = kept.filter(|kept| key == RecordKey::Answer(kept.receipt.receipt.request));
				Change::put(key.encode(), head, own.map_or_else(Vec::new, Encode::encode))
			}
		};
		self.journal
			.commit(desk.take_records().into_iter().map(change).collect())
	}

	/// Waits for the disk. If it does not take it, what is in memory is not what will be there after a restart: nothing more is done.
	async fn durable(&self, commit: Commit) -> Result<(), Problem> {
		commit.await.map_err(|error| {
			log::error!(target: LOG, "{error}");
			self.is_broken.store(true, Ordering::SeqCst);
			self.refuse();
			Problem::Failed(error.to_string())
		})
	}

	/// Takes vouchers; returns when they will not be forgotten. Where one is refused the others are taken all the same, but after one that
	/// its channel's key has not signed none is looked at: whoever sends it may be anybody.
	pub async fn vouch(&self, vouchers: Vec<SignedVoucher>) -> Result<(), Problem> {
		let genesis = self.chain.genesis();
		let with_keys = vouchers.into_iter().map(|signed| {
			let key = self.terms(&signed.voucher.channel).map(|terms| terms.key);
			(signed, key)
		});
		let with_keys: Vec<_> = with_keys.collect();
		let (good, mut first) = blocking(move || check(with_keys, &genesis)).await?;
		if good.is_empty() {
			return first.map_or(Ok(()), Err);
		}
		let commit = {
			let mut shared = self.shared.lock();
			for vouched in &good {
				if let Err(refusal) = shared.desk.vouch(vouched) {
					first = first.or_else(|| Some(self.because(refusal)));
				}
			}
			self.commit(&mut shared.desk, None)
		};
		self.durable(commit).await?;
		first.map_or(Ok(()), Err)
	}

	/// Where a channel stands.
	pub fn account(&self, id: &ChannelId) -> Result<Account, Problem> {
		let account = self.shared.lock().desk.account(id);
		account.map_err(|refusal| self.because(refusal))
	}

	/// Takes no more requests of a channel, settles what it has and closes it, as its consumer wishes.
	pub async fn close(&self, id: ChannelId, signature: &ChannelSignature) -> Result<(), Problem> {
		let terms = self.terms(&id)?;
		let goodbye = Goodbye::check(&id, signature, &terms.key, &self.chain.genesis())?;
		let commit = {
			let mut shared = self.shared.lock();
			shared
				.desk
				.close(&id, goodbye)
				.map_err(|refusal| self.because(refusal))?;
			self.commit(&mut shared.desk, None)
		};
		self.durable(commit).await
	}

	/// The request behind a unit of computation of a settled batch, and that it is in the batch.
	pub(crate) fn find_unit(&self, batch: &Batch, unit: u64) -> Option<(Hash32, SumPath)> {
		self.shared.lock().desk.reveal(batch, unit)
	}

	/// Follows the chain, reveals, and settles, until `events` ends, or the disk takes no more: then it has to be opened again.
	pub async fn follow(self: Arc<Self>, mut events: impl Stream<Item = ChainEvent> + Unpin) {
		// What is there already does not wait for the next block.
		self.look().await;
		while events.next().await.is_some() && !self.is_broken.load(Ordering::SeqCst) {
			self.look().await;
		}
	}

	/// Looks at the chain, and reveals and settles what is due.
	pub async fn look(self: &Arc<Self>) {
		self.reveal_due().await;

		let endpoint = self.clone();
		let looked = blocking(move || endpoint.observe()).await;
		let (commit, settlements) = match looked {
			Ok(Ok(Some(observed))) => observed,
			Ok(Ok(None)) => return,
			Ok(Err(error)) => return log::warn!(target: LOG, "the chain cannot be looked at: {error}"),
			Err(problem) => return log::error!(target: LOG, "{problem}"),
		};
		// What is cut off has to be known after a restart when it is settled.
		if self.durable(commit).await.is_ok() {
			let is_due = |id: &ChannelId| settlements.iter().any(|settlement| settlement.channel == *id);
			self.sent.lock().retain(|id, _| is_due(id));
			for settlement in settlements {
				self.settle(settlement).await;
			}
		}
	}

	fn observe(&self) -> Result<Option<(Commit, Vec<Settlement>)>, ChainError> {
		if !self.is_up_to_date() {
			if self.has_looked.swap(false, Ordering::SeqCst) {
				log::warn!(target: LOG, "the node is behind the chain: no requests are answered, and nothing is settled, until it has caught up");
			}
			return Ok(None);
		}
		let parameters = self.chain.parameters()?;
		let expected = self.shared.lock().desk.expected();
		// The final block first: the last one comes after it then.
		let finalized = self.chain.channels(State::Finalized, &expected)?;
		let Channels {
			height: now,
			channels: best,
		} = self.chain.channels(State::Best, &[])?;
		let workers = self.chain.workers()?.into_iter();
		let served = |worker: Worker| {
			worker.operator.map(|served| Operator {
				worker: worker.key,
				served,
			})
		};
		*self.operators.lock() = workers.filter_map(served).collect();
		let mut shared = self.shared.lock();
		shared.desk.set_parameters(parameters);
		for request in shared.desk.observe(&best, &finalized, now) {
			if let Some(answer) = shared.answers.get(&request) {
				answer.cancel();
			}
		}
		shared.desk.cut(now);
		shared.desk.forget(now);
		let settlements = shared.desk.settlements(now.saturating_add(SETTLE_WITHIN));
		let commit = self.commit(&mut shared.desk, None);
		self.has_looked.store(true, Ordering::SeqCst);
		self.count(|metrics| {
			metrics.in_flight.set(shared.answers.len() as u64);
			metrics.kept.set(shared.desk.answers() as u64);
			metrics.disk.set(self.journal.bytes());
		});
		Ok(Some((commit, settlements)))
	}

	/// Sends what is to be settled, unless it was sent a moment ago.
	async fn settle(&self, settlement: Settlement) {
		let (id, now) = (settlement.channel, self.chain.height(State::Best));
		let is_sent = |(sent, at): &(Settlement, BlockNumber)| {
			let is_same = (&sent.vouchers, sent.close) == (&settlement.vouchers, settlement.close);
			is_same && now < at.saturating_add(SEND_AGAIN_AFTER)
		};
		if self.sent.lock().get(&id).is_some_and(is_sent) {
			return;
		}
		let terms = self.shared.lock().desk.terms_of(&id).cloned();
		let Some(terms) = terms else { return };
		let (chain, payload) = (self.chain.clone(), settlement.signing_payload(&self.chain.genesis()));
		let signature = match blocking(move || chain.sign(&terms.worker_key, &payload)).await {
			Ok(Ok(signature)) => signature,
			Ok(Err(error)) => return log::error!(target: LOG, "channel {id} cannot be settled: {error}"),
			Err(problem) => return log::error!(target: LOG, "channel {id} cannot be settled: {problem}"),
		};
		self.sent.lock().insert(id, (settlement.clone(), now));
		let count = settlement.vouchers.len();
		let sent = self.chain.settle(SignedSettlement { settlement, signature }).await;
		self.count(|metrics| {
			let outcome = if sent.is_ok() { "accepted" } else { "refused" };
			metrics.settlements.with_label_values(&[outcome]).inc();
		});
		match sent {
			Ok(()) => log::info!(target: LOG, "channel {id}: {count} vouchers were sent to be settled"),
			Err(error) => log::warn!(target: LOG, "channel {id}: {error}"),
		}
	}

	/// Takes no more requests.
	pub fn refuse(&self) {
		self.is_stopping.store(true, Ordering::SeqCst);
	}

	/// Whether no more requests are taken.
	pub fn is_stopping(&self) -> bool {
		self.is_stopping.load(Ordering::SeqCst)
	}

	/// Takes no more requests, and returns when none is being answered any more: those that take longer than `patience` are stopped.
	pub async fn stop(&self, patience: Duration) {
		self.refuse();
		let idle = async {
			while self.in_flight() > 0 {
				tokio::time::sleep(LOOK_EVERY).await;
			}
		};
		tokio::pin!(idle);
		if tokio::time::timeout(patience, &mut idle).await.is_err() {
			self.shared.lock().answers.values().for_each(|answer| answer.stop());
			idle.await;
		}
	}

	pub(crate) fn count(&self, update: impl FnOnce(&Metrics)) {
		if let Some(metrics) = &self.metrics {
			update(metrics);
		}
	}
}

/// Vouchers that are signed, up to the first that is forged, and the first reason why one is not taken.
fn check(
	vouchers: Vec<(SignedVoucher, Result<ChannelKey, Problem>)>,
	genesis: &[u8; 32],
) -> (Vec<Vouched>, Option<Problem>) {
	let mut good = Vec::with_capacity(vouchers.len());
	let mut first = None;
	for (signed, key) in vouchers {
		match key.and_then(|key| Ok(Vouched::check(signed, &key, genesis)?)) {
			Ok(vouched) => good.push(vouched),
			Err(problem) => {
				let is_forged = problem == Problem::Refused(Refusal::BadSignature);
				first = first.or(Some(problem));
				if is_forged {
					break;
				}
			}
		}
	}
	(good, first)
}

/// Does something that blocks where that is allowed.
pub(crate) async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
	let done = tokio::task::spawn_blocking(act).await;
	done.map_err(|error| Problem::Failed(error.to_string()))
}
