//! Who audits a version.

use crate::{types::Listed, Audit, Auditors, Config, Error, Event, Pallet};
use alloc::vec::Vec;
use assay_exact::ComputeUnits;
use assay_protocol::{dispute::Claims, model::Models, operator::Operators, race, ModelVersion};
use frame_support::{ensure, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::UniqueSaturatedInto, DispatchResult};

impl<T: Config> Pallet<T> {
	/// Lists an auditor.
	pub(crate) fn do_offer(auditor: T::AccountId, version: ModelVersion) -> DispatchResult {
		ensure!(T::Operators::is_active(&auditor), Error::<T>::NotActive);
		// Who is unlisted because it was asked more than it can do would be back for the next draw.
		ensure!(T::Claims::has_room(&auditor, ComputeUnits(0)), Error::<T>::TooMuchToDo);
		let known = T::Models::terms(version).is_some_and(|terms| !terms.retired);
		ensure!(known, Error::<T>::UnknownVersion);
		Auditors::<T>::try_mutate(version, |auditors| {
			ensure!(
				auditors.iter().all(|other| other.account != auditor),
				Error::<T>::AlreadyAuditor
			);
			// Whoever is not active any more makes room.
			let gone: Vec<_> = auditors
				.iter()
				.map(|other| other.account.clone())
				.filter(|other| !T::Operators::is_active(other))
				.collect();
			auditors.retain(|other| !gone.contains(&other.account));
			for auditor in gone {
				Self::deposit_event(Event::AuditorRemoved { auditor, version });
			}
			if auditors.is_full() {
				Self::make_room(auditors, &auditor, version)?;
			}
			auditors
				.try_push(Listed {
					account: auditor.clone(),
					since: Self::now(),
				})
				.map_err(|_| Error::<T>::TooManyAuditors)
		})?;
		Self::deposit_event(Event::AuditorAdded { auditor, version });
		Ok(())
	}

	/// Takes the auditor with the least stake off a full list for one with more: seats are by stake, not by who came first.
	fn make_room(
		auditors: &mut BoundedVec<Listed<T>, T::MaxAuditors>,
		newcomer: &T::AccountId,
		version: ModelVersion,
	) -> Result<(), Error<T>> {
		let of = |seat: usize| auditors.get(seat).map(|auditor| auditor.account.clone());
		let least =
			(0..auditors.len()).min_by_key(|seat| of(*seat).map(|account| T::Operators::settled_stake(&account)));
		let seat = least.ok_or(Error::<T>::TooManyAuditors)?;
		let auditor = of(seat).ok_or(Error::<T>::TooManyAuditors)?;
		ensure!(
			T::Operators::settled_stake(&auditor) < T::Operators::settled_stake(newcomer),
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
			auditors.retain(|other| other.account != *auditor);
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

	/// Whether somebody may be drawn for the claim from now on who has not been.
	pub(crate) fn has_others(audit: &Audit<T>) -> bool {
		!Self::others(audit, Self::now()).is_empty()
	}

	/// Active auditors of the version who have not been drawn for the claim, and not whose claim it is. They were listed in a block by
	/// which nobody knew the number of the draw, or the list could be made for it.
	pub(crate) fn others(audit: &Audit<T>, listed_by: BlockNumberFor<T>) -> Vec<T::AccountId> {
		let drawn = |who: &T::AccountId| audit.auditors.iter().any(|auditor| auditor.account == *who);
		Auditors::<T>::get(audit.version)
			.into_iter()
			.filter(|listed| listed.since <= listed_by)
			.map(|listed| listed.account)
			.filter(|who| *who != audit.operator && !drawn(who) && T::Operators::is_active(who))
			.collect()
	}

	/// Draws up to `seats` of some auditors by the stake that is settled: a draw may be served when its number has been known for some
	/// blocks, and what was brought since must not choose. Who has none that is runs behind all others.
	pub(crate) fn draw_auditors(auditors: Vec<T::AccountId>, seats: u32, random: &[u8; 32]) -> Vec<T::AccountId> {
		let candidates: Vec<(T::AccountId, u128)> = auditors
			.into_iter()
			.map(|auditor| {
				let stake: u128 = T::Operators::settled_stake(&auditor).unique_saturated_into();
				(auditor, stake.max(1))
			})
			.collect();
		race(&candidates, random)
			.into_iter()
			.filter_map(|index| candidates.get(index))
			.map(|(auditor, _)| auditor.clone())
			.take(seats as usize)
			.collect()
	}
}
