//! How long slots, epochs and unbonding last on this chain: chosen at genesis, fixed afterwards.
//!
//! BABE reads slots and epochs through its runtime API and derives the slot from the timestamp, so a change on
//! a running chain would stop it; stake that is leaving is counted in periods of one length. Hence no call writes them.

pub use pallet::*;

use crate::{
	time::{Milliseconds, DEFAULT_EPOCH_SLOTS, DEFAULT_SLOT_DURATION, DEFAULT_STAKING_PERIOD, STAKING_PERIODS},
	BlockNumber,
};
use frame_support::traits::Get;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::{ConstU32, ConstU64},
	};

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

	/// The stretch of blocks at the end of which stake that asked to leave begins to wait.
	#[pallet::storage]
	pub type StakingPeriod<T> = StorageValue<_, BlockNumber, ValueQuery, ConstU32<DEFAULT_STAKING_PERIOD>>;

	/// The durations at genesis.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The duration of a slot: even and not zero.
		pub slot_duration_ms: Milliseconds,
		/// The number of slots in an epoch: not zero.
		pub epoch_slots: u64,
		/// The number of blocks in a staking period: not zero.
		pub staking_period: BlockNumber,
		#[serde(skip)]
		#[doc(hidden)]
		pub _config: core::marker::PhantomData<T>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				slot_duration_ms: DEFAULT_SLOT_DURATION,
				epoch_slots: DEFAULT_EPOCH_SLOTS,
				staking_period: DEFAULT_STAKING_PERIOD,
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
			assert!(self.staking_period > 0, "staking_period must not be zero");
			SlotDuration::<T>::put(self.slot_duration_ms);
			EpochSlots::<T>::put(self.epoch_slots);
			StakingPeriod::<T>::put(self.staking_period);
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

/// Blocks of a staking period.
pub struct PeriodOfStaking<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<BlockNumber> for PeriodOfStaking<T> {
	fn get() -> BlockNumber {
		StakingPeriod::<T>::get()
	}
}

/// Blocks that stake which asked to leave waits at least.
pub struct UnbondingPeriod<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<BlockNumber> for UnbondingPeriod<T> {
	fn get() -> BlockNumber {
		StakingPeriod::<T>::get().saturating_mul(STAKING_PERIODS)
	}
}

/// The same for the validity of a report, which is counted in wider numbers.
impl<T: Config> Get<u64> for UnbondingPeriod<T> {
	fn get() -> u64 {
		<Self as Get<BlockNumber>>::get().into()
	}
}

/// Blocks between the announcement of a higher commission and its effect: delegators who do not like it are out by then.
pub struct CommissionNotice<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<BlockNumber> for CommissionNotice<T> {
	fn get() -> BlockNumber {
		StakingPeriod::<T>::get().saturating_mul(STAKING_PERIODS.saturating_add(2))
	}
}

/// Sessions in which an offence can be reported: as many as begin while stake answers for it.
pub struct ReportableSessions<T>(core::marker::PhantomData<T>);
impl<T: Config> Get<u32> for ReportableSessions<T> {
	fn get() -> u32 {
		let blocks: u64 = UnbondingPeriod::<T>::get();
		let sessions = blocks.checked_div(EpochSlots::<T>::get()).unwrap_or_default();
		u32::try_from(sessions).unwrap_or(u32::MAX).saturating_add(1)
	}
}

impl<T: Config> Get<u64> for ReportableSessions<T> {
	fn get() -> u64 {
		<Self as Get<u32>>::get().into()
	}
}
