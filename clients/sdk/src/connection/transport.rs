//! A connection that is made anew when it is lost, as when a node restarts.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use subxt::rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClient, RpcClientT},
	Error,
};
use tokio::{sync::Mutex, time::Instant};

/// How often a node that is gone is looked for.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);
/// The method that sends a transaction. Whether the node got it before the connection was lost is not known, and one that was
/// sent twice is refused the second time as if another had been faster: so whoever sent it has to look for it.
const SEND: &str = "author_submitAndWatchExtrinsic";

/// Makes a connection.
pub(super) type Dial = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<RpcClient, Error>> + Send>> + Send + Sync>;

/// A node's JSON-RPC, whichever connection leads there.
pub(super) struct Transport {
	dial: Dial,
	/// How long a node that is gone is looked for.
	patience: Duration,
	line: Mutex<Line>,
}

/// The connection of the moment.
#[derive(Clone)]
struct Line {
	client: RpcClient,
	/// How many there were before.
	number: u64,
}

impl Transport {
	/// Over a first connection.
	pub(super) fn new(client: RpcClient, dial: Dial, patience: Duration) -> Self {
		Self {
			dial,
			patience,
			line: Mutex::new(Line { client, number: 0 }),
		}
	}

	async fn line(&self) -> Line {
		self.line.lock().await.clone()
	}

	/// The connection after one that was lost. Of those who lost it together, the first makes it for all.
	async fn after(&self, lost: u64, error: Error) -> Result<Line, Error> {
		let mut line = self.line.lock().await;
		if line.number > lost {
			return Ok(line.clone());
		}
		let start = Instant::now();
		loop {
			if let Ok(client) = (self.dial)().await {
				*line = Line {
					client,
					number: lost + 1,
				};
				return Ok(line.clone());
			}
			if start.elapsed() >= self.patience {
				return Err(error);
			}
			tokio::time::sleep(INTERVAL).await;
		}
	}

	/// Asks over one connection after the other until one holds: a node that ends takes connections that it never answers.
	async fn ask<T, F>(&self, ask: impl Fn(RpcClient) -> F) -> Result<T, Error>
	where
		F: Future<Output = Result<T, Error>>,
	{
		let start = Instant::now();
		let mut line = self.line().await;
		let mut first = true;
		loop {
			match ask(line.client).await {
				Err(error) if is_lost(&error) && (first || start.elapsed() < self.patience) => {
					if !first {
						tokio::time::sleep(INTERVAL).await;
					}
					first = false;
					line = self.after(line.number, error).await?;
				}
				answer => return answer,
			}
		}
	}
}

/// Whether an error is of the connection, not of what was asked over it.
fn is_lost(error: &Error) -> bool {
	matches!(error, Error::Client(_))
}

impl RpcClientT for Transport {
	fn request_raw<'a>(&'a self, method: &'a str, params: Option<Box<RawValue>>) -> RawRpcFuture<'a, Box<RawValue>> {
		Box::pin(async move {
			self.ask(|client| {
				let params = params.clone();
				async move { client.request_raw(method, params).await }
			})
			.await
		})
	}

	fn subscribe_raw<'a>(
		&'a self,
		sub: &'a str,
		params: Option<Box<RawValue>>,
		unsub: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		Box::pin(async move {
			if sub == SEND {
				return self.line().await.client.subscribe_raw(sub, params, unsub).await;
			}
			self.ask(|client| {
				let params = params.clone();
				async move { client.subscribe_raw(sub, params, unsub).await }
			})
			.await
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::atomic::{AtomicUsize, Ordering};
	use subxt::rpcs::rpc_params;

	/// A connection that answers with its own number so many times, and is then lost.
	struct Fragile {
		number: usize,
		answers: AtomicUsize,
	}

	impl Fragile {
		fn client(number: usize, answers: usize) -> RpcClient {
			let answers = AtomicUsize::new(answers);
			RpcClient::new(Self { number, answers })
		}

		fn answer(&self) -> Result<Box<RawValue>, Error> {
			let left = self
				.answers
				.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
			match left {
				Ok(_) => Ok(RawValue::from_string(self.number.to_string()).unwrap()),
				Err(_) => Err(Error::Client("the connection is lost".into())),
			}
		}
	}

	impl RpcClientT for Fragile {
		fn request_raw<'a>(&'a self, method: &'a str, _: Option<Box<RawValue>>) -> RawRpcFuture<'a, Box<RawValue>> {
			let refused = subxt::rpcs::UserError {
				code: 1,
				message: "no".into(),
				data: None,
			};
			let answer = match method {
				"refused" => Err(Error::User(refused)),
				_ => self.answer(),
			};
			Box::pin(std::future::ready(answer))
		}

		fn subscribe_raw<'a>(
			&'a self,
			_: &'a str,
			_: Option<Box<RawValue>>,
			_: &'a str,
		) -> RawRpcFuture<'a, RawRpcSubscription> {
			let begun = self.answer().map(|answer| RawRpcSubscription {
				id: Some(answer.get().to_owned()),
				stream: Box::pin(futures::stream::pending()),
			});
			Box::pin(std::future::ready(begun))
		}
	}

	/// A transport whose `n`th connection, counted from 0, has so many answers in it; there is none after the last.
	fn transport(answers: &'static [usize]) -> (RpcClient, Arc<AtomicUsize>) {
		patient_transport(answers, Duration::ZERO)
	}

	fn patient_transport(answers: &'static [usize], patience: Duration) -> (RpcClient, Arc<AtomicUsize>) {
		let dialled = Arc::new(AtomicUsize::new(0));
		let count = dialled.clone();
		let dial: Dial = Arc::new(move || {
			let number = count.fetch_add(1, Ordering::SeqCst) + 1;
			let made = match answers.get(number) {
				Some(answers) => Ok(Fragile::client(number, *answers)),
				None => Err(Error::Client("nobody there".into())),
			};
			Box::pin(std::future::ready(made))
		});
		let first = Fragile::client(0, answers[0]);
		(RpcClient::new(Transport::new(first, dial, patience)), dialled)
	}

	async fn ask(client: &RpcClient, method: &str) -> Result<usize, Error> {
		client.request(method, rpc_params![]).await
	}

	#[tokio::test]
	async fn what_was_asked_over_a_lost_connection_is_asked_again_over_the_next() {
		let (client, dialled) = transport(&[1, 2]);
		assert_eq!(ask(&client, "a").await.unwrap(), 0);
		assert_eq!(ask(&client, "b").await.unwrap(), 1);
		assert_eq!(ask(&client, "c").await.unwrap(), 1);
		assert_eq!(dialled.load(Ordering::SeqCst), 1);
	}

	#[tokio::test]
	async fn who_loses_a_connection_together_makes_one_new_one() {
		let (client, dialled) = transport(&[0, 9]);
		let (one, other) = tokio::join!(ask(&client, "a"), ask(&client, "b"));
		assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
		assert_eq!(dialled.load(Ordering::SeqCst), 1);
	}

	#[tokio::test]
	async fn a_connection_that_a_node_made_while_it_ended_is_one_more_that_is_lost() {
		let (client, dialled) = patient_transport(&[0, 0, 0, 1], Duration::from_secs(60));
		assert_eq!(ask(&client, "a").await.unwrap(), 3);
		assert_eq!(dialled.load(Ordering::SeqCst), 3);
		let (client, dialled) = transport(&[0, 0, 9]);
		assert!(
			matches!(ask(&client, "a").await, Err(Error::Client(_))),
			"without patience"
		);
		assert_eq!(dialled.load(Ordering::SeqCst), 1);
	}

	#[tokio::test]
	async fn a_node_that_stays_away_is_an_error_of_the_connection() {
		let (client, _) = transport(&[0]);
		let error = ask(&client, "a").await.unwrap_err();
		assert!(error.to_string().contains("the connection is lost"), "{error}");
	}

	#[tokio::test]
	async fn what_a_node_refuses_is_not_asked_again() {
		let (client, dialled) = transport(&[1, 1]);
		assert!(matches!(ask(&client, "refused").await, Err(Error::User(_))));
		assert_eq!(dialled.load(Ordering::SeqCst), 0);
	}

	#[tokio::test]
	async fn a_transaction_is_not_sent_again_by_a_transport_that_cannot_know_whether_it_arrived() {
		let (client, dialled) = transport(&[0, 9]);
		let sent = client.subscribe_raw(SEND, None, "unsubscribe").await;
		assert!(matches!(sent, Err(Error::Client(_))));
		assert_eq!(dialled.load(Ordering::SeqCst), 0);
		let heads = client
			.subscribe_raw("chain_subscribeNewHeads", None, "unsubscribe")
			.await;
		assert_eq!(heads.unwrap().id.as_deref(), Some("1"));
	}
}
