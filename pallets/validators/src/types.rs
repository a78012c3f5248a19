//! What is stored of candidates, their work and their offences.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::fungible::{Credit, Inspect};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_runtime::Perbill;
use sp_staking::SessionIndex;

/// An account of this chain.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// An amount of the currency.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// Money that belongs to nobody yet.
pub type CreditOf<T> = Credit<AccountIdOf<T>, <T as Config>::Currency>;
/// An offence on this chain.
pub type OffenceOf<T> = Offence<AccountIdOf<T>>;
/// A candidate of this chain.
pub type CandidateOf<T> = Candidate<BlockNumberFor<T>>;

/// An operator that offers to make blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Candidate<BlockNumber> {
	/// Block since which it offers: of two with the same stake, the earlier is elected.
	pub since: BlockNumber,
	/// Blocks that the chain has made in sessions of this validator since it last made one itself.
	pub silence: u32,
}

/// What a validator has done in the present session.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Work<Balance> {
	/// Blocks made.
	pub blocks: u32,
	/// Its part of the fees in them.
	pub fees: Balance,
}

/// A validator that signed what it must not, as long as it may be in the set that was elected before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Barred {
	/// The last session that was planned with it.
	pub until: SessionIndex,
	/// The largest share that it lost.
	pub severity: Perbill,
}

/// Since when a set of validators is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SetStart<BlockNumber> {
	/// The first session that was planned with it.
	pub first: SessionIndex,
	/// Block in which that was planned.
	pub planned_at: BlockNumber,
}

/// What a validator did that it must not, in one session.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Offence<AccountId> {
	/// The share that it is to lose for all of it: the largest that was reported.
	pub share: Perbill,
	/// The share that was taken, or cancelled.
	pub settled: Perbill,
	/// Who reported it first.
	pub reporter: Option<AccountId>,
}

/// Why an operator is no candidate any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum LeaveReason {
	/// It wished so.
	#[codec(index = 0)]
	Asked,
	/// It made no block for too long.
	#[codec(index = 1)]
	Silent,
	/// It signed two blocks or votes of which it may sign one.
	#[codec(index = 2)]
	Equivocated,
	/// It is no operator any more.
	#[codec(index = 3)]
	NoOperator,
}
