//! Constants that referenda may change.

use crate::{
	governance::parameters::{Administrator, RuntimeParameters},
	Runtime, RuntimeEvent,
};

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = Administrator;
	// The pallet keeps its measured weights to itself, but for these.
	type WeightInfo = ();
}
