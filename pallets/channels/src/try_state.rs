//! The invariants of the README, checked over the whole state.

use crate::{Agenda, AgendaCursor, Channels, ChannelsOf, ChannelsOfWorker, Config, Opened, Pallet};
use alloc::collections::BTreeMap;
use assay_protocol::channel::Batches;
use frame_support::ensure;
use sp_runtime::{
	traits::{CheckedAdd, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let cursor = AgendaCursor::<T>::get();
		let (mut channels, mut booked) = (0usize, 0usize);
		let mut deposits = BTreeMap::<T::AccountId, T::Balance>::new();
		for (id, channel) in Channels::<T>::iter() {
			channels = channels.saturating_add(1);
			let terms = &channel.terms;
			ensure!(terms.id() == id, "a channel is stored under another identifier");
			ensure!(
				terms.number < Opened::<T>::get(),
				"a channel has a number that was not given"
			);
			ensure!(
				ChannelsOf::<T>::contains_key(&terms.consumer, id)
					&& ChannelsOfWorker::<T>::contains_key(&terms.worker_key, id),
				"a channel is not listed for both its ends"
			);
			ensure!(
				channel.closed_at.is_none() || channel.deposit.is_zero(),
				"there is something in a closed channel"
			);
			ensure!(
				channel.closed_at.is_some() || channel.convicted.is_none(),
				"a worker that contradicted itself still has the channel"
			);
			let sum = deposits.entry(terms.consumer.clone()).or_insert_with(Zero::zero);
			*sum = sum.checked_add(&channel.deposit).ok_or("deposits overflow")?;
			ensure!(
				channel.booked_at.is_none() || channel.closes_at.is_some() || channel.closed_at.is_some(),
				"a channel is booked for which nothing is due"
			);
			if let Some(slot) = channel.booked_at {
				booked = booked.saturating_add(1);
				ensure!(
					cursor.is_none_or(|cursor| cursor <= slot),
					"a channel is booked for an agenda that is done"
				);
				let entries = Agenda::<T>::get(slot).iter().filter(|booked| **booked == id).count();
				ensure!(entries == 1, "a booked channel is not in its agenda exactly once");
			}
		}
		for (consumer, deposit) in deposits {
			ensure!(
				T::Batches::deposits(&consumer) == deposit,
				"another sum is held than is in the channels of a consumer"
			);
		}
		ensure!(
			ChannelsOf::<T>::iter_keys().count() == channels && ChannelsOfWorker::<T>::iter_keys().count() == channels,
			"channels are listed that are not stored"
		);
		let in_agenda: usize = Agenda::<T>::iter_values().map(|channels| channels.len()).sum();
		ensure!(in_agenda == booked, "agendas hold channels that are not booked");
		Ok(())
	}
}
