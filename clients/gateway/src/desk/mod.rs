//! Where answers are bought, as jobs or through channels. The same that the same key has asked for within a minute is bought once; its
//! money is reserved on the disk before it is asked for; and whoever asked may leave: a job goes on without them, what comes through a
//! channel is stopped.

mod on_line;
mod purchase;
mod shelf;

pub(crate) use purchase::{Bought, More, Purchase, Source};

use crate::{
	chain::{costs_nothing, Asked, Chain},
	error::ApiError,
	keys::Key,
	ledger::{Attended, ChargeNumber, Ledger, Most, Stage},
	lines::Lines,
	metrics::{Metrics, Outcome},
	request::sampling::reseeded,
};
use assay_sdk::{
	jobs::{Job, Submission},
	protocol::JobId,
	Balance, Error, Noted,
};
use futures::future::join_all;
use parking_lot::Mutex;
use purchase::{Progress, Teller};
use shelf::{Identity, Shelf};
use std::{
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a result is waited for. The chain's own clocks end every job sooner; a job that a reorganisation has taken away for
/// good has none.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// An answer that a client wants.
#[derive(Clone, Debug)]
pub(crate) struct Order {
	/// What runs on what.
	pub(crate) asked: Asked,
	/// Whether the gateway draws the seed.
	pub(crate) unseeded: bool,
}

/// An order that is bought now, and whom to tell.
struct Place {
	identity: Identity,
	asked: Asked,
	teller: Teller,
	_in_flight: OwnedSemaphorePermit,
}

/// The desk.
pub(crate) struct Desk {
	chain: Arc<dyn Chain>,
	lines: Option<Arc<dyn Lines>>,
	ledger: Arc<Ledger>,
	metrics: Arc<Metrics>,
	shelf: Mutex<Shelf>,
	room: Arc<Semaphore>,
	/// Jobs in flight at most.
	most: u32,
}

impl Desk {
	/// A desk that has so many jobs in flight at most.
	///
	/// - `lines`: channels that it uses where there are any.
	pub(crate) fn new(
		chain: Arc<dyn Chain>,
		lines: Option<Arc<dyn Lines>>,
		ledger: Arc<Ledger>,
		metrics: Arc<Metrics>,
		most: u16,
	) -> Self {
		Self {
			chain,
			lines,
			ledger,
			metrics,
			shelf: Mutex::default(),
			room: Arc::new(Semaphore::new(most.into())),
			most: most.into(),
		}
	}

	/// Jobs in flight at most.
	pub(crate) fn most(&self) -> usize {
		self.most as usize
	}

	/// Jobs in flight.
	pub(crate) fn in_flight(&self) -> usize {
		self.most().saturating_sub(self.room.available_permits())
	}

	/// Jobs that are being submitted.
	pub(crate) fn submitting(&self) -> usize {
		self.shelf.lock().begun()
	}

	/// Buys what a key orders, all of it or nothing, and returns the purchases in the order of the orders. An order that is there
	/// already is not bought again; of unseeded ones only those of a client that says that it `repeats` a request.
	pub(crate) fn buy(
		self: &Arc<Self>,
		key: &Key,
		orders: Vec<Order>,
		repeats: bool,
	) -> Result<Vec<Purchase>, ApiError> {
		let mut places = vec![];
		let mut purchases = vec![];
		let mut shelf = self.shelf.lock();
		shelf.forget();
		for order in orders {
			let identity = Identity::new(&order, key.number);
			let known = shelf.standing(&identity).filter(|_| repeats || !order.unseeded);
			if let Some(standing) = known {
				self.metrics.job(Outcome::Shared);
				purchases.push(standing.join());
				continue;
			}
			let Ok(in_flight) = self.room.clone().try_acquire_owned() else {
				// The places so far are given back with their permits.
				places.iter().for_each(|place: &Place| shelf.take_back(&place.identity));
				return Err(ApiError::busy(&format!("there are {} jobs", self.most)));
			};
			let (teller, standing) = purchase::begin();
			purchases.push(standing.join());
			shelf.put(identity.clone(), standing);
			places.push(Place {
				asked: order.seeded(),
				identity,
				teller,
				_in_flight: in_flight,
			});
		}
		drop(shelf);
		if !places.is_empty() {
			tokio::spawn(self.clone().purchase(key.clone(), places));
		}
		Ok(purchases)
	}

	/// Buys in a channel where that can be, and by jobs what cannot.
	async fn purchase(self: Arc<Self>, key: Key, mut places: Vec<Place>) {
		// All of one request are for the same version.
		let version = places.first().map(|place| place.asked.version);
		if let (Some(lines), Some(version)) = (&self.lines, version) {
			if let Some(line) = lines.find(version).await {
				places = self.on_line(&key, places, &*line).await;
			}
		}
		if !places.is_empty() {
			self.by_jobs(&key, places).await;
		}
	}

	/// Prices, reserves and submits.
	async fn by_jobs(&self, key: &Key, places: Vec<Place>) {
		let priced = join_all(places.iter().map(|place| self.chain.price(place.asked.clone()))).await;
		let priced: Result<Vec<(Submission, Most)>, Error> = priced.into_iter().collect();
		let reserved = match priced {
			Ok(priced) => {
				let (submissions, most): (Vec<_>, Vec<_>) = priced.into_iter().unzip();
				let charges = self.reserve(key, most).await;
				charges.map(|charges| submissions.into_iter().zip(charges).collect::<Vec<_>>())
			}
			Err(error) => Err(ApiError::not_submitted(&error, true)),
		};
		match reserved {
			Ok(reserved) => {
				let purchases = places.into_iter().zip(reserved);
				join_all(purchases.map(|(place, (submission, charge))| self.run(place, submission, charge))).await;
			}
			Err(error) => {
				for place in places {
					self.metrics.job(Outcome::NotSubmitted);
					self.end(place, Progress::Failed(error.clone()));
				}
			}
		}
	}

	async fn reserve(&self, key: &Key, most: Vec<Most>) -> Result<Vec<Attended>, ApiError> {
		let (ledger, number, limit) = (self.ledger.clone(), key.number, key.limit);
		Ok(blocking(move || ledger.reserve(number, limit, &most, now())).await??)
	}

	/// Submits a job that is reserved, and waits for its result.
	async fn run(&self, place: Place, submission: Submission, charge: Attended) {
		let submitted = self.submit(&submission, charge.number()).await;
		// From here on its charge is settled by what the final blocks hold.
		drop(charge);
		let progress = match submitted {
			Ok(job) => {
				place.teller.tell(Progress::Sent(Source::Job(job)));
				self.result(job, &submission).await
			}
			Err(error) => Progress::Failed(error),
		};
		self.end(place, progress);
	}

	async fn submit(&self, submission: &Submission, charge: ChargeNumber) -> Result<JobId, ApiError> {
		let note = |signed| -> Noted<'_> {
			let stage = Stage::Signed { signed, seen: None };
			Box::pin(async move { self.note(charge, stage).await.map_err(|error| format!("{error:#}")) })
		};
		match self.chain.submit(submission, &note).await {
			Ok(on_chain) => {
				self.metrics.job(Outcome::Submitted);
				let stage = self.ledger.charge(charge).map(|charge| charge.stage);
				if let Some(Stage::Signed { signed, .. }) = stage {
					let seen = Some(on_chain);
					// Without this line it is found by its transaction all the same.
					if let Err(error) = self.note(charge, Stage::Signed { signed, seen }).await {
						log::error!("charge {} of job {}: {error:#}", charge.0, on_chain.job);
					}
				}
				Ok(on_chain.job)
			}
			Err(error) => {
				let unsigned = self
					.ledger
					.charge(charge)
					.is_some_and(|charge| charge.stage == Stage::Reserved);
				let free = unsigned || costs_nothing(&error);
				log::warn!("charge {}: {error}", charge.0);
				self.metrics.job(match &error {
					_ if free => Outcome::NotSubmitted,
					Error::Failed { .. } => Outcome::Failed,
					_ => Outcome::Unknown,
				});
				if free {
					self.settle(charge, 0).await;
				}
				Err(ApiError::not_submitted(&error, free))
			}
		}
	}

	async fn note(&self, charge: ChargeNumber, stage: Stage) -> anyhow::Result<()> {
		let ledger = self.ledger.clone();
		let noted = blocking(move || ledger.advance(charge, stage)).await;
		noted.map_err(|_| anyhow::anyhow!("the gateway failed at it"))?
	}

	/// Has a key pay what is known to be the cost of a charge.
	async fn settle(&self, charge: ChargeNumber, cost: Balance) {
		let ledger = self.ledger.clone();
		match blocking(move || ledger.settle(charge, cost)).await {
			Ok(Ok(paid)) => self.metrics.spent(paid),
			// It stays open, and is settled later.
			Ok(Err(error)) => log::error!("charge {}: {error:#}", charge.0),
			Err(_) => log::error!("charge {} is settled later", charge.0),
		}
	}

	async fn result(&self, job: JobId, submission: &Submission) -> Progress {
		let claimed = tokio::time::timeout(PATIENCE, self.chain.claimed(job)).await;
		let Ok(claimed) = claimed else {
			return Progress::Failed(ApiError::timeout(Some(Source::Job(job))));
		};
		match claimed {
			Ok(found) if !is_of(&found, submission) => Progress::Failed(ApiError::displaced(job)),
			Ok(job) => {
				self.metrics.job(Outcome::Claimed);
				Progress::Bought(Arc::new(Bought::of_job(job, now())))
			}
			Err(Error::Missing(_)) => Progress::Failed(ApiError::refunded(job)),
			Err(error) => {
				log::warn!("job {job}: {error}");
				Progress::Failed(ApiError::not_submitted(&error, false))
			}
		}
	}

	/// Tells how a purchase ended. What was paid, or may have been, is remembered; everything else may be tried again.
	fn end(&self, place: Place, progress: Progress) {
		let keep = match &progress {
			Progress::Failed(error) => error.may_pay_twice(),
			_ => true,
		};
		let mut shelf = self.shelf.lock();
		shelf.end(&place.identity, &place.teller, keep);
		place.teller.tell(progress);
	}
}

/// Whether a job is what was submitted: a reorganisation can give its number to another.
fn is_of(job: &Job, submission: &Submission) -> bool {
	(job.version, &job.input, job.generation) == (submission.version, &submission.input, submission.generation)
}

impl Order {
	/// What is submitted: with a seed that nobody can foresee where the client gave none.
	fn seeded(self) -> Asked {
		let mut asked = self.asked;
		if self.unseeded {
			asked.generation.sampler = reseeded(asked.generation.sampler, rand::random());
		}
		asked
	}
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |since| since.as_secs())
}

/// Runs what waits for a disk.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
	tokio::task::spawn_blocking(work).await.map_err(|error| {
		log::error!("{error}");
		ApiError::internal("the gateway failed at this request")
	})
}
