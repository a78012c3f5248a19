#![cfg_attr(not(feature = "std"), no_std)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(test)]
mod tests;

pub use pallet::*;

use alloc::vec::Vec;
use assay_protocol::Beacon;
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{traits::Get, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_core::{ConstU32, H256};
use sp_runtime::{
	traits::{CheckedSub, One, Zero},
	Saturating,
};

/// Authors whose outputs make a number.
pub const AUTHORS: u32 = 8;
/// Authors that a window keeps at most: one of them may be the maker of what is drawn on.
pub const KEPT_AUTHORS: u32 = AUTHORS + 1;

/// The outputs of the first authors of a stretch of blocks.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Window<AccountId> {
	/// Each author once, with the output of its first block, in the order of blocks.
	pub outputs: BoundedVec<(AccountId, H256), ConstU32<KEPT_AUTHORS>>,
	/// Validators there were when the first was taken.
	pub validators: u32,
}

impl<AccountId: PartialEq> Window<AccountId> {
	/// Whether no more are taken.
	fn is_full(&self) -> bool {
		count(&self.outputs) >= self.validators.clamp(1, KEPT_AUTHORS)
	}

	/// The outputs that make the number of a maker, if they are all there: those of the first authors that are not it. Of few validators
	/// all but one make it, whether the maker is one of them or not, so that it is known no sooner than the block before it is used.
	fn outputs_without(&self, maker: &AccountId) -> (Vec<&H256>, bool) {
		let wanted = wanted(self.validators);
		let others = self.outputs.iter().filter(|(author, _)| author != maker);
		let outputs: Vec<&H256> = others.map(|(_, output)| output).take(wanted as usize).collect();
		let complete = count(&outputs) >= wanted || self.is_full();
		match outputs.is_empty() {
			// The maker alone makes blocks.
			true => (self.outputs.iter().map(|(_, output)| output).collect(), complete),
			false => (outputs, complete),
		}
	}
}

/// Authors beside the maker whose outputs make a number, of so many validators.
fn wanted(validators: u32) -> u32 {
	validators.saturating_sub(1).clamp(1, AUTHORS)
}

fn count<T>(items: &[T]) -> u32 {
	u32::try_from(items.len()).unwrap_or(u32::MAX)
}

impl<AccountId> Default for Window<AccountId> {
	fn default() -> Self {
		Self {
			outputs: BoundedVec::new(),
			validators: 0,
		}
	}
}

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;

	/// Keeps the windows.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// What the runtime says of blocks.
	#[pallet::config]
	pub trait Config: frame_system::Config<Hash = H256> {
		/// Who makes the present block.
		type Author: Get<Option<Self::AccountId>>;

		/// The random output of the block before the present one.
		type ParentOutput: Get<Option<[u8; 32]>>;

		/// How many validators make blocks.
		type Validators: Get<u32>;

		/// Blocks of a window; at least one.
		type Period: Get<BlockNumberFor<Self>>;

		/// Windows that are kept.
		#[pallet::constant]
		type Kept: Get<u32>;
	}

	/// Who made the block before the present one.
	#[pallet::storage]
	pub type LastAuthor<T: Config> = StorageValue<_, T::AccountId>;

	/// Windows by their first block.
	#[pallet::storage]
	pub type Windows<T: Config> = StorageMap<_, Twox64Concat, BlockNumberFor<T>, Window<T::AccountId>, ValueQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Takes the output of the block before.
		fn on_initialize(now: BlockNumberFor<T>) -> Weight {
			let author = LastAuthor::<T>::get();
			LastAuthor::<T>::set(T::Author::get());
			if let (Some(author), Some(output)) = (author, T::ParentOutput::get()) {
				Self::take(now.saturating_sub(One::one()), author, H256(output));
			}
			// The last author, the output, the number of validators, the window; the last author, two windows.
			T::DbWeight::get().reads_writes(4, 3)
		}

		fn integrity_test() {
			assert!(!T::Kept::get().is_zero(), "Kept must not be zero");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}

impl<T: Config> Pallet<T> {
	fn period() -> BlockNumberFor<T> {
		T::Period::get().max(One::one())
	}

	/// First block of the window that a block is in.
	fn window_of(block: BlockNumberFor<T>) -> BlockNumberFor<T> {
		block.saturating_sub(block % Self::period())
	}

	/// First block of the window with which is drawn what was made at `made_at`.
	fn window_after(made_at: BlockNumberFor<T>) -> BlockNumberFor<T> {
		Self::window_of(made_at).saturating_add(Self::period())
	}

	/// Takes the output of a block into its window.
	fn take(block: BlockNumberFor<T>, author: T::AccountId, output: H256) {
		let start = Self::window_of(block);
		Windows::<T>::mutate(start, |window| {
			let known = window.outputs.iter().any(|(other, _)| *other == author);
			if window.outputs.is_empty() {
				window.validators = T::Validators::get();
			} else if window.is_full() || known {
				return;
			}
			// It is full before there is no room.
			let _ = window.outputs.try_push((author, output));
		});
		if block == start {
			let kept = Self::period().saturating_mul(T::Kept::get().into());
			if let Some(oldest) = start.checked_sub(&kept) {
				Windows::<T>::remove(oldest);
			}
		}
	}

	/// First block of the oldest window that is certainly kept.
	fn oldest_kept() -> BlockNumberFor<T> {
		let present = Self::window_of(frame_system::Pallet::<T>::block_number().saturating_sub(One::one()));
		let before: BlockNumberFor<T> = T::Kept::get().saturating_sub(1).into();
		present.saturating_sub(Self::period().saturating_mul(before))
	}

	/// Checks every invariant.
	#[cfg(any(feature = "try-runtime", feature = "std"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use alloc::collections::BTreeSet;
		use frame_support::ensure;
		let (mut windows, now) = (0u32, frame_system::Pallet::<T>::block_number());
		for (start, window) in Windows::<T>::iter() {
			windows = windows.saturating_add(1);
			ensure!(
				(start % Self::period()).is_zero() && start <= now,
				"a window does not begin where one does"
			);
			let authors: BTreeSet<_> = window.outputs.iter().map(|(author, _)| author.encode()).collect();
			ensure!(authors.len() == window.outputs.len(), "a window has an author twice");
			ensure!(
				!window.outputs.is_empty(),
				"a window is kept that nothing was taken into"
			);
		}
		ensure!(
			windows <= T::Kept::get().saturating_add(1),
			"more windows are kept than are used"
		);
		Ok(())
	}
}

impl<T: Config> Beacon<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn known_from(made_at: BlockNumberFor<T>) -> BlockNumberFor<T> {
		let outputs = Self::period().min(wanted(T::Validators::get()).into());
		Self::window_after(made_at).saturating_add(outputs)
	}

	fn longest_wait() -> BlockNumberFor<T> {
		Self::period().saturating_mul(2u32.into()).saturating_add(One::one())
	}

	fn is_lost(made_at: BlockNumberFor<T>) -> bool {
		Self::window_after(made_at) < Self::oldest_kept()
	}

	fn number(made_at: BlockNumberFor<T>, maker: &T::AccountId, subject: &[u8]) -> Option<H256> {
		let start = Self::window_after(made_at);
		if Self::is_lost(made_at) {
			return None;
		}
		let window = Windows::<T>::try_get(start).ok()?;
		let over = frame_system::Pallet::<T>::block_number() >= start.saturating_add(Self::period());
		let (outputs, complete) = window.outputs_without(maker);
		if !complete && !over {
			return None;
		}
		Some(H256(sp_io::hashing::blake2_256(
			&(b"assay/beacon", subject, outputs).encode(),
		)))
	}
}
