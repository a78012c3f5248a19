//! Who wrote the present block.

use crate::{Babe, Runtime, Validators};
use pallet_session::FindAccountFromAuthorIndex;

impl pallet_authorship::Config for Runtime {
	type FindAuthor = FindAccountFromAuthorIndex<Runtime, Babe>;
	type EventHandler = Validators;
}
