//! The invariants of the README, checked over the whole state.

use crate::{
	types::BalanceOf, Agenda, AgendaCursor, Brought, Claims, Config, Deposits, HoldReason, InFlight, Inputs, Jobs,
	JobsOf, NextJobId, OldestJobId, OpenClaims, Pallet, Receipts, SeenBefore,
};
use alloc::collections::BTreeMap;
use assay_protocol::{
	job::{JobState, RefundReason},
	JobId,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::{
	traits::{CheckedAdd, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_jobs()?;
		Self::check_indices()?;
		Self::check_escrow()
	}

	fn check_jobs() -> Result<(), TryRuntimeError> {
		let cursor = AgendaCursor::<T>::get();
		for (id, job) in Jobs::<T>::iter() {
			ensure!(
				OldestJobId::<T>::get() <= id && id < NextJobId::<T>::get(),
				"a job is outside the range of identifiers"
			);
			ensure!(Inputs::<T>::contains_key(id), "a job has no input");
			ensure!(
				JobsOf::<T>::contains_key(&job.consumer, id),
				"a job is not listed for its consumer"
			);
			let claimed = matches!(job.state, JobState::Claimed { .. } | JobState::Final { .. });
			ensure!(
				Claims::<T>::contains_key(id) == claimed,
				"a job has a claim although none was accepted, or none"
			);
			ensure!(
				job.fee.is_some() == claimed,
				"a job has a fee although there is no claim, or none"
			);
			ensure!(job.fee.is_none_or(|fee| fee <= job.max_fee), "a fee exceeds the escrow");
			ensure!(
				job.holds == 0 || matches!(job.state, JobState::Claimed { .. }),
				"a job without an open claim is held back"
			);
			let exhausted = matches!(
				job.state,
				JobState::Refunded {
					reason: RefundReason::AttemptsExhausted | RefundReason::OperatorFailed,
					..
				}
			);
			let failed = usize::from(job.attempt.0).saturating_add(usize::from(exhausted));
			ensure!(job.failed.len() == failed, "attempts and failures of a job differ");
			if let JobState::Assigned { operator, .. } = &job.state {
				let listed = InFlight::<T>::get(operator)
					.iter()
					.filter(|entry| **entry == (id, job.version))
					.count();
				ensure!(listed == 1, "an assigned job is not in flight exactly once");
			}
			if let Some(slot) = job.booked_at {
				ensure!(
					cursor.is_none_or(|cursor| cursor <= slot),
					"a job is booked for an agenda that is done"
				);
				ensure!(slot >= job.due_at, "a job is booked for before it is due");
				let booked = Agenda::<T>::get(slot).iter().filter(|booked| **booked == id).count();
				ensure!(booked == 1, "a booked job is not in its agenda exactly once");
			}
		}
		Ok(())
	}

	fn check_indices() -> Result<(), TryRuntimeError> {
		let (mut jobs, mut assigned, mut booked) = (0usize, 0usize, 0usize);
		let mut claims = BTreeMap::<T::AccountId, u32>::new();
		for (id, job) in Jobs::<T>::iter() {
			if let (JobState::Claimed { operator, .. }, false) = (&job.state, Self::is_presented(id)) {
				let count = claims.entry(operator.clone()).or_default();
				*count = count.saturating_add(1);
			}
			jobs = jobs.saturating_add(1);
			assigned = assigned.saturating_add(usize::from(matches!(job.state, JobState::Assigned { .. })));
			booked = booked.saturating_add(usize::from(job.booked_at.is_some()));
		}
		ensure!(
			claims == OpenClaims::<T>::iter().collect(),
			"operators have other open claims than are counted"
		);
		ensure!(
			Inputs::<T>::iter_keys().count() == jobs,
			"there are inputs without a job"
		);
		ensure!(
			JobsOf::<T>::iter_keys().count() == jobs,
			"consumers have jobs that are not stored"
		);
		ensure!(
			Brought::<T>::iter_keys().all(Jobs::<T>::contains_key),
			"what was brought is stored without a job"
		);
		let presented = |id: &JobId| {
			let claimed = Jobs::<T>::get(id).is_some_and(|job| matches!(job.state, JobState::Claimed { .. }));
			claimed && Self::is_presented(*id)
		};
		ensure!(
			Receipts::<T>::iter_values().all(|id| presented(&id)),
			"something is presented that is no open claim"
		);
		ensure!(
			Jobs::<T>::iter_keys()
				.filter(presented)
				.all(SeenBefore::<T>::contains_key)
				&& SeenBefore::<T>::iter_keys().all(|id| presented(&id)),
			"other receipts are open than are known to be"
		);
		ensure!(
			Claims::<T>::iter_keys().all(Jobs::<T>::contains_key),
			"there are claims without a job"
		);
		let in_flight: usize = InFlight::<T>::iter_values().map(|entries| entries.len()).sum();
		ensure!(in_flight == assigned, "jobs are in flight that are not assigned");
		let in_agenda: usize = Agenda::<T>::iter_values().map(|jobs| jobs.len()).sum();
		ensure!(in_agenda == booked, "agendas hold jobs that are not booked");
		Ok(())
	}

	fn check_escrow() -> Result<(), TryRuntimeError> {
		let mut owed: BTreeMap<T::AccountId, BalanceOf<T>> = Deposits::<T>::iter().collect();
		ensure!(
			owed.values().all(|deposit| !deposit.is_zero()),
			"nothing is held for channels and stored"
		);
		for job in Jobs::<T>::iter_values().filter(|job| job.is_unfinished()) {
			let sum = owed.entry(job.consumer.clone()).or_insert_with(Zero::zero);
			*sum = sum.checked_add(&job.max_fee).ok_or("escrows overflow")?;
		}
		let reason = HoldReason::Escrow.into();
		for account in frame_system::Account::<T>::iter_keys() {
			let held = T::Currency::balance_on_hold(&reason, &account);
			ensure!(
				owed.remove(&account).unwrap_or_else(Zero::zero) == held,
				"a hold differs from the sum of escrows and deposits"
			);
		}
		ensure!(
			owed.values().all(Zero::is_zero),
			"a consumer of an unfinished job has no account"
		);
		Ok(())
	}
}
