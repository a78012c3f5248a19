//! The agenda: which disputes to look at in which block, a bounded number in each.
//!
//! A dispute is in it once, from its opening to its pruning. A move does not book it again: a dispute that is looked at
//! before its clock has run out is booked for when it will have, and an ended one for when it is to be forgotten.

use crate::{types::Status, Agenda, AgendaCursor, Config, Dispute, Disputes, Pallet, WeightInfo};
use assay_protocol::DisputeId;
use frame_support::{
	defensive,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, Saturating};

/// How many full agendas are passed over before a dispute stays unbooked, to be ended by whoever cares.
pub(crate) const SPILL: u32 = 32;

impl<T: Config> Pallet<T> {
	/// Has a dispute that is in no agenda looked at from `due_at`. Changes `dispute` but does not store it.
	pub(crate) fn book(id: DisputeId, dispute: &mut Dispute<T>, due_at: BlockNumberFor<T>, now: BlockNumberFor<T>) {
		// The agenda of the present block has been served, or is being served.
		let next = now.saturating_add(One::one());
		if !AgendaCursor::<T>::exists() {
			AgendaCursor::<T>::put(next);
		}
		let mut slot = due_at.max(next);
		for _ in 0..=SPILL {
			if Agenda::<T>::try_append(slot, id).is_ok() {
				dispute.booked_at = Some(slot);
				return;
			}
			slot = slot.saturating_add(One::one());
		}
		log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: dispute {id} waits for a call of expire");
	}

	/// Takes a dispute out of the agenda. Changes `dispute` but does not store it.
	pub(crate) fn unbook(id: DisputeId, dispute: &mut Dispute<T>) {
		let Some(slot) = dispute.booked_at.take() else {
			return;
		};
		Agenda::<T>::mutate_exists(slot, |entry| {
			if let Some(disputes) = entry {
				disputes.retain(|dispute| *dispute != id);
				if disputes.is_empty() {
					*entry = None;
				}
			}
		});
	}

	/// What the agenda takes at least when one dispute is due.
	pub(crate) fn agenda_minimum() -> Weight {
		T::WeightInfo::serve_agenda_base()
			.saturating_add(T::WeightInfo::serve_slot(T::AgendaSize::get()))
			.saturating_add(Self::look_weight())
	}

	/// What looking at one dispute takes at most: its step and booking it again.
	fn look_weight() -> Weight {
		Self::step_weight().saturating_add(T::WeightInfo::rebook())
	}

	/// Serves the agendas up to that of the present block in order, as long as the meter allows; what is left is first in
	/// the next block.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::serve_agenda_base()).is_err() {
			return;
		}
		let Some(mut slot) = AgendaCursor::<T>::get() else {
			return;
		};
		while slot <= now {
			let enough = meter.try_consume(T::WeightInfo::serve_slot(T::AgendaSize::get()));
			if enough.is_err() || Self::serve_slot(slot, now, meter) {
				break;
			}
			slot = slot.saturating_add(One::one());
		}
		AgendaCursor::<T>::put(slot);
	}

	/// Serves one agenda and says whether something is left of it.
	pub(crate) fn serve_slot(slot: BlockNumberFor<T>, now: BlockNumberFor<T>, meter: &mut WeightMeter) -> bool {
		let mut disputes = Agenda::<T>::take(slot);
		let mut served = 0;
		for id in disputes.iter() {
			if !meter.can_consume(Self::look_weight()) {
				break;
			}
			meter.consume(Self::look_at(*id, now));
			served += 1;
		}
		disputes.drain(..served);
		let left = !disputes.is_empty();
		if left {
			Agenda::<T>::insert(slot, disputes);
		}
		left
	}

	/// Does what is due for one dispute that was taken from the agenda, books when to look again, and returns what it took.
	fn look_at(id: DisputeId, now: BlockNumberFor<T>) -> Weight {
		let Some(mut dispute) = Disputes::<T>::get(id) else {
			defensive!("a dispute in the agenda is stored", id);
			return Self::look_weight();
		};
		dispute.booked_at = None;
		let mut took = T::WeightInfo::rebook();
		match with_storage_layer(|| Self::step(id, dispute.clone(), now)) {
			Ok(Some(step)) => took = took.saturating_add(step.weight::<T>()),
			// Finding that nothing is due costs what finding that it is moot does.
			Ok(None) => took = took.saturating_add(T::WeightInfo::expire_moot()),
			Err(error) => {
				log::error!(target: LOG_TARGET, "dispute {id} cannot be ended: {error:?}");
				Self::book(id, &mut dispute, now.saturating_add(T::MovePeriod::get()), now);
				Disputes::<T>::insert(id, dispute);
				return Self::look_weight();
			}
		}
		// Unless it was pruned.
		if let Some(mut dispute) = Disputes::<T>::get(id) {
			let again = match dispute.status {
				Status::Open(_) => dispute.deadline.saturating_add(One::one()),
				Status::Over { kept_until, .. } => kept_until,
			};
			// The step stored it without a booking, or did not store it.
			dispute.booked_at = None;
			Self::book(id, &mut dispute, again, now);
			Disputes::<T>::insert(id, dispute);
		}
		took
	}
}

const LOG_TARGET: &str = "runtime::disputes";
