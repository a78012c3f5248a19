//! Heartbeats: how the chain accepts them and how a node sends them.

use crate::{Call, Config, HeartbeatOf, LastHeartbeat, Pallet};
use alloc::vec::Vec;
use assay_protocol::operator::{
	Heartbeat, Operators, ProviderReadiness, WorkerKey, WorkerSignature, PROVIDER_READINESS,
};
use codec::{Decode, Encode};
use frame_support::{
	pallet_prelude::{TransactionSource, Weight},
	traits::Get,
};
use frame_system::{offchain::SubmitTransaction, pallet_prelude::BlockNumberFor};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{
	offchain::storage::{MutateStorageError, StorageRetrievalError, StorageValueRef},
	traits::{CheckedDiv, One, Saturating, Zero},
	transaction_validity::{InvalidTransaction, TransactionValidityWithRefund, ValidTransaction},
	SaturatedConversion,
};

/// Blocks after which a heartbeat that was not included is sent again.
const RESEND_AFTER: u32 = 5;

/// Where the node remembers, for each operator, the heartbeat it sent last.
const SENT_PREFIX: &[u8] = b"assay/heartbeat/sent/";

/// The heartbeat a node sent last for an operator.
#[derive(Clone, Encode, Decode)]
struct Sent<BlockNumber> {
	period: BlockNumber,
	at: BlockNumber,
}

/// Why no heartbeat was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotSent {
	/// The operator takes no work, has no offers, or was heard in this period.
	NotDue,
	/// The one that was sent is not included yet.
	WaitingForInclusion,
	/// Another run of the off-chain worker is sending it.
	Contended,
	/// The keystore does not sign with this key.
	NotSigned,
	/// The pool refused it.
	Refused,
}

impl<T: Config> Pallet<T> {
	/// The heartbeat period a block lies in, counted from genesis.
	pub fn heartbeat_period(block: BlockNumberFor<T>) -> BlockNumberFor<T> {
		// `integrity_test` keeps the period from being zero.
		block.checked_div(&T::HeartbeatPeriod::get()).unwrap_or_default()
	}

	/// Accepts one heartbeat for each operator and period, in that period. The signature is checked last because that
	/// is what costs.
	pub(crate) fn authorize_heartbeat(
		_source: TransactionSource,
		heartbeat: &HeartbeatOf<T>,
		signature: &WorkerSignature,
	) -> TransactionValidityWithRefund {
		let Heartbeat { operator, period } = heartbeat;
		let now = frame_system::Pallet::<T>::block_number();
		let current = Self::heartbeat_period(now);
		if *period > current {
			return Err(InvalidTransaction::Future.into());
		}
		if *period < current {
			return Err(InvalidTransaction::Stale.into());
		}
		let last = LastHeartbeat::<T>::get(operator).ok_or(InvalidTransaction::BadSigner)?;
		if Self::heartbeat_period(last) >= current {
			return Err(InvalidTransaction::Stale.into());
		}
		if !T::Operators::is_active(operator) {
			return Err(InvalidTransaction::BadSigner.into());
		}
		let key = T::Operators::worker_key(operator).ok_or(InvalidTransaction::BadSigner)?;
		if !key.verify(&Self::signing_payload(heartbeat), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}

		let next = current
			.saturating_add(One::one())
			.saturating_mul(T::HeartbeatPeriod::get());
		ValidTransaction::with_tag_prefix("AssayHeartbeat")
			.priority(T::HeartbeatPriority::get())
			.and_provides((operator, period))
			.longevity(next.saturating_sub(now).saturated_into())
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	/// What is signed, on this chain.
	pub(crate) fn signing_payload(heartbeat: &HeartbeatOf<T>) -> Vec<u8> {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		heartbeat.signing_payload(&genesis.0)
	}

	/// Sends the heartbeats that are due from the operators whose worker keys are in the node's keystore and for which its
	/// provider service is ready. `now` is the block that was just imported.
	pub(crate) fn send_heartbeats(now: BlockNumberFor<T>) {
		let ready = Self::ready_keys();
		for key in WorkerKey::all() {
			if !ready.contains(&key) {
				log::trace!(target: "runtime::models", "no heartbeat at {now:?}: the provider is not ready for {key:?}");
				continue;
			}
			let Some(operator) = T::Operators::of_worker_key(&key) else {
				continue;
			};
			match Self::send_heartbeat(operator, &key, now) {
				Ok(()) => log::debug!(target: "runtime::models", "heartbeat sent at {now:?} with {key:?}"),
				Err(reason) => log::trace!(target: "runtime::models", "no heartbeat at {now:?}: {reason:?}"),
			}
		}
	}

	/// The worker keys that the node's provider service is ready for.
	fn ready_keys() -> Vec<WorkerKey> {
		match StorageValueRef::persistent(PROVIDER_READINESS).get::<ProviderReadiness>() {
			Ok(Some(ready)) if sp_io::offchain::timestamp().unix_millis() <= ready.until => ready.keys,
			_ => Vec::new(),
		}
	}

	pub(crate) fn send_heartbeat(
		operator: T::AccountId,
		key: &WorkerKey,
		now: BlockNumberFor<T>,
	) -> Result<(), NotSent> {
		// The next block is the first that can include it.
		let period = Self::heartbeat_period(now.saturating_add(One::one()));
		let heard = LastHeartbeat::<T>::get(&operator).ok_or(NotSent::NotDue)?;
		if Self::heartbeat_period(heard) >= period || !T::Operators::is_active(&operator) {
			return Err(NotSent::NotDue);
		}

		let lock_key = (SENT_PREFIX, &operator).encode();
		let mut lock = StorageValueRef::persistent(&lock_key);
		Self::take_lock(&lock, period, now)?;
		let sent = Self::submit_heartbeat(Heartbeat { operator, period }, key);
		if sent.is_err() {
			lock.clear();
		}
		sent
	}

	/// Notes that the heartbeat of `period` is sent at `now`, unless it was sent a short while ago.
	fn take_lock(lock: &StorageValueRef<'_>, period: BlockNumberFor<T>, now: BlockNumberFor<T>) -> Result<(), NotSent> {
		let noted = lock.mutate(
			|sent: Result<Option<Sent<BlockNumberFor<T>>>, StorageRetrievalError>| match sent {
				Ok(Some(sent)) if sent.period == period && now < sent.at.saturating_add(RESEND_AFTER.into()) => {
					Err(NotSent::WaitingForInclusion)
				}
				_ => Ok(Sent { period, at: now }),
			},
		);
		match noted {
			Ok(_) => Ok(()),
			Err(MutateStorageError::ValueFunctionFailed(reason)) => Err(reason),
			Err(MutateStorageError::ConcurrentModification(_)) => Err(NotSent::Contended),
		}
	}

	fn submit_heartbeat(heartbeat: HeartbeatOf<T>, key: &WorkerKey) -> Result<(), NotSent> {
		let signature = key.sign(&Self::signing_payload(&heartbeat)).ok_or(NotSent::NotSigned)?;
		let call = Call::<T>::heartbeat { heartbeat, signature };
		let transaction = T::create_authorized_transaction(call.into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(transaction).map_err(|()| NotSent::Refused)
	}
}
