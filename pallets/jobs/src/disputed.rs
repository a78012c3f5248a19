//! The claims of jobs as the disputes pallet sees them.

use crate::{Claims, Config, Error, Event, Jobs, Pallet};
use assay_protocol::{
	dispute::{Claims as DisputedClaims, OpenClaim},
	job::JobState,
	Attempt, JobId,
};
use frame_support::{defensive, ensure};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, DispatchError, DispatchResult, Saturating};

impl<T: Config> DisputedClaims<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn claim(id: JobId) -> Option<OpenClaim<T::AccountId, BlockNumberFor<T>>> {
		match Jobs::<T>::get(id)?.state {
			JobState::Claimed { operator, final_at, .. } => Some(OpenClaim {
				operator,
				claim: Self::disputed_claim(id)?,
				closes_at: final_at,
			}),
			_ => None,
		}
	}

	fn dispute_opened(id: JobId) -> DispatchResult {
		Jobs::<T>::try_mutate(id, |job| {
			let job = job.as_mut().ok_or(Error::<T>::UnknownJob)?;
			ensure!(matches!(job.state, JobState::Claimed { .. }), Error::<T>::NotClaimed);
			job.disputes = job.disputes.checked_add(1).ok_or(DispatchError::Exhausted)?;
			// It waits for the last dispute, not for the agenda.
			Self::unbook(id, job);
			Ok(())
		})
	}

	fn dispute_closed(id: JobId, attempt: Attempt) {
		let Some(mut job) = Jobs::<T>::get(id).filter(|job| job.attempt == attempt) else {
			return;
		};
		let JobState::Claimed { final_at, .. } = job.state else {
			return;
		};
		let Some(left) = job.disputes.checked_sub(1) else {
			defensive!("a dispute that was opened is closed once", id);
			return;
		};
		job.disputes = left;
		if left == 0 {
			let now = Self::now();
			Self::book(id, &mut job, final_at.max(now.saturating_add(One::one())), now);
		}
		Jobs::<T>::insert(id, job);
	}

	fn strike_down(id: JobId) -> DispatchResult {
		let mut job = Jobs::<T>::get(id).ok_or(Error::<T>::UnknownJob)?;
		let JobState::Claimed { operator, price, .. } = job.state.clone() else {
			return Err(Error::<T>::NotClaimed.into());
		};
		Self::uncommit(&operator, price, &job)?;
		Claims::<T>::remove(id);
		job.fee = None;
		job.disputes = 0;
		Self::deposit_event(Event::ClaimStruckDown {
			job: id,
			attempt: job.attempt,
			operator: operator.clone(),
		});
		Self::begin_next_attempt(id, job, operator, Self::now())?;
		Ok(())
	}
}
