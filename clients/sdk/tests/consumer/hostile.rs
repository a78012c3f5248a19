//! An endpoint that says what a test wants: a worker's key, TLS, and no rules.

use assay_endpoint::server::Identity;
use assay_endpoint_testing::{Place, GENESIS};
use assay_exact::Program;
use assay_protocol::{
	channel::{Content, Progress, Receipt, Request, SignedProgress, SignedReceipt, SignedRequest, SignedVoucher},
	job::{JobInput, JobOutput},
	operator::{WorkerPair, WorkerSignature},
};
use assay_trace::{Hash32, TraceRoot};
use codec::{Decode, Encode};
use sp_core::Pair;
use std::{
	sync::{Arc, Mutex},
	time::Duration,
};
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpListener,
	task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What is sent back.
#[derive(Clone)]
pub(crate) enum Said {
	/// These bytes, and the end.
	Bytes(Vec<u8>),
	/// These again and again, after some.
	Endless(Vec<u8>, Vec<u8>),
	/// Some, and then nothing.
	Silence(Vec<u8>),
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Came {
	/// Method and path.
	pub(crate) line: String,
	pub(crate) body: Vec<u8>,
}

impl Came {
	pub(crate) fn is_request(&self) -> bool {
		self.line == "POST /v1/requests"
	}

	pub(crate) fn is_vouchers(&self) -> bool {
		self.line == "POST /v1/vouchers"
	}

	pub(crate) fn asked(&self) -> (SignedRequest, JobInput) {
		Decode::decode(&mut &self.body[..]).unwrap()
	}

	pub(crate) fn vouchers(&self) -> Vec<SignedVoucher> {
		Decode::decode(&mut &self.body[..]).unwrap()
	}
}

/// An endpoint that is up to no good.
pub(crate) struct Hostile {
	pub(crate) place: Place,
	/// All that came.
	pub(crate) came: Arc<Mutex<Vec<Came>>>,
	accepting: JoinHandle<()>,
	_folder: TempDir,
}

impl Hostile {
	/// One that answers by a script, which is also told how many came before.
	pub(crate) async fn new(script: impl Fn(&Came, usize) -> Said + Send + Sync + 'static) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let identity = Identity::open(folder.path()).unwrap();
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let place = Place {
			address: listener.local_addr().unwrap(),
			key_hash: identity.key_hash,
		};
		let (script, came) = (Arc::new(script), Arc::new(Mutex::new(vec![])));
		let acceptor = TlsAcceptor::from(identity.config);
		let all = came.clone();
		let accepting = tokio::spawn(async move {
			while let Ok((stream, _)) = listener.accept().await {
				let (acceptor, script, all) = (acceptor.clone(), script.clone(), all.clone());
				tokio::spawn(async move {
					let mut stream = acceptor.accept(stream).await?;
					let mut bytes = vec![];
					let came = loop {
						let mut piece = [0; 4096];
						let read = stream.read(&mut piece).await?;
						bytes.extend_from_slice(&piece[..read]);
						if let Some(came) = whole(&bytes) {
							break came;
						}
						if read == 0 {
							return Ok(());
						}
					};
					let before = {
						let mut all = all.lock().unwrap();
						all.push(came.clone());
						all.len() - 1
					};
					match script(&came, before) {
						Said::Bytes(bytes) => stream.write_all(&bytes).await?,
						Said::Endless(first, more) => {
							stream.write_all(&first).await?;
							loop {
								stream.write_all(&more).await?;
							}
						}
						Said::Silence(first) => {
							stream.write_all(&first).await?;
							stream.flush().await?;
							tokio::time::sleep(Duration::from_secs(600)).await;
						}
					}
					stream.shutdown().await
				});
			}
		});
		Self {
			place,
			came,
			accepting,
			_folder: folder,
		}
	}

	/// The requests that came.
	pub(crate) fn requests(&self) -> Vec<Request> {
		let came = self.came.lock().unwrap();
		let requests = came.iter().filter(|came| came.is_request());
		requests.map(|came| came.asked().0.request).collect()
	}

	/// The vouchers that came.
	pub(crate) fn vouchers(&self) -> Vec<SignedVoucher> {
		let came = self.came.lock().unwrap();
		came.iter()
			.filter(|came| came.is_vouchers())
			.flat_map(Came::vouchers)
			.collect()
	}
}

impl Drop for Hostile {
	fn drop(&mut self) {
		self.accepting.abort();
	}
}

fn whole(bytes: &[u8]) -> Option<Came> {
	let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
	let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
	let length = head
		.lines()
		.find_map(|line| {
			line.to_lowercase()
				.strip_prefix("content-length:")?
				.trim()
				.parse::<usize>()
				.ok()
		})
		.unwrap_or(0);
	let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
	let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
	Some(Came { line, body })
}

/// The head of a response.
pub(crate) fn head(status: &str, kind: &str) -> Vec<u8> {
	format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n").into_bytes()
}

/// A whole response.
pub(crate) fn json(status: &str, document: &str) -> Said {
	Said::Bytes([head(status, "application/json"), document.as_bytes().to_vec()].concat())
}

/// That there is nothing.
pub(crate) fn not_found() -> Said {
	json("404 Not Found", r#"{"error":{"code":"not_found","message":"nothing"}}"#)
}

/// A stream of events.
pub(crate) fn stream(events: &[String]) -> Vec<u8> {
	[head("200 OK", "text/event-stream"), events.concat().into_bytes()].concat()
}

pub(crate) fn hex_of(value: &impl Encode) -> String {
	format!("0x{}", hex::encode(value.encode()))
}

/// What a worker would say that answers with some tokens.
#[derive(Clone)]
pub(crate) struct Worker {
	pub(crate) worker: WorkerPair,
	pub(crate) program: Program,
	pub(crate) block: u32,
}

impl Worker {
	fn sign(&self, payload: &[u8]) -> WorkerSignature {
		self.worker.sign(payload)
	}

	/// The receipt for some tokens, which may be changed before it is signed.
	pub(crate) fn receipt(
		&self,
		request: &Request,
		tokens: &[u32],
		change: impl FnOnce(&mut Receipt),
	) -> SignedReceipt {
		let generated = tokens.len() as u32;
		let mut receipt = Receipt {
			channel: request.channel,
			request: request.root(),
			max_tokens: generated,
			output: Content::tokens(tokens),
			trace: TraceRoot(Hash32([5; 32])),
			units: self.program.units(request.input.length, generated).0,
			block: self.block,
		};
		change(&mut receipt);
		let signature = self.sign(&receipt.signing_payload(&GENESIS));
		SignedReceipt { receipt, signature }
	}

	/// How far an answer has come.
	pub(crate) fn progress(
		&self,
		request: &Request,
		tokens: &[u32],
		change: impl FnOnce(&mut Progress),
	) -> SignedProgress {
		let mut progress = Progress {
			channel: request.channel,
			request: request.root(),
			tokens: tokens.len() as u32,
			root: Content::tokens(tokens).root,
			block: self.block,
		};
		change(&mut progress);
		let signature = self.sign(&progress.signing_payload(&GENESIS));
		SignedProgress { progress, signature }
	}

	/// The events of an honest answer, but for its receipt.
	pub(crate) fn tokens(&self, request: &Request, tokens: &[u32]) -> Vec<String> {
		let mut events = vec![];
		for (index, stride) in tokens.chunks(16).enumerate() {
			events.push(event("tokens", &format!("{{\"tokens\":{stride:?}}}")));
			if stride.len() == 16 {
				let so_far = &tokens[..16 * (index + 1)];
				events.push(event("progress", &hex_of(&self.progress(request, so_far, |_| ()))));
			}
		}
		events
	}

	/// A stream of an honest answer with a receipt that may not be.
	pub(crate) fn answer(&self, request: &Request, tokens: &[u32], receipt: &SignedReceipt) -> Said {
		let mut events = self.tokens(request, tokens);
		events.push(event("receipt", &hex_of(receipt)));
		Said::Bytes(stream(&events))
	}

	/// What is kept of an answer.
	pub(crate) fn kept(&self, receipt: &SignedReceipt, tokens: &[u32]) -> Said {
		let output = JobOutput::Tokens(tokens.to_vec().try_into().unwrap());
		let body = (receipt, output).encode();
		Said::Bytes([head("200 OK", "application/octet-stream"), body].concat())
	}
}

pub(crate) fn event(name: &str, data: &str) -> String {
	format!("event: {name}\ndata: {data}\n\n")
}
