//! Weights of `pallet_assay_staking`, by hand and not measured yet: counted from the code for the worst position, and
//! several times what such steps took in the other pallets. `scripts/weights` has yet to replace them.
//!
//! The worst position costs 18 reads and 18 writes: it and its pool, 8 chunks and 4 exposures with the shares they are
//! part of, the operator, the hold and the account that pay for a slash, the treasury.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Time by hand; storage at the cost the runtime sets for it.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_assay_staking::WeightInfo for WeightInfo<T> {
	fn register_operator() -> Weight {
		// Storage: the proof, the operator, its key, the count; the own position.
		Weight::from_parts(700_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(23))
			.saturating_add(T::DbWeight::get().writes(22))
	}
	fn bond_extra() -> Weight {
		// Storage: the operator; the position.
		Weight::from_parts(600_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(18))
	}
	fn unbond() -> Weight {
		// Storage: the operator, the shares of this period; the position.
		Weight::from_parts(700_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(20))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn rebond() -> Weight {
		// Storage: the operator; the position.
		Weight::from_parts(650_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(18))
	}
	fn withdraw_unbonded() -> Weight {
		// Storage: the operator, its key, its identity, the count; the position.
		Weight::from_parts(700_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(21))
			.saturating_add(T::DbWeight::get().writes(23))
	}
	fn set_worker_key() -> Weight {
		// Storage: the proof, the operator, two keys.
		Weight::from_parts(300_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn delegate() -> Weight {
		// Storage: the operator; the position.
		Weight::from_parts(600_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(18))
	}
	fn redelegate() -> Weight {
		// Storage: the operator, the shares of this period; two positions.
		Weight::from_parts(1_300_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(38))
			.saturating_add(T::DbWeight::get().writes(38))
	}
	fn claim() -> Weight {
		// Storage: the pot, the account, the operator; the position.
		Weight::from_parts(800_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(21))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn set_compound() -> Weight {
		// Storage: the position.
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn settle() -> Weight {
		// Storage: the position, and once more to compound; the pot, the account, the operator.
		Weight::from_parts(1_500_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(39))
			.saturating_add(T::DbWeight::get().writes(38))
	}
	fn set_commission() -> Weight {
		// Storage: the operator.
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_identity() -> Weight {
		// Storage: the operator, the identity.
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn chill() -> Weight {
		// Storage: the operator, the pool.
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn unchill() -> Weight {
		// Storage: the operator, the pool.
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn kick() -> Weight {
		// Storage: the operator, the shares of this period; the position.
		Weight::from_parts(750_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(20))
			.saturating_add(T::DbWeight::get().writes(20))
	}
}
