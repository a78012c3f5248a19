#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

#[cfg(test)]
mod tests;

use codec::FullCodec;
use frame_support::{
	storage::{StorageMap, StorageValue, TryAppendMap},
	traits::Get,
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use sp_runtime::{
	traits::{AtLeast32BitUnsigned, One},
	Saturating,
};

/// How many full blocks are passed over before an item stays unbooked.
pub const SPILL: u32 = 32;

/// Where an agenda is stored.
pub trait Agenda {
	/// Height of a block.
	type BlockNumber: AtLeast32BitUnsigned + FullCodec + Copy;
	/// Identifies an item.
	type Id: FullCodec + PartialEq + Copy;
	/// Items booked for one block at most.
	type Size: Get<u32>;
	/// The items booked for a block.
	type Slots: StorageMap<Self::BlockNumber, BoundedVec<Self::Id, Self::Size>, Query = BoundedVec<Self::Id, Self::Size>>
		+ TryAppendMap<Self::BlockNumber, BoundedVec<Self::Id, Self::Size>, Self::Id>;
	/// The first block whose agenda may not be done; none before the first item.
	type Cursor: StorageValue<Self::BlockNumber, Query = Option<Self::BlockNumber>>;
}

/// What serving an agenda takes.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
	/// Looking whether there is anything.
	pub base: Weight,
	/// Taking the agenda of one block, and writing back what is left of it.
	pub slot: Weight,
	/// Looking at one item, at most.
	pub item: Weight,
}

impl Costs {
	/// What it takes at least when one item is due.
	pub fn minimum(&self) -> Weight {
		self.base.saturating_add(self.slot).saturating_add(self.item)
	}
}

/// Books an item that is in no agenda for the first block from `due_at` that has room, and that is after `now`, whose
/// agenda has been served or is being served. Returns that block; `None` if too many are full.
pub fn book<A: Agenda>(id: A::Id, due_at: A::BlockNumber, now: A::BlockNumber) -> Option<A::BlockNumber> {
	let next = now.saturating_add(One::one());
	if !A::Cursor::exists() {
		A::Cursor::put(next);
	}
	let mut slot = due_at.max(next);
	for _ in 0..=SPILL {
		if A::Slots::try_append(slot, id).is_ok() {
			return Some(slot);
		}
		slot = slot.saturating_add(One::one());
	}
	None
}

/// Takes an item out of the agenda of the block that it was booked for.
pub fn unbook<A: Agenda>(id: A::Id, slot: A::BlockNumber) {
	A::Slots::mutate_exists(slot, |entry| {
		if let Some(items) = entry {
			items.retain(|item| *item != id);
			if items.is_empty() {
				*entry = None;
			}
		}
	});
}

/// Looks at what was booked for the blocks up to `now`, in order, as long as the meter allows. `look` is given each item
/// once, no longer booked, and returns what it took.
pub fn serve<A: Agenda>(
	now: A::BlockNumber,
	meter: &mut WeightMeter,
	costs: Costs,
	mut look: impl FnMut(A::Id) -> Weight,
) {
	if meter.try_consume(costs.base).is_err() {
		return;
	}
	let Some(mut slot) = A::Cursor::get() else {
		return;
	};
	while slot <= now {
		if meter.try_consume(costs.slot).is_err() || serve_slot::<A>(slot, meter, costs.item, &mut look) {
			break;
		}
		slot = slot.saturating_add(One::one());
	}
	A::Cursor::put(slot);
}

/// Serves the agenda of one block and says whether something is left of it.
fn serve_slot<A: Agenda>(
	slot: A::BlockNumber,
	meter: &mut WeightMeter,
	most: Weight,
	look: &mut impl FnMut(A::Id) -> Weight,
) -> bool {
	let mut items = A::Slots::take(slot);
	let mut served = 0;
	for id in items.iter() {
		if !meter.can_consume(most) {
			break;
		}
		meter.consume(look(*id));
		served += 1;
	}
	items.drain(..served);
	let left = !items.is_empty();
	if left {
		A::Slots::insert(slot, items);
	}
	left
}
