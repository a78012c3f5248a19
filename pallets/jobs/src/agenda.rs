//! The agenda: which jobs have something due at which block, served a bounded amount in each block.

use crate::{life::Step, Agenda, AgendaCursor, Config, Job, Jobs, Pallet, WeightInfo};
use assay_agenda::Costs;
use assay_protocol::{job::JobState, JobId};
use core::marker::PhantomData;
use frame_support::{
	defensive,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::Saturating;

/// The agenda of jobs.
pub(crate) struct Booking<T>(PhantomData<T>);

impl<T: Config> assay_agenda::Agenda for Booking<T> {
	type BlockNumber = BlockNumberFor<T>;
	type Id = JobId;
	type Size = T::AgendaSize;
	type Slots = Agenda<T>;
	type Cursor = AgendaCursor<T>;
}

impl<T: Config> Pallet<T> {
	/// Makes the next step of a job due at `due_at`. Changes `job` but does not store it.
	pub(crate) fn book(id: JobId, job: &mut Job<T>, due_at: BlockNumberFor<T>, now: BlockNumberFor<T>) {
		Self::unbook(id, job);
		job.due_at = due_at;
		job.booked_at = assay_agenda::book::<Booking<T>>(id, due_at, now);
		if job.booked_at.is_none() {
			log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: job {id} waits for a call of advance");
		}
	}

	/// Takes a job out of the agenda. Changes `job` but does not store it.
	pub(crate) fn unbook(id: JobId, job: &mut Job<T>) {
		if let Some(slot) = job.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(id, slot);
		}
	}

	/// What the agenda takes.
	pub(crate) fn agenda_costs() -> Costs {
		Costs {
			base: T::WeightInfo::serve_agenda_base(),
			slot: T::WeightInfo::serve_slot(T::AgendaSize::get()),
			item: Self::step_weight(),
		}
	}

	/// Serves the jobs that are due.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		assay_agenda::serve::<Booking<T>>(now, meter, Self::agenda_costs(), |id| Self::serve(id, now));
	}

	/// Does what is due for one job that was taken from the agenda, books what comes next, and returns what it took.
	fn serve(id: JobId, now: BlockNumberFor<T>) -> Weight {
		let Some(mut job) = Jobs::<T>::get(id) else {
			defensive!("a job in the agenda is stored", id);
			return Self::step_weight();
		};
		job.booked_at = None;
		let step = with_storage_layer(|| Self::step(id, job.clone(), now));
		let (again, took) = match step {
			Ok(Some(Step::Waited(offers))) => (Self::next_try(&job, now), Step::Waited(offers).weight::<T>()),
			Ok(Some(step)) => return step.weight::<T>(),
			Ok(None) => (job.due_at, T::WeightInfo::advance_assign(0)),
			Err(error) => {
				log::error!(target: LOG_TARGET, "job {id} cannot be advanced: {error:?}");
				(now.saturating_add(T::RetryPeriod::get()), Self::step_weight())
			}
		};
		Self::book(id, &mut job, again, now);
		Jobs::<T>::insert(id, job);
		took
	}
}

impl<T: Config> Pallet<T> {
	/// When an open job that found no operator is tried again: after as long as it has waited, so that who waits in vain
	/// takes little of the agenda, and not after its end.
	fn next_try(job: &Job<T>, now: BlockNumberFor<T>) -> BlockNumberFor<T> {
		let JobState::Open { expires } = job.state else {
			return job.due_at;
		};
		let since = expires.saturating_sub(T::OpenPeriod::get());
		let waited = now.saturating_sub(since);
		now.saturating_add(waited.max(T::RetryPeriod::get())).min(expires)
	}
}

const LOG_TARGET: &str = "runtime::jobs";
