//! Connections: how many there are, and how long they may take.

use super::{router, Identity, Limits};
use crate::Endpoint;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	service::TowerToHyperService,
};
use parking_lot::Mutex;
use std::{
	collections::HashMap,
	future::Future,
	io,
	net::{IpAddr, Ipv6Addr, SocketAddr},
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, ReadBuf},
	net::{TcpListener, TcpStream},
	sync::{watch, OwnedSemaphorePermit, Semaphore},
	task::JoinSet,
	time::{sleep, timeout, Sleep},
};
use tokio_rustls::TlsAcceptor;

const LOG: &str = "assay::endpoint";
/// How long it rests when the system gives it no connection.
const REST: Duration = Duration::from_millis(100);
/// Bytes of the head of a request, and of what is read or written at a time.
const BUFFER: usize = 16 * 1024;
/// How long connections may take to end once everything is answered.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What the server is made of.
pub struct Server {
	/// Where it listens.
	pub listener: TcpListener,
	/// By what it is known.
	pub identity: Identity,
	/// How much it takes.
	pub limits: Limits,
}

/// Serves until `end`, lets what is being answered come to its end or stops it, and ends.
pub async fn serve(endpoint: Arc<Endpoint>, server: Server, end: impl Future<Output = ()> + Send) {
	let Server {
		listener,
		identity,
		limits,
	} = server;
	let (ending, _) = watch::channel(false);
	let guests = Guests {
		all: Arc::new(Semaphore::new(limits.connections)),
		by_address: Arc::default(),
		most: limits.of_one_address,
	};
	let host = Host {
		acceptor: TlsAcceptor::from(identity.config),
		router: router(endpoint.clone(), limits),
		limits,
	};
	let mut connections = JoinSet::new();
	tokio::pin!(end);
	loop {
		// While there are as many as may be, others wait in the system's queue.
		let accepted = async {
			let room = guests.all.clone().acquire_owned().await;
			(room, listener.accept().await)
		};
		let (room, accepted) = tokio::select! {
			accepted = accepted => accepted,
			Some(_) = connections.join_next() => continue,
			() = &mut end => break,
		};
		match (room, accepted) {
			(Ok(room), Ok((stream, address))) => {
				if let Some(guest) = guests.admit(room, address) {
					connections.spawn(host.clone().serve(stream, guest, ending.subscribe()));
				}
			}
			(_, Err(error)) => {
				log::warn!(target: LOG, "no connection can be accepted: {error}");
				sleep(REST).await;
			}
			(Err(_), _) => break,
		}
		endpoint.count(|metrics| metrics.connections.set(connections.len() as u64));
	}
	drop(listener);
	endpoint.stop(limits.patience).await;
	ending.send_replace(true);
	let rest = async { while connections.join_next().await.is_some() {} };
	if timeout(LAST_WAIT, rest).await.is_err() {
		log::debug!(target: LOG, "some connections are cut off");
	}
}

/// Who is connected.
struct Guests {
	all: Arc<Semaphore>,
	by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
	most: usize,
}

/// What is counted as one address: of IPv6 a network of 64 bits, as one host may have all of it.
fn origin(address: IpAddr) -> IpAddr {
	const NETWORK: u128 = u128::MAX << 64;
	match address.to_canonical() {
		IpAddr::V4(address) => address.into(),
		IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
	}
}

/// Somebody who is connected.
struct Guest {
	address: IpAddr,
	by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
	_room: OwnedSemaphorePermit,
}

impl Guests {
	/// Lets somebody in, unless too many are there from the same address.
	fn admit(&self, room: OwnedSemaphorePermit, address: SocketAddr) -> Option<Guest> {
		let address = origin(address.ip());
		let mut by_address = self.by_address.lock();
		let count = by_address.entry(address).or_default();
		if *count >= self.most {
			log::debug!(target: LOG, "{address} has {count} connections, and gets no more");
			return None;
		}
		*count += 1;
		Some(Guest {
			address,
			by_address: self.by_address.clone(),
			_room: room,
		})
	}
}

impl Drop for Guest {
	fn drop(&mut self) {
		let mut by_address = self.by_address.lock();
		if let Some(count) = by_address.get_mut(&self.address) {
			*count -= 1;
			if *count == 0 {
				by_address.remove(&self.address);
			}
		}
	}
}

/// What connections share.
#[derive(Clone)]
struct Host {
	acceptor: TlsAcceptor,
	router: Router,
	limits: Limits,
}

impl Host {
	async fn serve(self, stream: TcpStream, guest: Guest, mut ending: watch::Receiver<bool>) {
		// Tokens are small, and are not to wait for one another.
		let _ = stream.set_nodelay(true);
		let stream = Patient::new(stream, self.limits.stall);
		let Ok(Ok(stream)) = timeout(self.limits.arrival, self.acceptor.accept(stream)).await else {
			return;
		};
		let mut builder = http1::Builder::new();
		builder
			.timer(TokioTimer::new())
			.header_read_timeout(self.limits.arrival)
			.max_buf_size(BUFFER)
			.max_headers(64);
		let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
		tokio::pin!(connection);
		let end = async move {
			// It ends too if whoever would say so is gone.
			let _ = ending.wait_for(|ending| *ending).await;
		};
		let ended = tokio::select! {
			ended = &mut connection => ended,
			() = end => {
				connection.as_mut().graceful_shutdown();
				connection.await
			}
		};
		if let Err(error) = ended {
			log::trace!(target: LOG, "{}: {error}", guest.address);
		}
	}
}

/// A stream whose other side has to read: an error where it takes nothing for too long.
struct Patient<Stream> {
	stream: Stream,
	patience: Duration,
	/// Runs out while something waits to be written.
	clock: Option<Pin<Box<Sleep>>>,
}

impl<Stream: AsyncWrite + Unpin> Patient<Stream> {
	fn new(stream: Stream, patience: Duration) -> Self {
		Self {
			stream,
			patience,
			clock: None,
		}
	}

	fn watch<T>(
		&mut self,
		context: &mut Context<'_>,
		act: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>) -> Poll<io::Result<T>>,
	) -> Poll<io::Result<T>> {
		let done = act(Pin::new(&mut self.stream), context);
		if done.is_ready() {
			self.clock = None;
			return done;
		}
		let clock = self.clock.get_or_insert_with(|| Box::pin(sleep(self.patience)));
		clock
			.as_mut()
			.poll(context)
			.map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the other side reads nothing")))
	}
}

impl<Stream: AsyncRead + Unpin> AsyncRead for Patient<Stream> {
	fn poll_read(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
		buffer: &mut ReadBuf<'_>,
	) -> Poll<io::Result<()>> {
		Pin::new(&mut self.stream).poll_read(context, buffer)
	}
}

impl<Stream: AsyncWrite + Unpin> AsyncWrite for Patient<Stream> {
	fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
		self.watch(context, |stream, context| stream.poll_write(context, bytes))
	}

	fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		self.watch(context, AsyncWrite::poll_flush)
	}

	fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
		self.watch(context, AsyncWrite::poll_shutdown)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::io::{AsyncReadExt, AsyncWriteExt};

	#[test]
	fn q12h_a_network_of_one_host_is_one_address() {
		let guests = Guests {
			all: Arc::new(Semaphore::new(8)),
			by_address: Arc::default(),
			most: 2,
		};
		let admit = |address: &str| {
			let room = guests.all.clone().try_acquire_owned().unwrap();
			guests.admit(room, SocketAddr::new(address.parse().unwrap(), 1))
		};
		let first = admit("2001:db8:1:2::1").unwrap();
		let _second = admit("2001:db8:1:2:ffff::9").unwrap();
		assert!(admit("2001:db8:1:2:3:4:5:6").is_none());
		let _other = admit("2001:db8:1:3::1").unwrap();
		drop(first);
		let _third = admit("2001:db8:1:2::7").unwrap();
		// However an address of IPv4 is written.
		let _fourth = admit("192.0.2.1").unwrap();
		let _fifth = admit("::ffff:192.0.2.1").unwrap();
		assert!(admit("192.0.2.1").is_none());
		let _sixth = admit("192.0.2.2").unwrap();
	}

	#[tokio::test]
	async fn whoever_reads_nothing_is_not_waited_for() {
		let (here, mut there) = tokio::io::duplex(8);
		let mut here = Patient::new(here, Duration::from_secs(1));
		here.write_all(&[1; 8]).await.unwrap();
		// Somebody slow is no reason to end.
		for _ in 0..4 {
			let written = here.write_all(&[1; 8]);
			let read = async {
				sleep(Duration::from_millis(400)).await;
				there.read_exact(&mut [0; 8]).await.unwrap();
			};
			let (written, ()) = tokio::join!(written, read);
			written.unwrap();
		}
		let error = here.write_all(&[1; 8]).await.unwrap_err();
		assert_eq!(error.kind(), io::ErrorKind::TimedOut);
	}
}
