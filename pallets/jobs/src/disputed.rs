//! The claims of jobs as the disputes and audits pallets see them.

use crate::{
	types::{BalanceOf, Job, Lateness},
	Claims, Config, Error, Event, Jobs, LateAnswers, Load, Pallet,
};
use assay_exact::ComputeUnits;
use assay_protocol::{
	audit::Audits,
	channel::{Revealed, RevealedUnit},
	dispute::{said, Allowance, Claims as DisputedClaims, OpenBatch, OpenClaim},
	job::JobState,
	operator::Reporter,
	Attempt, JobId,
};
use frame_support::{defensive, ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, DispatchError, DispatchResult, Saturating};

impl<T: Config> Pallet<T> {
	/// The time for so much to do, of which so much is about the job that is asked about last.
	fn allowance(load: u64, units: ComputeUnits) -> Allowance<BlockNumberFor<T>> {
		let (all, this) = (Self::run(ComputeUnits(load)), Self::run(units));
		let run = all.min(T::MaxLoad::get()).max(this);
		Allowance {
			run,
			enough: run >= all,
		}
	}
}

impl<T: Config> DisputedClaims<T::AccountId, BalanceOf<T>, BlockNumberFor<T>> for Pallet<T> {
	fn claim(id: JobId) -> Option<OpenClaim<T::AccountId, BalanceOf<T>, BlockNumberFor<T>>> {
		let job = Jobs::<T>::get(id)?;
		let units = Self::units_to_run(id, &job);
		match job.state {
			JobState::Claimed { operator, final_at, .. } => Some(OpenClaim {
				operator,
				fee: job.fee?,
				claim: Self::disputed_claim(id)?,
				closes_at: final_at,
				run: Self::run(units),
				units,
			}),
			_ => None,
		}
	}

	fn batch(id: JobId) -> Option<OpenBatch<T::AccountId, BalanceOf<T>>> {
		Self::open_batch(id)
	}

	fn is_of_batch(id: JobId, unit: u64, opened: &RevealedUnit) -> bool {
		Self::is_of_open_batch(id, unit, opened)
	}

	fn reveal(id: JobId, revealed: Revealed) -> DispatchResult {
		Self::reveal_receipt(id, revealed)
	}

	fn hold(id: JobId) -> DispatchResult {
		Jobs::<T>::try_mutate(id, |job| {
			let job = job.as_mut().ok_or(Error::<T>::UnknownJob)?;
			ensure!(matches!(job.state, JobState::Claimed { .. }), Error::<T>::NotClaimed);
			job.holds = job.holds.checked_add(1).ok_or(DispatchError::Exhausted)?;
			// It waits for the last that holds it, not for the agenda.
			Self::unbook(id, job);
			Ok(())
		})
	}

	fn answers_until(id: JobId, deadline: BlockNumberFor<T>) -> BlockNumberFor<T> {
		let lateness = Jobs::<T>::get(id).map(|job| job.lateness).unwrap_or_default();
		// Whoever holds receipts may present many at once: nobody waits for money behind them, so there is time to answer all.
		let period = match Self::is_presented(id) {
			true => T::GuiltPeriod::get().max(T::PresentedGuiltPeriod::get()),
			false => T::GuiltPeriod::get(),
		};
		lateness.ends(deadline, period)
	}

	fn longest_load() -> BlockNumberFor<T> {
		T::MaxLoad::get()
	}

	fn guilt_period() -> BlockNumberFor<T> {
		T::GuiltPeriod::get()
	}

	fn late(id: JobId, attempt: Attempt, operator: &T::AccountId, deadline: BlockNumberFor<T>) {
		Self::change_lateness(id, attempt, |lateness| lateness.begin(deadline));
		LateAnswers::<T>::mutate(operator, |late| *late = late.saturating_add(1));
	}

	fn caught_up(id: JobId, attempt: Attempt, operator: &T::AccountId) {
		let now = frame_system::Pallet::<T>::block_number();
		Self::change_lateness(id, attempt, |lateness| lateness.end(now));
		LateAnswers::<T>::mutate_exists(operator, |late| {
			*late = late.and_then(|late| late.checked_sub(1)).filter(|late| *late > 0);
		});
	}

	fn seen(operator: &T::AccountId) {
		Self::note_seen(operator);
	}

	fn asked(who: &T::AccountId, units: ComputeUnits) -> Allowance<BlockNumberFor<T>> {
		let load = Load::<T>::mutate(who, |load| {
			*load = load.saturating_add(Self::load(units));
			*load
		});
		Self::allowance(load, units)
	}

	fn has_room(who: &T::AccountId, units: ComputeUnits) -> bool {
		let load = Load::<T>::get(who).saturating_add(Self::load(units));
		Self::allowance(load, units).enough
	}

	fn asked_no_more(who: &T::AccountId, units: ComputeUnits) {
		Load::<T>::mutate_exists(who, |load| {
			*load = load
				.map(|load| load.saturating_sub(Self::load(units)))
				.filter(|load| *load > 0);
		});
	}

	fn let_go(id: JobId, attempt: Attempt) {
		let Some(mut job) = Jobs::<T>::get(id).filter(|job| job.attempt == attempt) else {
			return;
		};
		let JobState::Claimed { final_at, .. } = job.state else {
			return;
		};
		let Some(left) = job.holds.checked_sub(1) else {
			defensive!("what was held is let go of once", id);
			return;
		};
		job.holds = left;
		if left == 0 {
			let now = Self::now();
			Self::book(id, &mut job, final_at.max(now.saturating_add(One::one())), now);
		}
		Jobs::<T>::insert(id, job);
	}

	fn strike_down(id: JobId, reporter: Option<Reporter<'_, T::AccountId>>) -> Result<BalanceOf<T>, DispatchError> {
		Self::strike(id, false, reporter)
	}

	fn strike_down_silent(
		id: JobId,
		reporter: Option<Reporter<'_, T::AccountId>>,
	) -> Result<BalanceOf<T>, DispatchError> {
		Self::strike(id, true, reporter)
	}
}

impl<T: Config> Pallet<T> {
	/// Strikes a claim down.
	fn strike(
		id: JobId,
		silent: bool,
		reporter: Option<Reporter<'_, T::AccountId>>,
	) -> Result<BalanceOf<T>, DispatchError> {
		let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::UnknownJob)?;
		let JobState::Claimed { operator, price, .. } = job.state.clone() else {
			return Err(Error::<T>::NotClaimed.into());
		};
		// Before the next attempt is assigned, for which it may weigh less.
		let penalty = Self::punish(id, &job, &operator, silent, reporter);
		Self::no_longer_presented(id);
		Self::uncommit(&operator, price, &job)?;
		Self::no_longer_claimed(id, &operator);
		let said = Claims::<T>::take(id).map(|claim| said(&claim.output, &claim.trace));
		job.holds = 0;
		Self::unbook(id, &mut job);
		Self::deposit_event(Event::ClaimStruckDown {
			job: id,
			attempt: job.attempt,
			operator: operator.clone(),
			penalty,
		});
		T::Audits::struck_down(id, job.attempt, &operator, said.unwrap_or_default());
		Self::begin_next_attempt(id, job, operator, Self::now())?;
		Ok(penalty)
	}
}

impl<T: Config> Pallet<T> {
	/// Changes how late the operator of this attempt's claim has been; nothing if the claim is gone.
	fn change_lateness(id: JobId, attempt: Attempt, change: impl FnOnce(&mut Lateness<BlockNumberFor<T>>)) {
		Jobs::<T>::mutate(id, |job| {
			let claimed = |job: &&mut Job<T>| job.attempt == attempt && matches!(job.state, JobState::Claimed { .. });
			if let Some(job) = job.as_mut().filter(claimed) {
				change(&mut job.lateness);
			}
		});
	}
}
