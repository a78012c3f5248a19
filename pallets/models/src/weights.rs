//! Weights of the calls: a runtime has them measured by `scripts/weights`.

use frame_support::weights::Weight;

/// What each call costs; `bytes` is the length of the program.
pub trait WeightInfo {
	/// `register`, when the program is accepted
	fn register(bytes: u32) -> Weight;
	/// `add_version`, when the program is accepted
	fn add_version(bytes: u32) -> Weight;
	/// `register` or `add_version`, when the program is refused
	fn refuse_program(bytes: u32) -> Weight;
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

/// Small and all different, for tests.
impl WeightInfo for () {
	fn register(bytes: u32) -> Weight {
		Weight::from_parts(u64::from(bytes).saturating_add(1_000), 0)
	}
	fn add_version(bytes: u32) -> Weight {
		Weight::from_parts(u64::from(bytes).saturating_add(900), 0)
	}
	fn refuse_program(bytes: u32) -> Weight {
		Weight::from_parts(u64::from(bytes).saturating_mul(2), 0)
	}
	fn set_metadata() -> Weight {
		Weight::from_parts(200, 0)
	}
	fn retire() -> Weight {
		Weight::from_parts(100, 0)
	}
	fn remove() -> Weight {
		Weight::from_parts(400, 0)
	}
	fn serve() -> Weight {
		Weight::from_parts(800, 0)
	}
	fn unserve() -> Weight {
		Weight::from_parts(300, 0)
	}
	fn prune_offer() -> Weight {
		Weight::from_parts(350, 0)
	}
	fn heartbeat() -> Weight {
		Weight::from_parts(50, 0)
	}
	fn authorize_heartbeat() -> Weight {
		Weight::from_parts(150, 0)
	}
}
