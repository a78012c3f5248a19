#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

#[cfg(test)]
mod tests;

pub use pallet::*;

use core::marker::PhantomData;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::Zero, Saturating};

/// A duration in milliseconds.
pub type Milliseconds = u64;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;

	/// Holds the durations.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// What lasts how long unless genesis says otherwise.
	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// A slot.
		type DefaultSlotDuration: Get<Milliseconds>;
		/// An epoch, in slots.
		type DefaultEpochSlots: Get<u64>;
		/// A staking period, in blocks.
		type DefaultStakingPeriod: Get<BlockNumberFor<Self>>;
		/// A window of blocks whose authors draw.
		type DefaultDrawWindow: Get<BlockNumberFor<Self>>;
		/// The time in which a worker may answer late.
		type DefaultGuiltPeriod: Get<BlockNumberFor<Self>>;
		/// What referenda count as a day, in blocks.
		type DefaultGovernanceDay: Get<BlockNumberFor<Self>>;
		/// Blocks for which a fault may be judged that stake answers for.
		type LongestJudgement: Get<BlockNumberFor<Self>>;
		/// Staking periods that stake which asked to leave waits, after the one in which it asked. No genesis says otherwise.
		type StakingPeriods: Get<u32>;
		/// Sessions that validators may be announced for at once. No genesis says otherwise.
		type SessionsOfSet: Get<u32>;
	}

	/// The duration of a slot in milliseconds.
	#[pallet::storage]
	pub type SlotDuration<T: Config> = StorageValue<_, Milliseconds, ValueQuery, T::DefaultSlotDuration>;

	/// The duration of an epoch in slots.
	#[pallet::storage]
	pub type EpochSlots<T: Config> = StorageValue<_, u64, ValueQuery, T::DefaultEpochSlots>;

	/// The stretch of blocks at the end of which stake that asked to leave begins to wait.
	#[pallet::storage]
	pub type StakingPeriod<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery, T::DefaultStakingPeriod>;

	/// The stretch of blocks from whose authors the numbers of a draw come.
	#[pallet::storage]
	pub type DrawWindow<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery, T::DefaultDrawWindow>;

	/// The stretch of blocks, from the first missed deadline of a question about a claim, in which its worker may answer late.
	#[pallet::storage]
	pub type GuiltPeriod<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery, T::DefaultGuiltPeriod>;

	/// The stretch of blocks that referenda count as a day.
	#[pallet::storage]
	pub type GovernanceDay<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery, T::DefaultGovernanceDay>;

	/// The durations at genesis.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// The duration of a slot: even and not zero.
		pub slot_duration_ms: Milliseconds,
		/// The number of slots in an epoch: not zero.
		pub epoch_slots: u64,
		/// The number of blocks in a staking period: not zero.
		pub staking_period: BlockNumberFor<T>,
		/// The number of blocks in a window of draws: not zero.
		pub draw_window: BlockNumberFor<T>,
		/// The number of blocks, from the first missed deadline of a question about a claim, in which its worker may answer late.
		pub guilt_period: BlockNumberFor<T>,
		/// The number of blocks that referenda count as a day: not zero.
		pub governance_day: BlockNumberFor<T>,
		/// Whether stake may leave before faults are judged: so that development and test chains see it leave. On no other.
		pub stake_may_escape: bool,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self {
				slot_duration_ms: T::DefaultSlotDuration::get(),
				epoch_slots: T::DefaultEpochSlots::get(),
				staking_period: T::DefaultStakingPeriod::get(),
				draw_window: T::DefaultDrawWindow::get(),
				guilt_period: T::DefaultGuiltPeriod::get(),
				governance_day: T::DefaultGovernanceDay::get(),
				stake_may_escape: false,
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
			assert!(!self.staking_period.is_zero(), "staking_period must not be zero");
			assert!(!self.draw_window.is_zero(), "draw_window must not be zero");
			assert!(!self.governance_day.is_zero(), "governance_day must not be zero");
			SlotDuration::<T>::put(self.slot_duration_ms);
			EpochSlots::<T>::put(self.epoch_slots);
			StakingPeriod::<T>::put(self.staking_period);
			DrawWindow::<T>::put(self.draw_window);
			GuiltPeriod::<T>::put(self.guilt_period);
			GovernanceDay::<T>::put(self.governance_day);
			let (waits, judged) = (UnbondingPeriod::<T>::get(), T::LongestJudgement::get());
			assert!(
				self.stake_may_escape || judged < waits,
				"stake would leave after {waits:?} blocks and faults are judged after {judged:?}: staking_period is too short"
			);
		}
	}
}

/// Half a slot: the shortest time between two blocks, from which BABE derives the slot.
pub struct MinimumPeriod<T>(PhantomData<T>);
impl<T: Config> Get<Milliseconds> for MinimumPeriod<T> {
	fn get() -> Milliseconds {
		SlotDuration::<T>::get() / 2
	}
}

/// The time BABE expects between blocks: a slot.
pub struct ExpectedBlockTime<T>(PhantomData<T>);
impl<T: Config> Get<Milliseconds> for ExpectedBlockTime<T> {
	fn get() -> Milliseconds {
		SlotDuration::<T>::get()
	}
}

/// The number of slots in an epoch.
pub struct EpochDuration<T>(PhantomData<T>);
impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		EpochSlots::<T>::get()
	}
}

/// Blocks of a staking period.
pub struct PeriodOfStaking<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumberFor<T>> for PeriodOfStaking<T> {
	fn get() -> BlockNumberFor<T> {
		StakingPeriod::<T>::get()
	}
}

/// Blocks of a window of draws.
pub struct WindowOfDraws<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumberFor<T>> for WindowOfDraws<T> {
	fn get() -> BlockNumberFor<T> {
		DrawWindow::<T>::get()
	}
}

/// Blocks in which a worker may answer late.
pub struct PeriodOfGuilt<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumberFor<T>> for PeriodOfGuilt<T> {
	fn get() -> BlockNumberFor<T> {
		GuiltPeriod::<T>::get()
	}
}

/// Blocks of so many staking periods.
fn staking_periods<T: Config>(periods: u32) -> BlockNumberFor<T> {
	StakingPeriod::<T>::get().saturating_mul(periods.into())
}

/// Blocks that stake which asked to leave waits at least.
pub struct UnbondingPeriod<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumberFor<T>> for UnbondingPeriod<T> {
	fn get() -> BlockNumberFor<T> {
		staking_periods::<T>(T::StakingPeriods::get())
	}
}

/// Blocks in which an equivocation can be reported: as long as stake answers for it.
pub struct ReportLongevity<T>(PhantomData<T>);
impl<T: Config> Get<u64> for ReportLongevity<T>
where
	BlockNumberFor<T>: Into<u64>,
{
	fn get() -> u64 {
		UnbondingPeriod::<T>::get().into()
	}
}

/// Blocks between the announcement of a higher commission and its effect: delegators who do not like it are out by then.
pub struct CommissionNotice<T>(PhantomData<T>);
impl<T: Config> Get<BlockNumberFor<T>> for CommissionNotice<T> {
	fn get() -> BlockNumberFor<T> {
		staking_periods::<T>(T::StakingPeriods::get().saturating_add(2))
	}
}

/// Sessions in which an offence can be reported: as long as the stake answers that stood behind the validators when they were announced,
/// which is a session before the first for which they were, and lasts [`Config::SessionsOfSet`]. Never fewer than two, so that it can be
/// in the session after it; stake may be free by then where genesis has it wait for so short a time.
pub struct ReportableSessions<T>(PhantomData<T>);
impl<T: Config> Get<u32> for ReportableSessions<T>
where
	BlockNumberFor<T>: Into<u64>,
{
	fn get() -> u32 {
		let waits: u64 = UnbondingPeriod::<T>::get().into();
		let sessions = waits.checked_div(EpochSlots::<T>::get()).unwrap_or_default();
		let announced = T::SessionsOfSet::get().saturating_add(1);
		u32::try_from(sessions)
			.unwrap_or(u32::MAX)
			.saturating_sub(announced)
			.max(2)
	}
}

impl<T: Config> Get<u64> for ReportableSessions<T>
where
	BlockNumberFor<T>: Into<u64>,
{
	fn get() -> u64 {
		<Self as Get<u32>>::get().into()
	}
}

/// Sessions after which an offence is paid for: most of those in which it can be reported, so that there is time to see whether it was a
/// fault of the software. None where stake waits for so short a time.
pub struct SlashDeferral<T>(PhantomData<T>);
impl<T: Config> Get<u32> for SlashDeferral<T>
where
	BlockNumberFor<T>: Into<u64>,
{
	fn get() -> u32 {
		<ReportableSessions<T> as Get<u32>>::get().saturating_sub(2)
	}
}
