//! Settlements: what makes one valid, in the transaction pool and in the block.

use crate::{Channel, Channels, Config, Error, Event, Pallet, WeightInfo};
use assay_protocol::{
	channel::{Batch, Batches, Settlement, SignedSettlement, SignedVoucher, LANES},
	ChannelId,
};
use codec::Encode;
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionPriority, TransactionSource, TransactionValidityWithRefund, ValidTransaction,
	},
	storage::{transactional::with_transaction, TransactionOutcome},
	traits::{Get, PalletInfoAccess},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul, CheckedSub, Zero},
	DispatchError, DispatchResult, Saturating,
};

/// Settlements come before what pays, for a worker that is crowded out until a notice is over would not be paid, and after results and
/// replies, whose clocks are shorter.
const SETTLEMENT_PRIORITY: TransactionPriority = TransactionPriority::MAX / 4;

/// Blocks ahead in which a settlement may still count, and for which it stays in the pool: checking one is free, and each last block makes
/// another of it.
pub const LONGEVITY: u32 = 64;

impl<T: Config> Pallet<T> {
	/// What a settlement takes after its authorisation, and what it makes the chain do later.
	pub(crate) fn settle_weight(signed: &SignedSettlement) -> Weight {
		let vouchers = Self::vouchers(signed);
		let later = T::BatchWeight::get().saturating_mul(vouchers.into());
		T::WeightInfo::settle(vouchers).saturating_add(later)
	}

	/// What its authorisation takes, which does all of it once and undoes it.
	pub(crate) fn authorize_weight(signed: &SignedSettlement) -> Weight {
		T::WeightInfo::authorize_settle(Self::vouchers(signed))
	}

	fn vouchers(signed: &SignedSettlement) -> u32 {
		u32::try_from(signed.settlement.vouchers.len()).unwrap_or(u32::from(LANES))
	}

	/// Checks a settlement that asks to be included: the cheap checks first, then the signatures, and at last whether it would succeed,
	/// for it pays nothing if it does not.
	pub(crate) fn authorize_settlement(
		_: TransactionSource,
		signed: &SignedSettlement,
	) -> TransactionValidityWithRefund {
		let SignedSettlement { settlement, signature } = signed;
		let channel = Self::check_settlement(settlement).map_err(|error| invalid::<T>(error.into()))?;
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0;
		let terms = &channel.terms;
		if !terms
			.worker_key
			.verify(&settlement.signing_payload(&genesis), signature)
		{
			return Err(InvalidTransaction::BadProof.into());
		}
		for SignedVoucher { voucher, signature } in &settlement.vouchers {
			let payload = voucher.signing_payload(&genesis);
			if !sp_io::crypto::sr25519_verify(signature, &payload, &terms.key) {
				return Err(invalid::<T>(Error::<T>::BadVoucher.into()).into());
			}
		}
		let tried: DispatchResult = with_transaction(|| TransactionOutcome::Rollback(Self::do_settle(settlement)));
		tried.map_err(invalid::<T>)?;
		ValidTransaction::with_tag_prefix("AssaySettlement")
			.priority(SETTLEMENT_PRIORITY)
			.and_provides(settlement.channel)
			.longevity(LONGEVITY.into())
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// Makes a job of each voucher's batch, and closes the channel if that is wished.
	pub(crate) fn do_settle(settlement: &Settlement) -> DispatchResult {
		let id = settlement.channel;
		let mut channel = Self::check_settlement(settlement)?;
		T::Batches::seen(&channel.terms.operator);
		for SignedVoucher { voucher, .. } in &settlement.vouchers {
			let batch = Batch {
				channel: id,
				lane: voucher.lane,
				base: voucher.base,
				count: voucher.count,
				tree: voucher.tree,
			};
			Self::settle_batch(id, &mut channel, batch, settlement.close)?;
		}
		if settlement.close {
			Self::close(id, &mut channel)?;
		}
		Channels::<T>::insert(id, channel);
		Ok(())
	}

	/// Makes a job of a batch. Changes `channel` but does not store it.
	fn settle_batch(id: ChannelId, channel: &mut Channel<T>, batch: Batch, ends: bool) -> DispatchResult {
		let lane = usize::from(batch.lane);
		let place = channel.lanes.get_mut(lane).ok_or(Error::<T>::BadLane)?;
		ensure!(place.settled == batch.base, Error::<T>::WrongBase);
		let units = T::Balance::try_from(batch.tree.units).map_err(|_| Error::<T>::Overflow)?;
		let fee = units.checked_mul(&channel.terms.price).ok_or(Error::<T>::Overflow)?;
		if fee < T::MinBatchFee::get() {
			let ends = ends || channel.closes_at.is_some();
			ensure!(ends && !place.had_small, Error::<T>::BatchTooSmall);
			place.had_small = true;
		}
		let since = place.since;
		place.since = Self::now();
		place.settled = place
			.settled
			.checked_add(batch.count.into())
			.ok_or(Error::<T>::Overflow)?;
		let burned = T::BatchPrice::get();
		let cost = fee.checked_add(&burned).ok_or(Error::<T>::Overflow)?;
		channel.deposit = channel.deposit.checked_sub(&cost).ok_or(Error::<T>::DepositExceeded)?;
		T::Batches::burn(&channel.terms.consumer, burned)?;
		let (number, count) = (batch.lane, batch.count);
		let job = T::Batches::settle(&channel.terms, batch, since, channel.opened_at)?;
		Self::deposit_event(Event::BatchSettled {
			channel: id,
			lane: number,
			count,
			job,
			fee,
			burned,
		});
		Ok(())
	}

	/// Checks what needs no signature and no money.
	fn check_settlement(settlement: &Settlement) -> Result<Channel<T>, Error<T>> {
		let channel = Self::open_channel(settlement.channel)?;
		let last_block = BlockNumberFor::<T>::from(settlement.last_block);
		let now = Self::now();
		ensure!(now <= last_block, Error::<T>::TooLate);
		ensure!(last_block <= now.saturating_add(LONGEVITY.into()), Error::<T>::TooEarly);
		ensure!(
			settlement.close || !settlement.vouchers.is_empty(),
			Error::<T>::NothingToSettle
		);
		let mut next = 0u8;
		for SignedVoucher { voucher, .. } in &settlement.vouchers {
			ensure!(voucher.channel == settlement.channel, Error::<T>::OtherChannel);
			ensure!((next..LANES).contains(&voucher.lane), Error::<T>::BadLane);
			next = voucher.lane.saturating_add(1);
			ensure!(
				voucher.count > 0 && voucher.tree.units >= voucher.count.into(),
				Error::<T>::EmptyVoucher
			);
			let settled = channel.lanes.get(usize::from(voucher.lane)).map(|lane| lane.settled);
			ensure!(settled == Some(voucher.base), Error::<T>::WrongBase);
		}
		Ok(channel)
	}
}

/// How an error appears in the transaction pool. What time may have brought about is `Stale`, so that a transaction that was good when it
/// was sent is dropped quietly: so is what the operator's limits refuse at present.
fn invalid<T: Config>(error: DispatchError) -> InvalidTransaction {
	let module = match error {
		DispatchError::Module(module) => module,
		_ => return InvalidTransaction::Stale,
	};
	let ours = usize::from(module.index) == <Pallet<T> as PalletInfoAccess>::index();
	let index = module.error.first().copied().unwrap_or(u8::MAX);
	let brought_by_time: [Error<T>; 4] = [Error::UnknownChannel, Error::Closed, Error::WrongBase, Error::TooLate];
	let stale = brought_by_time
		.iter()
		.any(|error| error.encode().first() == Some(&index));
	match ours && !stale {
		true => InvalidTransaction::Custom(index),
		false => InvalidTransaction::Stale,
	}
}
