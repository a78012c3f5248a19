//! Weights of the calls: a runtime has them measured by `scripts/weights`.

use frame_support::weights::Weight;

/// What each call costs, for a position with as many chunks and exposures as it may have.
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
	/// `delegate`
	fn delegate() -> Weight;
	/// `redelegate`
	fn redelegate() -> Weight;
	/// `claim`
	fn claim() -> Weight;
	/// `set_compound`
	fn set_compound() -> Weight;
	/// `settle`
	fn settle() -> Weight;
	/// `set_commission`
	fn set_commission() -> Weight;
	/// `set_identity`
	fn set_identity() -> Weight;
	/// `chill`
	fn chill() -> Weight;
	/// `unchill`
	fn unchill() -> Weight;
	/// `kick`
	fn kick() -> Weight;
	/// `readmit`
	fn readmit() -> Weight;
	/// `reap`
	fn reap() -> Weight;
	/// `set_payee`
	fn set_payee() -> Weight;
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
	fn delegate() -> Weight {
		Weight::from_parts(120, 0)
	}
	fn redelegate() -> Weight {
		Weight::from_parts(130, 0)
	}
	fn claim() -> Weight {
		Weight::from_parts(90, 0)
	}
	fn set_compound() -> Weight {
		Weight::from_parts(30, 0)
	}
	fn settle() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn set_commission() -> Weight {
		Weight::from_parts(40, 0)
	}
	fn set_identity() -> Weight {
		Weight::from_parts(45, 0)
	}
	fn chill() -> Weight {
		Weight::from_parts(50, 0)
	}
	fn unchill() -> Weight {
		Weight::from_parts(55, 0)
	}
	fn kick() -> Weight {
		Weight::from_parts(65, 0)
	}
	fn readmit() -> Weight {
		Weight::from_parts(35, 0)
	}
	fn reap() -> Weight {
		Weight::from_parts(150, 0)
	}
	fn set_payee() -> Weight {
		Weight::from_parts(32, 0)
	}
}
