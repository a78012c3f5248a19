//! Reports of validators that signed what they must not.

use crate::{Runtime, RuntimeEvent, Validators};
use pallet_session::historical::IdentificationTuple;

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = IdentificationTuple<Runtime>;
	type OnOffenceHandler = Validators;
}
