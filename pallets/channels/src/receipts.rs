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
		let since = Self::made_at(&channel, revealed.receipt.block)?;
		Self::ensure_answered_for(since)?;
		let payload = revealed.receipt.signing_payload(&Self::genesis());
		ensure!(
			channel.terms.worker_key.verify(&payload, signature),
			Error::<T>::BadReceipt
		);
		let request = revealed.receipt.request;
		let job = T::Batches::present(presenter, &channel.terms, revealed, since)?;
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
		let since = Self::made_at(&channel, contradiction.since())?;
		Self::ensure_answered_for(Self::made_at(&channel, contradiction.until())?)?;
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

	/// When a statement counts as made that names this block. The block is the worker's own word: one that is too late, after the end of
	/// the channel or still to come, is held against it as if it had been said at the last moment. Else it could say what it likes, and
	/// then close the channel.
	fn made_at(channel: &Channel<T>, stated: u32) -> Result<BlockNumberFor<T>, Error<T>> {
		let stated = BlockNumberFor::<T>::from(stated);
		ensure!(channel.opened_at <= stated, Error::<T>::BadBlock);
		let now = Self::now();
		Ok(stated.min(channel.closed_at.unwrap_or(now)).min(now))
	}

	/// That what stood behind a statement still answers for it.
	fn ensure_answered_for(made_at: BlockNumberFor<T>) -> Result<(), Error<T>> {
		ensure!(
			Self::now() <= made_at.saturating_add(T::Answerable::get()),
			Error::<T>::TooOld
		);
		Ok(())
	}

	fn genesis() -> [u8; 32] {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0
	}
}
