//! Paid moves that would fail are no transactions, and nothing else takes the room that blocks keep for challenges and moves: whoever
//! wants to fill it has to make real ones, with a bond each.

use crate::{Call, Config, Pallet};
use alloc::vec::Vec;
use assay_protocol::DisputeId;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	pallet_prelude::TransactionSource,
	storage::{with_transaction, TransactionOutcome},
	traits::{
		fungible::Inspect,
		tokens::{Fortitude, Preservation},
		Contains, Get, IsSubType, OriginTrait, PalletInfo, UnfilteredDispatchable,
	},
	weights::Weight,
};
use frame_system::RawOrigin;
use scale_info::{StaticTypeInfo, Type, TypeInfo};
use sp_core::H256;
use sp_runtime::{
	traits::{
		CheckedDiv, DispatchInfoOf, Implication, PostDispatchInfoOf, TransactionExtension,
		TransactionExtensionMetadata, UniqueSaturatedInto, ValidateResult,
	},
	transaction_validity::{InvalidTransaction, TransactionPriority, TransactionValidityError, ValidTransaction},
	DispatchError, DispatchResult,
};

/// Moves stay in a full pool before all that is free: a pool that drops what has the least priority would drop them first, whatever room
/// blocks have for them. So that they do not drive out everything else there is one of each bond: of an account as many challenges as its
/// money covers bonds, and one move on what was shown in a dispute. More would all be right by themselves, and then fail one after the
/// other.
const PRIORITY: TransactionPriority = 1 << 63;

type RuntimeCallOf<T> = <T as frame_system::Config>::RuntimeCall;
type OriginOf<T> = <T as frame_system::Config>::RuntimeOrigin;

/// Takes the fee of a transaction with `Payment`, and tries out the paid moves of disputes with what the fee leaves, in the pool and
/// again when the fee is paid. Those that fail are refused: with `Custom(index of the error)`, or `Payment` where fee, tip and bond are
/// not there together. Other signed transactions of the operational class, all calls of root's among them, are refused with `Call` unless
/// they come from [`Config::Privileged`]: from anybody else they fail and have taken the room for their fee.
///
/// It is encoded as `Payment` and has its name: whoever signs need not know it.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq)]
pub struct CheckMove<T, Payment>(Payment, PhantomData<T>);

impl<T, Payment> From<Payment> for CheckMove<T, Payment> {
	fn from(payment: Payment) -> Self {
		Self(payment, PhantomData)
	}
}

impl<T, Payment: StaticTypeInfo> TypeInfo for CheckMove<T, Payment> {
	type Identity = Payment;

	fn type_info() -> Type {
		Payment::type_info()
	}
}

impl<T, Payment: core::fmt::Debug> core::fmt::Debug for CheckMove<T, Payment> {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		self.0.fmt(f)
	}
}

/// The call, if it is one for which blocks keep room.
fn paid<T: Config>(call: &RuntimeCallOf<T>) -> Option<&Call<T>>
where
	RuntimeCallOf<T>: IsSubType<Call<T>>,
{
	let call: Option<&Call<T>> = call.is_sub_type();
	call.filter(|call| call.get_dispatch_info().class == DispatchClass::Operational)
}

/// How a failure appears in the transaction pool.
fn refusal<T: Config>(error: DispatchError) -> InvalidTransaction {
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

/// Does what a paid move does, if it is one.
fn make<T: Config>(origin: &OriginOf<T>, call: &RuntimeCallOf<T>) -> Result<(), TransactionValidityError>
where
	RuntimeCallOf<T>: IsSubType<Call<T>>,
{
	let (Some(who), Some(call)) = (origin.as_signer(), paid::<T>(call)) else {
		return Ok(());
	};
	let origin = RawOrigin::Signed(who.clone()).into();
	let made: DispatchResult = call
		.clone()
		.dispatch_bypass_filter(origin)
		.map(|_| ())
		.map_err(|failed| failed.error);
	made.map_err(|error| refusal::<T>(error).into())
}

/// What comes of something in the present state, which it leaves as it is.
fn try_out(what: impl FnOnce() -> Result<(), TransactionValidityError>) -> Result<(), TransactionValidityError> {
	with_transaction(|| TransactionOutcome::Rollback(Ok::<_, DispatchError>(what())))
		.unwrap_or(Err(InvalidTransaction::Call.into()))
}

/// Checks that a transaction which takes room that is kept for moves is one, or may.
fn check_room<T: Config>(origin: &OriginOf<T>, call: &RuntimeCallOf<T>) -> Result<(), InvalidTransaction>
where
	RuntimeCallOf<T>: IsSubType<Call<T>>,
{
	let keeps_out = call.get_dispatch_info().class == DispatchClass::Operational && paid::<T>(call).is_none();
	match origin.as_signer() {
		Some(who) if keeps_out && !T::Privileged::contains(who) => Err(InvalidTransaction::Call),
		_ => Ok(()),
	}
}

impl<T, Payment> TransactionExtension<RuntimeCallOf<T>> for CheckMove<T, Payment>
where
	T: Config + Send + Sync,
	RuntimeCallOf<T>: IsSubType<Call<T>>,
	Payment: TransactionExtension<RuntimeCallOf<T>>,
{
	const IDENTIFIER: &'static str = Payment::IDENTIFIER;
	type Implicit = Payment::Implicit;
	type Val = Payment::Val;
	type Pre = Payment::Pre;

	fn implicit(&self) -> Result<Self::Implicit, TransactionValidityError> {
		self.0.implicit()
	}

	fn metadata() -> Vec<TransactionExtensionMetadata> {
		Payment::metadata()
	}

	fn weight(&self, call: &RuntimeCallOf<T>) -> Weight {
		// Once when it is validated and once when it is prepared.
		let tried = paid::<T>(call).map_or(Weight::zero(), |call| {
			call.get_dispatch_info().call_weight.saturating_mul(2)
		});
		self.0.weight(call).saturating_add(tried)
	}

	fn validate(
		&self,
		origin: OriginOf<T>,
		call: &RuntimeCallOf<T>,
		info: &DispatchInfoOf<RuntimeCallOf<T>>,
		len: usize,
		implicit: Self::Implicit,
		implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, RuntimeCallOf<T>> {
		check_room::<T>(&origin, call)?;
		let payment = &self.0;
		let (valid, val, origin) = payment.validate(origin, call, info, len, implicit, implication, source)?;
		let (Some(who), Some(paid)) = (origin.as_signer(), paid::<T>(call)) else {
			return Ok((valid, val, origin));
		};
		// With what the fee leaves, or a pool would hold what no block can.
		try_out(|| {
			let implicit = payment.implicit()?;
			let (_, val, origin) = payment.validate(origin.clone(), call, info, len, implicit, implication, source)?;
			payment.clone().prepare(val, &origin, call, info, len)?;
			make::<T>(&origin, call)
		})?;
		let of_a_move = ValidTransaction::with_tag_prefix("AssayPaidMove")
			.priority(PRIORITY)
			.and_provides((who, bond_of(who, paid)))
			.build()?;
		Ok((valid.combine_with(of_a_move), val, origin))
	}

	fn prepare(
		self,
		val: Self::Val,
		origin: &OriginOf<T>,
		call: &RuntimeCallOf<T>,
		info: &DispatchInfoOf<RuntimeCallOf<T>>,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		let pre = self.0.prepare(val, origin, call, info, len)?;
		try_out(|| make::<T>(origin, call))?;
		Ok(pre)
	}

	fn post_dispatch_details(
		pre: Self::Pre,
		info: &DispatchInfoOf<RuntimeCallOf<T>>,
		post_info: &PostDispatchInfoOf<RuntimeCallOf<T>>,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		Payment::post_dispatch_details(pre, info, post_info, len, result)
	}
}

/// The bond of an account that stands behind a move.
#[derive(Encode)]
enum Bond {
	/// A new one: of as many as its money covers, that which the challenge falls on. Two that fall on the same wait for each other, until
	/// another transaction of the account is in a block: nobody can make claims whose challenges stay in each other's way.
	Of(u64),
	/// That of a dispute, for a move on what was shown in it.
	Dispute(DisputeId, H256),
}

fn bond_of<T: Config>(who: &T::AccountId, call: &Call<T>) -> Bond {
	match call {
		Call::point_at_group { dispute, record, .. }
		| Call::point_at_target { dispute, record, .. }
		| Call::point_at_step { dispute, record, .. }
		| Call::prove { dispute, record, .. } => Bond::Dispute(*dispute, *record),
		Call::challenge { job, claim, accusation } => {
			let money = T::Currency::reducible_balance(who, Preservation::Protect, Fortitude::Force);
			let bonds: u64 = money
				.checked_div(&T::Bond::get())
				.unwrap_or_default()
				.unique_saturated_into();
			Bond::Of(
				falls_on((
					who,
					frame_system::Pallet::<T>::account_nonce(who),
					job,
					claim,
					accusation,
				))
				.checked_rem(bonds)
				.unwrap_or_default(),
			)
		}
		_ => Bond::Of(0),
	}
}

/// A number that a challenge has for all nodes, as good as random.
fn falls_on(challenge: impl Encode) -> u64 {
	u64::from_le_bytes(sp_io::hashing::twox_64(&challenge.encode()))
}
