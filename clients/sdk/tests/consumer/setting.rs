//! A channel to an endpoint in this process, a consumer for it, and a wire between them that can be cut.

use assay_endpoint::chain::{Balance, Chain, State};
use assay_endpoint_testing::{a_prompt, House, Opened, Place, GENESIS, PARAMETERS, WRITER};
use assay_exact::{Generation, Sampler};
use assay_protocol::channel::Endpoint;
use assay_sdk::{
	channels::Channel,
	consumer::{Answer, Answered, Consumer, ConsumerError, Event, Facts, Now, Settings},
};
use codec::{Decode, Encode};
use std::{
	net::SocketAddr,
	sync::{Arc, Mutex},
	time::Duration,
};
use tempfile::TempDir;
use tokio::{
	io::copy_bidirectional,
	net::{TcpListener, TcpStream},
	sync::watch,
	task::{JoinHandle, JoinSet},
};

/// Impatient enough for a test.
pub(crate) fn settings() -> Settings {
	Settings {
		patience: Duration::from_secs(20),
		silence: Duration::from_secs(5),
		gather: Duration::from_millis(10),
		lag: Duration::from_millis(500),
		..Settings::default()
	}
}

pub(crate) fn tokens(max_tokens: u32) -> Generation {
	Generation {
		sampler: Sampler::Gumbel {
			inverse_temperature: 1 << 16,
			seed: [7; 32],
		},
		max_tokens,
		ignore_stop: true,
	}
}

/// The record of an endpoint.
pub(crate) fn record(place: Place) -> Endpoint {
	Endpoint {
		address: format!("https://{}", place.address).into_bytes().try_into().unwrap(),
		key_hash: place.key_hash,
	}
}

/// A channel and what its consumer knows.
pub(crate) struct Setting {
	pub(crate) house: House,
	pub(crate) opened: Opened,
	pub(crate) facts: Facts,
	pub(crate) now: watch::Sender<Now>,
	folder: TempDir,
}

impl Setting {
	pub(crate) async fn new(house: House) -> Self {
		Self::of(house, WRITER, 100 * assay_endpoint_testing::ASY).await
	}

	pub(crate) async fn of(house: House, model: u32, deposit: Balance) -> Self {
		let opened = house.a_channel(1, model, deposit).await;
		let now = Now {
			height: house.chain.height(State::Best),
			channel: channel(&house, &opened),
			endpoint: record(house.place()),
		};
		let program = house.chain.version(model).program.clone();
		let (now, receiver) = watch::channel(now);
		let facts = Facts {
			genesis: GENESIS,
			program,
			answerable: PARAMETERS.answerable,
			now: receiver,
		};
		Self {
			house,
			opened,
			facts,
			now,
			folder: tempfile::tempdir().unwrap(),
		}
	}

	pub(crate) async fn try_open(&self, settings: Settings) -> Result<Arc<Consumer>, ConsumerError> {
		Consumer::open(
			self.facts.clone(),
			self.opened.pair.clone(),
			self.folder.path(),
			settings,
		)
		.await
	}

	/// Opens the consumer; one that was dropped before may still have its journal for a moment.
	pub(crate) async fn open_with(&self, settings: Settings) -> Arc<Consumer> {
		for _ in 0..500 {
			match self.try_open(settings).await {
				Err(ConsumerError::Journal(assay_journal::JournalError::InUse(_))) => {
					tokio::time::sleep(Duration::from_millis(10)).await
				}
				opened => return opened.unwrap(),
			}
		}
		panic!("the journal stays in use");
	}

	pub(crate) async fn open(&self) -> Arc<Consumer> {
		self.open_with(settings()).await
	}

	/// Opens a consumer on what the disk holds at this moment, while the one before still runs: as after a crash.
	pub(crate) async fn crash(&self) -> (Arc<Consumer>, TempDir) {
		let folder = tempfile::tempdir().unwrap();
		let channel = std::fs::read_dir(self.folder.path()).unwrap().next().unwrap().unwrap();
		let to = folder.path().join(channel.file_name());
		std::fs::create_dir_all(&to).unwrap();
		for file in std::fs::read_dir(channel.path()).unwrap() {
			let file = file.unwrap();
			std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
		}
		let opened = Consumer::open(self.facts.clone(), self.opened.pair.clone(), folder.path(), settings()).await;
		(opened.unwrap(), folder)
	}

	/// A block, which the consumer sees.
	pub(crate) async fn block(&self) {
		self.house.block().await;
		self.look();
	}

	/// The consumer sees what the chain says.
	pub(crate) fn look(&self) {
		let channel = channel(&self.house, &self.opened);
		let height = self.house.chain.height(State::Best);
		self.now
			.send_modify(|now| (now.channel, now.height) = (channel, height));
	}

	/// The endpoint is somewhere else.
	pub(crate) fn at(&self, place: Place) {
		self.now.send_modify(|now| now.endpoint = record(place));
	}
}

fn channel(house: &House, opened: &Opened) -> Channel {
	let summary = house.chain.channels.lock().unwrap()[&opened.channel].clone();
	Channel::decode(&mut &summary.encode()[..]).unwrap()
}

/// All that comes until the end.
pub(crate) async fn all(mut answer: Answer) -> (Vec<Event>, Option<ConsumerError>) {
	let mut events = vec![];
	while let Some(event) = answer.next().await {
		match event {
			Ok(event) => events.push(event),
			Err(error) => return (events, Some(error)),
		}
	}
	(events, None)
}

/// The whole answer to a request: it is good.
pub(crate) async fn an_answer(consumer: &Arc<Consumer>, max_tokens: u32) -> Answered {
	let answer = consumer.ask(a_prompt(), tokens(max_tokens)).await.unwrap();
	answer.receipt().await.unwrap()
}

/// The error with which an answer ends.
pub(crate) async fn failure(answer: Answer) -> ConsumerError {
	all(answer).await.1.expect("it ends with an error")
}

/// Waits for the next event.
pub(crate) async fn next(answer: &mut Answer) -> Event {
	answer.next().await.expect("there is more").unwrap()
}

/// Waits until a consumer's account is so.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
	for _ in 0..1_000 {
		if holds().await {
			return;
		}
		tokio::time::sleep(Duration::from_millis(10)).await;
	}
	panic!("in vain: {what}");
}

/// A wire to an endpoint.
pub(crate) struct Wire {
	pub(crate) place: Place,
	wires: Arc<Mutex<JoinSet<()>>>,
	accepting: JoinHandle<()>,
	/// Connections so far.
	pub(crate) count: Arc<Mutex<usize>>,
}

impl Wire {
	pub(crate) async fn to(place: Place) -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address: SocketAddr = listener.local_addr().unwrap();
		let (wires, count) = (Arc::new(Mutex::new(JoinSet::new())), Arc::new(Mutex::new(0)));
		let accepting = tokio::spawn({
			let (wires, count) = (wires.clone(), count.clone());
			async move {
				while let Ok((mut near, _)) = listener.accept().await {
					*count.lock().unwrap() += 1;
					wires.lock().unwrap().spawn(async move {
						if let Ok(mut far) = TcpStream::connect(place.address).await {
							let _ = copy_bidirectional(&mut near, &mut far).await;
						}
					});
				}
			}
		});
		Self {
			place: Place { address, ..place },
			wires,
			accepting,
			count,
		}
	}

	/// Cuts all connections that there are.
	pub(crate) fn cut(&self) {
		self.wires.lock().unwrap().abort_all();
	}
}

impl Drop for Wire {
	fn drop(&mut self) {
		self.accepting.abort();
	}
}
