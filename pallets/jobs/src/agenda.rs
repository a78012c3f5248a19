//! The agenda: which jobs have something due at which block, served a bounded amount in each block.

use crate::{Agenda, AgendaCursor, Config, Job, Jobs, Pallet, WeightInfo};
use assay_protocol::{job::JobState, JobId};
use frame_support::{
	defensive,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, Saturating};

/// How many full agendas are passed over before a job stays unbooked, to be advanced by whoever cares.
pub(crate) const SPILL: u32 = 32;

impl<T: Config> Pallet<T> {
	/// Makes the next step of a job due at `due_at`. Changes `job` but does not store it.
	pub(crate) fn book(id: JobId, job: &mut Job<T>, due_at: BlockNumberFor<T>, now: BlockNumberFor<T>) {
		Self::unbook(id, job);
		job.due_at = due_at;
		// The agenda of the present block has been served, or is being served.
		let next = now.saturating_add(One::one());
		if !AgendaCursor::<T>::exists() {
			AgendaCursor::<T>::put(next);
		}
		let mut slot = due_at.max(next);
		for _ in 0..=SPILL {
			if Agenda::<T>::try_append(slot, id).is_ok() {
				job.booked_at = Some(slot);
				return;
			}
			slot = slot.saturating_add(One::one());
		}
		log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: job {id} waits for a call of advance");
	}

	/// Takes a job out of the agenda. Changes `job` but does not store it.
	pub(crate) fn unbook(id: JobId, job: &mut Job<T>) {
		let Some(slot) = job.booked_at.take() else { return };
		Agenda::<T>::mutate_exists(slot, |entry| {
			if let Some(jobs) = entry {
				jobs.retain(|job| *job != id);
				if jobs.is_empty() {
					*entry = None;
				}
			}
		});
	}

	/// What the agenda takes at least when one job is due.
	pub(crate) fn agenda_minimum() -> Weight {
		T::WeightInfo::serve_agenda_base()
			.saturating_add(T::WeightInfo::serve_slot(T::AgendaSize::get()))
			.saturating_add(Self::step_weight())
	}

	/// Serves the agendas up to that of the present block in order, as long as the meter allows; what is left is first in
	/// the next block.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::serve_agenda_base()).is_err() {
			return;
		}
		let mut slot = AgendaCursor::<T>::get().unwrap_or(now);
		while slot <= now {
			if meter
				.try_consume(T::WeightInfo::serve_slot(T::AgendaSize::get()))
				.is_err()
			{
				break;
			}
			let left = Self::serve_slot(slot, now, meter);
			if left {
				break;
			}
			slot = slot.saturating_add(One::one());
		}
		AgendaCursor::<T>::put(slot);
	}

	/// Serves one agenda and says whether something is left of it.
	pub(crate) fn serve_slot(slot: BlockNumberFor<T>, now: BlockNumberFor<T>, meter: &mut WeightMeter) -> bool {
		let mut jobs = Agenda::<T>::take(slot);
		let mut served = 0;
		for id in jobs.iter() {
			if !meter.can_consume(Self::step_weight()) {
				break;
			}
			meter.consume(Self::serve(*id, now));
			served += 1;
		}
		jobs.drain(..served);
		let left = !jobs.is_empty();
		if left {
			Agenda::<T>::insert(slot, jobs);
		}
		left
	}

	/// Does what is due for one job that was taken from the agenda, books what comes next, and returns what it took.
	fn serve(id: JobId, now: BlockNumberFor<T>) -> Weight {
		let Some(mut job) = Jobs::<T>::get(id) else {
			defensive!("a job in the agenda is stored", id);
			return Self::step_weight();
		};
		job.booked_at = None;
		let step = with_storage_layer(|| Self::step(id, job.clone(), now));
		let again = match step {
			Ok(Some(step)) => return step.weight::<T>(),
			// An open job that found no operator is tried again; any other is booked for when it is due.
			Ok(None) => match job.state {
				JobState::Open { expires } => now.saturating_add(T::RetryPeriod::get()).min(expires),
				_ => job.due_at,
			},
			Err(error) => {
				log::error!(target: LOG_TARGET, "job {id} cannot be advanced: {error:?}");
				now.saturating_add(T::RetryPeriod::get())
			}
		};
		Self::book(id, &mut job, again, now);
		Jobs::<T>::insert(id, job);
		Self::step_weight()
	}
}

const LOG_TARGET: &str = "runtime::jobs";
