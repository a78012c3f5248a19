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
/// Authors that a window keeps: one of them may be the maker of what is drawn on.
pub const KEPT_AUTHORS: u32 = AUTHORS + 1;

/// The outputs of the first authors of a stretch of blocks.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Window<AccountId> {
	/// Each author once, with the output of its first block, in the order of blocks.
	pub outputs: BoundedVec<(AccountId, H256), ConstU32<KEPT_AUTHORS>>,
	/// Whether no more are taken.
	pub closed: bool,
}

impl<AccountId> Default for Window<AccountId> {
	fn default() -> Self {
		Self {
			outputs: BoundedVec::new(),
			closed: false,
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

	/// Authors after which a window is closed.
	fn wanted() -> u32 {
		T::Validators::get().clamp(1, KEPT_AUTHORS)
	}

	/// Takes the output of a block into its window.
	fn take(block: BlockNumberFor<T>, author: T::AccountId, output: H256) {
		let start = Self::window_of(block);
		Windows::<T>::mutate(start, |window| {
			let known = window.outputs.iter().any(|(other, _)| *other == author);
			if window.closed || known {
				return;
			}
			// It is closed before there is no room.
			let _ = window.outputs.try_push((author, output));
			let taken = u32::try_from(window.outputs.len()).unwrap_or(u32::MAX);
			window.closed = taken >= Self::wanted();
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
		let outputs = Self::period().min(Self::wanted().into());
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
		if !window.closed && !over {
			return None;
		}
		let others = window.outputs.iter().filter(|(author, _)| author != maker);
		let mut outputs: Vec<&H256> = others.map(|(_, output)| output).take(AUTHORS as usize).collect();
		if outputs.is_empty() {
			// The maker alone makes blocks.
			outputs = window.outputs.iter().map(|(_, output)| output).collect();
		}
		Some(H256(sp_io::hashing::blake2_256(
			&(b"assay/beacon", subject, outputs).encode(),
		)))
	}
}
