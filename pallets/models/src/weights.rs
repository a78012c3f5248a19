//! Weights of the calls.
//!
//! Written by hand, above what the calls cost, until `scripts/weights` has measured them: a signature check is taken as
//! 100 µs, anything else as 50 µs, a program byte as 50 ns (to copy, decode, validate and store it), beside the storage
//! accesses.

use assay_protocol::model::MAX_OFFERS;
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// What each call costs; `bytes` is the length of the program.
pub trait WeightInfo {
	/// `register`
	fn register(bytes: u32) -> Weight;
	/// `add_version`
	fn add_version(bytes: u32) -> Weight;
	/// `set_metadata`
	fn set_metadata() -> Weight;
	/// `retire`
	fn retire() -> Weight;
	/// `remove`
	fn remove() -> Weight;
	/// `serve`, when the new offer takes the place of the last of the full list
	fn serve() -> Weight;
	/// `unserve`, from a full list
	fn unserve() -> Weight;
	/// `prune_offer`, from a full list
	fn prune_offer() -> Weight;
	/// `heartbeat`
	fn heartbeat() -> Weight;
	/// Authorisation of a heartbeat
	fn authorize_heartbeat() -> Weight;
}

/// Picoseconds of a call that checks no signature.
const CALL: u64 = 50_000_000;
/// Picoseconds of a signature check.
const SIGNATURE: u64 = 100_000_000;
/// Picoseconds of a program byte.
const BYTE: u64 = 50_000;
/// Bytes of a proof that a small item is, or is not, in the state.
const PROOF: u64 = 4_000;
/// Bytes of a proof of a full list of offers.
const OFFERS_PROOF: u64 = 8_000;

/// With the storage costs of the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	// Next number, model, version, program, holds, account.
	fn register(bytes: u32) -> Weight {
		Weight::from_parts(2 * CALL + BYTE * u64::from(bytes), 6 * PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
	// Model, version, program, holds, account.
	fn add_version(bytes: u32) -> Weight {
		Weight::from_parts(2 * CALL + BYTE * u64::from(bytes), 5 * PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
	// Model, holds, account.
	fn set_metadata() -> Weight {
		Weight::from_parts(2 * CALL, 3 * PROOF).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Model, version.
	fn retire() -> Weight {
		Weight::from_parts(CALL, 2 * PROOF).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	// Model, version, program, running jobs, offers, holds, account.
	fn remove() -> Weight {
		Weight::from_parts(2 * CALL, 7 * PROOF).saturating_add(T::DbWeight::get().reads_writes(7, 5))
	}
	// Operator, version, offers, served by two, heartbeats of two; a heartbeat and an operator for each offer.
	fn serve() -> Weight {
		let offers = u64::from(MAX_OFFERS);
		Weight::from_parts((2 + offers / 4) * CALL, OFFERS_PROOF + (6 + 2 * offers) * PROOF)
			.saturating_add(T::DbWeight::get().reads_writes(7 + 2 * offers, 5))
	}
	// Offers, served, heartbeat.
	fn unserve() -> Weight {
		Weight::from_parts(2 * CALL, OFFERS_PROOF + 2 * PROOF).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	// Version, running jobs, operator, offers, served, heartbeat.
	fn prune_offer() -> Weight {
		Weight::from_parts(2 * CALL, OFFERS_PROOF + 5 * PROOF).saturating_add(T::DbWeight::get().reads_writes(6, 3))
	}
	// Heartbeat.
	fn heartbeat() -> Weight {
		Weight::from_parts(CALL, PROOF).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	// Heartbeat, operator, genesis hash.
	fn authorize_heartbeat() -> Weight {
		Weight::from_parts(SIGNATURE, 3 * PROOF).saturating_add(T::DbWeight::get().reads(3))
	}
}
