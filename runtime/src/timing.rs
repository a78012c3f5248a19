//! How long slots and epochs last on this chain: chosen at genesis, fixed afterwards.
//!
//! BABE reads both through its runtime API and derives the slot from the timestamp, so a change on
//! a running chain would stop it. Hence no call writes them.

pub use pallet::*;

use crate::time::{Milliseconds, DEFAULT_EPOCH_SLOTS, DEFAULT_SLOT_DURATION};
use frame_support::traits::Get;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, traits::ConstU64};

	/// Holds the durations.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Needs nothing.
	#[pallet::config]
	pub trait Config: frame_system::Config {}

	/// The duration of a slot in milliseconds.
	#[pallet::storage]
	pub type SlotDuration<T> = StorageValue<_, Milliseconds, ValueQuery, ConstU64<DEFAULT_SLOT_DURATION>>;

	/// The duration of an epoch in slots.
	#[pallet::storage]
	pub type EpochSlots<T> = StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_EPOCH_SLOTS>>;

	/// The durations at genesis.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The duration of a slot: even and not zero.
		pub slot_duration_ms: Milliseconds,
		/// The number of slots in an epoch: not zero.
		pub epoch_slots: u64,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				slot_duration_ms: DEFAULT_SLOT_DURATION,
				epoch_slots: DEFAULT_EPOCH_SLOTS,
				_config: Default::default(),
			}
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(
				self.slot_duration_ms > 0 && self.slot_duration_ms.is_multiple_of(2),
				"slot_duration_ms is {}: it must be even and not zero, for BABE takes it as twice \
                 the shortest time between blocks",
				self.slot_duration_ms
			);
			assert!(self.epoch_slots > 0, "epoch_slots must not be zero");
			SlotDuration::<T>::put(self.slot_duration_ms);
			EpochSlots::<T>::put(self.epoch_slots);
		}
	}
}

/// Half a slot: the shortest time between two blocks, from which BABE derives the slot.
pub struct MinimumPeriod<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<Milliseconds> for MinimumPeriod<T> {
	fn get() -> Milliseconds {
		SlotDuration::<T>::get() / 2
	}
}

/// The time BABE expects between blocks: a slot.
pub struct ExpectedBlockTime<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<Milliseconds> for ExpectedBlockTime<T> {
	fn get() -> Milliseconds {
		SlotDuration::<T>::get()
	}
}

/// The number of slots in an epoch.
pub struct EpochDuration<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		EpochSlots::<T>::get()
	}
}
