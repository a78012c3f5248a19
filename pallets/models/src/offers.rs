//! Offers: who serves what, and which offers are listed.

use crate::{Config, Error, Event, LastHeartbeat, OfferOf, Offers, OffersOf, Pallet, RunningJobs, Served, Versions};
use assay_protocol::{model::Offer, operator::Operators, ModelVersion};
use frame_support::{defensive, ensure, traits::Get};
use sp_runtime::{
	traits::{CheckedAdd, Zero},
	DispatchError, DispatchResult,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_serve(version: ModelVersion, offer: OfferOf<T>) -> DispatchResult {
		let Offer {
			operator,
			price,
			capacity,
			speed,
			largest,
		} = offer.clone();
		ensure!(!capacity.is_zero(), Error::<T>::CapacityIsZero);
		ensure!(price >= T::MinPrice::get(), Error::<T>::PriceTooLow);
		ensure!(!speed.is_zero() && !largest.is_zero(), Error::<T>::SpeedIsZero);
		ensure!(T::Operators::is_active(&operator), Error::<T>::NotActiveOperator);
		let record = Versions::<T>::get(version.model, version.version).ok_or(Error::<T>::UnknownVersion)?;
		ensure!(!record.retired, Error::<T>::Retired);

		Self::put_offer(version, offer)?;
		LastHeartbeat::<T>::insert(&operator, frame_system::Pallet::<T>::block_number());
		Self::deposit_event(Event::OfferMade {
			version,
			operator,
			price,
			capacity,
			speed,
			largest,
		});
		Ok(())
	}

	pub(crate) fn do_prune_offer(version: ModelVersion, operator: T::AccountId) -> DispatchResult {
		let retired = Versions::<T>::get(version.model, version.version)
			.ok_or(Error::<T>::UnknownVersion)?
			.retired;
		let idle = retired && RunningJobs::<T>::get(version).is_zero();
		ensure!(
			Offers::<T>::get(version).iter().any(|offer| offer.operator == operator),
			Error::<T>::NoSuchOffer
		);
		ensure!(idle || !T::Operators::is_active(&operator), Error::<T>::OfferInUse);
		Self::drop_offer(version, &operator)?;
		Self::deposit_event(Event::OfferPruned { version, operator });
		Ok(())
	}

	/// Makes or changes the offer of an operator. If the version has all its offers, it takes the place of one that makes room.
	fn put_offer(version: ModelVersion, offer: OfferOf<T>) -> DispatchResult {
		let mut offers = Offers::<T>::get(version);
		if let Some(mine) = offers.iter_mut().find(|mine| mine.operator == offer.operator) {
			*mine = offer;
			Offers::<T>::insert(version, offers);
			return Ok(());
		}

		let operator = offer.operator.clone();
		if let Err(offer) = offers.try_push(offer) {
			let place = Self::place_for(&operator, &offers)
				.and_then(|place| offers.get_mut(place))
				.ok_or(Error::<T>::TooManyOffers)?;
			let evicted = core::mem::replace(place, offer).operator;
			Self::forget_served(version, &evicted);
			Self::deposit_event(Event::OfferPruned {
				version,
				operator: evicted,
			});
		}
		Served::<T>::try_mutate(&operator, |served| served.try_push(version)).map_err(|_| Error::<T>::ServesTooMany)?;
		Offers::<T>::insert(version, offers);
		Ok(())
	}

	/// The place of the offer that makes room for a newcomer among all that a version can have: one that is not listed, or the one
	/// with the least stake behind its operator if the newcomer has more. Places go by stake, not by who came first.
	fn place_for(newcomer: &T::AccountId, offers: &OffersOf<T>) -> Option<usize> {
		let unlisted = offers.iter().position(|offer| !Self::is_listed(&offer.operator));
		unlisted.or_else(|| {
			let stakes = offers.iter().map(|offer| T::Operators::stake(&offer.operator));
			let (place, least) = stakes.enumerate().min_by_key(|(_, stake)| *stake)?;
			(least < T::Operators::stake(newcomer)).then_some(place)
		})
	}

	/// Removes the offer of `operator` for `version`.
	pub(crate) fn drop_offer(version: ModelVersion, operator: &T::AccountId) -> DispatchResult {
		Offers::<T>::try_mutate_exists(version, |entry| -> Result<(), DispatchError> {
			let offers = entry.as_mut().ok_or(Error::<T>::NoSuchOffer)?;
			let index = offers
				.iter()
				.position(|offer| offer.operator == *operator)
				.ok_or(Error::<T>::NoSuchOffer)?;
			offers.remove(index);
			if offers.is_empty() {
				*entry = None;
			}
			Ok(())
		})?;
		Self::forget_served(version, operator);
		Ok(())
	}

	/// Takes `version` from what `operator` serves, and its heartbeat with the last one.
	fn forget_served(version: ModelVersion, operator: &T::AccountId) {
		Served::<T>::mutate_exists(operator, |entry| {
			let Some(served) = entry else {
				defensive!("an operator with an offer serves something");
				return;
			};
			served.retain(|other| *other != version);
			if served.is_empty() {
				*entry = None;
				LastHeartbeat::<T>::remove(operator);
			}
		});
	}

	/// Whether jobs are assigned to the offers of `operator`: it is active and its last heartbeat is recent.
	pub fn is_listed(operator: &T::AccountId) -> bool {
		Self::is_alive(operator) && T::Operators::is_active(operator)
	}

	fn is_alive(operator: &T::AccountId) -> bool {
		LastHeartbeat::<T>::get(operator)
			.and_then(|last| last.checked_add(&T::HeartbeatGrace::get()))
			.is_some_and(|until| frame_system::Pallet::<T>::block_number() <= until)
	}
}
