//! Weights of the calls.
//!
//! Written by hand, above what the calls cost, until `scripts/weights` has measured them: a
//! signature check is taken as 100 µs, anything else as 50 µs, beside the storage accesses.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// What each call costs.
pub trait WeightInfo {
	/// `register_operator`
	fn register_operator() -> Weight;
	/// `bond_extra`
	fn bond_extra() -> Weight;
	/// `unbond`
	fn unbond() -> Weight;
	/// `rebond`
	fn rebond() -> Weight;
	/// `withdraw_unbonded`
	fn withdraw_unbonded() -> Weight;
	/// `set_worker_key`
	fn set_worker_key() -> Weight;
}

/// Picoseconds of a call that checks no signature.
const CALL: u64 = 50_000_000;
/// Picoseconds of a signature check.
const SIGNATURE: u64 = 100_000_000;
/// Bytes of a proof that a storage item is, or is not, in the state.
const PROOF: u64 = 4_000;

/// With the storage costs of the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Reads and writes: operator, its count, the worker key, the holds, the account.
	fn register_operator() -> Weight {
		Weight::from_parts(CALL + SIGNATURE, 6 * PROOF).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	// Operator, holds, account.
	fn bond_extra() -> Weight {
		Weight::from_parts(CALL, 3 * PROOF).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Operator.
	fn unbond() -> Weight {
		Weight::from_parts(CALL, PROOF).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	// Operator.
	fn rebond() -> Weight {
		Weight::from_parts(CALL, PROOF).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	// Operator, its count, the worker key, the holds, the account.
	fn withdraw_unbonded() -> Weight {
		Weight::from_parts(CALL, 5 * PROOF).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
	// Operator, both worker keys, the genesis hash.
	fn set_worker_key() -> Weight {
		Weight::from_parts(CALL + SIGNATURE, 4 * PROOF).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
}
