//! What signing twice costs.

use crate::{
	AccountIdOf, BalanceOf, Barred, BarredValidators, Config, Event, LeaveReason, Offences, Pallet, SessionStarts,
};
use assay_protocol::operator::{Fault, Operators, Reporter};
use frame_support::{
	traits::{Get, ValidatorSet},
	weights::Weight,
};
use pallet_session::SessionInterface;
use sp_runtime::{
	traits::{UniqueSaturatedInto, Zero},
	PerThing, Perbill, Saturating,
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
			Self::punish(offender, *share, session, details.reporters.first());
		}
		// Reports carry the weight of their calls.
		Weight::zero()
	}
}

impl<T: Config> Pallet<T> {
	fn punish(offender: &AccountIdOf<T>, share: Perbill, session: SessionIndex, reporter: Option<&AccountIdOf<T>>) {
		let before = Offences::<T>::get(session, offender);
		if share <= before {
			return;
		}
		Offences::<T>::insert(session, offender, share);

		let reporter = reporter.map(|account| Reporter {
			account,
			share: T::ReporterShare::get(),
		});
		let age = Self::age_of(session);
		let amount = more(before, share).mul_ceil(T::Operators::at_risk(offender, age));
		let amount: BalanceOf<T> = match amount.is_zero() {
			true => amount,
			false => T::Operators::penalise_recent(offender, amount, Fault::Equivocation, age, reporter),
		};
		Self::bar(offender, share);
		Self::remove_candidate(offender, LeaveReason::Equivocated);
		Self::deposit_event(Event::Offended {
			validator: offender.clone(),
			session,
			share,
			amount,
		});
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

	/// Blocks since `session` began; all there were if that is not known any more.
	fn age_of(session: SessionIndex) -> u32 {
		let start = SessionStarts::<T>::get(session).unwrap_or_default();
		frame_system::Pallet::<T>::block_number()
			.saturating_sub(start)
			.unique_saturated_into()
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
