//! What whoever holds receipts can do with them: challenge one, or show that its worker contradicted itself.

use crate::{Channel, Channels, Config, Error, Event, Pallet};
use assay_protocol::{
	channel::{Batches, Contradiction, Revealed},
	operator::{Reporter, WorkerSignature},
};
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{traits::Zero, DispatchResult, Saturating};

impl<T: Config> Pallet<T> {
	/// Makes a job of a receipt.
	pub(crate) fn do_present(
		presenter: &T::AccountId,
		revealed: Revealed,
		signature: &WorkerSignature,
	) -> DispatchResult {
		let id = revealed.receipt.channel;
		let channel = Channels::<T>::get(id).ok_or(Error::<T>::UnknownChannel)?;
		Self::check_blocks(&channel, revealed.receipt.block, revealed.receipt.block)?;
		let payload = revealed.receipt.signing_payload(&Self::genesis());
		ensure!(
			channel.terms.worker_key.verify(&payload, signature),
			Error::<T>::BadReceipt
		);
		let request = revealed.receipt.request;
		let job = T::Batches::present(presenter, &channel.terms, revealed)?;
		Self::deposit_event(Event::ReceiptPresented {
			channel: id,
			request,
			job,
		});
		Ok(())
	}

	/// Punishes a worker that contradicted itself.
	pub(crate) fn do_accuse(reporter: &T::AccountId, contradiction: &Contradiction) -> DispatchResult {
		let (id, signed) = contradiction.signed(&Self::genesis());
		let mut channel = Channels::<T>::get(id).ok_or(Error::<T>::UnknownChannel)?;
		Self::check_blocks(&channel, contradiction.since(), contradiction.until())?;
		let since = BlockNumberFor::<T>::from(contradiction.since());
		// An earlier one reaches stake that a later one did not.
		let known = channel.convicted.is_some_and(|convicted| convicted <= since);
		ensure!(!known, Error::<T>::AlreadyConvicted);
		ensure!(contradiction.holds(), Error::<T>::NoContradiction);
		let key = &channel.terms.worker_key;
		let all = signed.iter().all(|(payload, signature)| key.verify(payload, signature));
		ensure!(all, Error::<T>::BadReceipt);
		let operator = channel.terms.operator.clone();
		let share = T::ReporterShare::get();
		let penalty = T::Batches::penalise(
			&operator,
			since,
			channel.convicted,
			Reporter {
				account: reporter,
				share,
			},
		);
		channel.convicted = Some(since);
		if channel.closed_at.is_none() {
			Self::close(id, &mut channel)?;
		}
		Channels::<T>::insert(id, channel);
		Self::deposit_event(Event::Contradicted {
			channel: id,
			operator,
			reporter: reporter.clone(),
			penalty,
		});
		Ok(())
	}

	/// That statements were made while the channel was there, the last of them so lately that what stood behind it answers for it.
	fn check_blocks(channel: &Channel<T>, first: u32, last: u32) -> Result<(), Error<T>> {
		let (first, last) = (BlockNumberFor::<T>::from(first), BlockNumberFor::<T>::from(last));
		let now = Self::now();
		let end = channel.closed_at.unwrap_or(now).min(now);
		ensure!(channel.opened_at <= first && last <= end, Error::<T>::BadBlock);
		ensure!(now <= last.saturating_add(T::Answerable::get()), Error::<T>::TooOld);
		Ok(())
	}

	fn genesis() -> [u8; 32] {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0
	}
}
