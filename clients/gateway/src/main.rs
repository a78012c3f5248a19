//! `assay-gateway`: serves OpenAI's interface, and makes, changes and revokes the keys for it.

use anyhow::{bail, ensure, Context, Result};
use assay_gateway::{
	keys, ledger, parse_version, serve, Channels, Dealing, Gateway, Limits, Lines, Node, Options, Page, Rates,
};
use assay_library::Library;
use assay_protocol::ModelVersion;
use assay_sdk::{keys::signer, Amount, Assay, Patience, Signer};
use clap::{Args, Parser, Subcommand};
use std::{
	fs,
	net::SocketAddr,
	num::NonZeroU32,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{
	net::TcpListener,
	signal::unix::{signal, SignalKind},
};
use tracing_subscriber::EnvFilter;

/// The interface of OpenAI in front of an Assay chain: every answer is a job.
#[derive(Parser)]
#[command(name = "assay-gateway", version, propagate_version = true)]
struct Cli {
	/// Folder of the keys and the books [default: ~/.local/share/assay/gateway].
	#[arg(long, global = true, env = "ASSAY_GATEWAY_DIR", value_name = "FOLDER")]
	data: Option<PathBuf>,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Answer requests.
	Serve(Box<Serve>),
	/// Make, list, change and revoke API keys.
	#[command(subcommand)]
	Key(Key),
}

#[derive(Args)]
struct Serve {
	/// Where to listen.
	#[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
	listen: SocketAddr,
	/// Where Prometheus finds the metrics, at /metrics and without a key: nobody else should reach it. Nowhere, if it is left out.
	#[arg(long, value_name = "ADDRESS")]
	metrics_listen: Option<SocketAddr>,
	/// The node to talk to.
	#[arg(long, env = "ASSAY_URL", default_value = "ws://127.0.0.1:9944", value_name = "URL")]
	url: String,
	/// Wait so many seconds for a node that does not answer yet.
	#[arg(long, default_value_t = 30, value_name = "SECONDS")]
	wait: u64,
	/// Secret of the account that pays: a phrase, a seed, or a development name such as //Bob.
	#[arg(long, env = "ASSAY_SURI", hide_env_values = true, value_name = "SECRET")]
	suri: Option<String>,
	/// File whose first line is that secret; goes before --suri.
	#[arg(long, env = "ASSAY_KEY_FILE", value_name = "FILE")]
	key_file: Option<PathBuf>,
	#[command(flatten)]
	library: Library,
	/// Answer as it is generated, through channels to operators that do, with so many ASY in each; without this, and where no operator
	/// does, each answer is a job.
	#[arg(long, value_name = "DEPOSIT")]
	channels: Option<Amount>,
	/// Ask nobody for a key; only at an address of this machine.
	#[arg(long)]
	open: bool,
	/// A name of one's own for a model version, such as gpt-4o-mini=0.0; may be repeated.
	#[arg(long = "alias", value_parser = parse_alias, value_name = "NAME=VERSION")]
	aliases: Vec<(String, ModelVersion)>,
	/// Show browsers at the same address the page in this folder, which `scripts/page` builds.
	#[arg(long, value_name = "FOLDER")]
	page: Option<PathBuf>,
	/// Requests at the same time.
	#[arg(long, default_value_t = Limits::default().requests)]
	requests: u16,
	/// Jobs that requests wait for at the same time, and inputs of one request.
	#[arg(long, default_value_t = Limits::default().jobs)]
	jobs: u16,
	/// Requests that a key may send in a minute, unless it has a rate of its own.
	#[arg(long, default_value_t = Rates::default().requests)]
	requests_per_minute: NonZeroU32,
	/// Tokens that a key may ask for in a minute, read and generated, unless it has a rate of its own.
	#[arg(long, default_value_t = Rates::default().tokens)]
	tokens_per_minute: NonZeroU32,
	/// Bytes of a request.
	#[arg(long, default_value_t = Limits::default().body, value_name = "BYTES")]
	max_body: usize,
	/// Seconds that a request waits for its results.
	#[arg(long, default_value_t = Limits::default().wait.as_secs(), value_name = "SECONDS")]
	timeout: u64,
}

#[derive(Subcommand)]
enum Key {
	/// Make a key and print it: it is kept nowhere.
	Create {
		/// What to call it.
		name: String,
		/// What it may spend in all, in ASY.
		#[arg(long)]
		limit: Amount,
		#[command(flatten)]
		rates: KeyRates,
	},
	/// Show all keys and what they have spent.
	List,
	/// Give a key other terms, from the next request on; those that are not named stay.
	Change {
		/// What it is called.
		name: String,
		/// What it may spend in all, in ASY, with what it has spent.
		#[arg(long, required_unless_present_any = ["requests_per_minute", "tokens_per_minute"])]
		limit: Option<Amount>,
		#[command(flatten)]
		rates: KeyRates,
	},
	/// Refuse a key from now on.
	Revoke {
		/// What it is called.
		name: String,
	},
}

/// Rates of its own for a key.
#[derive(Args)]
struct KeyRates {
	/// Requests that it may send in a minute, if not as many as other keys.
	#[arg(long, value_name = "NUMBER")]
	requests_per_minute: Option<NonZeroU32>,
	/// Tokens that it may ask for in a minute, if not as many as other keys.
	#[arg(long, value_name = "NUMBER")]
	tokens_per_minute: Option<NonZeroU32>,
}

impl KeyRates {
	fn with(&self, limit: Option<Amount>) -> keys::Terms {
		keys::Terms {
			limit: limit.map(|limit| limit.0),
			requests_per_minute: self.requests_per_minute,
			tokens_per_minute: self.tokens_per_minute,
		}
	}
}

#[tokio::main]
async fn main() -> Result<()> {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.init();
	let cli = Cli::parse();
	let folder = folder(cli.data)?;
	match cli.command {
		Command::Serve(options) => options.run(&folder).await,
		Command::Key(command) => command.run(&folder),
	}
}

impl Serve {
	async fn run(self, folder: &Path) -> Result<()> {
		ensure!(
			!self.open || self.listen.ip().is_loopback(),
			"an open gateway listens at an address of this machine only, such as 127.0.0.1:8080, not at {}",
			self.listen
		);
		ensure!(
			self.open || !keys::Keys::open(folder)?.is_empty(),
			"there is no API key: make one with `assay-gateway key create NAME --limit ASY`, or pass --open"
		);
		let signer = self.signer()?;
		let patience = Patience {
			start: Duration::from_secs(self.wait),
			..Patience::default()
		};
		let waiting = || log::info!("no node answers at {} yet: waiting for one", self.url);
		let assay = Assay::connect_patiently(&self.url, patience, waiting).await?;
		let node = Node::new(assay, signer);
		let lines: Option<Arc<dyn Lines>> = match self.channels {
			Some(deposit) => Some(Arc::new(
				Channels::new(node.clone(), Dealing::with(deposit), folder).await?,
			)),
			None => None,
		};
		let account = node.account();
		let options = Options {
			limits: Limits {
				requests: self.requests,
				jobs: self.jobs,
				body: self.max_body,
				wait: Duration::from_secs(self.timeout),
			},
			rates: Rates {
				requests: self.requests_per_minute,
				tokens: self.tokens_per_minute,
			},
			open: self.open,
			aliases: self.aliases.into_iter().collect(),
			page: self.page.as_deref().map(Page::read).transpose()?,
		};
		let gateway = Gateway::new(Arc::new(node), lines, self.library, folder, options)?;
		let listener = bind(self.listen).await?;
		let metrics = match self.metrics_listen {
			Some(address) => Some(bind(address).await?),
			None => None,
		};
		if let Some(metrics) = &metrics {
			log::info!("metrics at http://{}/metrics", metrics.local_addr()?);
		}
		log::info!("listening at http://{}/v1, {account} pays", listener.local_addr()?);
		serve(Arc::new(gateway), listener, metrics, end()?).await
	}

	fn signer(&self) -> Result<Signer> {
		let secret = match (&self.key_file, &self.suri) {
			(Some(file), _) => {
				let text = fs::read_to_string(file).with_context(|| format!("key file {}", file.display()))?;
				let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
				line.with_context(|| format!("the first line of key file {} is empty", file.display()))?
					.to_owned()
			}
			(None, Some(secret)) => secret.clone(),
			(None, None) => {
				bail!("who pays? Pass --key-file FILE or --suri SECRET (or set ASSAY_KEY_FILE, ASSAY_SURI)")
			}
		};
		Ok(signer(&secret)?)
	}
}

impl Key {
	fn run(self, folder: &Path) -> Result<()> {
		match self {
			Self::Create { name, limit, rates } => {
				let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
				let (_, secret) = keys::create(folder, &name, rates.with(Some(limit)), now)?;
				eprintln!("key `{name}` may spend {limit}; it is shown this once:");
				println!("{secret}");
			}
			Self::List => {
				let accounts = ledger::accounts(folder)?;
				for key in keys::list(folder)? {
					let account = accounts.get(&key.number).copied().unwrap_or_default();
					let revoked = if key.revoked { ", revoked" } else { "" };
					println!(
						"{}: spent {}, reserved {}, limit {}{}{revoked}",
						key.name,
						Amount(account.spent),
						Amount(account.reserved),
						Amount(key.limit),
						rates_of(&key)
					);
				}
			}
			Self::Change { name, limit, rates } => {
				let key = keys::change(folder, &name, rates.with(limit))?;
				println!("{name}: limit {}{}", Amount(key.limit), rates_of(&key));
			}
			Self::Revoke { name } => {
				keys::revoke(folder, &name)?;
				println!("key `{name}` is refused from now on");
			}
		}
		Ok(())
	}
}

/// The rates that a key has of its own.
fn rates_of(key: &keys::Key) -> String {
	let of = |rate: Option<NonZeroU32>, what| rate.map_or(String::new(), |rate| format!(", {rate} {what} a minute"));
	of(key.requests_per_minute, "requests") + &of(key.tokens_per_minute, "tokens")
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
	TcpListener::bind(address)
		.await
		.with_context(|| format!("address {address}"))
}

/// Comes when the gateway is asked to end.
fn end() -> Result<impl std::future::Future<Output = ()> + Send + 'static> {
	let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
	Ok(async move {
		tokio::select! {
			_ = interrupt.recv() => {}
			_ = terminate.recv() => {}
		}
		log::info!("ending when the requests are answered");
	})
}

/// The folder of keys and books, made if it is absent.
fn folder(named: Option<PathBuf>) -> Result<PathBuf> {
	let home = || std::env::home_dir().map(|home| home.join(".local/share/assay/gateway"));
	let folder = named.or_else(home).context("no home folder: pass --data")?;
	fs::create_dir_all(&folder).with_context(|| format!("folder {}", folder.display()))?;
	Ok(folder)
}

fn parse_alias(text: &str) -> Result<(String, ModelVersion)> {
	let parsed = text
		.rsplit_once('=')
		.and_then(|(name, version)| Some((name.to_owned(), parse_version(version)?)));
	parsed
		.filter(|(name, _)| !name.is_empty())
		.with_context(|| format!("`{text}` is not a name for a model version: write it as gpt-4o-mini=0.0"))
}
