//! Under which keys validators publish where they are.

use super::session::MaxAuthorities;
use crate::Runtime;

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = MaxAuthorities;
}
