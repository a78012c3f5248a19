//! What is stored of an operator.

use crate::Config;
use assay_protocol::operator::{FaultCounts, WorkerKey};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::fungible::{Credit, Inspect};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;

/// An amount of the currency.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// Money that belongs to nobody yet.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// An operator of this chain.
pub type OperatorOf<T> = Operator<BalanceOf<T>, BlockNumberFor<T>>;

/// An operator.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Operator<Balance, BlockNumber> {
	/// Signs its heartbeats and results.
	pub worker_key: WorkerKey,
	/// Held in its account.
	pub bond: Balance,
	/// Value of its work in flight.
	pub committed: Balance,
	/// Taken from its bond for faults so far.
	pub penalised: Balance,
	/// Its faults so far.
	pub faults: FaultCounts,
	/// Block from which it may withdraw, if it is leaving.
	pub leaves_at: Option<BlockNumber>,
}
