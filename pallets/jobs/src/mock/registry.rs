//! Operators and models.

use super::*;
use assay_exact::Program;
use assay_protocol::{
	job::{JobError, JobState},
	model::{Models, Offer, Terms},
	operator::{Fault, Operators, Reporter, Rewards, WorkerKey},
	ModelVersion,
};
use frame_support::{
	pallet_prelude::ValueQuery,
	storage_alias,
	traits::fungible::{Balanced, Credit},
	Blake2_128Concat, Twox64Concat,
};
use sp_core::Pair;
use sp_runtime::{DispatchError, DispatchResult, Perbill};
use std::collections::BTreeMap;

/// Operators and models, kept in storage so that a rolled back transaction rolls them back too.
pub struct Registry;

#[storage_alias]
type Stake = StorageMap<Registry, Twox64Concat, AccountId, Balance, ValueQuery>;
#[storage_alias]
type Committed = StorageMap<Registry, Twox64Concat, AccountId, Balance, ValueQuery>;
#[storage_alias]
type Keys = StorageMap<Registry, Twox64Concat, AccountId, WorkerKey>;
#[storage_alias]
type Running = StorageMap<Registry, Twox64Concat, ModelVersion, u32, ValueQuery>;
#[storage_alias]
type Retired = StorageMap<Registry, Twox64Concat, ModelVersion, bool, ValueQuery>;
#[storage_alias]
type Offers = StorageDoubleMap<Registry, Blake2_128Concat, ModelVersion, Blake2_128Concat, AccountId, OfferTerms>;
/// Price, capacity, speed and largest job.
type OfferTerms = (Balance, u16, u64, u64);
#[storage_alias]
type Royalty = StorageMap<Registry, Twox64Concat, ModelVersion, Permill, ValueQuery>;

impl Operators<AccountId, Balance> for Registry {
	fn is_active(who: &AccountId) -> bool {
		Stake::get(who) > 0
	}

	fn worker_key(who: &AccountId) -> Option<WorkerKey> {
		Keys::get(who)
	}

	fn of_worker_key(key: &WorkerKey) -> Option<AccountId> {
		Keys::iter().find(|(_, of)| of == key).map(|(who, _)| who)
	}

	fn stake(who: &AccountId) -> Balance {
		Stake::get(who)
	}

	fn own_stake(who: &AccountId) -> Balance {
		Stake::get(who)
	}

	fn commit(who: &AccountId, value: Balance) -> DispatchResult {
		let committed = Committed::get(who).checked_add(value).ok_or(DispatchError::Exhausted)?;
		if committed > Stake::get(who) {
			return Err(DispatchError::Exhausted);
		}
		Committed::insert(who, committed);
		Ok(())
	}

	fn release(who: &AccountId, value: Balance) {
		Committed::mutate(who, |committed| {
			*committed = committed.checked_sub(value).expect("released what was committed")
		});
	}

	fn penalise(who: &AccountId, amount: Balance, fault: Fault, _: Option<Reporter<'_, AccountId>>) -> Balance {
		assert!(matches!(fault, Fault::MissedDeadline | Fault::WrongResult));
		Stake::mutate(who, |stake| {
			let taken = amount.min(*stake);
			*stake -= taken;
			taken
		})
	}

	fn penalise_spared(
		_: &AccountId,
		_: Perbill,
		_: Fault,
		_: u32,
		_: u32,
		_: Option<Reporter<'_, AccountId>>,
	) -> Balance {
		0
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, key: WorkerKey) {
		Stake::insert(who, 1_000_000_000);
		Keys::insert(who, key);
	}
}

/// What stands behind an operator has an account of its own.
impl Rewards<AccountId, Credit<AccountId, Balances>> for Registry {
	fn reward(operator: &AccountId, credit: Credit<AccountId, Balances>) -> Result<(), Credit<AccountId, Balances>> {
		if Stake::get(operator) == 0 {
			return Err(credit);
		}
		Balances::resolve(&STAKERS, credit)
	}
}

impl Models<AccountId, Balance> for Registry {
	fn terms(version: ModelVersion) -> Option<Terms<AccountId>> {
		Self::program(version).ok()?;
		Some(Terms {
			publisher: PUBLISHER,
			royalty: Royalty::get(version),
			retired: Retired::get(version),
			artifact: artifact(version),
		})
	}

	fn program(version: ModelVersion) -> Result<Program, JobError> {
		program(version).ok_or(JobError::UnknownVersion)
	}

	fn listed_offers(version: ModelVersion) -> Vec<Offer<AccountId, Balance>> {
		Offers::iter_prefix(version)
			.map(|(operator, terms)| an_offer(operator, terms))
			.collect()
	}

	fn listed_offer(version: ModelVersion, operator: &AccountId) -> Option<Offer<AccountId, Balance>> {
		Some(an_offer(*operator, Offers::get(version, operator)?))
	}

	fn job_started(version: ModelVersion) {
		Running::mutate(version, |running| *running += 1);
	}

	fn job_ended(version: ModelVersion) {
		Running::mutate(version, |running| {
			*running = running.checked_sub(1).expect("every ended job was started")
		});
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(_: &AccountId, operators: &[AccountId]) -> ModelVersion {
		for operator in operators {
			offer(DECODER, *operator, 1, 1_000);
		}
		DECODER
	}
}

pub(crate) use assay_testing::worker_key as worker;

/// Bonds an operator.
pub(crate) fn bond(operator: AccountId, stake: Balance) {
	Stake::insert(operator, stake);
	Keys::insert(operator, worker(operator).public());
}

pub(crate) fn set_stake(operator: AccountId, stake: Balance) {
	Stake::insert(operator, stake);
}

/// What is in flight against the stake of an operator.
pub(crate) fn committed(operator: AccountId) -> Balance {
	Committed::get(operator)
}

/// What is left of the stake of an operator.
pub(crate) fn stake(operator: AccountId) -> Balance {
	Stake::get(operator)
}

/// Lists an offer.
pub(crate) fn offer(version: ModelVersion, operator: AccountId, price: Balance, capacity: u16) {
	Offers::insert(version, operator, (price, capacity, FAST, u64::MAX));
}

/// States other terms in an offer: how fast, and how large a job at most.
pub(crate) fn state_terms(version: ModelVersion, operator: AccountId, speed: u64, largest: u64) {
	Offers::mutate(version, operator, |terms| {
		let terms = terms.as_mut().expect("there is an offer");
		(terms.2, terms.3) = (speed, largest);
	});
}

fn an_offer(operator: AccountId, (price, capacity, speed, largest): OfferTerms) -> Offer<AccountId, Balance> {
	Offer {
		operator,
		price,
		capacity,
		speed,
		largest,
	}
}

/// Takes an offer off the list.
pub(crate) fn withdraw_offer(version: ModelVersion, operator: AccountId) {
	Offers::remove(version, operator);
}

/// Refuses new jobs of a version.
pub(crate) fn retire(version: ModelVersion) {
	Retired::insert(version, true);
}

/// Sets the publisher's share.
pub(crate) fn set_royalty(version: ModelVersion, share: Permill) {
	Royalty::insert(version, share);
}

/// Takes an operator's worker key away.
pub(crate) fn forget_key(operator: AccountId) {
	Keys::remove(operator);
}

/// Commitments and running jobs are those of the jobs there are.
pub(crate) fn check_registry() {
	let mut owed = BTreeMap::<AccountId, Balance>::new();
	let mut running = BTreeMap::<ModelVersion, u32>::new();
	for job in crate::Jobs::<Test>::iter_values() {
		if let JobState::Assigned { operator, price, .. } | JobState::Claimed { operator, price, .. } = job.state {
			*owed.entry(operator).or_default() += price * Balance::from(job.units().0);
		}
		if job.is_unfinished() {
			*running.entry(job.version).or_default() += 1;
		}
	}
	for operator in [ALICE, BOB, CHARLIE] {
		assert_eq!(
			Committed::get(operator),
			owed.get(&operator).copied().unwrap_or(0),
			"commitment of {operator}"
		);
	}
	for version in [DECODER, PERCEPTRON, ENCODER, WIDE] {
		assert_eq!(
			Running::get(version),
			running.get(&version).copied().unwrap_or(0),
			"running jobs of {version}"
		);
	}
}
