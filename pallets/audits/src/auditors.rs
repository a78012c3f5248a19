//! Who audits a version.

use crate::{Audit, Auditors, Config, Error, Event, Pallet};
use alloc::vec::Vec;
use assay_protocol::{dispute::Claims, draw, model::Models, operator::Operators, ModelVersion};
use frame_support::{ensure, BoundedVec};
use sp_runtime::{traits::UniqueSaturatedInto, DispatchResult};

impl<T: Config> Pallet<T> {
	/// Lists an auditor.
	pub(crate) fn do_offer(auditor: T::AccountId, version: ModelVersion) -> DispatchResult {
		ensure!(T::Operators::is_active(&auditor), Error::<T>::NotActive);
		let known = T::Models::terms(version).is_some_and(|terms| !terms.retired);
		ensure!(known, Error::<T>::UnknownVersion);
		Auditors::<T>::try_mutate(version, |auditors| {
			ensure!(!auditors.contains(&auditor), Error::<T>::AlreadyAuditor);
			// Whoever is not active any more makes room.
			let gone: Vec<_> = auditors
				.iter()
				.filter(|other| !T::Operators::is_active(other))
				.cloned()
				.collect();
			auditors.retain(|other| !gone.contains(other));
			for auditor in gone {
				Self::deposit_event(Event::AuditorRemoved { auditor, version });
			}
			if auditors.is_full() {
				Self::make_room(auditors, &auditor, version)?;
			}
			auditors
				.try_push(auditor.clone())
				.map_err(|_| Error::<T>::TooManyAuditors)
		})?;
		Self::deposit_event(Event::AuditorAdded { auditor, version });
		Ok(())
	}

	/// Takes the auditor with the least stake off a full list for one with more: seats are by stake, not by who came first.
	fn make_room(
		auditors: &mut BoundedVec<T::AccountId, T::MaxAuditors>,
		newcomer: &T::AccountId,
		version: ModelVersion,
	) -> Result<(), Error<T>> {
		let least = (0..auditors.len()).min_by_key(|seat| auditors.get(*seat).map(T::Operators::stake));
		let seat = least.ok_or(Error::<T>::TooManyAuditors)?;
		let auditor = auditors.get(seat).cloned().ok_or(Error::<T>::TooManyAuditors)?;
		ensure!(
			T::Operators::stake(&auditor) < T::Operators::stake(newcomer),
			Error::<T>::TooManyAuditors
		);
		auditors.remove(seat);
		Self::deposit_event(Event::AuditorRemoved { auditor, version });
		Ok(())
	}

	/// Takes an auditor off the list.
	pub(crate) fn do_withdraw(auditor: &T::AccountId, version: ModelVersion) -> DispatchResult {
		ensure!(Self::unlist(auditor, version), Error::<T>::NotAuditor);
		Ok(())
	}

	/// Takes an auditor off the list and says whether it was on it.
	pub(crate) fn unlist(auditor: &T::AccountId, version: ModelVersion) -> bool {
		let removed = Auditors::<T>::mutate_exists(version, |entry| {
			let Some(auditors) = entry else { return false };
			let before = auditors.len();
			auditors.retain(|other| other != auditor);
			let removed = auditors.len() < before;
			if auditors.is_empty() {
				*entry = None;
			}
			removed
		});
		if removed {
			Self::deposit_event(Event::AuditorRemoved {
				auditor: auditor.clone(),
				version,
			});
		}
		removed
	}

	/// Whether somebody may be drawn for the claim who has not been.
	pub(crate) fn has_others(audit: &Audit<T>) -> bool {
		!Self::others(audit).is_empty()
	}

	/// Active auditors of the version who have not been drawn for the claim, and not whose claim it is, with time for it beside all
	/// else that they are asked: whoever has more to do than it can is drawn for nothing.
	pub(crate) fn others(audit: &Audit<T>) -> Vec<T::AccountId> {
		let mut auditors = Self::undrawn(audit);
		auditors.retain(|who| T::Claims::has_room(who, audit.units));
		auditors
	}

	/// Whether there are auditors who could be drawn if they had the time.
	pub(crate) fn has_busy_others(audit: &Audit<T>) -> bool {
		!Self::undrawn(audit).is_empty()
	}

	fn undrawn(audit: &Audit<T>) -> Vec<T::AccountId> {
		let drawn = |who: &T::AccountId| audit.auditors.iter().any(|auditor| auditor.account == *who);
		let mut auditors = Auditors::<T>::get(audit.version).into_inner();
		auditors.retain(|who| *who != audit.operator && !drawn(who) && T::Operators::is_active(who));
		auditors
	}

	/// Draws up to `seats` of some auditors by stake. `random` gives a number for each round.
	pub(crate) fn draw_auditors(
		auditors: Vec<T::AccountId>,
		seats: u32,
		random: impl Fn(u32) -> [u8; 32],
	) -> Vec<T::AccountId> {
		let mut candidates: Vec<(T::AccountId, u128)> = auditors
			.into_iter()
			.map(|auditor| {
				let stake = T::Operators::stake(&auditor);
				(auditor, UniqueSaturatedInto::<u128>::unique_saturated_into(stake))
			})
			.collect();
		let mut drawn = Vec::new();
		for round in 0..seats {
			let weights: Vec<u128> = candidates.iter().map(|(_, stake)| *stake).collect();
			let Some(index) = draw(&weights, &random(round)) else {
				break;
			};
			drawn.push(candidates.swap_remove(index).0);
		}
		drawn
	}
}
