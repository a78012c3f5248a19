//! A consumer: it signs, and speaks HTTP over TLS to whoever has the key that it knows.

pub(crate) use assay_endpoint_testing::{Place, GENESIS};
use assay_exact::{Generation, Sampler};
use assay_protocol::{
	channel::{
		Content, Progress, Request, SignedProgress, SignedReceipt, SignedRequest, SignedVoucher, SumTree, Voucher,
	},
	job::{JobInput, JobOutput},
	operator::WorkerKey,
	ChannelId,
};
use assay_trace::Hash32;
use codec::{Decode, DecodeAll, Encode};
use http_body_util::{BodyExt, Full};
use hyper::{
	body::{Bytes, Incoming},
	client::conn::http1::{handshake, SendRequest},
	Method, Response, StatusCode,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sp_core::{sr25519, Pair};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::{
	rustls::{
		client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
		crypto::{ring, verify_tls13_signature, CryptoProvider},
		pki_types::{CertificateDer, ServerName, UnixTime},
		server::ParsedCertificate,
		CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
	},
	TlsConnector,
};

/// Takes one key and no other.
#[derive(Debug)]
struct Pinned {
	key_hash: Hash32,
	provider: CryptoProvider,
}

impl ServerCertVerifier for Pinned {
	fn verify_server_cert(
		&self,
		certificate: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		_: &ServerName<'_>,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		let parsed = ParsedCertificate::try_from(certificate)?;
		match Hash32::of(&[&parsed.subject_public_key_info()]) == self.key_hash {
			true => Ok(ServerCertVerified::assertion()),
			false => Err(CertificateError::ApplicationVerificationFailure.into()),
		}
	}

	fn verify_tls12_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		Err(Error::General("TLS 1.3 is wanted".into()))
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		certificate: &CertificateDer<'_>,
		signed: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		verify_tls13_signature(
			message,
			certificate,
			signed,
			&self.provider.signature_verification_algorithms,
		)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.provider.signature_verification_algorithms.supported_schemes()
	}
}

/// A connection.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
	pub(crate) async fn open(place: Place) -> std::io::Result<Self> {
		let provider = ring::default_provider();
		let verifier = Pinned {
			key_hash: place.key_hash,
			provider: provider.clone(),
		};
		let config = ClientConfig::builder_with_provider(Arc::new(provider))
			.with_safe_default_protocol_versions()
			.unwrap()
			.dangerous()
			.with_custom_certificate_verifier(Arc::new(verifier))
			.with_no_client_auth();
		let stream = TcpStream::connect(place.address).await?;
		let name = ServerName::try_from("assay-endpoint").unwrap();
		let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
		let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
		tokio::spawn(connection);
		Ok(Self(sender))
	}

	pub(crate) async fn send(
		&mut self,
		method: Method,
		path: &str,
		body: Vec<u8>,
	) -> hyper::Result<Response<Incoming>> {
		let request = hyper::Request::builder()
			.method(method)
			.uri(path)
			.header("host", "assay-endpoint")
			.body(Full::new(Bytes::from(body)))
			.unwrap();
		self.0.send_request(request).await
	}
}

/// One request over a connection of its own.
pub(crate) async fn send(place: Place, method: Method, path: &str, body: Vec<u8>) -> Response<Incoming> {
	let mut connection = Connection::open(place).await.unwrap();
	connection.send(method, path, body).await.unwrap()
}

/// A whole answer of one request.
pub(crate) async fn whole(place: Place, method: Method, path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
	let response = send(place, method, path, body).await;
	let status = response.status();
	(
		status,
		response.into_body().collect().await.unwrap().to_bytes().to_vec(),
	)
}

/// The same of one that answers in JSON.
pub(crate) async fn json(place: Place, method: Method, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
	let (status, body) = whole(place, method, path, body).await;
	let document = serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {body:?}"));
	(status, document)
}

/// SCALE from hexadecimal digits.
pub(crate) fn unhex<T: Decode>(text: &str) -> T {
	let bytes = hex::decode(text.strip_prefix("0x").expect("it begins with 0x")).expect("it is hexadecimal");
	T::decode_all(&mut &bytes[..]).expect("it decodes")
}

/// What a stream told.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Told {
	Tokens(Vec<u32>),
	Values(Vec<i32>),
	Progress(SignedProgress),
	Receipt(SignedReceipt),
	Error(String),
}

/// A stream of events as it comes.
pub(crate) struct Stream {
	body: Incoming,
	text: String,
	pub(crate) comments: usize,
}

impl Stream {
	pub(crate) fn of(response: Response<Incoming>) -> Self {
		assert_eq!(response.status(), StatusCode::OK);
		assert_eq!(response.headers()["content-type"], "text/event-stream");
		Self {
			body: response.into_body(),
			text: String::new(),
			comments: 0,
		}
	}

	/// The next event; none when the stream has ended.
	pub(crate) async fn next(&mut self) -> Option<Told> {
		loop {
			while let Some(end) = self.text.find("\n\n") {
				let block: String = self.text.drain(..end + 2).collect();
				if block.starts_with(':') {
					self.comments += 1;
					continue;
				}
				return Some(told(&block));
			}
			let frame = self.body.frame().await?.ok()?;
			if let Ok(data) = frame.into_data() {
				self.text.push_str(std::str::from_utf8(&data).unwrap());
			}
		}
	}

	/// All that comes until the end.
	pub(crate) async fn all(mut self) -> Vec<Told> {
		let mut all = vec![];
		while let Some(told) = self.next().await {
			all.push(told);
		}
		all
	}
}

fn told(block: &str) -> Told {
	let field = |name: &str| {
		let lines = block.lines().filter_map(|line| line.strip_prefix(name));
		lines.map(str::trim).collect::<String>()
	};
	let (event, data) = (field("event:"), field("data:"));
	let document = || -> Value { serde_json::from_str(&data).unwrap() };
	match event.as_str() {
		"tokens" => Told::Tokens(serde_json::from_value(document()["tokens"].clone()).unwrap()),
		"values" => Told::Values(serde_json::from_value(document()["values"].clone()).unwrap()),
		"progress" => Told::Progress(unhex(&data)),
		"receipt" => Told::Receipt(unhex(&data)),
		"error" => Told::Error(document()["error"]["code"].as_str().unwrap().to_owned()),
		other => panic!("an event {other}"),
	}
}

/// The tokens that were told.
pub(crate) fn tokens(told: &[Told]) -> Vec<u32> {
	let of = |told: &Told| match told {
		Told::Tokens(tokens) => tokens.clone(),
		_ => vec![],
	};
	told.iter().flat_map(of).collect()
}

/// The receipt that was told last.
pub(crate) fn receipt(told: &[Told]) -> SignedReceipt {
	match told.last() {
		Some(Told::Receipt(receipt)) => receipt.clone(),
		other => panic!("no receipt, but {other:?}"),
	}
}

/// A consumer with a channel.
#[derive(Clone)]
pub(crate) struct Consumer {
	pub(crate) channel: ChannelId,
	pub(crate) pair: sr25519::Pair,
	pub(crate) place: Place,
}

impl Consumer {
	pub(crate) fn a_request(&self, lane: u8, sequence: u64, input: &JobInput, max_tokens: u32) -> SignedRequest {
		self.sign(Request {
			channel: self.channel,
			lane,
			sequence,
			input: Content::of_input(input),
			generation: Generation {
				sampler: Sampler::Gumbel {
					inverse_temperature: 1 << 16,
					seed: [lane; 32],
				},
				max_tokens,
				ignore_stop: true,
			},
		})
	}

	pub(crate) fn sign(&self, request: Request) -> SignedRequest {
		let signature = self.pair.sign(&request.signing_payload(&GENESIS));
		SignedRequest { request, signature }
	}

	/// Sends a request; the answer is a stream, or an error.
	pub(crate) async fn ask(&self, signed: &SignedRequest, input: &JobInput) -> Response<Incoming> {
		let body = (signed, input).encode();
		send(self.place, Method::POST, "/v1/requests", body).await
	}

	/// All that a request is answered with.
	pub(crate) async fn answer(&self, signed: &SignedRequest, input: &JobInput) -> Vec<Told> {
		Stream::of(self.ask(signed, input).await).all().await
	}

	/// The code with which a request is refused.
	pub(crate) async fn refused(&self, signed: &SignedRequest, input: &JobInput) -> (StatusCode, Value) {
		let body = (signed, input).encode();
		let (status, document) = json(self.place, Method::POST, "/v1/requests", body).await;
		(status, document["error"].clone())
	}

	/// The voucher for some receipts.
	pub(crate) fn a_voucher(&self, lane: u8, base: u64, receipts: &[SignedReceipt]) -> SignedVoucher {
		let mut tree = SumTree::default();
		for signed in receipts {
			assert!(tree.push(signed.receipt.leaf(), signed.receipt.units));
		}
		let voucher = Voucher {
			channel: self.channel,
			lane,
			base,
			count: tree.len(),
			tree: tree.root().unwrap(),
		};
		let signature = self.pair.sign(&voucher.signing_payload(&GENESIS));
		SignedVoucher { voucher, signature }
	}

	pub(crate) async fn vouch(&self, vouchers: &[SignedVoucher]) -> (StatusCode, Value) {
		json(self.place, Method::POST, "/v1/vouchers", vouchers.encode()).await
	}

	pub(crate) async fn account(&self) -> (StatusCode, Value) {
		let path = format!("/v1/channels/{}", self.channel);
		json(self.place, Method::GET, &path, vec![]).await
	}

	/// What is kept of a request.
	pub(crate) async fn kept(&self, root: &Hash32) -> Option<(SignedReceipt, JobOutput)> {
		let (status, body) = whole(self.place, Method::GET, &format!("/v1/requests/{root}"), vec![]).await;
		match status {
			StatusCode::OK => Some(Decode::decode(&mut &body[..]).unwrap()),
			StatusCode::NOT_FOUND => None,
			other => panic!("{other}"),
		}
	}
}

/// Checks what a worker has signed.
pub(crate) fn is_signed(
	signature: &assay_protocol::operator::WorkerSignature,
	payload: &[u8],
	worker: &WorkerKey,
) -> bool {
	sr25519::Pair::verify(signature.as_ref(), payload, worker.as_ref())
}

/// Checks a receipt's signature.
pub(crate) fn assert_signed(signed: &SignedReceipt, worker: &WorkerKey) {
	assert!(is_signed(
		&signed.signature,
		&signed.receipt.signing_payload(&GENESIS),
		worker
	));
}

/// Checks that all progress that was told is signed, in its place, and true.
pub(crate) fn assert_progress(told: &[Told], signed: &SignedRequest, worker: &WorkerKey) -> usize {
	let mut seen = vec![];
	let mut count = 0;
	for event in told {
		match event {
			Told::Tokens(tokens) => seen.extend(tokens),
			Told::Progress(SignedProgress { progress, signature }) => {
				count += 1;
				let expected = Progress {
					channel: signed.request.channel,
					request: signed.request.root(),
					tokens: 16 * count,
					root: Content::tokens(&seen).root,
					block: progress.block,
				};
				assert!(progress.block > 0);
				assert_eq!(seen.len() as u32, 16 * count);
				assert_eq!(*progress, expected);
				assert!(is_signed(signature, &progress.signing_payload(&GENESIS), worker));
			}
			_ => {}
		}
	}
	count as usize
}
