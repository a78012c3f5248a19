//! Weights of the calls: a runtime has them measured by `scripts/weights`.

use frame_support::weights::Weight;

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

/// Small and all different, for tests.
impl WeightInfo for () {
	fn register_operator() -> Weight {
		Weight::from_parts(200, 0)
	}
	fn bond_extra() -> Weight {
		Weight::from_parts(110, 0)
	}
	fn unbond() -> Weight {
		Weight::from_parts(60, 0)
	}
	fn rebond() -> Weight {
		Weight::from_parts(70, 0)
	}
	fn withdraw_unbonded() -> Weight {
		Weight::from_parts(140, 0)
	}
	fn set_worker_key() -> Weight {
		Weight::from_parts(160, 0)
	}
}
