//! Where jobs are bought. The same job that the same key has asked for within a minute is bought once; its money is reserved on
//! the disk before it is submitted; and whoever asked may leave: the purchase goes on without them.

use crate::{
	chain::{costs_nothing, Asked, Chain},
	error::ApiError,
	keys::Key,
	ledger::{Attended, ChargeNumber, KeyNumber, Ledger, Most, Stage},
	metrics::{Metrics, Outcome},
	request::sampling::reseeded,
};
use assay_sdk::{
	jobs::{Job, Submission},
	protocol::JobId,
	Error, Noted,
};
use futures::future::join_all;
use parking_lot::Mutex;
use std::{
	collections::{HashMap, VecDeque},
	sync::Arc,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{watch, OwnedSemaphorePermit, Semaphore};

/// How long what was answered is answered again.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(60);
/// How long a result is waited for. The chain's own clocks end every job sooner; a job that a reorganisation has taken away for
/// good has none.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Answers that are remembered at most; the oldest are forgotten first.
const MOST_REMEMBERED: usize = 4_096;

/// A job that a client wants.
#[derive(Clone, Debug)]
pub(crate) struct Order {
	/// What runs on what.
	pub(crate) asked: Asked,
	/// Whether the gateway draws the seed.
	pub(crate) unseeded: bool,
}

/// What makes two orders the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Identity {
	key: KeyNumber,
	// The chain's own form of the order: equal bytes are equal jobs.
	order: Vec<u8>,
	unseeded: bool,
}

/// How far a purchase is.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
	/// It is being priced, reserved and submitted.
	Begun,
	/// It is on the chain.
	Sent(JobId),
	/// It has a result.
	Claimed(Arc<Bought>),
	/// It has none.
	Failed(ApiError),
}

/// A job with its result.
#[derive(Debug)]
pub(crate) struct Bought {
	/// The job.
	pub(crate) job: Job,
	/// When its result was seen, in seconds since 1970.
	pub(crate) at: u64,
}

/// A purchase to wait for.
#[derive(Clone, Debug)]
pub(crate) struct Purchase(watch::Receiver<Progress>);

impl Purchase {
	/// Waits until the job is on the chain, or there will be none.
	pub(crate) async fn sent(&mut self) -> Result<JobId, ApiError> {
		match self.until(|progress| !matches!(progress, Progress::Begun)).await {
			Progress::Sent(job) => Ok(job),
			Progress::Claimed(bought) => Ok(bought.job.id),
			Progress::Failed(error) => Err(error),
			Progress::Begun => Err(lost()),
		}
	}

	/// Waits until the job has a result, or will have none.
	pub(crate) async fn claimed(&mut self) -> Result<Arc<Bought>, ApiError> {
		let is_over = |progress: &Progress| matches!(progress, Progress::Claimed(_) | Progress::Failed(_));
		match self.until(is_over).await {
			Progress::Claimed(bought) => Ok(bought),
			Progress::Failed(error) => Err(error),
			Progress::Begun | Progress::Sent(_) => Err(lost()),
		}
	}

	/// The job, if it is on the chain.
	pub(crate) fn job(&self) -> Option<JobId> {
		match &*self.0.borrow() {
			Progress::Sent(job) => Some(*job),
			Progress::Claimed(bought) => Some(bought.job.id),
			_ => None,
		}
	}

	async fn until(&mut self, condition: impl FnMut(&Progress) -> bool) -> Progress {
		// An error means that the purchase ended without a word; what it said last is there.
		let _ = self.0.wait_for(condition).await;
		self.0.borrow().clone()
	}
}

fn lost() -> ApiError {
	ApiError::internal("the purchase was interrupted: its money stays reserved until it is known what became of it")
}

/// An order that is bought now, and whom to tell.
struct Place {
	identity: Identity,
	asked: Asked,
	tell: watch::Sender<Progress>,
	_in_flight: OwnedSemaphorePermit,
}

/// What is known of orders.
#[derive(Default)]
struct Shelf {
	places: HashMap<Identity, (u64, watch::Receiver<Progress>)>,
	/// Those that are over, oldest first.
	over: VecDeque<(Instant, Identity, u64)>,
	next: u64,
}

/// The desk.
pub(crate) struct Desk {
	chain: Arc<dyn Chain>,
	ledger: Arc<Ledger>,
	metrics: Arc<Metrics>,
	shelf: Mutex<Shelf>,
	room: Arc<Semaphore>,
	/// Jobs in flight at most.
	most: u32,
}

impl Desk {
	/// A desk that has so many jobs in flight at most.
	pub(crate) fn new(chain: Arc<dyn Chain>, ledger: Arc<Ledger>, metrics: Arc<Metrics>, most: u16) -> Self {
		Self {
			chain,
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
		let shelf = self.shelf.lock();
		let begun = |progress: &watch::Receiver<Progress>| {
			matches!(&*progress.borrow(), Progress::Begun) && progress.has_changed().is_ok()
		};
		shelf.places.values().filter(|(_, progress)| begun(progress)).count()
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
			let identity = order.identity(key.number);
			let known = shelf.standing(&identity).filter(|_| repeats || !order.unseeded);
			if let Some(progress) = known {
				self.metrics.job(Outcome::Shared);
				purchases.push(Purchase(progress));
				continue;
			}
			let Ok(in_flight) = self.room.clone().try_acquire_owned() else {
				// The places so far are given back with their permits.
				shelf.take_back(&places);
				return Err(ApiError::busy(&format!("there are {} jobs", self.most)));
			};
			let (tell, progress) = watch::channel(Progress::Begun);
			shelf.put(identity.clone(), progress.clone());
			purchases.push(Purchase(progress));
			places.push(Place {
				asked: order.seeded(),
				identity,
				tell,
				_in_flight: in_flight,
			});
		}
		drop(shelf);
		if !places.is_empty() {
			tokio::spawn(self.clone().purchase(key.clone(), places));
		}
		Ok(purchases)
	}

	/// Prices, reserves and submits.
	async fn purchase(self: Arc<Self>, key: Key, places: Vec<Place>) {
		let priced = join_all(places.iter().map(|place| self.chain.price(place.asked.clone()))).await;
		let priced: Result<Vec<(Submission, Most)>, Error> = priced.into_iter().collect();
		let reserved = match priced {
			Ok(priced) => self.reserve(&key, priced).await,
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

	async fn reserve(
		&self,
		key: &Key,
		priced: Vec<(Submission, Most)>,
	) -> Result<Vec<(Submission, Attended)>, ApiError> {
		let (submissions, most): (Vec<_>, Vec<_>) = priced.into_iter().unzip();
		let (ledger, number, limit) = (self.ledger.clone(), key.number, key.limit);
		let charges = blocking(move || ledger.reserve(number, limit, &most, now())).await??;
		Ok(submissions.into_iter().zip(charges).collect())
	}

	/// Submits a job that is reserved, and waits for its result.
	async fn run(&self, place: Place, submission: Submission, charge: Attended) {
		let submitted = self.submit(&submission, charge.number()).await;
		// From here on its charge is settled by what the final blocks hold.
		drop(charge);
		let progress = match submitted {
			Ok(job) => {
				place.tell.send_replace(Progress::Sent(job));
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
					let ledger = self.ledger.clone();
					if let Err(error) = blocking(move || ledger.settle(charge, 0)).await? {
						log::error!("charge {}: {error:#}", charge.0);
					}
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

	async fn result(&self, job: JobId, submission: &Submission) -> Progress {
		let claimed = tokio::time::timeout(PATIENCE, self.chain.claimed(job)).await;
		let Ok(claimed) = claimed else {
			return Progress::Failed(ApiError::timeout(vec![job]));
		};
		match claimed {
			Ok(found) if !is_of(&found, submission) => Progress::Failed(ApiError::displaced(job)),
			Ok(job) => {
				self.metrics.job(Outcome::Claimed);
				Progress::Claimed(Arc::new(Bought { job, at: now() }))
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
		shelf.end(&place.identity, &place.tell, keep);
		place.tell.send_replace(progress);
	}
}

/// Whether a job is what was submitted: a reorganisation can give its number to another.
fn is_of(job: &Job, submission: &Submission) -> bool {
	(job.version, &job.input, job.generation) == (submission.version, &submission.input, submission.generation)
}

impl Order {
	fn identity(&self, key: KeyNumber) -> Identity {
		use codec::Encode;
		let Asked {
			version,
			input,
			generation,
		} = &self.asked;
		Identity {
			key,
			order: (version, input, generation).encode(),
			unseeded: self.unseeded,
		}
	}

	/// What is submitted: with a seed that nobody can foresee where the client gave none.
	fn seeded(self) -> Asked {
		let mut asked = self.asked;
		if self.unseeded {
			asked.generation.sampler = reseeded(asked.generation.sampler, rand::random());
		}
		asked
	}
}

impl Shelf {
	/// What is known of an order, unless its purchase was interrupted.
	fn standing(&self, identity: &Identity) -> Option<watch::Receiver<Progress>> {
		let (_, progress) = self.places.get(identity)?;
		let unfinished = matches!(&*progress.borrow(), Progress::Begun | Progress::Sent(_));
		let interrupted = unfinished && progress.has_changed().is_err();
		(!interrupted).then(|| progress.clone())
	}

	fn put(&mut self, identity: Identity, progress: watch::Receiver<Progress>) {
		self.places.insert(identity, (self.next, progress));
		self.next = self.next.wrapping_add(1);
	}

	/// Forgets what has been over for long enough, and the oldest if there is too much.
	fn forget(&mut self) {
		while let Some((since, identity, number)) = self.over.front() {
			if since.elapsed() < REMEMBERED && self.over.len() <= MOST_REMEMBERED {
				return;
			}
			// A later order of the same identity may stand in its place.
			if self
				.places
				.get(identity)
				.is_some_and(|(standing, _)| standing == number)
			{
				self.places.remove(identity);
			}
			self.over.pop_front();
		}
	}

	fn take_back(&mut self, places: &[Place]) {
		for place in places {
			self.places.remove(&place.identity);
		}
	}

	fn end(&mut self, identity: &Identity, tell: &watch::Sender<Progress>, keep: bool) {
		// A later unseeded order of the same identity may stand in its place.
		let standing = self
			.places
			.get(identity)
			.filter(|(_, progress)| tell.subscribe().same_channel(progress));
		let Some((number, _)) = standing else {
			return;
		};
		match keep {
			true => self.over.push_back((Instant::now(), identity.clone(), *number)),
			false => {
				self.places.remove(identity);
			}
		}
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
