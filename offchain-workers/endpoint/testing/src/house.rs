//! A chain, models, and an endpoint in this process.

use crate::{
	chain::{Fake, Opened, ASY},
	engine::Held,
};
use assay_endpoint::{
	chain::Balance,
	desk::Credit,
	server::{serve, Identity, Limits, Server},
	Endpoint, Settings,
};
use assay_trace::merkle::Hash32;
use std::{
	net::SocketAddr,
	sync::{atomic::Ordering, Arc},
	time::Duration,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// Where an endpoint is, and by which key it is known.
#[derive(Clone, Copy, Debug)]
pub struct Place {
	/// Where it listens.
	pub address: SocketAddr,
	/// SHA-256 of its public key.
	pub key_hash: Hash32,
}

/// How an endpoint in a test works.
#[derive(Clone, Copy)]
pub struct Setup {
	/// How much is lent.
	pub credit: Credit,
	/// Requests at a time.
	pub at_once: usize,
	/// Requests that wait beside these.
	pub waiting: usize,
	/// Bytes on disk.
	pub disk: u64,
	/// What the server takes.
	pub limits: Limits,
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
pub struct House {
	/// Of models and journals.
	pub folder: TempDir,
	/// The chain.
	pub chain: Arc<Fake>,
	/// The engine.
	pub engine: Arc<Held>,
	/// How it works.
	pub setup: Setup,
	/// What runs now.
	pub running: Option<Running>,
}

/// An endpoint that runs.
pub struct Running {
	/// The endpoint.
	pub endpoint: Arc<Endpoint>,
	/// Where it is.
	pub place: Place,
	end: oneshot::Sender<()>,
	server: JoinHandle<()>,
}

impl House {
	/// One with the usual setup.
	pub async fn new() -> Self {
		Self::with(Setup::default()).await
	}

	/// One with a setup.
	pub async fn with(setup: Setup) -> Self {
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
	pub async fn start(&mut self, journal: &str) {
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
	pub async fn stop(&mut self) {
		let running = self.running.take().expect("it runs");
		let _ = running.end.send(());
		running.server.await.unwrap();
	}

	/// The endpoint that runs.
	pub fn endpoint(&self) -> &Arc<Endpoint> {
		&self.running.as_ref().expect("it runs").endpoint
	}

	/// Where it is.
	pub fn place(&self) -> Place {
		self.running.as_ref().expect("it runs").place
	}

	/// A channel, which the endpoint has seen.
	pub async fn a_channel(&self, number: u64, model: u32, deposit: Balance) -> Opened {
		let opened = self.chain.open(number, model, deposit);
		self.endpoint().look().await;
		opened
	}

	/// A block.
	pub async fn block(&self) {
		self.chain.block.fetch_add(1, Ordering::SeqCst);
		self.endpoint().look().await;
	}
}
