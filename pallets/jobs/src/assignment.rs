//! Who works on a job: the named operator, or one drawn by stake.

use crate::{
	fee,
	types::{len, AccountIdOf, BalanceOf},
	Config, Error, Event, InFlight, Job, LateAnswers, Load, OpenClaims, Pallet,
};
use alloc::vec::Vec;
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::Audits,
	blocks_to_run,
	job::JobState,
	model::{Models, Offer},
	operator::Operators,
	race, Attempt, JobId,
};
use codec::Encode;
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{Get, Randomness},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::UniqueSaturatedInto, DispatchError, Saturating};

/// What an attempt to assign a job came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Assignment {
	/// Whether an operator was found.
	pub(crate) found: bool,
	/// Offers that were considered.
	pub(crate) offers: u32,
}

/// An operator that may be given a job.
struct Candidate<T: Config> {
	offer: Offer<AccountIdOf<T>, BalanceOf<T>>,
	/// Fee of the job at most: what the operator puts in flight.
	value: BalanceOf<T>,
	/// Blocks that it takes to run the job.
	run: BlockNumberFor<T>,
}

impl<T: Config> Pallet<T> {
	/// Gives a job to an operator with free capacity, if there is one. Changes `job` but does not store it.
	pub(crate) fn assign(id: JobId, job: &mut Job<T>, now: BlockNumberFor<T>) -> Assignment {
		let (candidates, offers) = Self::candidates(job);
		if job.named_operator.is_some() {
			let found = candidates
				.iter()
				.any(|candidate| Self::try_assign(id, job, candidate, now));
			return Assignment { found, offers };
		}
		let (Some(seed), _) = T::Randomness::random(&draw_subject(id, job.attempt)) else {
			return Assignment { found: false, offers };
		};
		let entrants: Vec<(&T::AccountId, u128)> = candidates
			.iter()
			.map(|candidate| &candidate.offer.operator)
			.map(|operator| (operator, T::Operators::stake(operator).unique_saturated_into()))
			.collect();
		// Whoever has no capacity is passed over: who is drawn among the rest is as likely as if it had never been there.
		let found = race(&entrants, &seed.0)
			.into_iter()
			.filter_map(|index| candidates.get(index))
			.any(|candidate| Self::try_assign(id, job, candidate, now));
		Assignment { found, offers }
	}

	/// That somebody who is listed takes a job on its terms, be it busy now; returns the number of offers considered.
	pub(crate) fn ensure_takers(job: &Job<T>) -> Result<u32, Error<T>> {
		let Some(operator) = &job.named_operator else {
			let offers = T::Models::listed_offers(job.version);
			let taken = offers.iter().any(|offer| Self::value(offer, job).is_ok());
			ensure!(taken, Error::<T>::NoOffer);
			return Ok(len(&offers));
		};
		let offer = T::Models::listed_offer(job.version, operator).ok_or(Error::<T>::OperatorNotListed)?;
		Self::value(&offer, job).map(|_| 1)
	}

	/// What a job costs at most by an offer, if the offer is for such jobs and the job for such an offer.
	fn value(offer: &Offer<T::AccountId, BalanceOf<T>>, job: &Job<T>) -> Result<BalanceOf<T>, Error<T>> {
		ensure!(job.max_units.0 <= offer.largest, Error::<T>::OperatorTooSmall);
		ensure!(offer.price <= job.max_price, Error::<T>::OperatorTooDear);
		fee(offer.price, job.max_units)
			.filter(|value| *value <= job.max_fee)
			.ok_or(Error::<T>::OperatorTooDear)
	}

	/// Operators that take the job on its terms, ordered by account; with the number of offers considered. Who failed in the
	/// job, or is late with answers about another, is none.
	fn candidates(job: &Job<T>) -> (Vec<Candidate<T>>, u32) {
		let offers: Vec<_> = match &job.named_operator {
			Some(operator) => T::Models::listed_offer(job.version, operator).into_iter().collect(),
			None => T::Models::listed_offers(job.version),
		};
		let considered = len(&offers);
		let mut candidates: Vec<Candidate<T>> = offers
			.into_iter()
			.filter(|offer| !job.failed.contains(&offer.operator) && !LateAnswers::<T>::contains_key(&offer.operator))
			.filter_map(|offer| {
				let value = Self::value(&offer, job).ok()?;
				// Nobody gets an endless clock by stating no speed, and nobody else's statement makes a clock shorter.
				let speed = offer.speed.max(T::ReferenceSpeed::get());
				let run = blocks_to_run(job.max_units, speed, T::SlotDuration::get());
				Some(Candidate {
					offer,
					value,
					run: run.into(),
				})
			})
			.collect();
		candidates.sort_by(|a, b| a.offer.operator.cmp(&b.offer.operator));
		(candidates, considered)
	}

	/// Assigns the job to one candidate, unless it has no capacity or its stake backs enough already.
	fn try_assign(id: JobId, job: &mut Job<T>, candidate: &Candidate<T>, now: BlockNumberFor<T>) -> bool {
		let Offer {
			operator,
			price,
			capacity,
			..
		} = candidate.offer.clone();
		let assigned = with_storage_layer(|| -> Result<(), DispatchError> {
			let mut in_flight = InFlight::<T>::get(&operator);
			let of_version = in_flight.iter().filter(|(_, version)| *version == job.version).count();
			if of_version >= usize::from(capacity) {
				return Err(DispatchError::Exhausted);
			}
			let unfinished = len(&in_flight).saturating_add(OpenClaims::<T>::get(&operator));
			if unfinished >= T::MaxInFlight::get().saturating_add(T::Audits::clean_jobs(&operator)) {
				return Err(DispatchError::Exhausted);
			}
			in_flight
				.try_push((id, job.version))
				.map_err(|_| DispatchError::Exhausted)?;
			T::Operators::commit(&operator, candidate.value)?;
			InFlight::<T>::insert(&operator, in_flight);
			Ok(())
		});
		if assigned.is_err() {
			return false;
		}
		// What it is asked about claims comes first, and has a clock.
		let asked = Self::run(ComputeUnits(Load::<T>::get(&operator))).min(T::MaxLoad::get());
		let deadline = now
			.saturating_add(T::ResultPeriod::get())
			.saturating_add(asked)
			.saturating_add(candidate.run);
		Self::deposit_event(Event::JobAssigned {
			job: id,
			attempt: job.attempt,
			operator: operator.clone(),
			price,
			deadline,
		});
		job.assigned_at = now;
		job.state = JobState::Assigned {
			operator,
			price,
			deadline,
		};
		true
	}

	/// Removes a job from the list of results an operator owes.
	pub(crate) fn no_longer_in_flight(operator: &T::AccountId, id: JobId) {
		InFlight::<T>::mutate_exists(operator, |entry| {
			if let Some(in_flight) = entry {
				in_flight.retain(|(job, _)| *job != id);
				if in_flight.is_empty() {
					*entry = None;
				}
			}
		});
	}
}

/// What the randomness of a draw is for.
pub(crate) fn draw_subject(id: JobId, attempt: Attempt) -> Vec<u8> {
	(b"assay/assignment", id, attempt).encode()
}
