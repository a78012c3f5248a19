//! The agenda: which disputes to look at in which block, a bounded number in each.
//!
//! A dispute is in it once, from its opening to its pruning. A move does not book it again: a dispute that is looked at
//! before its clock has run out is booked for when it will have, and an ended one for when it is to be forgotten.

use crate::{types::Status, Agenda, AgendaCursor, Config, Dispute, Disputes, Pallet, WeightInfo};
use assay_agenda::Costs;
use assay_protocol::DisputeId;
use core::marker::PhantomData;
use frame_support::{
	defensive,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::One, Saturating};

/// The agenda of disputes.
pub(crate) struct Booking<T>(PhantomData<T>);

impl<T: Config> assay_agenda::Agenda for Booking<T> {
	type BlockNumber = BlockNumberFor<T>;
	type Id = DisputeId;
	type Size = T::AgendaSize;
	type Slots = Agenda<T>;
	type Cursor = AgendaCursor<T>;
}

impl<T: Config> Pallet<T> {
	/// Has a dispute that is in no agenda looked at from `due_at`. Changes `dispute` but does not store it.
	pub(crate) fn book(id: DisputeId, dispute: &mut Dispute<T>, due_at: BlockNumberFor<T>, now: BlockNumberFor<T>) {
		dispute.booked_at = assay_agenda::book::<Booking<T>>(id, due_at, now);
		if dispute.booked_at.is_none() {
			log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: dispute {id} waits for a call of expire");
		}
	}

	/// Takes a dispute out of the agenda. Changes `dispute` but does not store it.
	pub(crate) fn unbook(id: DisputeId, dispute: &mut Dispute<T>) {
		if let Some(slot) = dispute.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(id, slot);
		}
	}

	/// What the agenda takes.
	pub(crate) fn agenda_costs() -> Costs {
		Costs {
			base: T::WeightInfo::serve_agenda_base(),
			slot: T::WeightInfo::serve_slot(T::AgendaSize::get()),
			item: Self::look_weight(),
		}
	}

	/// What looking at one dispute takes at most: its step and booking it again.
	fn look_weight() -> Weight {
		Self::step_weight().saturating_add(T::WeightInfo::rebook())
	}

	/// Looks at the disputes that are due.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		assay_agenda::serve::<Booking<T>>(now, meter, Self::agenda_costs(), |id| Self::look_at(id, now));
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
				// Once for the worker's being late, once for its silence.
				Status::Open(_) if dispute.deadline < now => dispute.closes_at().saturating_add(One::one()),
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
