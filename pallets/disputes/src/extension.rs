//! Paid moves that would fail are no transactions, and nothing else takes the room that blocks keep for challenges and moves: whoever
//! wants to fill it has to make real ones, with a bond each.

use crate::{Call, Config, Pallet};
use assay_protocol::DisputeId;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	pallet_prelude::TransactionSource,
	storage::{with_transaction, TransactionOutcome},
	traits::{Contains, IsSubType, OriginTrait, PalletInfo, UnfilteredDispatchable},
	weights::Weight,
	DefaultNoBound,
};
use frame_system::RawOrigin;
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::{
	traits::{DispatchInfoOf, TransactionExtension, ValidateResult},
	transaction_validity::{InvalidTransaction, TransactionPriority, TransactionValidityError, ValidTransaction},
	DispatchError, DispatchResult,
};

/// Moves stay in a full pool before all that is free: a pool that drops what has the least priority would drop them first, whatever room
/// blocks have for them. So that they do not drive out everything else there is one of each bond: one challenge of an account, one move on
/// what was shown in a dispute. More of an account's would all be right by themselves, though its money covers the first.
const PRIORITY: TransactionPriority = 1 << 63;

type RuntimeCallOf<T> = <T as frame_system::Config>::RuntimeCall;
type OriginOf<T> = <T as frame_system::Config>::RuntimeOrigin;

/// Tries out the paid moves of disputes, in the pool and again when the fee is paid, and refuses those that fail: with
/// `Custom(index of the error)`, or `Payment` where the bond is not there. Other signed transactions of the operational class, all calls of
/// root's among them, are refused with `Call` unless they come from [`Config::Privileged`]: from anybody else they fail and have taken
/// the room for their fee.
#[derive(Encode, Decode, DecodeWithMemTracking, DefaultNoBound, Clone, Eq, PartialEq, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckMove<T>(PhantomData<T>);

impl<T: Config + Send + Sync> core::fmt::Debug for CheckMove<T> {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.write_str("CheckMove")
	}
}

impl<T: Config + Send + Sync> CheckMove<T>
where
	RuntimeCallOf<T>: IsSubType<Call<T>>,
{
	/// The extension.
	pub fn new() -> Self {
		Self::default()
	}

	/// The call, if it is one for which blocks keep room.
	fn paid(call: &RuntimeCallOf<T>) -> Option<&Call<T>> {
		let call: Option<&Call<T>> = call.is_sub_type();
		call.filter(|call| call.get_dispatch_info().class == DispatchClass::Operational)
	}

	/// How a failure appears in the transaction pool.
	fn refusal(error: DispatchError) -> InvalidTransaction {
		let this = T::PalletInfo::index::<Pallet<T>>();
		match error {
			DispatchError::Module(module) if this == Some(module.index.into()) => {
				let [index, ..] = module.error;
				InvalidTransaction::Custom(index)
			}
			DispatchError::Token(_) => InvalidTransaction::Payment,
			_ => InvalidTransaction::Call,
		}
	}

	/// Checks that a transaction which takes room that is kept for moves is one, or may.
	fn check_room(origin: &OriginOf<T>, call: &RuntimeCallOf<T>) -> Result<(), InvalidTransaction> {
		let keeps_out = call.get_dispatch_info().class == DispatchClass::Operational && Self::paid(call).is_none();
		match origin.as_signer() {
			Some(who) if keeps_out && !T::Privileged::contains(who) => Err(InvalidTransaction::Call),
			_ => Ok(()),
		}
	}

	/// What the call comes to in the present state, which it leaves as it is.
	fn try_out(origin: &OriginOf<T>, call: &RuntimeCallOf<T>) -> Result<(), TransactionValidityError> {
		let (Some(who), Some(call)) = (origin.as_signer(), Self::paid(call)) else {
			return Ok(());
		};
		let origin = RawOrigin::Signed(who.clone()).into();
		let tried: DispatchResult = with_transaction(|| {
			let dispatched = call.clone().dispatch_bypass_filter(origin);
			TransactionOutcome::Rollback(dispatched.map(|_| ()).map_err(|failed| failed.error))
		});
		tried.map_err(|error| Self::refusal(error).into())
	}
}

impl<T: Config + Send + Sync> TransactionExtension<RuntimeCallOf<T>> for CheckMove<T>
where
	RuntimeCallOf<T>: IsSubType<Call<T>>,
{
	const IDENTIFIER: &'static str = "CheckMove";
	type Implicit = ();
	type Val = ();
	type Pre = ();

	fn weight(&self, call: &RuntimeCallOf<T>) -> Weight {
		// Once when it is validated and once when it is prepared.
		Self::paid(call).map_or(Weight::zero(), |call| {
			call.get_dispatch_info().call_weight.saturating_mul(2)
		})
	}

	fn validate(
		&self,
		origin: OriginOf<T>,
		call: &RuntimeCallOf<T>,
		_: &DispatchInfoOf<RuntimeCallOf<T>>,
		_: usize,
		_: Self::Implicit,
		_: &impl Encode,
		_: TransactionSource,
	) -> ValidateResult<Self::Val, RuntimeCallOf<T>> {
		Self::check_room(&origin, call)?;
		Self::try_out(&origin, call)?;
		let valid = match (origin.as_signer(), Self::paid(call)) {
			(Some(who), Some(call)) => ValidTransaction::with_tag_prefix("AssayPaidMove")
				.priority(PRIORITY)
				.and_provides((who, answered(call)))
				.build()?,
			_ => ValidTransaction::default(),
		};
		Ok((valid, (), origin))
	}

	fn prepare(
		self,
		_: Self::Val,
		origin: &OriginOf<T>,
		call: &RuntimeCallOf<T>,
		_: &DispatchInfoOf<RuntimeCallOf<T>>,
		_: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		// The fee has been taken since: what is left may be less than the bond.
		Self::try_out(origin, call)
	}
}

/// What a move answers: what was shown in a dispute, or nothing if it opens one.
fn answered<T: Config>(call: &Call<T>) -> Option<(DisputeId, H256)> {
	match call {
		Call::point_at_group { dispute, record, .. }
		| Call::point_at_target { dispute, record, .. }
		| Call::point_at_step { dispute, record, .. }
		| Call::prove { dispute, record, .. } => Some((*dispute, *record)),
		_ => None,
	}
}
