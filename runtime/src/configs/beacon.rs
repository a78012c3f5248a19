//! Where the random numbers of draws come from.

use crate::{time::DRAW_WINDOWS_KEPT, AccountId, Authorship, Runtime};
use frame_support::traits::{ConstU32, Get};
use pallet_assay_timing::WindowOfDraws;

/// Who makes the present block.
pub struct Author;
impl Get<Option<AccountId>> for Author {
	fn get() -> Option<AccountId> {
		Authorship::author()
	}
}

/// The VRF output of the block before.
pub struct ParentOutput;
impl Get<Option<[u8; 32]>> for ParentOutput {
	fn get() -> Option<[u8; 32]> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get()
	}
}

/// How many validators make blocks.
pub struct Authorities;
impl Get<u32> for Authorities {
	fn get() -> u32 {
		let authorities = pallet_babe::Authorities::<Runtime>::decode_len().unwrap_or_default();
		u32::try_from(authorities).unwrap_or(u32::MAX)
	}
}

impl pallet_assay_beacon::Config for Runtime {
	type Author = Author;
	type ParentOutput = ParentOutput;
	type Validators = Authorities;
	type Period = WindowOfDraws<Runtime>;
	type Kept = ConstU32<DRAW_WINDOWS_KEPT>;
}
