//! What the runtime API `ChannelsApi` returns.

use crate::{Call, Channel, ChannelSummaryOf, Channels, ChannelsOf, ChannelsOfWorker, Config, Endpoints, Pallet};
use alloc::{boxed::Box, vec::Vec};
use assay_protocol::{
	channel::{ChannelParameters, Endpoint, SignedSettlement},
	operator::WorkerKey,
	ChannelId,
};
use codec::Encode;
use frame_support::traits::Get;
use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::BlockNumberFor};

/// Channels in one answer at most.
const PAGE: u32 = 100;

impl<T: Config> Pallet<T> {
	/// One channel.
	pub fn channel_summary(id: ChannelId) -> Option<ChannelSummaryOf<T>> {
		let Channel {
			terms,
			deposit,
			opened_at,
			closes_at,
			closed_at,
			lanes,
			..
		} = Channels::<T>::get(id)?;
		Some(ChannelSummaryOf::<T> {
			id,
			terms,
			deposit,
			opened_at,
			closes_at,
			closed_at,
			settled: lanes.iter().map(|lane| lane.settled).collect(),
		})
	}

	/// At most `limit`, and at most 100, channels of a consumer, by identifier, after one of them.
	pub fn channels_of_consumer(
		consumer: T::AccountId,
		after: Option<ChannelId>,
		limit: u32,
	) -> Vec<ChannelSummaryOf<T>> {
		let ids = match after {
			Some(after) => {
				let key = ChannelsOf::<T>::hashed_key_for(&consumer, after);
				ChannelsOf::<T>::iter_key_prefix_from(consumer, key)
			}
			None => ChannelsOf::<T>::iter_key_prefix(consumer),
		};
		Self::page(ids, limit)
	}

	/// The same of a worker key.
	pub fn channels_of_worker(worker: WorkerKey, after: Option<ChannelId>, limit: u32) -> Vec<ChannelSummaryOf<T>> {
		let ids = match after {
			Some(after) => {
				let key = ChannelsOfWorker::<T>::hashed_key_for(&worker, after);
				ChannelsOfWorker::<T>::iter_key_prefix_from(worker, key)
			}
			None => ChannelsOfWorker::<T>::iter_key_prefix(worker),
		};
		Self::page(ids, limit)
	}

	fn page(ids: impl Iterator<Item = ChannelId>, limit: u32) -> Vec<ChannelSummaryOf<T>> {
		// At most 100.
		let limit = usize::try_from(limit.min(PAGE)).unwrap_or_default();
		ids.take(limit).filter_map(Self::channel_summary).collect()
	}

	/// Where an operator answers requests.
	pub fn endpoint(operator: T::AccountId) -> Option<Endpoint> {
		Endpoints::<T>::get(operator)
	}

	/// Constants.
	pub fn parameters() -> ChannelParameters<T::Balance, BlockNumberFor<T>> {
		ChannelParameters {
			min_deposit: T::MinDeposit::get(),
			min_batch_fee: T::MinBatchFee::get(),
			batch_price: T::BatchPrice::get(),
			notice_period: T::NoticePeriod::get(),
			answerable: T::Answerable::get(),
		}
	}
}

impl<T: Config + CreateAuthorizedTransaction<Call<T>>> Pallet<T> {
	/// The fee-free transaction that settles vouchers, encoded for the pool.
	pub fn settlement_transaction(settlement: SignedSettlement) -> Vec<u8> {
		let call = Call::<T>::settle {
			settlement: Box::new(settlement),
		};
		<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.into()).encode()
	}
}
