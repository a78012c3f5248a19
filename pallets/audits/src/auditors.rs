//! Who audits a version.

use crate::{Auditors, Config, Error, Event, Pallet};
use alloc::vec::Vec;
use assay_protocol::{draw, model::Models, operator::Operators, ModelVersion};
use frame_support::{ensure, traits::Get};
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
			auditors
				.try_push(auditor.clone())
				.map_err(|_| Error::<T>::TooManyAuditors)
		})?;
		Self::deposit_event(Event::AuditorAdded { auditor, version });
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

	/// Draws up to [`Config::MaxDrawn`] active auditors of a version by stake, never the operator whose claim it is.
	/// `random` gives a number for each round.
	pub(crate) fn draw_auditors(
		version: ModelVersion,
		operator: &T::AccountId,
		random: impl Fn(u32) -> [u8; 32],
	) -> Vec<T::AccountId> {
		let mut candidates: Vec<(T::AccountId, u128)> = Auditors::<T>::get(version)
			.into_iter()
			.filter(|auditor| auditor != operator && T::Operators::is_active(auditor))
			.map(|auditor| {
				let stake = T::Operators::stake(&auditor);
				(auditor, UniqueSaturatedInto::<u128>::unique_saturated_into(stake))
			})
			.collect();
		let mut drawn = Vec::new();
		for round in 0..T::MaxDrawn::get() {
			let weights: Vec<u128> = candidates.iter().map(|(_, stake)| *stake).collect();
			let Some(index) = draw(&weights, &random(round)) else {
				break;
			};
			drawn.push(candidates.swap_remove(index).0);
		}
		drawn
	}
}
