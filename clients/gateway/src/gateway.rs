//! What all requests share, and who is let in.

use crate::{
	catalog::{Catalog, Languages},
	chain::Chain,
	desk::Desk,
	error::ApiError,
	keys::{Key, Keys},
	ledger::Ledger,
	lines::Lines,
	metrics::Metrics,
	page::Page,
	rates::{Meters, Rates},
	settlement::round,
};
use anyhow::Result;
use assay_protocol::ModelVersion;
use axum::http::{header, HeaderMap};
use std::{collections::BTreeMap, net::IpAddr, path::Path, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts how often OpenAI's clients have repeated a request by themselves.
const RETRIES: &str = "x-stainless-retry-count";

/// What bounds the work and the memory of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Requests at the same time.
	pub requests: u16,
	/// Jobs that requests wait for at the same time, and inputs of one request.
	pub jobs: u16,
	/// Bytes of a request.
	pub body: usize,
	/// How long a request waits for its results.
	pub wait: Duration,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			requests: 256,
			jobs: 128,
			body: 1024 * 1024,
			wait: Duration::from_secs(300),
		}
	}
}

/// How a gateway works.
#[derive(Clone, Debug, Default)]
pub struct Options {
	/// What bounds it.
	pub limits: Limits,
	/// What a key may ask in a minute, unless it has rates of its own.
	pub rates: Rates,
	/// Whether nobody is asked for a key.
	pub open: bool,
	/// Names of its own for model versions.
	pub aliases: BTreeMap<String, ModelVersion>,
	/// What browsers are shown at the same address.
	pub page: Option<Page>,
}

/// A gateway.
pub struct Gateway {
	pub(crate) chain: Arc<dyn Chain>,
	pub(crate) lines: Option<Arc<dyn Lines>>,
	pub(crate) catalog: Catalog,
	pub(crate) desk: Arc<Desk>,
	pub(crate) ledger: Arc<Ledger>,
	pub(crate) metrics: Arc<Metrics>,
	pub(crate) limits: Limits,
	pub(crate) meters: Meters,
	pub(crate) page: Option<Page>,
	keys: Keys,
	open: bool,
	requests: Arc<Semaphore>,
}

/// A request that was let in.
pub(crate) struct Guest {
	/// Who pays.
	pub(crate) key: Key,
	/// Whether the client says that it has sent the request before.
	pub(crate) repeats: bool,
	/// Held until it is answered.
	_place: OwnedSemaphorePermit,
}

impl Gateway {
	/// A gateway to a chain that keeps its keys and books in `folder`.
	///
	/// - `lines`: channels, where it uses them.
	pub fn new(
		chain: Arc<dyn Chain>,
		lines: Option<Arc<dyn Lines>>,
		languages: impl Languages,
		folder: &Path,
		options: Options,
	) -> Result<Self> {
		let Options {
			limits,
			rates,
			open,
			aliases,
			page,
		} = options;
		let ledger = Arc::new(Ledger::open(folder)?);
		let metrics = Arc::new(Metrics::default());
		Ok(Self {
			desk: Arc::new(Desk::new(
				chain.clone(),
				lines.clone(),
				ledger.clone(),
				metrics.clone(),
				limits.jobs,
			)),
			catalog: Catalog::new(aliases, languages),
			keys: Keys::open(folder)?,
			requests: Arc::new(Semaphore::new(limits.requests.into())),
			chain,
			lines,
			ledger,
			metrics,
			limits,
			meters: Meters::new(rates),
			page,
			open,
		})
	}

	/// Settles the charges whose jobs are over, as [`serve`](crate::serve) does every few seconds.
	pub async fn settle(self: &Arc<Self>) {
		round(self).await;
	}

	/// Whether all jobs that have been reserved are on the chain, or will not be.
	pub(crate) fn is_idle(&self) -> bool {
		self.desk.submitting() == 0
	}

	/// Lets a request in, before anything is done for it.
	pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<Guest, ApiError> {
		let place = self.requests.clone().try_acquire_owned();
		let place = place.map_err(|_| ApiError::busy(&format!("there are {} requests", self.limits.requests)))?;
		let repeats = headers.get(RETRIES).is_some_and(|count| count != "0");
		let key = if self.open {
			check_host(headers)?;
			Key::open()
		} else {
			let secret = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
			let secret = secret.and_then(|value| value.strip_prefix("Bearer "));
			let key = secret.and_then(|secret| self.keys.find(secret.trim()));
			key.ok_or_else(ApiError::unauthorized)?
		};
		Ok(Guest {
			key,
			repeats,
			_place: place,
		})
	}
}

/// A page in a browser on the same machine must not spend money by a name of its own for this address.
fn check_host(headers: &HeaderMap) -> Result<(), ApiError> {
	let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
	let host = host.and_then(|host| host.parse::<axum::http::uri::Authority>().ok());
	let is_local = host.is_some_and(|authority| {
		let name = authority.host().trim_matches(['[', ']']);
		name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
	});
	if is_local {
		Ok(())
	} else {
		Err(ApiError::foreign_host())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_open_gateway_answers_to_its_own_machine_only() {
		for (host, local) in [
			("localhost:80", true),
			("127.0.0.1", true),
			("[::1]:8080", true),
			("evil.example:8080", false),
			("192.168.0.1", false),
		] {
			let mut headers = HeaderMap::new();
			headers.insert(header::HOST, host.parse().unwrap());
			assert_eq!(check_host(&headers).is_ok(), local, "{host}");
		}
		assert!(check_host(&HeaderMap::new()).is_err());
	}
}
