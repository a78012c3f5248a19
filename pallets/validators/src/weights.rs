//! Weights of the calls: a runtime has them measured by `scripts/weights`.

use frame_support::weights::Weight;

/// What each call costs, and what the end of a session does.
pub trait WeightInfo {
	/// `validate`
	fn validate() -> Weight;
	/// `stop_validating`
	fn stop_validating() -> Weight;
	/// `purge_keys`
	fn purge_keys() -> Weight;
	/// `cancel_slash`
	fn cancel_slash() -> Weight;
	/// Planning a session when there are `c` candidates.
	fn plan_session(c: u32) -> Weight;
	/// Ending a session in which `v` validators made blocks.
	fn end_session(v: u32) -> Weight;
	/// Starting a session with which `v` offences are due.
	fn apply_slashes(v: u32) -> Weight;
}

/// Small and all different, for tests.
impl WeightInfo for () {
	fn validate() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn stop_validating() -> Weight {
		Weight::from_parts(50, 0)
	}
	fn purge_keys() -> Weight {
		Weight::from_parts(70, 0)
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(30, 0)
	}
	fn plan_session(c: u32) -> Weight {
		Weight::from_parts(10, 0).saturating_mul(c.into())
	}
	fn end_session(v: u32) -> Weight {
		Weight::from_parts(20, 0).saturating_mul(v.into())
	}
	fn apply_slashes(v: u32) -> Weight {
		Weight::from_parts(40, 0).saturating_mul(v.into())
	}
}
