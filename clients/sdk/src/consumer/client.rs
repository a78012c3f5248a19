//! HTTP to an endpoint: connections that are used again, and bounds on all that comes back.

use super::{error::Breach, tls, ConsumerError, Now, Settings};
use assay_protocol::channel::Endpoint;
use http_body_util::{BodyExt, Full};
use hyper::{
	body::{Bytes, Incoming},
	client::conn::http1::{Builder, SendRequest},
	header, Method, Request, Response, StatusCode,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use std::time::Duration;
use tokio::{
	net::TcpStream,
	sync::watch,
	task::JoinHandle,
	time::{timeout, Instant},
};
use tokio_rustls::rustls::pki_types::ServerName;

/// Bytes of the head of a response at most, and of what is read at a time.
const BUFFER: usize = 16 * 1024;
/// Headers of a response at most.
const HEADERS: usize = 64;
/// Connections that wait for something to do, at most.
const IDLE: usize = 16;
/// The port of `https`.
const PORT: u16 = 443;

/// Why nothing came back.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NoReply {
	/// Nothing was sent.
	#[error("no connection to the endpoint: {0}")]
	Unsent(String),
	/// Something may have arrived there.
	#[error("the connection to the endpoint broke: {0}")]
	Broken(String),
	/// What came back is not what it may be.
	#[error(transparent)]
	Breach(Breach),
}

/// A connection, which ends when it is dropped.
struct Link {
	endpoint: Endpoint,
	sender: SendRequest<Full<Bytes>>,
	running: JoinHandle<()>,
}

impl Drop for Link {
	fn drop(&mut self) {
		self.running.abort();
	}
}

/// Speaks to the endpoint of one operator, wherever its record says that it is.
pub(super) struct Client {
	now: watch::Receiver<Now>,
	connect: Duration,
	silence: Duration,
	idle: Mutex<Vec<Link>>,
}

/// A response whose body is still to come. Dropped before its end it ends the connection.
pub(super) struct Reply<'a> {
	client: &'a Client,
	link: Link,
	response: Response<Incoming>,
	/// Whether the request may have arrived over another connection before, which broke.
	pub(super) is_second: bool,
}

impl Client {
	pub(super) fn new(now: watch::Receiver<Now>, settings: &Settings) -> Self {
		Self {
			now,
			connect: settings.connect,
			silence: settings.silence,
			idle: Mutex::default(),
		}
	}

	/// Sends a request; what comes back begins with the response's head. A connection that was used before and is broken is replaced: all
	/// requests can be sent twice.
	pub(super) async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Reply<'_>, NoReply> {
		let endpoint = self.now.borrow().endpoint.clone();
		let body = Bytes::from(body);
		let mut was_sent = false;
		while let Some(link) = self.reuse(&endpoint) {
			match self.send_over(link, method.clone(), path, body.clone()).await {
				Err(NoReply::Broken(_)) => was_sent = true,
				Ok(reply) => {
					return Ok(Reply {
						is_second: was_sent,
						..reply
					})
				}
				Err(error) => return Err(error),
			}
		}
		let sent = async {
			let link = timeout(self.connect, open(&endpoint)).await;
			let link = link.map_err(|_| NoReply::Unsent(format!("none within {} s", self.connect.as_secs())))?;
			self.send_over(link.map_err(NoReply::Unsent)?, method, path, body).await
		};
		match sent.await {
			Ok(reply) => Ok(Reply {
				is_second: was_sent,
				..reply
			}),
			Err(NoReply::Unsent(reason)) if was_sent => Err(NoReply::Broken(reason)),
			Err(error) => Err(error),
		}
	}

	/// A whole response of at most so many bytes.
	pub(super) async fn whole(
		&self,
		method: Method,
		path: &str,
		body: Vec<u8>,
		most: usize,
	) -> Result<(StatusCode, Vec<u8>), NoReply> {
		let mut reply = self.send(method, path, body).await?;
		let status = reply.status();
		let whole = reply.read(most).await?;
		reply.give_back();
		Ok((status, whole))
	}

	fn reuse(&self, endpoint: &Endpoint) -> Option<Link> {
		let mut idle = self.idle.lock();
		idle.retain(|link| link.endpoint == *endpoint && !link.sender.is_closed());
		idle.pop()
	}

	async fn send_over(&self, mut link: Link, method: Method, path: &str, body: Bytes) -> Result<Reply<'_>, NoReply> {
		let request = Request::builder()
			.method(method)
			.uri(path)
			.header(header::HOST, authority(&link.endpoint).unwrap_or_default())
			.body(Full::new(body))
			.map_err(|error| NoReply::Unsent(error.to_string()))?;
		let sent = timeout(self.silence, link.sender.send_request(request)).await;
		let response = sent
			.map_err(|_| NoReply::Broken(silent(self.silence)))?
			.map_err(|error| NoReply::Broken(words(&error)))?;
		Ok(Reply {
			client: self,
			link,
			response,
			is_second: false,
		})
	}
}

impl Reply<'_> {
	pub(super) fn status(&self) -> StatusCode {
		self.response.status()
	}

	/// For how long the endpoint asks not to be asked.
	pub(super) fn retry_after(&self) -> Option<Duration> {
		let seconds = self.response.headers().get(header::RETRY_AFTER)?;
		Some(Duration::from_secs(seconds.to_str().ok()?.parse().ok()?))
	}

	/// The next piece of the body; none at its end.
	pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, NoReply> {
		let silence = self.client.silence;
		let until = Instant::now() + silence;
		loop {
			let frame = tokio::time::timeout_at(until, self.response.body_mut().frame()).await;
			match frame.map_err(|_| NoReply::Broken(silent(silence)))? {
				None => return Ok(None),
				Some(Err(error)) => return Err(NoReply::Broken(words(&error))),
				Some(Ok(frame)) => match frame.into_data() {
					Ok(data) if !data.is_empty() => return Ok(Some(data)),
					// Trailers, which nobody wants.
					_ => {}
				},
			}
		}
	}

	/// All of the body, of at most so many bytes, none of which may be long in coming.
	pub(super) async fn read(&mut self, most: usize) -> Result<Vec<u8>, NoReply> {
		let silence = self.client.silence;
		let whole = timeout(silence, self.read_all(most)).await;
		whole.map_err(|_| NoReply::Broken(silent(silence)))?
	}

	async fn read_all(&mut self, most: usize) -> Result<Vec<u8>, NoReply> {
		let mut whole = Vec::new();
		while let Some(piece) = self.piece().await? {
			if whole.len() + piece.len() > most {
				return Err(NoReply::Breach(Breach::TooLong { most }));
			}
			whole.extend_from_slice(&piece);
		}
		Ok(whole)
	}

	/// The body was read to its end: the connection can be used again.
	pub(super) fn give_back(self) {
		let mut idle = self.client.idle.lock();
		if idle.len() < IDLE && !self.link.sender.is_closed() {
			idle.push(self.link);
		}
	}
}

async fn open(endpoint: &Endpoint) -> Result<Link, String> {
	let (host, port) = place(endpoint).map_err(|error| error.to_string())?;
	let connector = tls::connector(endpoint.key_hash).map_err(|error| error.to_string())?;
	let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
	let stream = TcpStream::connect((host.as_str(), port)).await;
	let stream = stream.map_err(|error| error.to_string())?;
	// Requests are small and are waited for.
	stream.set_nodelay(true).map_err(|error| error.to_string())?;
	let stream = connector
		.connect(name, stream)
		.await
		.map_err(|error| error.to_string())?;
	let shaken = Builder::new()
		.max_buf_size(BUFFER)
		.max_headers(HEADERS)
		.handshake(TokioIo::new(stream))
		.await;
	let (sender, connection) = shaken.map_err(|error| words(&error))?;
	let running = tokio::spawn(async move {
		// Whoever has sent something over it is told.
		let _ = connection.await;
	});
	Ok(Link {
		endpoint: endpoint.clone(),
		sender,
		running,
	})
}

/// Host and port of an endpoint.
pub(super) fn place(endpoint: &Endpoint) -> Result<(String, u16), ConsumerError> {
	let wrong = |reason: &str| ConsumerError::Address {
		address: String::from_utf8_lossy(&endpoint.address).into_owned(),
		reason: reason.into(),
	};
	let authority = authority(endpoint).ok_or_else(|| wrong("it is not the https URL of a host"))?;
	let (host, port) = match authority.strip_prefix('[') {
		Some(rest) => {
			let (host, port) = rest
				.split_once(']')
				.ok_or_else(|| wrong("its brackets are not closed"))?;
			(host, port.strip_prefix(':'))
		}
		None => match authority.split_once(':') {
			Some((host, port)) => (host, Some(port)),
			None => (authority, None),
		},
	};
	let port = match port {
		Some(port) => port.parse().map_err(|_| wrong("its port is none"))?,
		None => PORT,
	};
	match host.is_empty() {
		true => Err(wrong("it has no host")),
		false => Ok((host.into(), port)),
	}
}

fn authority(endpoint: &Endpoint) -> Option<&str> {
	let text = std::str::from_utf8(&endpoint.address).ok()?;
	text.strip_prefix("https://").filter(|_| endpoint.is_well_formed())
}

fn silent(silence: Duration) -> String {
	format!("nothing came for {} s", silence.as_secs())
}

/// What hyper says, and why.
fn words(error: &hyper::Error) -> String {
	match std::error::Error::source(error) {
		Some(source) => format!("{error}: {source}"),
		None => error.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_trace::Hash32;

	fn at(address: &str) -> Option<(String, u16)> {
		let endpoint = Endpoint {
			address: address.as_bytes().to_vec().try_into().unwrap(),
			key_hash: Hash32([0; 32]),
		};
		place(&endpoint).ok()
	}

	#[test]
	fn an_address_is_a_host_with_a_port_or_without() {
		assert_eq!(at("https://a.example"), Some(("a.example".into(), 443)));
		assert_eq!(at("https://a.example:9944"), Some(("a.example".into(), 9944)));
		assert_eq!(at("https://[::1]:7"), Some(("::1".into(), 7)));
		assert_eq!(at("https://[::1]"), Some(("::1".into(), 443)));
		for wrong in [
			"http://a.example",
			"https://",
			"https://:7",
			"https://a/b",
			"https://a:70000",
			"https://[::1",
		] {
			assert_eq!(at(wrong), None, "{wrong}");
		}
	}
}
