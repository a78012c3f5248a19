//! What signing twice costs, and when.

use crate::{
	AccountIdOf, BalanceOf, Barred, BarredValidators, Config, EndedAt, Error, Event, LeaveReason, Offence, Offences,
	Pallet, PlannedAt,
};
use alloc::vec::Vec;
use assay_protocol::{
	operator::{Fault, Operators, Reporter},
	stake::PendingSlash,
};
use frame_support::{
	traits::{Get, ValidatorSet},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::SessionInterface;
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	DispatchError, PerThing, Perbill, Saturating,
};
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	SessionIndex,
};

impl<T: Config> OnOffenceHandler<AccountIdOf<T>, (AccountIdOf<T>, ()), Weight> for Pallet<T> {
	/// The same offender comes again, with a larger share, when others are found to have offended at the same time. For
	/// all it did in a session it loses the largest share once.
	fn on_offence(
		offenders: &[OffenceDetails<AccountIdOf<T>, (AccountIdOf<T>, ())>],
		shares: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		for (details, share) in offenders.iter().zip(shares) {
			let (offender, ()) = &details.offender;
			Self::note_offence(offender, *share, session, details.reporters.first());
		}
		// Reports carry the weight of their calls.
		Weight::zero()
	}
}

impl<T: Config> Pallet<T> {
	/// Disables an offender, and has it pay when that is due: at once if it is.
	fn note_offence(
		offender: &AccountIdOf<T>,
		share: Perbill,
		session: SessionIndex,
		reporter: Option<&AccountIdOf<T>>,
	) {
		let mut offence = Offences::<T>::get(session, offender).unwrap_or_else(|| Offence {
			share: Perbill::zero(),
			settled: Perbill::zero(),
			reporter: reporter.cloned(),
		});
		if share <= offence.share {
			return;
		}
		offence.share = share;
		Offences::<T>::insert(session, offender, offence);
		Self::bar(offender, share);
		Self::remove_candidate(offender, LeaveReason::Equivocated);
		let due = Self::due(session);
		Self::deposit_event(Event::Offended {
			validator: offender.clone(),
			session,
			share,
			due,
		});
		if due <= <T::Session as ValidatorSet<AccountIdOf<T>>>::session_index() {
			Self::apply_slash(session, offender);
		}
	}

	/// The session with whose start an offence of `session` is paid for.
	pub(crate) fn due(session: SessionIndex) -> SessionIndex {
		session.saturating_add(T::SlashDeferral::get())
	}

	/// Has everybody pay whose offence is due with the start of `session`.
	pub(crate) fn apply_slashes(session: SessionIndex) {
		let Some(of) = session.checked_sub(T::SlashDeferral::get()) else {
			return;
		};
		let offenders: Vec<_> = Offences::<T>::iter_key_prefix(of).collect();
		for offender in offenders {
			Self::apply_slash(of, &offender);
		}
	}

	/// Takes what an offender owes for a session; nothing the second time.
	fn apply_slash(session: SessionIndex, offender: &AccountIdOf<T>) {
		let Some(mut offence) = Offences::<T>::get(session, offender).filter(|of| of.share > of.settled) else {
			return;
		};
		let reporter = offence.reporter.as_ref().map(|account| Reporter {
			account,
			share: T::ReporterShare::get(),
		});
		let (age, amount) = Self::owed(session, offender, &offence);
		let amount: BalanceOf<T> = match amount.is_zero() {
			true => amount,
			false => {
				let done = Self::blocks_since(EndedAt::<T>::get(session)).unwrap_or_default();
				T::Operators::penalise_done(offender, amount, Fault::Equivocation, age, done, reporter)
			}
		};
		offence.settled = offence.share;
		Self::deposit_event(Event::Slashed {
			validator: offender.clone(),
			session,
			share: offence.share,
			amount,
		});
		Offences::<T>::insert(session, offender, offence);
	}

	/// The blocks since the offender was elected for `session`, and what of the stake that answers since then is owed.
	fn owed(
		session: SessionIndex,
		offender: &AccountIdOf<T>,
		offence: &Offence<AccountIdOf<T>>,
	) -> (u32, BalanceOf<T>) {
		let age = Self::age_of(session);
		let share = more(offence.settled, offence.share);
		(age, share.mul_ceil(T::Operators::at_risk(offender, age)))
	}

	/// Waives what an offence is to cost, and returns the share.
	pub(crate) fn cancel(session: SessionIndex, offender: &AccountIdOf<T>) -> Result<Perbill, DispatchError> {
		Offences::<T>::try_mutate(session, offender, |offence| {
			let offence = offence.as_mut().filter(|of| of.share > of.settled);
			let offence = offence.ok_or(Error::<T>::NoPendingSlash)?;
			offence.settled = offence.share;
			Ok(offence.share)
		})
	}

	/// What offences are to cost that are not paid for, the next due first.
	pub fn pending_slashes() -> Vec<PendingSlash<AccountIdOf<T>, BalanceOf<T>>> {
		let mut pending: Vec<_> = Offences::<T>::iter()
			.filter(|(.., offence)| offence.share > offence.settled)
			.map(|(session, validator, offence)| PendingSlash {
				session,
				due: Self::due(session),
				share: offence.share,
				amount: Self::owed(session, &validator, &offence).1,
				reporter: offence.reporter,
				validator,
			})
			.collect();
		pending.sort_by(|one, other| (one.due, &one.validator).cmp(&(other.due, &other.validator)));
		pending
	}

	/// Disables an offender in the present session and the next, which is planned already.
	fn bar(offender: &AccountIdOf<T>, share: Perbill) {
		let severity = BarredValidators::<T>::get(offender).map_or(share, |barred| barred.severity.max(share));
		let barred = Barred {
			until: <T::Session as ValidatorSet<AccountIdOf<T>>>::session_index().saturating_add(1),
			severity,
		};
		BarredValidators::<T>::insert(offender, barred);
		T::Session::report_offence(offender.clone(), OffenceSeverity(severity));
	}

	/// Blocks since the set of `session` was planned; all there were if that is not known any more.
	fn age_of(session: SessionIndex) -> u32 {
		let planned = PlannedAt::<T>::get(session).unwrap_or_default();
		Self::blocks_since(Some(planned)).unwrap_or_default()
	}

	fn blocks_since(block: Option<BlockNumberFor<T>>) -> Option<u32> {
		let now = frame_system::Pallet::<T>::block_number();
		Some(now.saturating_sub(block?).unique_saturated_into())
	}
}

/// The share of what is left to take when a share of `before` was taken and one of `now` is due.
fn more(before: Perbill, now: Perbill) -> Perbill {
	Perbill::from_rational(
		now.saturating_sub(before).deconstruct(),
		before.left_from_one().deconstruct(),
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn taking_in_two_steps_takes_as_much_as_in_one() {
		let percent = Perbill::from_percent;
		for (before, now) in [(0, 9), (10, 40), (50, 100), (56, 57)] {
			let (before, now) = (percent(before), percent(now));
			let left = before.left_from_one().mul_floor(1_000_000u32);
			let left = left - more(before, now).mul_floor(left);
			assert!(left.abs_diff(now.left_from_one().mul_floor(1_000_000u32)) <= 2);
		}
	}
}
