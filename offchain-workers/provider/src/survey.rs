//! What is expected of the worker keys at hand, and whether their artifacts are there.
//!
//! An operator whose node lacks a model that it offers misses every deadline, and pays for each. So the service looks, all
//! the time, which offers it can keep: it warns of those that it cannot, and vouches to the chain's off-chain worker, which
//! sends the heartbeats, only for operators all of whose offers it can keep. Offers that are not kept are soon not listed.

use crate::{
	chain::{BlockNumber, Chain, ServedOperator, Worker},
	folder::Absence,
	metrics::Metrics,
	pool::{message, Execute},
};
use assay_protocol::{
	model::ServedVersion,
	operator::{ProviderReadiness, WorkerKey},
	ModelVersion,
};
use assay_trace::merkle::Hash32;
use std::{
	collections::BTreeMap,
	panic::{catch_unwind, AssertUnwindSafe},
	time::{Duration, SystemTime, UNIX_EPOCH},
};

const LOG: &str = "assay::provider";

/// Worker keys, and the artifacts that they lack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Survey {
	workers: Vec<Worker>,
	missing: BTreeMap<Hash32, Absence>,
}

/// An offer that cannot be kept.
type Lack<'a> = (ModelVersion, String, &'a Absence);

impl Survey {
	/// Looks. Reads whole artifacts where that was not done yet, so it does not belong on the service's loop.
	pub(crate) fn make(chain: &impl Chain, executor: &dyn Execute) -> Result<Self, String> {
		let look = || -> Result<Self, String> {
			let workers = chain.workers().map_err(|error| error.to_string())?;
			let mut missing = BTreeMap::new();
			for artifact in workers.iter().flat_map(offered) {
				if let Err(absence) = executor.examine(&artifact) {
					missing.insert(artifact, absence);
				}
			}
			Ok(Self { workers, missing })
		};
		catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|panic| Err(message(&*panic)))
	}

	/// The worker keys of operators all of whose offers can be kept.
	pub(crate) fn ready(&self) -> Vec<WorkerKey> {
		let ready = self.workers.iter().filter(|worker| {
			worker.flaw.is_none() && worker.operator.is_some() && self.lacks(worker.operator.as_ref()).is_empty()
		});
		ready.map(|worker| worker.key.clone()).collect()
	}

	/// What to tell the chain's off-chain worker, to hold for `period` from now.
	pub(crate) fn readiness(&self, period: Duration) -> Option<ProviderReadiness> {
		let until = SystemTime::now().checked_add(period)?.duration_since(UNIX_EPOCH).ok()?;
		Some(ProviderReadiness {
			until: u64::try_from(until.as_millis()).ok()?,
			keys: self.ready(),
		})
	}

	fn lacks(&self, operator: Option<&ServedOperator>) -> Vec<Lack<'_>> {
		let offers = operator.into_iter().flat_map(standing);
		offers
			.filter_map(|offer| {
				let name = String::from_utf8_lossy(&offer.name).into_owned();
				Some((offer.version, name, self.missing.get(&offer.artifact)?))
			})
			.collect()
	}

	/// Says what is new since the last survey.
	pub(crate) fn log(&self, last: Option<&Self>) {
		if self.workers.is_empty() && last.is_none_or(|last| !last.workers.is_empty()) {
			log::warn!(
				target: LOG,
				"the keystore holds no worker key (type assa, scheme sr25519), so this node works for nobody: \
				 `assay-node key insert` puts one in, without a restart"
			);
		}
		for worker in &self.workers {
			let before = last.and_then(|last| last.workers.iter().find(|before| before.key == worker.key));
			if before.map(identity) != Some(identity(worker)) {
				tell_key(worker);
			}
			let lacks = self.lacks(worker.operator.as_ref());
			let lacked = before.and_then(|before| Some(last?.lacks(before.operator.as_ref())));
			if offered(worker).next().is_some() && lacked.as_ref() != Some(&lacks) {
				tell_lacks(worker, &lacks);
			}
		}
		for gone in last.iter().flat_map(|last| &last.workers) {
			if !self.workers.iter().any(|worker| worker.key == gone.key) {
				log::warn!(target: LOG, "worker key {} is not in the keystore any more", gone.address());
			}
		}
	}

	/// Puts it into the metrics, as of block `now`.
	pub(crate) fn measure(&self, metrics: &Metrics, now: BlockNumber) {
		let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
		metrics.worker_keys.set(count(self.workers.len()));
		metrics.ready_keys.set(count(self.ready().len()));
		let mut artifacts: Vec<_> = self.workers.iter().flat_map(offered).collect();
		artifacts.sort();
		artifacts.dedup();
		let (mut absent, mut refused) = (0_usize, 0_usize);
		for absence in self.missing.values() {
			match absence {
				Absence::NotInFolder { .. } => absent = absent.saturating_add(1),
				Absence::Refused { .. } => refused = refused.saturating_add(1),
			}
		}
		let present = artifacts.len().saturating_sub(self.missing.len());
		for (state, number) in [("present", present), ("absent", absent), ("refused", refused)] {
			metrics.artifacts.with_label_values(&[state]).set(count(number));
		}
		for operator in self.workers.iter().filter_map(|worker| worker.operator.as_ref()) {
			metrics.operator(operator, now);
		}
	}
}

/// The offers that bring new jobs: a retired version has none, and its artifact may go.
fn standing(operator: &ServedOperator) -> impl Iterator<Item = &ServedVersion<u128>> {
	operator.serving.offers.iter().filter(|offer| !offer.retired)
}

/// The artifacts of what an operator offers.
fn offered(worker: &Worker) -> impl Iterator<Item = Hash32> + '_ {
	let offers = worker.operator.iter().flat_map(standing);
	offers.map(|offer| offer.artifact)
}

/// What is told of a key when it changes.
fn identity(worker: &Worker) -> (Option<&String>, Option<String>) {
	let operator = worker.operator.as_ref().map(|operator| operator.account.to_string());
	(worker.flaw.as_ref(), operator)
}

fn tell_key(worker: &Worker) {
	let key = worker.address();
	match (&worker.flaw, &worker.operator) {
		(Some(flaw), _) => log::error!(
			target: LOG,
			"worker key {key} cannot sign: {flaw}; was it inserted with another scheme than sr25519, or is the keystore's \
			 password another?"
		),
		(None, Some(operator)) => log::info!(target: LOG, "worker key {key} works for operator {}", operator.account),
		(None, None) => log::warn!(
			target: LOG,
			"worker key {key} belongs to no operator: `assay operator register` or `assay operator set-worker-key` takes it"
		),
	}
}

fn tell_lacks(worker: &Worker, lacks: &[Lack<'_>]) {
	let Some(operator) = &worker.operator else { return };
	let account = &operator.account;
	if lacks.is_empty() {
		log::info!(target: LOG, "operator {account}: the artifact of every offer is there and whole");
	}
	for (version, name, absence) in lacks {
		log::error!(
			target: LOG,
			"operator {account} offers {version} ({name}), which this node cannot run: {absence}. Until it can, or `assay \
			 model unserve {version}` withdraws the offer, no heartbeats are sent, so that no further jobs come; each that \
			 was assigned already costs a penalty at its deadline"
		);
	}
}
