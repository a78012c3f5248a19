//! Channels to operators that are up to no good, or away: what they cost the gateway.

// The same endpoint that the consumer's tests have.
#[allow(dead_code)]
#[path = "../../../sdk/tests/consumer/hostile.rs"]
mod hostile;

use crate::support::{Answer, Bench, Mood};
use assay_endpoint_testing::{until, House, ASY, GENESIS, PARAMETERS, PRICE, WRITER};
use assay_exact::{Generation, Sampler};
use assay_gateway::{ledger::OnLine, Asked, Channels, Dealing, Exchange, Lines, Outcome, Part, Seller};
use assay_protocol::{
	channel::{ChannelSummary, Endpoint, Terms, LANES},
	ChannelId, ModelId, ModelVersion, VersionNumber,
};
use assay_sdk::{
	channels::Channel,
	consumer::{Consumer, ConsumerError, Facts, Now, Settings},
	AccountId, Amount, Balance, Error, Missing,
};
use assay_trace::Hash32;
use async_trait::async_trait;
use futures::future::BoxFuture;
use hostile::{json, not_found, stream, Came, Hostile, Said, Worker};
use serde_json::{json, Value};
use sp_core::sr25519;
use std::{
	collections::BTreeMap,
	path::Path,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc, Mutex,
	},
	time::Duration,
};
use tempfile::TempDir;
use tokio::sync::watch;

const VERSION: ModelVersion = ModelVersion {
	model: ModelId(0),
	version: VersionNumber(0),
};
const DEPOSIT: Balance = 100 * ASY;
const CHAT: &str = "/v1/chat/completions";

fn dealing() -> Dealing {
	Dealing {
		deposit: Amount(DEPOSIT),
		patience: Duration::from_millis(400),
		grace: Duration::from_secs(600),
		rest: Duration::from_millis(20),
	}
}

/// A chain with operators, whose channels are all at one endpoint.
struct Town {
	house: House,
	endpoint: Endpoint,
	sellers: Vec<Seller>,
	channels: Mutex<BTreeMap<ChannelId, watch::Sender<Now>>>,
	/// Whom channels were opened to.
	opened: Mutex<Vec<AccountId>>,
	top_ups: AtomicUsize,
	notices: AtomicUsize,
	/// Whether blocks become final.
	is_final: watch::Sender<bool>,
}

#[derive(Clone)]
struct Market(Arc<Town>);

/// A town, an endpoint, and a folder for a gateway.
struct Scene {
	town: Arc<Town>,
	hostile: Hostile,
	folder: TempDir,
}

impl Scene {
	/// One operator, the first, and others that are dearer.
	async fn new(sellers: u8, script: impl Fn(&Worker, &Came) -> Said + Send + Sync + 'static) -> Self {
		let house = House::new().await;
		let worker = Worker {
			worker: house.chain.worker.clone(),
			program: house.chain.version(WRITER).program.clone(),
			block: 8,
		};
		let hostile = Hostile::new(move |came, _| match came.is_request() {
			true => script(&worker, came),
			false => not_found(),
		})
		.await;
		let endpoint = Endpoint {
			address: format!("https://{}", hostile.place.address)
				.into_bytes()
				.try_into()
				.unwrap(),
			key_hash: hostile.place.key_hash,
		};
		let sellers = (1..=sellers).map(|number| Seller {
			operator: AccountId::from([number; 32]),
			price: PRICE * Balance::from(number),
		});
		let town = Town {
			house,
			endpoint,
			sellers: sellers.collect(),
			channels: Mutex::default(),
			opened: Mutex::default(),
			top_ups: AtomicUsize::new(0),
			notices: AtomicUsize::new(0),
			is_final: watch::channel(true).0,
		};
		Self {
			town: Arc::new(town),
			hostile,
			folder: tempfile::tempdir().unwrap(),
		}
	}

	async fn channels(&self, dealing: Dealing) -> Channels {
		Channels::new(Market(self.town.clone()), dealing, self.folder.path())
			.await
			.unwrap()
	}

	/// A gateway whose channel is open.
	async fn bench(&self, dealing: Dealing) -> Bench {
		let channels = self.channels(dealing).await;
		is_open(&channels).await;
		Bench::with_lines(1_000_000 * ASY, channels)
	}

	fn opened(&self) -> Vec<AccountId> {
		self.town.opened.lock().unwrap().clone()
	}

	/// Channels that were opened, top-ups, and notices.
	fn counts(&self) -> (usize, usize, usize) {
		let count = |number: &AtomicUsize| number.load(Ordering::SeqCst);
		(
			self.opened().len(),
			count(&self.town.top_ups),
			count(&self.town.notices),
		)
	}

	/// What the chain has in the only channel.
	fn put(&self, deposit: Balance) {
		let channels = self.town.channels.lock().unwrap();
		let now = channels.values().next().unwrap();
		now.send_modify(|now| now.channel.deposit = deposit);
	}
}

async fn is_open(channels: &Channels) {
	for _ in 0..500 {
		if channels.find(VERSION).await.is_some() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	panic!("no channel is opened");
}

impl Town {
	fn now(&self, id: ChannelId) -> Result<watch::Sender<Now>, Error> {
		let channels = self.channels.lock().unwrap();
		let now = channels.get(&id).cloned();
		now.ok_or(Error::Missing(Missing::Channel(id)))
	}

	/// As long as it takes until a block is final.
	async fn finality(&self) {
		self.is_final.subscribe().wait_for(|is_final| *is_final).await.unwrap();
	}
}

#[async_trait]
impl Exchange for Market {
	async fn channels(&self) -> Result<Vec<Channel>, Error> {
		Ok(vec![])
	}

	async fn channel(&self, id: ChannelId) -> Result<Channel, Error> {
		Ok(self.0.now(id)?.borrow().channel.clone())
	}

	async fn batch_price(&self) -> Result<Balance, Error> {
		Ok(PARAMETERS.batch_price)
	}

	async fn sellers(&self, _: ModelVersion) -> Result<Vec<Seller>, Error> {
		Ok(self.0.sellers.clone())
	}

	async fn open(
		&self,
		seller: &Seller,
		version: ModelVersion,
		key: &sr25519::Public,
		deposit: Balance,
	) -> Result<ChannelId, Error> {
		let number = {
			let mut opened = self.0.opened.lock().unwrap();
			opened.push(seller.operator);
			opened.len() as u64
		};
		let terms = Terms {
			consumer: AccountId::from([9; 32]),
			operator: seller.operator,
			version,
			price: seller.price,
			key: *key,
			worker_key: self.0.house.chain.worker_key(),
			number,
		};
		let channel = ChannelSummary {
			id: terms.id(),
			terms,
			deposit,
			opened_at: 1,
			closes_at: None,
			closed_at: None,
			settled: vec![0; LANES.into()],
		};
		let id = channel.id;
		let now = Now {
			height: 10,
			channel,
			endpoint: self.0.endpoint.clone(),
		};
		self.0.channels.lock().unwrap().insert(id, watch::channel(now).0);
		Ok(id)
	}

	async fn top_up(&self, id: ChannelId, amount: Balance) -> Result<(), Error> {
		self.0.top_ups.fetch_add(1, Ordering::SeqCst);
		self.0.finality().await;
		self.0.now(id)?.send_modify(|now| now.channel.deposit += amount);
		Ok(())
	}

	async fn give_notice(&self, id: ChannelId) -> Result<(), Error> {
		self.0.notices.fetch_add(1, Ordering::SeqCst);
		self.0.finality().await;
		self.0.now(id)?.send_modify(|now| now.channel.closes_at = Some(30));
		Ok(())
	}

	async fn consumer(
		&self,
		id: ChannelId,
		key: sr25519::Pair,
		folder: &Path,
		settings: Settings,
	) -> Result<Arc<Consumer>, ConsumerError> {
		let facts = Facts {
			genesis: GENESIS,
			program: self.0.house.chain.version(WRITER).program.clone(),
			answerable: PARAMETERS.answerable,
			now: self.0.now(id)?.subscribe(),
		};
		let hasty = Settings {
			stall: Duration::from_millis(1_500),
			learning: Duration::from_millis(500),
			..settings
		};
		Consumer::open(facts, key, folder, hasty).await
	}
}

/// A chat, each with a number another.
fn a_chat(number: u32) -> Value {
	let messages = json!([{ "role": "user", "content": "a" }]);
	json!({ "model": "writer", "messages": messages, "max_tokens": 4, "temperature": 1, "seed": number })
}

/// Whether an answer is that of a job.
fn is_job(answer: &Answer) -> bool {
	answer.document()["verification"]["job"].is_u64()
}

/// Ten answers, one after the other, each of which is a job.
async fn ten_jobs(bench: &Bench) {
	// None of them was asked for before.
	for number in 100..110 {
		let answer = bench.post(CHAT, &a_chat(number)).await;
		assert!(is_job(&answer), "{answer:?}");
	}
}

fn unpaid() -> Said {
	let error = r#"{"error":{"code":"unpaid","message":"more","unpaid":"0","credit":"1"}}"#;
	json("402 Payment Required", error)
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_an_endpoint_that_wants_more_gets_nothing_where_the_chain_says_that_there_is_enough() {
	let scene = Scene::new(1, |_, _| unpaid()).await;
	let bench = scene.bench(dealing()).await;
	ten_jobs(&bench).await;
	assert_eq!(scene.hostile.requests().len(), 10);
	assert_eq!(scene.counts(), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_a_channel_that_is_poor_is_topped_up_once_however_long_finality_takes() {
	let scene = Scene::new(1, |_, _| unpaid()).await;
	let bench = scene.bench(dealing()).await;
	scene.put(0);
	scene.town.is_final.send_replace(false);
	ten_jobs(&bench).await;
	assert!(scene.hostile.requests().is_empty());
	until("it is topped up", || scene.counts().1 == 1).await;
	scene.town.is_final.send_replace(true);
	for number in 10.. {
		assert!(is_job(&bench.post(CHAT, &a_chat(number)).await));
		if !scene.hostile.requests().is_empty() {
			break;
		}
	}
	assert_eq!(scene.counts(), (1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_no_channel_holds_more_than_twice_its_deposit() {
	let scene = Scene::new(1, |_, _| unpaid()).await;
	let little = Dealing {
		deposit: Amount(1),
		..dealing()
	};
	let bench = scene.bench(little).await;
	for _ in 0..2 {
		ten_jobs(&bench).await;
	}
	assert_eq!(scene.counts(), (1, 1, 0));
}

fn unknown() -> Said {
	let error = r#"{"error":{"code":"unknown_channel","message":"what is that?"}}"#;
	json("404 Not Found", error)
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_a_channel_that_the_chain_has_is_not_replaced_because_an_endpoint_does_not_know_it() {
	let scene = Scene::new(2, |_, _| unknown()).await;
	let bench = scene.bench(dealing()).await;
	ten_jobs(&bench).await;
	assert_eq!(scene.hostile.requests().len(), 10);
	assert_eq!(scene.counts(), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_an_operator_that_does_not_answer_for_long_is_left_with_a_notice_and_rests() {
	let scene = Scene::new(1, |_, _| unknown()).await;
	let short = Dealing {
		grace: Duration::ZERO,
		..dealing()
	};
	let bench = scene.bench(short).await;
	ten_jobs(&bench).await;
	until("the operator is asked to close", || {
		let came = scene.hostile.came.lock().unwrap();
		came.iter().any(|came| came.line.ends_with("/close"))
	})
	.await;
	assert_eq!(scene.hostile.requests().len(), 1);
	assert_eq!(scene.counts(), (1, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_a_liar_is_left_in_mid_stream_and_never_gets_another_channel() {
	let scene = Scene::new(2, |worker, came| {
		let request = came.asked().0.request;
		let tokens = [1, 2, 3, 1];
		let receipt = worker.receipt(&request, &tokens, |receipt| receipt.units += 1);
		worker.answer(&request, &tokens, &receipt)
	})
	.await;
	let bench = scene.bench(dealing()).await;
	let answer = bench.post(CHAT, &a_chat(0)).await;
	assert_eq!(answer.error().0, 503);
	until("notice is given", || scene.counts().2 == 1).await;
	// The other operator has the same worker here.
	for number in 1..10 {
		bench.post(CHAT, &a_chat(number)).await;
		tokio::time::sleep(Duration::from_millis(40)).await;
	}
	until("both are left", || scene.counts().2 == 2).await;
	ten_jobs(&bench).await;
	let both = [1, 2].map(|number| AccountId::from([number; 32]));
	assert_eq!(scene.opened(), both);
	// Nor after a restart.
	let channels = scene.channels(dealing()).await;
	for _ in 0..5 {
		assert!(channels.find(VERSION).await.is_none());
		tokio::time::sleep(Duration::from_millis(40)).await;
	}
	assert_eq!(scene.counts(), (2, 0, 2));
	// What it has not been paid for costs no key anything.
	bench.chain.set(Mood::IsFinal);
	bench.settle().await;
	assert_eq!(bench.account(1).reserved, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn q04_an_operator_that_goes_away_holds_neither_other_requests_nor_charges() {
	let scene = Scene::new(1, |_, _| Said::Silence(stream(&[]))).await;
	let bench = scene.bench(dealing()).await;
	let asked: Vec<_> = (0..16)
		.map(|number| {
			let bench = bench.clone();
			tokio::spawn(async move { bench.post(CHAT, &a_chat(number)).await })
		})
		.collect();
	until("all lanes are in use", || scene.hostile.requests().len() == 16).await;
	// Jobs are bought meanwhile.
	let more = bench.post(CHAT, &a_chat(16)).await;
	assert!(is_job(&more), "{more:?}");
	for asked in asked {
		assert_eq!(asked.await.unwrap().error().0, 503);
	}
	// Neither permits nor charges are held: the gateway decides by itself that it takes no receipt any more.
	bench.chain.set(Mood::IsFinal);
	for _ in 0..100 {
		bench.settle().await;
		let is_idle = bench.metrics().await.contains("assay_gateway_jobs_in_flight 0");
		if is_idle && bench.account(1).reserved == 0 {
			return;
		}
		tokio::time::sleep(Duration::from_millis(100)).await;
	}
	panic!("charges stay open: {:?}", bench.account(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn q12a_a_request_that_is_open_is_answered_next_and_never_in_between_said_not_to_be() {
	let scene = Scene::new(1, |worker, came| {
		let request = came.asked().0.request;
		let tokens = [1, 2, 3, 1];
		worker.answer(&request, &tokens, &worker.receipt(&request, &tokens, |_| ()))
	})
	.await;
	let channels = scene.channels(dealing()).await;
	is_open(&channels).await;
	let line = channels.find(VERSION).await.unwrap();
	for seed in 0..20 {
		let asked = Asked {
			version: VERSION,
			input: assay_endpoint_testing::a_prompt(),
			generation: Generation {
				sampler: Sampler::Gumbel {
					inverse_temperature: 1 << 16,
					seed: [seed; 32],
				},
				max_tokens: 4,
				ignore_stop: true,
			},
		};
		let noted = watch::channel(None).0;
		let note = |on_line: OnLine| -> BoxFuture<'_, Result<(), String>> {
			noted.send_replace(Some(on_line));
			Box::pin(async { Ok(()) })
		};
		let told = async {
			let mut reply = line.ask(asked, &note).await.unwrap();
			while !matches!(reply.next().await.unwrap(), Part::End(_)) {}
		};
		let looked = async {
			let on_line = noted.subscribe().wait_for(Option::is_some).await.unwrap().unwrap();
			let mut was_open = false;
			loop {
				match channels.outcome(&on_line).await.unwrap() {
					Outcome::Open => was_open = true,
					Outcome::Never => assert!(!was_open, "it is said to be over, and is paid"),
					Outcome::Answered(_) => break,
				}
				tokio::task::yield_now().await;
			}
		};
		tokio::join!(told, looked);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn q12b_what_was_written_down_and_never_sent_costs_nothing() {
	let scene = Scene::new(1, |_, _| unpaid()).await;
	let channels = scene.channels(dealing()).await;
	is_open(&channels).await;
	let channel = *scene.town.channels.lock().unwrap().keys().next().unwrap();
	let request = Hash32([3; 32]);
	let outcome = channels.outcome(&OnLine { channel, request }).await;
	assert_eq!(outcome, Ok(Outcome::Never));
}
